# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted keys of a server and requested algorithms. test_as_ssh.py covers the files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from tests.fan_out.run import ALGORITHMS, Playbook, route, work
from tests.fan_out.server import Server
from tests.fleet import Fleet, Host


@pytest.fixture(scope="module")
def host(hosts: Fleet) -> Host:
    return hosts.hosts[0]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, host: Host) -> SimpleNamespace:
    """The server's keys, as in a known_hosts file."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name in ("ed25519", "rsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", name, "-N", "", "-f", folder / name], check=True)
        made[name] = " ".join((folder / f"{name}.pub").read_text().split()[:2])
        host.path(f"root/{name}").write_bytes((folder / name).read_bytes())
        host.path(f"root/{name}").chmod(0o600)
    return SimpleNamespace(**made)


@pytest.fixture(scope="module")
def plain(host: Host, keys: SimpleNamespace) -> Iterator[Server]:
    with Server(host, HostKey=["/root/ed25519", "/root/rsa"]) as server:
        yield server


def test_only_the_algorithms_of_the_route(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path
) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"[{host.address}]:{plain.port} {keys.ed25519}\n")
    way = route(host, port=plain.port, known_hosts=(str(path),), server_keys=("rsa-sha2-512",))
    answer = playbook.one(work(host, way))
    assert answer.failure is Failure.MISTRUSTED
    assert "the host key has changed: it shows ssh-rsa SHA256:" in answer.message
    nothing = route(host, port=plain.port, key_exchanges=("diffie-hellman-group1-sha1",))
    answer = playbook.one(work(host, nothing))
    assert answer.failure is Failure.REFUSED
    # the side that finds it out first ends the connection
    assert re.search("No matching key exchange algorithm found|Connection closed by", answer.message), answer.message
    unheard_of = route(host, port=plain.port, ciphers=("rot13",))
    answer = playbook.one(work(host, unheard_of))
    assert answer.failure is Failure.REFUSED
    assert "asyncssh has none of the ciphers that ssh would use: rot13" in answer.message


@pytest.mark.parametrize(
    ("ciphers", "compression", "expected"),
    [
        (ALGORITHMS["ciphers"], True, "cipher: aes128-gcm@openssh.com MAC: <implicit> compression: none"),
        (("chacha20-poly1305@openssh.com", "aes128-ctr"), False, "cipher: chacha20-poly1305@openssh.com"),
        (("aes256-ctr", "aes128-ctr"), False, "cipher: aes256-ctr"),
    ],
    ids=["all", "chacha20", "ctr"],
)
def test_of_what_ssh_would_take_the_cheap_comes_first(
    host: Host, playbook: Playbook, ciphers: tuple[str, ...], compression: bool, expected: str
) -> None:
    with Server(host, LogLevel="DEBUG") as server:
        way = route(host, port=server.port, checked=False, ciphers=ciphers, compression=compression)
        assert playbook.one(work(host, way)).output
        assert f"kex: client->server {expected}" in server.said()
        assert f"kex: server->client {expected}" in server.said()


def test_known_hosts_that_change_between_phases_are_read_again(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path
) -> None:
    path = tmp_path / "known_hosts"
    work_of = work(host, route(host, port=plain.port, known_hosts=(str(path), str(tmp_path / "missing"))))
    assert playbook.one(work_of).failure is Failure.REFUSED
    path.write_text(f"{host.address} {keys.ed25519}\n")
    assert playbook.one(work_of).output
