# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never laxer than ssh: a table of ssh command lines, with the results of ssh itself and of the fan-out.

Each case runs with both; the fan-out takes its way from ssh -G. If ssh logs in, the fan-out logs in too, or leaves the
host to its task. If ssh does not, the fan-out leaves the host to its task or refuses it for good.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import typing as t
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import resident
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh import ansible_ssh, routes
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Start
from tests.fan_out.run import ROOT, WAIT, Playbook, work
from tests.fan_out.server import Server
from tests.fleet import Fleet, Host

# Results of the fan-out.
LOGIN = "logs in"
TASK = "leaves the host to its task"
FINAL = "refuses the host for good"

# Messages of ssh. Without one, ssh logs in.
UNKNOWN = r"No \S+ host key is known"
CHANGED = "HAS CHANGED"
REVOKED = "REVOKED HOST KEY"
REFUSED = "Host key verification failed"

Names = SimpleNamespace


@dataclass(frozen=True)
class Case:
    """known: lines of a known_hosts file, made from Names. options: for ssh, after the others; {folder} is the case's
    own folder, where make creates the files that they name. server: one of SERVERS, or of nasty_server. hashed: whether
    the result is the same after ssh-keygen has hashed the names.
    """

    known: Callable[[Names], list[str | bytes]]
    ssh: str = ""
    ours: str = LOGIN
    server: str = "plain"
    options: tuple[str, ...] = ()
    make: Callable[[Path, Names], object] = lambda _folder, _names: None
    hashed: bool = True


def is_known(n: Names) -> list[str | bytes]:
    return [f"{n.server} {n.ed25519}"]


def by_authority(n: Names) -> list[str | bytes]:
    return [f"@cert-authority {n.server} {n.ca}"]


def of_parts(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def blob(line: str) -> bytes:
    return base64.b64decode(line.split()[1])


def padded_rsa(line: str) -> str:
    """An RSA key in an unusual form, with zeros before its numbers."""
    data = blob(line)
    size = int.from_bytes(data[11:15], "big")
    return f"ssh-rsa {of_parts(b'ssh-rsa', data[15 : 15 + size], bytes(2) + data[19 + size :])}"


def after(line: str, junk: bytes) -> str:
    return f"{line.split()[0]} {base64.b64encode(blob(line) + junk).decode()}"


def copy_key(folder: Path, n: Names, mode: int, name: str = "key") -> Path:
    path = folder / name
    shutil.copyfile(n.user_key, path)
    path.chmod(mode)
    return path


def own_key(mode: int, user: int | None = None) -> Callable[[Path, Names], None]:
    def make(folder: Path, n: Names) -> None:
        path = copy_key(folder, n, mode)
        if user is not None:
            os.chown(path, user, user)

    return make


def changed_key(*arguments: str) -> Callable[[Path, Names], None]:
    """The user's key, rewritten by ssh-keygen."""

    def make(folder: Path, n: Names) -> None:
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-f", copy_key(folder, n, 0o600), *arguments], check=True)

    return make


def key_with(before: bytes) -> Callable[[Path, Names], None]:
    def make(folder: Path, n: Names) -> None:
        path = copy_key(folder, n, 0o600)
        path.write_bytes(before + path.read_bytes())

    return make


def certified_key(*arguments: str) -> Callable[[Path, Names], None]:
    """A key with a certificate; the server accepts both."""

    def make(folder: Path, n: Names) -> None:
        copy_key(folder, n, 0o600)
        shutil.copyfile(f"{n.user_key}.pub", folder / "key.pub")
        subprocess.run(
            ["ssh-keygen", "-q", "-s", n.folder / "ca", "-I", "me", "-n", "root", *arguments, folder / "key.pub"],
            check=True,
        )

    return make


def home(mode: int, included: int | None = None, user: int = 0) -> Callable[[Path, Names], None]:
    """A user's home whose ssh configuration, or a file included there, has this mode."""

    def make(folder: Path, n: Names) -> None:
        there = folder / "home/.ssh"
        there.mkdir(parents=True)
        (there / "config").write_text("Include more\n" if included is not None else "")
        (there / "more").write_text("")
        (there / "config").chmod(mode)
        (there / "more").chmod(included or 0o600)
        os.chown(there / "config", user, user)

    return make


def jump(folder: Path, n: Names, key: str = "") -> None:
    """A configuration that reaches the host through the other server."""
    address, port = n.jump.strip("[").split("]:")
    (folder / "config").write_text(
        f"Host {n.address}\n  ProxyJump root@jump\n"
        f"Host jump\n  HostName {address}\n  Port {port}\n  IdentityFile {key or n.user_key}\n"
        f"  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  BatchMode yes\n"
        "  StrictHostKeyChecking yes\n  IdentitiesOnly yes\n  IdentityAgent none\n"
    )


OWN_KEY = ("-o", "IdentityFile=none", "-i", "{folder}/key")

CASES: dict[str, Case] = {
    # Names
    "with the port": Case(is_known),
    "the plain name": Case(lambda n: [f"{n.address} {n.ed25519}"]),
    "another port": Case(lambda n: [f"[{n.address}]:1 {n.ed25519}"], UNKNOWN, TASK),
    "the second key": Case(lambda n: [f"{n.server} {n.rsa}"]),
    "the second key, by the plain name": Case(lambda n: [f"{n.address} {n.rsa}"], UNKNOWN, TASK),
    "a pattern": Case(lambda n: [f"[127.*]:{n.port} {n.ed25519}"]),
    "one more than a question mark stands for": Case(lambda n: [f"[{n.address}]:?{n.port} {n.ed25519}"], UNKNOWN, TASK),
    "not that one": Case(lambda n: [f"*,!{n.server},!{n.address} {n.ed25519}"], UNKNOWN, TASK),
    "a network": Case(lambda n: [f"127.0.0.0/8 {n.ed25519}"], UNKNOWN, TASK),
    "nothing": Case(lambda n: [], UNKNOWN, TASK),
    "an empty name": Case(lambda n: [f",x {n.ed25519}"], UNKNOWN, TASK),
    "a name of 1,022 bytes": Case(lambda n: [f"{'x' * 1022},{n.server} {n.ed25519}"]),
    "a name of 1,023 bytes": Case(
        lambda n: [f"{'x' * 1023},{n.server} {n.ed25519}"], UNKNOWN, TASK, hashed=False
    ),
    "an alias in capitals": Case(lambda n: [f"DB {n.ed25519}"], options=("-o", "HostKeyAlias=DB")),
    "an alias that is revoked in capitals": Case(
        lambda n: [f"db {n.ed25519}", f"@revoked DB {n.ed25519}"],
        REVOKED,
        FINAL,
        options=("-o", "HostKeyAlias=DB"),
    ),
    "an alias, and the port": Case(
        lambda n: [f"[db]:{n.port} {n.ed25519}"], UNKNOWN, TASK, options=("-o", "HostKeyAlias=db")
    ),
    "a hash of another length": Case(
        lambda n: [f"|1|{base64.b64encode(b'salt').decode()}|{'A' * 27}= {n.ed25519}"], UNKNOWN, TASK
    ),
    # Lines
    "tabs": Case(lambda n: [f"\t{n.server}\t{n.ed25519.replace(' ', chr(9))}\tme"]),
    "a carriage return at the end": Case(lambda n: [f"{n.server} {n.ed25519}\r"]),
    "a mark at the beginning of the file": Case(lambda n: [f"\ufeff{n.server} {n.ed25519}"], UNKNOWN, TASK),
    "quotes": Case(lambda n: [f'"{n.server}" {n.ed25519}'], UNKNOWN, TASK),
    "junk": Case(
        lambda n: ["#", "@revoked", "x", f"{n.server} ssh-ed25519 AAAA", f"@what * {n.other}", *is_known(n)],
    ),
    "a comment with blanks before it": Case(lambda n: [f" \t# {n.server} {n.ed25519}"], UNKNOWN, TASK),
    "another key in the comment": Case(lambda n: [f"{n.server} {n.ed25519} # {n.other}"]),
    "an empty line with a blank": Case(lambda n: [" ", "\t", *is_known(n)]),
    "no end of line": Case(lambda n: [f"{n.server} {n.ed25519}".encode()]),
    "a zero byte before the name": Case(lambda n: [f"\0{n.server} {n.ed25519}"], UNKNOWN, TASK),
    "a zero byte in the comment": Case(lambda n: [f"{n.server} {n.ed25519} \0 me"]),
    **{
        f"{name} does not end a line": Case(
            lambda n, text=text: [f"# {text}{n.server} {n.ed25519}"], UNKNOWN, TASK
        )
        for name, text in {
            "a carriage return": "\r",
            "a vertical tab": "\v",
            "a form feed": "\f",
            "a file separator": "\x1c",
            "a record separator": "\x1e",
            "a next line": "\x85",
            "a line separator": "\u2028",
        }.items()
    },
    **{
        f"{name} is no blank": Case(lambda n, text=text: [f"x{text}{n.server} {n.ed25519}"], UNKNOWN, TASK)
        for name, text in {"a carriage return": "\r", "a vertical tab": "\v", "a form feed": "\f"}.items()
    },
    "a revoked key behind what is no blank": Case(
        lambda n: [*is_known(n), f"\v@revoked {n.server} {n.ed25519}"],
    ),
    "a carriage return before a marker": Case(lambda n: [f"x\r@revoked * {n.ed25519}", *is_known(n)]),
    # Keys
    "a wrong type before a key": Case(lambda n: [f"{n.server} ssh-rsa {n.ed25519.split()[1]}"], UNKNOWN, TASK),
    "a type in capitals": Case(lambda n: [f"{n.server} {n.ed25519.upper()}"], UNKNOWN, TASK),
    "a type by its short name": Case(lambda n: [f"{n.server} ED25519 {n.ed25519.split()[1]}"], UNKNOWN, TASK),
    "a signature's type before a key": Case(lambda n: [f"{n.server} rsa-sha2-512 {n.rsa.split()[1]}"]),
    "a signature's type before a revoked key": Case(
        lambda n: [*is_known(n), f"@revoked * rsa-sha2-512 {n.rsa.split()[1]}"],
        REVOKED,
        FINAL,
        options=("-o", "HostKeyAlgorithms=rsa-sha2-512"),
    ),
    "a key with junk behind it": Case(lambda n: [f"{n.server} {after(n.ed25519, b'junk')}"], UNKNOWN, TASK),
    "a key that is cut off": Case(lambda n: [f"{n.server} {n.ed25519[:-4]}"], UNKNOWN, TASK),
    "a carriage return in a key": Case(lambda n: [f"{n.server} {n.ed25519[:30]}\r\v{n.ed25519[30:]}"]),
    "zeros before the numbers of a key": Case(
        lambda n: [f"{n.server} {padded_rsa(n.rsa)}"], options=("-o", "HostKeyAlgorithms=rsa-sha2-512")
    ),
    "another key": Case(lambda n: [f"{n.server} {n.other}"], CHANGED, FINAL),
    "another key with the port": Case(
        lambda n: [f"{n.server} {n.other_rsa}", f"{n.address} {n.ed25519}"], CHANGED, FINAL
    ),
    "another key of the second type": Case(lambda n: [f"{n.server} {n.other_rsa}"], CHANGED, FINAL),
    "another type than the hosts beside it have": Case(lambda n: [f"x {n.other}", f"{n.server} {n.rsa}"]),
    "another key of another type than the hosts beside it have": Case(
        lambda n: [f"x {n.other}", f"{n.server} {n.other_rsa}"], CHANGED, FINAL
    ),
    "two keys": Case(lambda n: [f"{n.server} {n.other}", *is_known(n)]),
    "a certificate in place of the key": Case(lambda n: [f"{n.server} {n.certificate}"], CHANGED, FINAL),
    "a key of a type that is not asked for": Case(
        is_known, CHANGED, FINAL, options=("-o", "HostKeyAlgorithms=rsa-sha2-512")
    ),
    "another type than was agreed on": Case(
        lambda n: [f"{n.server} {n.ecdsa}"],
        "key type does not match",
        TASK,
        server="show_another_key",
        options=("-o", "HostKeyAlgorithms=ssh-ed25519"),
    ),
    "a signature with SHA-1": Case(
        lambda n: [f"{n.server} {n.rsa}"],
        "signature algorithm|incorrect signature|invalid signature|error in libcrypto",
        TASK,
        server="sign_with_sha1",
    ),
    "a small group": Case(is_known, "out of range|invalid", TASK, server="choose_a_small_group"),
    "an RSA key that is too short": Case(
        lambda n: [f"{n.server} {n.rsa}"],
        "Invalid key length|key length",
        TASK,
        options=("-o", "HostKeyAlgorithms=rsa-sha2-512", "-o", "RequiredRSASize=4096"),
    ),
    # Revoked
    "a revoked key": Case(lambda n: [*is_known(n), f"@revoked * {n.ed25519}"], REVOKED, FINAL),
    "a revoked key above": Case(lambda n: [f"@revoked {n.server} {n.ed25519}", *is_known(n)], REVOKED, FINAL),
    "a revoked key that nothing else knows": Case(lambda n: [f"@revoked * {n.ed25519}"], REVOKED, FINAL),
    "a key that others revoke": Case(lambda n: [*is_known(n), f"@revoked x {n.ed25519}"]),
    "a key that is revoked by the plain name": Case(
        lambda n: [*is_known(n), f"@revoked {n.address} {n.ed25519}"],
    ),
    "a key that is revoked as its certificate": Case(
        lambda n: [*is_known(n), f"@revoked * {n.certificate}"], REVOKED, FINAL
    ),
    "a key that is revoked behind a tab": Case(lambda n: [*is_known(n), f"@revoked\t* {n.ed25519}"]),
    "a key that is revoked with tabs alone": Case(
        lambda n: [*is_known(n), "@revoked\t*\t" + n.ed25519.replace(" ", "\t")], REVOKED, FINAL
    ),
    "two markers": Case(lambda n: [*is_known(n), f"@revoked @revoked * {n.ed25519}"]),
    "a marker in capitals": Case(lambda n: [*is_known(n), f"@REVOKED * {n.ed25519}"]),
    "a revoked key with zeros before its numbers": Case(
        lambda n: [f"{n.server} {n.rsa}", f"@revoked * {padded_rsa(n.rsa)}"],
        REVOKED,
        FINAL,
        options=("-o", "HostKeyAlgorithms=rsa-sha2-512"),
    ),
    # Certificates
    "an authority, and a server without certificate": Case(by_authority, UNKNOWN, TASK),
    "a certificate": Case(by_authority, server="certified"),
    "a certificate, by the plain name": Case(lambda n: [f"@cert-authority {n.address} {n.ca}"], server="certified"),
    "a certificate of somebody's": Case(
        lambda n: [f"@cert-authority * {n.other}"], UNKNOWN, TASK, server="certified"
    ),
    "a certificate of somebody's, and the key is known": Case(
        lambda n: [f"@cert-authority * {n.other}", *is_known(n)], ours=TASK, server="certified"
    ),
    "an authority without a marker": Case(lambda n: [f"{n.server} {n.ca}"], CHANGED, FINAL, server="certified"),
    "an authority behind a tab": Case(
        lambda n: [f"@cert-authority\t{n.server} {n.ca}"], UNKNOWN, TASK, server="certified"
    ),
    "a certificate whose key is revoked": Case(
        lambda n: [*by_authority(n), f"@revoked * {n.ed25519}"], REVOKED, FINAL, server="certified"
    ),
    "a certificate that is revoked": Case(
        lambda n: [*by_authority(n), f"@revoked * {n.certificate}"], REVOKED, FINAL, server="certified"
    ),
    "an authority that is revoked": Case(
        lambda n: [*by_authority(n), f"@revoked * {n.ca}"], REVOKED, FINAL, server="certified"
    ),
    "a certificate whose key is known, and revoked": Case(
        lambda n: [*by_authority(n), *is_known(n), f"@revoked {n.server} {n.ed25519}"],
        REVOKED,
        FINAL,
        server="certified",
    ),
    "a certificate that has expired": Case(by_authority, "expired|" + UNKNOWN, TASK, server="expired"),
    "a certificate of tomorrow": Case(by_authority, "not yet valid|" + UNKNOWN, TASK, server="tomorrow"),
    "a certificate for another host": Case(by_authority, "principal|" + UNKNOWN, TASK, server="elsewhere"),
    "a certificate for an alias": Case(
        lambda n: [f"@cert-authority db {n.ca}"], server="alias", options=("-o", "HostKeyAlias=db")
    ),
    "a certificate with a critical option": Case(by_authority, "critical|" + UNKNOWN, TASK, server="critical"),
    "a certificate of an authority with RSA": Case(
        lambda n: [f"@cert-authority {n.server} {n.ca_rsa}"], ours=TASK, server="by_rsa"
    ),
    "a certificate of an authority whose algorithm is not wanted": Case(
        by_authority,
        "disallowed algorithm|" + UNKNOWN,
        TASK,
        server="certified",
        options=("-o", "CASignatureAlgorithms=ecdsa-sha2-nistp256"),
    ),
    "a certificate of an authority whose algorithm is wanted": Case(
        by_authority, server="certified", options=("-o", "CASignatureAlgorithms=ssh-ed25519")
    ),
    "certificates are not wanted": Case(
        by_authority, UNKNOWN, TASK, server="certified", options=("-o", "HostKeyAlgorithms=ssh-ed25519")
    ),
    # Settings about the server's key
    "accept-new, and a new key": Case(lambda n: [], ours=TASK, options=("-o", "StrictHostKeyChecking=accept-new")),
    "accept-new, and another key": Case(
        lambda n: [f"{n.server} {n.other}"], CHANGED, FINAL, options=("-o", "StrictHostKeyChecking=accept-new")
    ),
    "ask, and another key": Case(
        lambda n: [f"{n.server} {n.other}"], CHANGED, FINAL, options=("-o", "StrictHostKeyChecking=ask")
    ),
    "no, and a new key": Case(lambda n: [], options=("-o", "StrictHostKeyChecking=no")),
    "no, and another key": Case(
        lambda n: [f"{n.server} {n.other}"], ours=TASK, options=("-o", "StrictHostKeyChecking=no")
    ),
    "no, and a revoked key": Case(
        lambda n: [f"@revoked * {n.ed25519}"], ours=TASK, options=("-o", "StrictHostKeyChecking=no")
    ),
    "a file for all": Case(
        lambda n: [],
        options=("-o", "GlobalKnownHostsFile={folder}/all"),
        make=lambda folder, n: (folder / "all").write_text(f"{n.server} {n.ed25519}\n"),
    ),
    "a file for all that revokes": Case(
        is_known,
        REVOKED,
        FINAL,
        options=("-o", "GlobalKnownHostsFile={folder}/all"),
        make=lambda folder, n: (folder / "all").write_text(f"@revoked * {n.ed25519}\n"),
    ),
    "no file of the user's": Case(is_known, REFUSED, TASK, options=("-o", "UserKnownHostsFile=none")),
    "two files of the user's": Case(
        is_known,
        REVOKED,
        FINAL,
        options=("-o", "UserKnownHostsFile={folder}/known_hosts {folder}/second"),
        make=lambda folder, n: (folder / "second").write_text(f"@revoked * {n.ed25519}\n"),
    ),
    "a file with the name in its path": Case(
        lambda n: [],
        options=("-o", "UserKnownHostsFile={folder}/%k"),
        make=lambda folder, n: (folder / n.address).write_text(f"{n.server} {n.ed25519}\n"),
    ),
    "a folder": Case(lambda n: [], UNKNOWN, TASK, options=("-o", "UserKnownHostsFile={folder}")),
    "a file that others can write": Case(
        is_known, make=lambda folder, n: ((folder / "known_hosts").touch(), (folder / "known_hosts").chmod(0o666))
    ),
    "RevokedHostKeys": Case(
        is_known,
        "revoked by file",
        TASK,
        options=("-o", "RevokedHostKeys={folder}/revoked"),
        make=lambda folder, n: (folder / "revoked").write_text(f"{n.ed25519}\n"),
    ),
    "KnownHostsCommand": Case(
        is_known, REVOKED, TASK, options=("-o", "KnownHostsCommand={folder}/command"),
        make=lambda folder, n: (
            (folder / "command").write_text(f"#!/bin/sh\necho '@revoked * {n.ed25519}'\n"),
            (folder / "command").chmod(0o755),
        ),
    ),
    "VerifyHostKeyDNS": Case(is_known, ours=TASK, options=("-o", "VerifyHostKeyDNS=yes")),
    # The user's keys
    "a key": Case(is_known, options=OWN_KEY, make=own_key(0o600)),
    "a key that its owner cannot change": Case(is_known, options=OWN_KEY, make=own_key(0o400)),
    **{
        f"a key with mode {mode:o}": Case(
            is_known, "UNPROTECTED PRIVATE KEY FILE", TASK, options=OWN_KEY, make=own_key(mode)
        )
        for mode in (0o644, 0o640, 0o604, 0o620, 0o601, 0o666, 0o777)
    },
    "a key of somebody else's that all can read": Case(is_known, options=OWN_KEY, make=own_key(0o644, user=1000)),
    "a key that all can read, and another one": Case(
        is_known,
        options=("-i", "{folder}/open", "-i", "{folder}/key"),
        make=lambda folder, n: (copy_key(folder, n, 0o644, "open"), copy_key(folder, n, 0o600)),
    ),
    "a link to a key that all can read": Case(
        is_known,
        "UNPROTECTED PRIVATE KEY FILE",
        TASK,
        options=OWN_KEY,
        make=lambda folder, n: (folder / "key").symlink_to(copy_key(folder, n, 0o644, "open")),
    ),
    "a key with a passphrase": Case(
        is_known, "Permission denied", TASK, options=OWN_KEY, make=changed_key("-N", "secret")
    ),
    "a folder in place of a key": Case(
        is_known, "Permission denied", TASK, options=OWN_KEY, make=lambda folder, n: (folder / "key").mkdir()
    ),
    "no key": Case(is_known, "Permission denied", TASK, options=OWN_KEY),
    "text before a key": Case(is_known, "Permission denied", TASK, options=OWN_KEY, make=key_with(b"my key:\n")),
    "a key with a certificate": Case(is_known, options=OWN_KEY, make=certified_key()),
    "a key whose certificate has expired": Case(
        is_known, options=OWN_KEY, make=certified_key("-V", "20200101:20200102")
    ),
    "a key of a type that is not accepted": Case(
        is_known, "Permission denied", TASK, options=("-o", "PubkeyAcceptedAlgorithms=rsa-sha2-512")
    ),
    "CertificateFile": Case(
        is_known,
        ours=TASK,
        options=(*OWN_KEY, "-o", "CertificateFile={folder}/key-cert.pub"),
        make=certified_key("-V", "20200101:20200102"),
    ),
    "no keys": Case(is_known, "Permission denied", TASK, options=("-o", "PubkeyAuthentication=no")),
    # The configuration
    "a configuration of the user's": Case(is_known, make=home(0o600)),
    "a configuration that others can read": Case(is_known, make=home(0o644)),
    "a configuration that others can write": Case(is_known, "Bad owner or permissions", TASK, make=home(0o666)),
    "a configuration of somebody else's": Case(is_known, "Bad owner or permissions", TASK, make=home(0o600, user=1000)),
    "a configuration that includes one": Case(is_known, make=home(0o600, 0o644)),
    "a configuration that includes one that others can write": Case(
        is_known, "Bad owner or permissions", TASK, make=home(0o600, 0o666)
    ),
    # Jump hosts: all of this applies to each of them
    "a jump host": Case(
        lambda n: [*is_known(n), f"{n.jump} {n.ed25519}"], options=("-F", "{folder}/config"), make=jump
    ),
    "a jump host that is not known": Case(
        is_known, UNKNOWN, TASK, options=("-F", "{folder}/config"), make=jump
    ),
    "a jump host with another key": Case(
        lambda n: [*is_known(n), f"{n.jump} {n.other}"],
        CHANGED,
        FINAL,
        options=("-F", "{folder}/config"),
        make=jump,
    ),
    "a jump host whose key is revoked": Case(
        lambda n: [*is_known(n), f"{n.jump} {n.ed25519}", f"@revoked {n.jump} {n.ed25519}"],
        REVOKED,
        FINAL,
        options=("-F", "{folder}/config"),
        make=jump,
    ),
    "another key behind a jump host": Case(
        lambda n: [f"{n.server} {n.other}", f"{n.jump} {n.ed25519}"],
        CHANGED,
        FINAL,
        options=("-F", "{folder}/config"),
        make=jump,
    ),
    "a jump host, by a key that all can read": Case(
        lambda n: [*is_known(n), f"{n.jump} {n.ed25519}"],
        "UNPROTECTED PRIVATE KEY FILE",
        TASK,
        options=("-F", "{folder}/config"),
        make=lambda folder, n: jump(folder, n, key=str(copy_key(folder, n, 0o644))),
    ),
}


# Cases whose lines ssh-keygen does not hash: patterns, authorities, and lines that it does not understand.
NOTHING_TO_HASH = {
    "a pattern",
    "one more than a question mark stands for",
    "not that one",
    "nothing",
    "a hash of another length",
    "junk",
    "a comment with blanks before it",
    "a carriage return does not end a line",
    "a vertical tab does not end a line",
    "a form feed does not end a line",
    "a file separator does not end a line",
    "a record separator does not end a line",
    "a next line does not end a line",
    "a line separator does not end a line",
    "a revoked key behind what is no blank",
    "a carriage return before a marker",
    "a type in capitals",
    "a revoked key that nothing else knows",
    "a key that is revoked behind a tab",
    "two markers",
    "a marker in capitals",
    "an authority, and a server without certificate",
    "a certificate",
    "a certificate, by the plain name",
    "a certificate of somebody's",
    "an authority behind a tab",
    "a certificate whose key is revoked",
    "a certificate that is revoked",
    "an authority that is revoked",
    "a certificate that has expired",
    "a certificate of tomorrow",
    "a certificate for another host",
    "a certificate for an alias",
    "a certificate with a critical option",
    "a certificate of an authority with RSA",
    "a certificate of an authority whose algorithm is not wanted",
    "a certificate of an authority whose algorithm is wanted",
    "certificates are not wanted",
    "accept-new, and a new key",
    "no, and a new key",
    "no, and a revoked key",
    "a file for all",
    "a file with the name in its path",
    "a folder",
}

# Settings of an sshd, by server
SERVERS: dict[str, dict[str, str | list[str]]] = {
    "plain": {"HostKey": ["/root/ed25519", "/root/rsa"]},
    "jump": {"HostKey": ["/root/ed25519"]},
    **{
        name: {"HostKey": "/root/ed25519", "HostCertificate": f"/root/{name}-cert.pub"}
        for name in ("certified", "expired", "tomorrow", "elsewhere", "alias", "critical", "by_rsa")
    },
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory, hosts: Fleet) -> Names:
    """The values that all cases share: keys as lines of known_hosts, and the address."""
    host, folder = hosts.hosts[0], tmp_path_factory.mktemp("names")
    made: dict[str, t.Any] = {"folder": folder, "address": host.address}
    for name in ("ed25519", "other", "ca", "rsa", "other_rsa", "ca_rsa", "ecdsa"):
        kind = name.rpartition("_")[2] if name.endswith(("rsa", "ecdsa")) else "ed25519"
        size = ["-b", "3072"] if kind == "rsa" else []
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-f", folder / name], check=True)
        made[name] = " ".join((folder / f"{name}.pub").read_text().split()[:2])
    for name, arguments in {
        "certified": ["-n", host.address],
        "expired": ["-n", host.address, "-V", "20200101:20200102"],
        "tomorrow": ["-n", host.address, "-V", "20990101:20990102"],
        "elsewhere": ["-n", "elsewhere"],
        "alias": ["-n", "db"],
        "critical": ["-n", host.address, "-O", "critical:what@example.com=ever"],
        "by_rsa": ["-n", host.address],
    }.items():
        authority = folder / ("ca_rsa" if name == "by_rsa" else "ca")
        sign = ["ssh-keygen", "-q", "-s", authority, "-I", "host", "-h", *arguments, folder / "ed25519.pub"]
        subprocess.run(sign, check=True)
        host.path(f"root/{name}-cert.pub").write_bytes((folder / "ed25519-cert.pub").read_bytes())
        if name == "certified":
            made["certificate"] = " ".join((folder / "ed25519-cert.pub").read_text().split()[:2])
    for name in ("ed25519", "rsa"):
        host.path(f"root/{name}").write_bytes((folder / name).read_bytes())
        host.path(f"root/{name}").chmod(0o600)
    # the user's own copy of the key, since the fleet's may belong to another user
    made["user_key"] = folder / "user_key"
    shutil.copyfile(host.state_dir / "runtime/user_key", folder / "user_key")
    shutil.copyfile(host.state_dir / "runtime/user_key.pub", folder / "user_key.pub")
    (folder / "user_key").chmod(0o600)
    return Names(**made)


@pytest.fixture(scope="module")
def ports(hosts: Fleet, names: Names) -> Iterator[dict[str, int]]:
    """The servers' ports."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(Server(hosts.hosts[0], **own)).port for name, own in SERVERS.items()}
        for name in ("sign_with_sha1", "choose_a_small_group", "show_another_key"):
            keys = {"sign_with_sha1": ["rsa"], "show_another_key": ["ed25519", "ecdsa"]}.get(name, ["ed25519"])
            found[name] = stack.enter_context(nasty(name, names.address, *(names.folder / key for key in keys)))
        yield found


@contextmanager
def nasty(what: str, address: str, *keys: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.fan_out.nasty_server", what, address, *keys]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.communicate()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playbook]:
    """One run for all cases."""
    with closing(Playbook(tmp_path_factory.mktemp("shared") / "run")) as playbook:
        yield playbook


def of_ssh(command: list[str], address: str) -> str:
    """The message of ssh; empty if it logs in."""
    run = subprocess.run(
        [*command, address, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=WAIT
    )
    return run.stderr.decode(errors="replace") or "it says nothing" if run.returncode else ""


def of_fan_out(playbook: Playbook, host: Host, command: list[str]) -> tuple[str, str]:
    """The result of the fan-out, and its message."""
    target = ansible_ssh.Destination(tuple(command), host.address, None, Start(resident("python3")))
    way = routes._Ssh().ways(target, [ansible_ssh.Host("case", host.address, "")])["case"]
    if isinstance(way, str):
        return TASK, way
    answer = playbook.one({**work(host, way.route), "start": dataclasses.asdict(way.start)}, keep=False)
    kinds = {None: LOGIN, Failure.REFUSED: TASK, Failure.MISTRUSTED: FINAL}
    return kinds.get(answer.failure, str(answer.failure)), answer.message


def _text(lines: list[str | bytes]) -> bytes:
    return b"".join(line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines)


def _hashed(path: Path) -> bool:
    """Hash the names in a file. Returns whether that changed anything."""
    before = path.read_bytes()
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], capture_output=True, check=False)
    return path.read_bytes() != before


def _each_way() -> list[t.Any]:
    """Each case as it is, and also with hashed names if it is about names that ssh-keygen hashes."""
    found = []
    for name, case in CASES.items():
        found.append(pytest.param(name, False, id=f"{name}-clear"))
        about_names = case.known is not is_known or name == "with the port"
        if about_names and case.hashed and name not in NOTHING_TO_HASH:
            found.append(pytest.param(name, True, id=f"{name}-hashed"))
    return found


@pytest.mark.parametrize(("name", "hashed"), _each_way())
def test_as_ssh(
    hosts: Fleet, names: Names, ports: dict[str, int], shared: Playbook, tmp_path: Path, name: str, hashed: bool
) -> None:
    case, host = CASES[name], hosts.hosts[0]
    port = ports[case.server]
    n = Names(
        **vars(names), port=port, server=f"[{host.address}]:{port}", jump=f"[{host.address}]:{ports['jump']}"
    )
    case.make(tmp_path, n)
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_bytes(_text(case.known(n)))
    if hashed:
        assert _hashed(known_hosts)
    elif name in NOTHING_TO_HASH:
        (tmp_path / "copy").write_bytes(known_hosts.read_bytes())
        assert not _hashed(tmp_path / "copy"), "there is: take it off the list"
    command = [
        ssh_at_home(tmp_path) if (tmp_path / "home").exists() else "ssh",
        *([] if (tmp_path / "home").exists() or "-F" in case.options else ["-F", "none"]),
        *(option.format(folder=tmp_path) for option in case.options),
        *["-o", "BatchMode=yes", "-o", "GlobalKnownHostsFile=/dev/null", "-o", f"UserKnownHostsFile={known_hosts}"],
        *["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "UpdateHostKeys=no"],
        *["-o", "StrictHostKeyChecking=yes", "-o", "User=root", "-o", f"Port={port}"],
        *([] if "-i" in case.options else ["-i", str(n.user_key)]),
    ]
    kept = known_hosts.read_bytes()
    said = of_ssh(command, host.address)
    known_hosts.write_bytes(kept)  # ssh may have added a key
    did, why = of_fan_out(shared, host, command)

    if case.ssh:
        assert re.search(case.ssh, said), said or "ssh logs in"
    else:
        assert not said
    assert did == case.ours, why
    if case.ours == FINAL:
        assert re.search(r"SHA256:\S+", why), why
        assert re.search(rf"{tmp_path}/\w+:\d+", why), why


def test_no_case_is_laxer() -> None:
    """If ssh refuses, so does the fan-out. It refuses for good only if ssh refuses."""
    assert not [name for name, case in CASES.items() if case.ssh and case.ours == LOGIN]
    assert not [name for name, case in CASES.items() if not case.ssh and case.ours == FINAL]


def ssh_at_home(folder: Path) -> str:
    """ssh with another home. It does not read the home from the environment."""
    path = folder / "ssh"
    path.write_text(
        f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {folder}/home ~root && exec ssh \"$@\"' ssh \"$@\"\n"
    )
    path.chmod(0o755)
    return str(path)
