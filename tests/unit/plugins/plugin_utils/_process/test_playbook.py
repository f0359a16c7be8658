# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

# A process enters and forks a worker. The worker forks a child that outlives it.
ORPHAN = """
import os, time
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
assert playbook.enter() and playbook.is_this() and not playbook.enter()
ansible_playbook = os.getpid()
if os.fork():
    os.wait()
    os._exit(0)
assert playbook.process() == ansible_playbook and not playbook.is_this()
worker = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == worker:
    time.sleep(0.01)
try:
    print(playbook.process())
except ProcessLookupError as exc:
    print(exc)
"""


def test_an_orphan_does_not_take_its_new_parent_for_ansible_playbook() -> None:
    run = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout, run.stderr) == ("ansible-playbook has ended\n", "")


# A process that will be killed has a worker that waits for a host, as ssh does.
WORKER = """
import os, subprocess, time
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
playbook.enter()
if os.fork():
    time.sleep(60)
playbook.end_with_it(0)
child = subprocess.Popen(["sleep", "60"])
print(os.getpid(), child.pid, flush=True)
child.wait()
"""


def test_a_worker_ends_with_ansible_playbook_and_what_it_has_started() -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert all(alive(pid) for pid in pids)
        process.kill()
    until = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
