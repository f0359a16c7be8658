# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys of a server are believed. Each case also goes through ssh itself, which has to say the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import Failure
from tests.fan_out.run import ALGORITHMS, Playbook, route, work
from tests.fan_out.server import Server
from tests.fleet import Fleet, Host


@pytest.fixture(scope="module")
def host(hosts: Fleet) -> Host:
    return hosts.hosts[0]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, host: Host) -> SimpleNamespace:
    """Keys as in a known_hosts file: the server's, two that are not its own, and an authority's."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name in ("ed25519", "rsa", "other_ed25519", "other_rsa", "ca_ed25519", "ca_rsa"):
        kind = name.rpartition("_")[2]
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / name], check=True)
        made[name] = " ".join((folder / f"{name}.pub").read_text().split()[:2])
    for authority in ("ca_ed25519", "ca_rsa"):
        sign = ["ssh-keygen", "-q", "-s", folder / authority, "-I", "host", "-h", "-n", host.address]
        subprocess.run([*sign, folder / "ed25519.pub"], check=True)
        host.path(f"root/{authority}-cert.pub").write_bytes((folder / "ed25519-cert.pub").read_bytes())
    for name in ("ed25519", "rsa"):
        host.path(f"root/{name}").write_bytes((folder / name).read_bytes())
        host.path(f"root/{name}").chmod(0o600)
    return SimpleNamespace(**made)


@pytest.fixture(scope="module")
def plain(host: Host, keys: SimpleNamespace) -> Iterator[Server]:
    with Server(host, HostKey=["/root/ed25519", "/root/rsa"]) as server:
        yield server


@pytest.fixture(scope="module", params=["ca_ed25519", "ca_rsa"])
def certified(host: Host, keys: SimpleNamespace, request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(host, HostKey="/root/ed25519", HostCertificate=f"/root/{request.param}-cert.pub") as server:
        yield server


def ssh(host: Host, server: Server, known_hosts: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "GlobalKnownHostsFile=/dev/null"],
            *["-o", f"UserKnownHostsFile={known_hosts}", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"],
            *["-i", str(host.state_dir / "runtime/user_key"), "-p", str(server.port)],
            *["-o", "UpdateHostKeys=no", "-o", "StrictHostKeyChecking=yes", *options],
            *[f"root@{host.address}", "true"],
        ],
        capture_output=True,
        text=True,
        check=False,
    )


UNKNOWN = (r"No \w+ host key is known", "no host key is known")
CHANGED = ("HAS CHANGED", "the host key has changed")
REVOKED = ("REVOKED HOST KEY", "is revoked by")

# What is in the file, for the address a, the port p and the keys k, and what ssh and the fan-out say; None: welcome.
CASES: dict[str, tuple[Callable[[str, int, SimpleNamespace], list[str]], tuple[str, str] | None]] = {
    "with the port": (lambda a, p, k: [f"[{a}]:{p} {k.ed25519}"], None),
    "the plain name": (lambda a, p, k: [f"{a} {k.ed25519}"], None),
    "another port": (lambda a, p, k: [f"[{a}]:{p + 1} {k.ed25519}"], UNKNOWN),
    "only the second key": (lambda a, p, k: [f"[{a}]:{p} {k.rsa}"], None),
    "only the second key, by the plain name": (lambda a, p, k: [f"{a} {k.rsa}"], UNKNOWN),
    "a pattern": (lambda a, p, k: [f"[127.9.*]:{p} {k.ed25519}"], None),
    "another question mark": (lambda a, p, k: [f"[{a}]:?{p} {k.ed25519}"], UNKNOWN),
    "not that one": (lambda a, p, k: [f"*,![{a}]:{p},!{a} {k.ed25519}"], UNKNOWN),
    "a network": (lambda a, p, k: [f"127.0.0.0/8 {k.ed25519}"], UNKNOWN),
    "nothing": (lambda a, p, k: [], UNKNOWN),
    "an empty name": (lambda a, p, k: [f",x {k.ed25519}"], UNKNOWN),
    "junk": (
        lambda a, p, k: [
            "#",
            "@revoked",
            "x",
            f"{a} ssh-ed25519 AAAA",
            f"@what {a} {k.other_ed25519}",
            f"{a} {k.ed25519} me",
        ],
        None,
    ),
    "a key under a wrong type": (lambda a, p, k: [f"{a} ssh-rsa {k.ed25519.split()[1]}"], UNKNOWN),
    "another key": (lambda a, p, k: [f"[{a}]:{p} {k.other_ed25519}"], CHANGED),
    "another key with the port": (lambda a, p, k: [f"[{a}]:{p} {k.other_rsa}", f"{a} {k.ed25519}"], CHANGED),
    "another key of the second type": (lambda a, p, k: [f"[{a}]:{p} {k.other_rsa}"], CHANGED),
    "two keys": (lambda a, p, k: [f"[{a}]:{p} {k.other_ed25519}", f"[{a}]:{p} {k.ed25519}"], None),
    "a revoked key": (lambda a, p, k: [f"[{a}]:{p} {k.ed25519}", f"@revoked * {k.ed25519}"], REVOKED),
    "a key that others revoke": (lambda a, p, k: [f"[{a}]:{p} {k.ed25519}", f"@revoked x {k.ed25519}"], None),
    "an authority": (lambda a, p, k: [f"@cert-authority [{a}]:{p} {k.ca_ed25519}"], UNKNOWN),
}


@pytest.mark.parametrize("hashed", [False, True], ids=["clear", "hashed"])
@pytest.mark.parametrize("case", CASES)
def test_as_ssh(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path, case: str, hashed: bool
) -> None:
    lines, refusal = CASES[case]
    path = tmp_path / "known_hosts"
    path.write_text("".join(f"{line}\n" for line in lines(host.address, plain.port, keys)))
    if hashed:  # it leaves patterns and junk as they are
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], capture_output=True, check=False)

    of_ssh = ssh(host, plain, path)
    answer = playbook.one(work(host, route(host, port=plain.port, known_hosts=(str(path),))))

    if refusal is None:
        assert of_ssh.returncode == 0, of_ssh.stderr
        assert answer.output, answer.message
    else:
        assert of_ssh.returncode == 255
        assert re.search(refusal[0], of_ssh.stderr), of_ssh.stderr
        assert (answer.failure, answer.sent) == (Failure.REFUSED, False)
        assert answer.message.startswith(f"Host key verification failed: {host.address} port {plain.port}: ")
        assert refusal[1] in answer.message


def test_a_certificate(
    host: Host,
    certified: Server,
    keys: SimpleNamespace,
    playbook: Playbook,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """One of an authority with RSA is left to ssh: asyncssh would take SHA-1 for its signature."""
    kind = request.node.callspec.params["certified"]
    path = tmp_path / "known_hosts"
    way = route(host, port=certified.port, known_hosts=(str(path),))
    name = f"[{host.address}]:{certified.port}"

    path.write_text(f"@cert-authority {name} {getattr(keys, kind)}\n")
    assert ssh(host, certified, path).returncode == 0
    answer = playbook.one(work(host, way))
    assert bool(answer.output) == (kind == "ca_ed25519"), answer.message

    path.write_text(f"@cert-authority {name} {getattr(keys, kind)}\n@revoked * {getattr(keys, kind)}\n")
    assert ssh(host, certified, path).returncode == 255
    another = replace(way, connect_timeout=9)  # for a connection of its own
    assert playbook.one(work(host, another)).failure is Failure.REFUSED


def test_an_alias_stands_for_the_port(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path
) -> None:
    path = tmp_path / "known_hosts"
    way = route(host, port=plain.port, known_hosts=(str(path),), name="db", alias=True)
    path.write_text(f"[db]:{plain.port} {keys.ed25519}\n")
    assert ssh(host, plain, path, "-o", "HostKeyAlias=db").returncode == 255
    assert playbook.one(work(host, way)).failure is Failure.REFUSED
    path.write_text(f"db {keys.ed25519}\n")
    assert ssh(host, plain, path, "-o", "HostKeyAlias=db").returncode == 0
    assert playbook.one(work(host, way)).output


@pytest.mark.parametrize(("key", "welcome"), [(None, True), ("other_rsa", False), ("ed25519", True)])
def test_unchecked(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path, key: str | None, welcome: bool
) -> None:
    """Without host key checking a key may be unknown, but none may contradict what is known."""
    path = tmp_path / "known_hosts"
    path.write_text(f"[{host.address}]:{plain.port} {getattr(keys, key)}\n" if key else "")
    answer = playbook.one(work(host, route(host, port=plain.port, known_hosts=(str(path),), checked=False)))
    assert bool(answer.output) == welcome, answer.message
    if not welcome:
        assert answer.failure is Failure.REFUSED


def test_only_the_algorithms_of_the_route(
    host: Host, plain: Server, keys: SimpleNamespace, playbook: Playbook, tmp_path: Path
) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"[{host.address}]:{plain.port} {keys.ed25519}\n")
    way = route(host, port=plain.port, known_hosts=(str(path),), server_keys=("rsa-sha2-512",))
    answer = playbook.one(work(host, way))
    assert answer.failure is Failure.REFUSED
    assert "the host key has changed: it shows ssh-rsa SHA256:" in answer.message
    nothing = route(host, port=plain.port, key_exchanges=("diffie-hellman-group1-sha1",))
    answer = playbook.one(work(host, nothing))
    assert answer.failure is Failure.REFUSED
    # who of the two finds it out first ends the connection
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
