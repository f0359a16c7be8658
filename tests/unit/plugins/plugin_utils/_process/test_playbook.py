# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys

# A process loads the module and forks a worker, which forks one that outlives it.
PROGRAM = """
import os, time
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
ansible_playbook = os.getpid()
if os.fork():
    os.wait()
    os._exit(0)
assert playbook.process() == ansible_playbook
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
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout, run.stderr) == ("ansible-playbook has ended\n", "")
