# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stdout callback oceanbase.ocp.operation, on a terminal and without one."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte
import pytest
import yaml

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import PATIENCE, Core

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

CALLBACK = "oceanbase.ocp.operation"
NOISE = re.compile(r"PLAY |^TASK |skipping|no hosts matched|Origin:|RECAP|^ok:|included:", re.MULTILINE)
COLUMNS, LINES = 80, 24

# What a site's own playbook may do. Its screen is to be that of ansible-core, byte for byte.
OTHERS = r"""
- name: Theirs
  hosts: localhost
  gather_facts: false
  vars: {secret: no-one-may-see-me}
  handlers:
    - name: A handler
      ansible.builtin.debug: {msg: handled}
  tasks:
    - name: Says something
      ansible.builtin.debug: {msg: [one, two]}
      changed_when: true
      notify: A handler
    - name: Is skipped
      ansible.builtin.debug: {msg: never}
      when: false
    - name: Items, one of which fails
      ansible.builtin.command: "{{ item }}"
      loop: ["true", "false"]
      ignore_errors: true
    - name: Has a secret
      ansible.builtin.set_fact: {other: "{{ secret }}"}
      no_log: true
    - name: A block
      block:
        - name: Fails, and is rescued
          ansible.builtin.fail: {msg: rescued}
      rescue:
        - name: Rescues
          ansible.builtin.copy: {content: "new\n", dest: "{{ file }}"}
- name: Nobody
  hosts: nowhere
  tasks: []
- name: Breaks
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Fails with its message
      ansible.builtin.fail: {msg: their own message}
"""


def play(core: Core, book: Path, *options: str, callback: str = CALLBACK, **environment: str) -> tuple[int, str, str]:
    """Run a playbook without a terminal. Returns its status, stdout and stderr."""
    run = subprocess.run(
        [core.bin / "ansible-playbook", book, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=core.environment(ANSIBLE_STDOUT_CALLBACK=callback, ANSIBLE_LOCALHOST_WARNING="0", **environment),
        timeout=PATIENCE,
        check=False,
    )
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("options", [(), ("-v", "--check", "--diff")], ids=["run", "check"])
def test_plays_of_others_are_shown_as_ever(each_core: Core, tmp_path: Path, options: tuple[str, ...]) -> None:
    book = tmp_path / "theirs.yml"
    book.write_text(OTHERS)
    inventory = ["--inventory=localhost,", f"--extra-vars=file={tmp_path}/file ansible_connection=local"]
    inventory += ["-e", "ansible_python_interpreter={{ ansible_playbook_python }}"]
    usual = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", "ANSIBLE_CHECK_MODE_MARKERS": "1"} if options else {}
    found = play(each_core, book, *inventory, *options, **usual)
    (tmp_path / "file").unlink(missing_ok=True)
    expected = play(each_core, book, *inventory, *options, callback="default", **usual)
    timed = re.compile(r"\d+:\d\d:\d\d\.\d+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|/\S*ansible-local-\S+")
    assert [timed.sub("", str(part)) for part in found] == [timed.sub("", str(part)) for part in expected]
    assert "their own message" in found[1]
    assert "no-one-may-see-me" not in found[1] + found[2]


def test_the_error_of_a_task_with_no_log_is_not_shown(newest_core: Core, tmp_path: Path) -> None:
    """As ansible-core's own callback does from 2.19 on."""
    book = tmp_path / "secret.yml"
    task = {"name": "Fails", "ansible.builtin.fail": {"msg": "no-one-may-see-me"}, "no_log": True}
    book.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    status, stdout, stderr = play(newest_core, book, "--inventory=localhost,")
    assert status == 2
    assert "the output has been hidden" in stdout
    assert "no-one-may-see-me" not in stdout + stderr


def test_with_plays_of_others_around(core: Core, tmp_path: Path) -> None:
    """Their failures and the recap are shown, ours are not repeated, and -vvv has everything."""
    address = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts = {f"db{number}": {**address, "ocp_host_id": number} for number in (1, 2)}
    inventory, book = tmp_path / "hosts.yml", tmp_path / "site.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ocp_task_store": "none"}}}))
    theirs = {"hosts": "localhost", "gather_facts": False, "name": "Theirs"}
    ours = {"ansible.builtin.import_playbook": "oceanbase.ocp.batch_stop_agents", "vars": {"host_ids": [1, 2]}}
    said = {**theirs, "tasks": [{"name": "Says", "ansible.builtin.debug": {"msg": "before"}}]}
    book.write_text(yaml.safe_dump([said, ours]))
    options = [f"--inventory={inventory}"]

    status, stdout, stderr = play(core, book, *options)

    assert status == 2
    assert stdout.index("PLAY [Theirs]") < stdout.index('"msg": "before"') < stdout.index("Batch stop OCP agent: task ")
    assert "\nPrepare: 2 hosts, 2 failed, 0:0" in stdout
    ours_only = stdout[stdout.index("Batch stop OCP agent: task ") : stdout.index("PLAY RECAP")]
    assert not NOISE.search(ours_only), ours_only
    assert (stdout + stderr).count("unreachable: [db1] ") == 1
    last = stdout[stdout.index("PLAY RECAP") :]
    assert "CMP07002" in last
    assert (stdout + stderr).count("2 hosts failed in Prepare") == 1

    # A request that is refused, and --check: as few lines.
    status, stdout, stderr = play(core, Path("oceanbase.ocp.batch_stop_agents"), *options, "-e", "host_ids=1,4711")
    assert status == 2
    assert "4711" in stdout
    assert not NOISE.search(stdout + stderr), stdout + stderr
    status, stdout, stderr = play(
        core, Path("oceanbase.ocp.batch_stop_agents"), *options, "-e", "host_ids=1", "--check", "-vvv"
    )
    assert "TASK [Create the task]" in stdout
    assert "skipping: no hosts matched" in stdout
    assert "PLAY RECAP" in stdout


@pytest.mark.fleet
def test_hosts_by_their_own_tasks_and_without_a_terminal(
    core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent"), HostSpec()])
    extra = {"ocp_max_fail_percentage": 50, "ocp_transport": "task"}
    process = core.start(fleet.inventory, response_file, {"host_ids": [host.host_id for host in fleet.hosts], **extra},
                         "--diff", "-v", ANSIBLE_STDOUT_CALLBACK=CALLBACK)  # fmt: skip
    output, dummy = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert not NOISE.search(re.sub(r"(?m)^ok: \[db00\d\]$", "", output)), output
    assert re.search(r"^Prepare: 3 hosts, 1 failed, 0:\d\d$", output, re.MULTILINE), output
    assert re.search(r"^Stop: 2 hosts, 0:\d\d$", output, re.MULTILINE), output
    assert output.count("failed: [db002] no OCP Agent at") == 1
    assert output.count("changed: [db001]\n") == 1
    assert output.count("\nResponse:") == 1, output


class Terminal:
    """A terminal of 80 columns and 24 lines, and what it has shown."""

    def __init__(self) -> None:
        self.screen = pyte.HistoryScreen(COLUMNS, LINES, history=10000)
        self._stream = pyte.ByteStream(self.screen)
        self.frames: list[str] = []

    def run(self, command: list[str], environment: dict[str, str]) -> int:
        """Run a command on it to its end. Returns its exit status."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**environment, "TERM": "xterm"},
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if not select.select([ours], [], [], 1)[0]:
                    continue
                try:
                    data = os.read(ours, 65536)
                except OSError:  # its end
                    break
                self._stream.feed(data)
                self.frames.append(self._shown())
            return process.wait(timeout=30)
        finally:
            process.kill()
            os.close(ours)

    def _shown(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def text(self) -> str:
        """Everything that is there for a user who scrolls up."""
        above = ["".join(row[column].data for column in range(COLUMNS)).rstrip() for row in self.screen.history.top]
        return "\n".join([*above, self._shown()]).rstrip()


@pytest.mark.fleet
def test_on_a_terminal(newest_core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent"), HostSpec(behaviour="ignores_sigterm")])
    extra = {"ocp_max_fail_percentage": 50, "ocp_agent_grace": 4, "ocp_agent_daemon_grace": 4}
    request = {"host_ids": [host.host_id for host in fleet.hosts], "ocp_transport": "fanout", **extra}
    command = newest_core.command(fleet.inventory, response_file, request)
    terminal = Terminal()

    status = terminal.run(command, newest_core.environment(ANSIBLE_STDOUT_CALLBACK=CALLBACK))

    assert status == 2, terminal.text
    awaited = r"(?m)^  Stop     █{10}░{10}  1 of 2   0:\d\d\n    at work: db003 for \d+ s.*\n  Finish$"
    assert any(re.search(awaited, frame) for frame in terminal.frames), terminal.frames[-5:]
    text = terminal.text
    assert not NOISE.search(text), text
    assert text.count("Batch stop OCP agent: task ") == 2, text
    assert text.count("failed: [db002] no OCP Agent at ") == 1
    for over in (r"Prepare  █{20}  3 of 3   0:\d\d  1 failed", "Stop     █{20}  2 of 2 ", "Finish   █{20}  2 of 2 "):
        assert len(re.findall(f"(?m)^  {over}", text)) == 1, text
    assert len(re.findall(r"(?m)^  (Prepare|Stop|Finish)", text)) == 3, text
    assert "at work" not in text
    assert text.count("HOST   SUBTASK  WHAT     CAUSE") == 1
    assert json.loads(response_file.read_text())["data"]["status"] == "FAILED"
