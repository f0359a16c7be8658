# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OpenSSH's settings from its command line and its configuration files, as C(ssh -G) prints them."""

from __future__ import annotations

import re
import shlex
import subprocess
import typing as t
from dataclasses import dataclass

_PATIENCE = 10  # seconds; a configuration may have commands (Match exec)
_READING = re.compile(r"^debug1: Reading configuration data (.+)$", re.MULTILINE)
_JUMPING = re.compile(r"^debug1: Setting implicit ProxyCommand from ProxyJump: (.+)$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*")
_USUAL = re.compile(r"(\S+known_hosts) \1[2]")  # the default
_LETS_ALL_IN = {"all", "final", "canonical"}  # criteria of Match that do not depend on the host

Settings = t.Mapping[str, tuple[str, ...]]


class NotUnderstoodError(Exception):
    """A host that cannot be reached as ssh would. The text is the reason, for people, and holds no secret."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of a command line of ssh.

    settings: the values by name in small letters, as in C(ssh -G), one for most names. jump: ssh's own command
    line to the jump host, empty without one. for_all: whether it means the same for every host, apart from the name.
    """

    settings: Settings
    jump: tuple[str, ...] = ()
    for_all: bool = False


def is_plain(host: str) -> bool:
    """Whether ssh takes this for the name or the address of a host, without a user, port or option."""
    return bool(_PLAIN.fullmatch(host))


def ask(command: t.Sequence[str], host: str) -> Meaning:
    """Ask ssh for the meaning of a command line.

    command: ssh and its options, without the host. host: the argument for ssh. Raises NotUnderstoodError.
    """
    program, *options = command
    if host.startswith("-"):
        raise NotUnderstoodError("ssh would take the address for an option")
    try:
        # -v prints the files that are read. It comes last, so that no other option revokes it.
        run = subprocess.run(
            [program, "-G", *options, "-v", host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as exc:
        raise NotUnderstoodError(f"ssh -G fails: {type(exc).__name__}") from exc
    if run.returncode:
        raise NotUnderstoodError(f"ssh -G fails with exit status {run.returncode}")
    said = run.stderr.decode(errors="surrogateescape").replace("\r\n", "\n")
    settings, files = parse(run.stdout.decode(errors="surrogateescape")), _READING.findall(said)
    _check_blanks(settings, options, files if said.startswith("OpenSSH") else None)
    jumping = _JUMPING.search(said)
    return Meaning(
        settings,
        _jump(jumping[1]) if jumping else (),
        said.startswith("OpenSSH") and not _names_hosts(options) and not _files_name_hosts(files),
    )


def defaults(program: str) -> Settings:
    """OpenSSH's defaults. program: ssh. Raises NotUnderstoodError."""
    return ask([program, "-F", "none"], "host").settings


def parse(output: str) -> Settings:
    """Parse the output of C(ssh -G), which has a line for each value."""
    found: dict[str, tuple[str, ...]] = {}
    for line in output.splitlines():
        name, _blank, value = line.partition(" ")
        found[name.lower()] = (*found.get(name.lower(), ()), value)
    return found


def _jump(command: str) -> tuple[str, ...]:
    """The command line of the jump host itself, from the ProxyCommand that ssh makes of a ProxyJump."""
    try:
        words = shlex.split(command)
        at = words.index("-W")
    except ValueError as exc:
        raise NotUnderstoodError("ssh says how it reaches the jump host in an unknown way") from exc
    return (*words[:at], *words[at + 2 :])


# Paths of known_hosts files. ssh -G prints them in one line, without quotes.


def _check_blanks(settings: Settings, options: t.Iterable[str], files: t.Iterable[str] | None) -> None:
    """Raise NotUnderstoodError if a path may contain a blank, so that it looks like two paths.

    files: that ssh has read, None if unknown.
    """
    for name in ("userknownhostsfile", "globalknownhostsfile"):
        (value,) = settings.get(name, ("",))[:1]
        if " /" not in value or _USUAL.fullmatch(value):
            continue
        texts = [*options, *(line for path in files or () for line in _lines(path) or ())]
        if files is None or any(blank in value for text in texts for blank in _blanks(text)):
            raise NotUnderstoodError(f"ssh option {name} has a path with a blank in it")


def _blanks(text: str) -> t.Iterator[str]:
    """The rest after the first blank of each path that has one, in a line or an option about known_hosts files."""
    _name, found, paths = text.lower().partition("knownhostsfile")
    if not found:
        return
    try:
        words = shlex.split(text[len(text) - len(paths) :].lstrip("= \t"))
    except ValueError:
        words = [text]
    yield from (word[word.index(" ") :] for word in words if " " in word)


def _lines(path: str) -> list[str] | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readlines()
    except OSError:
        return None


# Whether ssh's answer depends on the host. In doubt it does, which costs only time.


def _files_name_hosts(paths: t.Iterable[str]) -> bool:
    for path in dict.fromkeys(paths):
        lines = _lines(path)
        if lines is None or any(map(_line_names_hosts, lines)):
            return True
    return False


def _line_names_hosts(line: str) -> bool:
    words = line.replace("=", " ").replace('"', " ").split()
    if not words or words[0].startswith("#"):
        return False
    keyword, arguments = words[0].lower(), words[1:]
    if keyword == "host":
        return arguments != ["*"]
    if keyword == "match":
        return not _LETS_ALL_IN.issuperset(word.lower() for word in arguments)
    # a token such as %h; those of ControlPath do not matter here
    return keyword != "controlpath" and any("%" in word for word in arguments)


def _names_hosts(options: t.Iterable[str]) -> bool:
    return any("%" in option and not option.lower().startswith("controlpath") for option in options)
