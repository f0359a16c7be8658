# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User authentication: keys, an agent, passwords, a jump host. sshd's log shows every attempt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from tests.fan_out.run import Playbook, residents, route, work
from tests.fan_out.server import Server, set_password
from tests.fleet import Fleet, Host
from tests.fleet.runtime import MOUNT_POINT

PASSWORD = "a secret of the tests"


@pytest.fixture(scope="module")
def host(hosts: Fleet) -> Host:
    set_password(hosts, "admin", PASSWORD)
    return hosts.hosts[0]


@pytest.fixture(scope="module", params=["password", "keyboard-interactive"])
def by_password(host: Host, request: pytest.FixtureRequest) -> Iterator[Server]:
    """An sshd that accepts passwords, by that method."""
    own = {"PasswordAuthentication": "yes"}
    if request.param == "keyboard-interactive":
        own = {"KbdInteractiveAuthentication": "yes", "UsePAM": "yes"}
    with Server(host, LogLevel="VERBOSE", **own) as server:
        yield server


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """The socket of an ssh-agent without keys."""
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None
        yield path
    finally:
        process.terminate()
        process.wait()


def add_to(agent: Path, key: Path) -> None:
    subprocess.run(["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": str(agent)}, check=True)


def known(host: Host, tmp_path: Path) -> tuple[str, ...]:
    """A known_hosts file in which the port does not matter."""
    key = " ".join((host.state_dir / "runtime/host_key.pub").read_text().split()[:2])
    path = tmp_path / "known_hosts"
    path.write_text(f"{host.address} {key}\n")
    return (str(path),)


def fleet_key(host: Host) -> Path:
    return host.state_dir / "runtime/user_key"


def new_key(folder: Path, name: str, *arguments: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name, *arguments], check=True)
    return folder / name


def test_a_password(host: Host, by_password: Server, playbook: Playbook, tmp_path: Path) -> None:
    way = route(
        host, port=by_password.port, user="admin", keys=(), password=PASSWORD, known_hosts=known(host, tmp_path)
    )
    answer = playbook.one(work(host, way))
    assert answer.output, answer.message
    assert answer.output["uid"] == 1000


def test_a_wrong_password_is_tried_once(host: Host, by_password: Server, playbook: Playbook, tmp_path: Path) -> None:
    before = by_password.said()
    way = route(host, port=by_password.port, user="admin", keys=(), password="wrong", known_hosts=known(host, tmp_path))
    answer = playbook.one(work(host, way))
    assert (answer.failure, answer.sent) == (Failure.DENIED, False)
    assert answer.message.startswith(f"Invalid/incorrect password: admin@{host.address} port {by_password.port}: ")
    assert "wrong" not in answer.message
    said = by_password.said_of_closed(before)
    assert len(re.findall("Failed (?:password|keyboard-interactive/pam) for admin", said)) == 1, said


def test_a_password_that_nobody_asks_for_was_not_tried(host: Host, playbook: Playbook) -> None:
    answer = playbook.one(work(host, route(host, user="admin", keys=(), password=PASSWORD)))
    assert answer.failure is Failure.REFUSED
    assert answer.message == f"admin@{host.address} port 2222: Permission denied: it asks for no password"


def test_keys_go_before_the_password(host: Host, by_password: Server, playbook: Playbook, tmp_path: Path) -> None:
    before = by_password.said()
    way = route(host, port=by_password.port, user="admin", password="wrong", known_hosts=known(host, tmp_path))
    assert playbook.one(work(host, way)).output
    said = by_password.said()[len(before) :]
    assert "Accepted publickey for admin" in said
    assert "Failed" not in said


def test_a_key_that_is_refused(host: Host, playbook: Playbook, tmp_path: Path) -> None:
    way = route(host, keys=(str(new_key(tmp_path, "stranger")),))
    answer = playbook.one(work(host, way))
    assert answer.failure is Failure.REFUSED
    assert "Permission denied: it takes none of the keys that were offered (1)" in answer.message


def test_nothing_of_the_users_is_read_by_itself(
    hosts: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: Path
) -> None:
    """The home has a key, a config and known hosts, and the environment an agent. None of them is used."""
    host = hosts.hosts[0]
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    shutil.copy2(fleet_key(host), home / ".ssh/id_ed25519")
    shutil.copy2(host.state_dir / "known_hosts", home / ".ssh/known_hosts")
    (home / ".ssh/config").write_text(f"Host *\n  IdentityFile {fleet_key(host)}\n  StrictHostKeyChecking no\n")
    add_to(agent, fleet_key(host))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    run = Playbook(tmp_path / "run")
    try:
        without_key = run.one(work(host, route(host, keys=())))
        without_known = run.one(work(host, route(host, known_hosts=())))
    finally:
        run.close()
    assert (
        without_key.message
        == f"root@{host.address} port 2222: Permission denied: no key and no password are given for it"
    )
    assert without_known.message.startswith("Host key verification failed: ")


def test_keys_that_ssh_would_pass_over(host: Host, playbook: Playbook, tmp_path: Path) -> None:
    """A missing file, a file that is no key, a key with a passphrase, and then the key that fits."""
    junk = tmp_path / "junk"
    junk.write_text("no key")
    locked = tmp_path / "locked"
    shutil.copy2(fleet_key(host), locked)
    subprocess.run(["ssh-keygen", "-q", "-p", "-f", locked, "-N", "secret", "-P", ""], check=True)
    passed_over = (str(tmp_path / "missing"), str(junk), str(locked))
    answer = playbook.one(work(host, route(host, keys=passed_over)))
    assert answer.failure is Failure.REFUSED
    assert "Permission denied: no key could be offered: none without a passphrase is in " in answer.message
    assert playbook.one(work(host, route(host, keys=(*passed_over, str(fleet_key(host)))))).output


def test_a_key_of_an_agent(hosts: Fleet, playbook: Playbook, agent: Path, tmp_path: Path) -> None:
    host, other = hosts.hosts[:2]
    add_to(agent, fleet_key(host))
    answers = playbook.phase([work(each, route(each, keys=(), agent=str(agent))) for each in (host, other)])
    assert all(answer.output for answer in answers.values())

    only = route(host, keys=(str(new_key(tmp_path, "other")),), agent=str(agent), only_keys=True)
    assert playbook.one(work(host, only)).failure is Failure.REFUSED, "an agent's key that was not asked for"

    locked = tmp_path / "locked"
    shutil.copy2(fleet_key(host), locked)
    shutil.copy2(fleet_key(host).with_suffix(".pub"), tmp_path / "locked.pub")
    subprocess.run(["ssh-keygen", "-q", "-p", "-f", locked, "-N", "secret", "-P", ""], check=True)
    named = route(host, keys=(str(locked),), agent=str(agent), only_keys=True)
    assert playbook.one(work(host, named)).output, "the agent has the key that its file keeps locked"


def test_an_agent_that_is_gone(host: Host, playbook: Playbook, tmp_path: Path) -> None:
    assert playbook.one(work(host, route(host, agent=str(tmp_path / "none")))).output


def test_keys_of_an_agent_go_in_the_order_of_ssh(host: Host, playbook: Playbook, agent: Path, tmp_path: Path) -> None:
    """First the named keys, then the agent's others, then keys only in files, since MaxAuthTries counts them."""
    in_agent, named, in_file = (new_key(tmp_path, name) for name in ("in_agent", "named", "in_file"))
    add_to(agent, in_agent)
    add_to(agent, named)
    with Server(host, LogLevel="DEBUG1") as server:
        way = route(
            host,
            port=server.port,
            keys=(str(in_file), str(named)),
            agent=str(agent),
            known_hosts=known(host, tmp_path),
        )
        assert playbook.one(work(host, way)).failure is Failure.REFUSED
        tried = re.findall(r"Failed publickey for root .* ED25519 (SHA256:\S+)", server.said_of_closed())
    expected = [
        subprocess.run(["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True).stdout.split()[1]
        for key in (named, in_agent, in_file)
    ]
    assert list(dict.fromkeys(tried)) == expected


def test_keys_that_are_too_short(host: Host, playbook: Playbook, tmp_path: Path) -> None:
    """RequiredRSASize applies to the user's keys and to the server's."""
    path = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", path], check=True)
    host.path("root/rsa").write_bytes(path.read_bytes())
    host.path("root/rsa").chmod(0o600)
    host.path("root/rsa.pub").write_bytes(path.with_suffix(".pub").read_bytes())
    with Server(host, HostKey="/root/rsa", AuthorizedKeysFile=f"/root/rsa.pub {MOUNT_POINT}/authorized_keys") as server:
        (tmp_path / "known_hosts").write_text(f"{host.address} {path.with_suffix('.pub').read_text()}")
        way = route(host, port=server.port, known_hosts=(str(tmp_path / "known_hosts"),), keys=(str(path),))
        assert playbook.one(work(host, way)).output
        answer = playbook.one(work(host, replace(way, rsa_bits=3072)))
        assert "its RSA key has less than 3072 bits" in answer.message
    way = route(host, keys=(str(path), str(fleet_key(host))), rsa_bits=3072)
    assert playbook.one(work(host, way)).output
    assert playbook.one(work(host, replace(way, keys=(str(path),)))).failure is Failure.REFUSED


def test_keyboard_interactive_only_where_ssh_would(
    host: Host, by_password: Server, playbook: Playbook, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    way = route(
        host,
        port=by_password.port,
        user="admin",
        keys=(),
        password=PASSWORD,
        interactive=False,
        known_hosts=known(host, tmp_path),
    )
    answer = playbook.one(work(host, way))
    assert bool(answer.output) == (request.node.callspec.params["by_password"] == "password"), answer.message


# Jump hosts


def test_a_jump_host_is_connected_to_once(hosts: Fleet, playbook: Playbook) -> None:
    jump, *others = hosts.hosts
    first = playbook.phase([work(host, route(host, jump=route(jump))) for host in others])
    assert all(answer.output for answer in first.values()), first
    assert len([process for process in jump.sshd_processes()[1] if process.cmdline[0].startswith("sshd: root")]) == 1
    assert not residents(jump)

    jump.drop_connections()
    again = playbook.phase([work(host, route(host, jump=route(jump))) for host in others])
    assert all(answer.output for answer in again.values()), again


def test_a_jump_host_that_fails_fails_the_hosts_behind_it(
    hosts: Fleet, by_password: Server, playbook: Playbook, tmp_path: Path
) -> None:
    jump, *others = hosts.hosts
    before = by_password.said()
    way = route(jump, port=by_password.port, user="admin", keys=(), password="wrong", known_hosts=known(jump, tmp_path))
    answers = playbook.phase([work(host, route(host, jump=way)) for host in others])
    assert {answer.failure for answer in answers.values()} == {Failure.DENIED}
    assert all(answer.message.startswith("jump host: Invalid/incorrect password: ") for answer in answers.values())
    said = by_password.said_of_closed(before)
    assert len(re.findall("Failed (?:password|keyboard-interactive/pam) for admin", said)) == 1, said

    others[0].stop_sshd()
    try:
        answer = playbook.one(work(others[0], route(others[0], jump=route(jump))))
    finally:
        others[0].start_sshd()
    assert answer.failure is Failure.NOT_CONNECTED
    assert "by its jump host: " in answer.message
    assert "Connection refused" in answer.message or "Connect failed" in answer.message


def test_a_host_behind_a_jump_host_shows_its_own_key(hosts: Fleet, playbook: Playbook, tmp_path: Path) -> None:
    jump, host = hosts.hosts[:2]
    answer = playbook.one(work(host, route(host, known_hosts=known(jump, tmp_path), jump=route(jump))))
    assert answer.failure is Failure.REFUSED
    assert "no host key is known for" in answer.message
    answer = playbook.one(work(host, route(host, jump=route(jump, known_hosts=()))))
    assert answer.failure is Failure.REFUSED
    assert answer.message.startswith("jump host: Host key verification failed: ")
