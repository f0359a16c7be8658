# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become through the real sudo. Its log shows how often a password was tried."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import resident
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Start
from tests.fan_out.run import Playbook, residents, route, work
from tests.fan_out.server import set_password
from tests.fleet import Fleet, Host

PASSWORD = "a secret of the tests"
WANTS_PASSWORD = "admin ALL=(ALL:ALL) ALL"
WANTS_NONE = "admin ALL=(ALL:ALL) NOPASSWD: ALL"
ALLOWS_NOTHING = "admin ALL=(ALL:ALL) NOPASSWD: /bin/false"


@pytest.fixture(scope="module")
def host(hosts: Fleet) -> Host:
    if not shutil.which("sudo"):
        pytest.fail("sudo is missing: tools/system-packages.sh test")
    set_password(hosts, "admin", PASSWORD)
    return hosts.hosts[0]


@pytest.fixture
def rule(host: Host) -> Iterator[Callable[[str], None]]:
    """Set the rules of sudo for the user admin."""
    path = host.state_dir / "runtime/etc/sudoers"
    before = path.read_text()

    def set_to(text: str) -> None:
        path.write_text(f"Defaults logfile=/home/sudo.log, passwd_tries=3\nDefaults timestamp_timeout=0\n{text}\n")

    yield set_to
    path.write_text(before)
    host.path("home/sudo.log").unlink(missing_ok=True)


def sudo(password: str | None, command: str = "") -> Start:
    """Start a resident as Ansible's plugin sudo would."""
    become = """
import sys, json
from ansible.plugins.loader import become_loader, get_shell_plugin, init_plugin_loader
init_plugin_loader()
password, command = json.loads(sys.argv[1])
plugin = become_loader.get("sudo")
plugin.set_options(direct={"become_user": "root", "become_pass": password})
command = plugin.build_become_command(command, get_shell_plugin("sh", executable="/bin/sh"))
print(json.dumps([command, plugin.prompt or "", plugin.success]))
"""
    made = subprocess.run(
        [sys.executable, "-c", become, json.dumps([password, command or resident("python3")])],
        capture_output=True,
        text=True,
        check=True,
    )
    started, prompt, success = json.loads(made.stdout)
    return Start(started, prompt, success, password)


def attempts(host: Host) -> int:
    """The number of wrong passwords that sudo has logged."""
    path = host.path("home/sudo.log")
    found = re.findall(r"(\d+) incorrect password attempt", path.read_text()) if path.exists() else []
    return sum(map(int, found))


def test_without_a_password(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_NONE)
    start = sudo(None)
    answers = [playbook.one(work(host, route(host, user="admin"), start)) for _phase in range(2)]
    assert [answer.output and answer.output["uid"] for answer in answers] == [0, 0], answers
    assert len(residents(host)) == 1


def test_a_password_that_nobody_asks_for(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_NONE)
    answer = playbook.one(work(host, route(host, user="admin"), sudo(PASSWORD)))
    assert answer.output, answer.message


def test_with_a_password(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_PASSWORD)
    start = sudo(PASSWORD)
    answers = [playbook.one(work(host, route(host, user="admin"), start, echo=phase)) for phase in range(2)]
    assert [answer.output and (answer.output["uid"], answer.output["echo"]) for answer in answers] == [(0, 0), (0, 1)]


def test_a_wrong_password_is_tried_once(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_PASSWORD)
    answer = playbook.one(work(host, route(host, user="admin"), sudo("wrong")))
    assert (answer.failure, answer.sent, answer.message) == (Failure.NOT_BECOME, False, "Incorrect sudo password")
    host.wait_for(lambda: attempts(host), "sudo has not told of it")
    assert attempts(host) == 1


def test_a_password_that_is_missing(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_PASSWORD)
    answer = playbook.one(work(host, route(host, user="admin"), sudo(None)))
    assert (answer.failure, answer.sent, answer.message) == (Failure.NOT_BECOME, False, "Missing sudo password")
    asks = replace(sudo(PASSWORD), password=None)
    answer = playbook.one(work(host, route(host, user="admin"), asks))
    assert (answer.failure, answer.message) == (Failure.NOT_BECOME, "Missing sudo password")
    assert attempts(host) == 0


def test_what_sudo_does_not_allow(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(ALLOWS_NOTHING)
    answer = playbook.one(work(host, route(host, user="admin"), sudo(PASSWORD)))
    assert (answer.failure, answer.sent) == (Failure.NOT_BECOME, False)
    assert "not allowed to execute" in answer.message


def test_no_python_behind_sudo(host: Host, rule: Callable[[str], None], playbook: Playbook) -> None:
    rule(WANTS_NONE)
    answer = playbook.one(work(host, route(host, user="admin"), sudo(None, "/no/such/python -c 0")))
    assert answer.failure is Failure.NO_ANSWER
    assert "exit status 127" in answer.message


def test_become_that_never_ends_is_overdue(host: Host, playbook: Playbook) -> None:
    start = Start("sleep 3; :", prompt="[sudo] password:", success="BECOME-SUCCESS-x", password=PASSWORD)
    answer = playbook.one(work(host, start=start), timeout=1)
    assert (answer.failure, answer.sent) == (Failure.OVERDUE, False)


def test_become_that_loses_the_connection_has_asked_nothing(host: Host, playbook: Playbook) -> None:
    start = Start("touch /tmp/begun; sleep 5; :", success="BECOME-SUCCESS-x")
    phase = playbook.begin([work(host, start=start)])
    host.wait_for(host.path("tmp/begun").exists, "the command has not come")
    host.path("tmp/begun").unlink()
    host.drop_connections()
    (answer,) = phase.end().values()
    assert (answer.failure, answer.sent) == (Failure.NOT_CONNECTED, False)
