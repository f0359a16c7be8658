# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How the host program gets to a host: on the standard input of the host's own Python, and its answer back."""

from __future__ import annotations

import binascii
import functools
import json
import re
import secrets
import shlex
import typing as t
import zlib
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import processes as agent_processes
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import wire as agent_wire

from .host_answer import AnswerError, parsed

# How the files of the host program import each other. Without these lines, one after the other, they are one text.
_IMPORT = re.compile(r"^from \.(\w+) import (?:\([^)]*\)|.*)\n", re.MULTILINE)

# Without site-packages and the user's environment: nothing that a host has installed can change what runs. The same
# for the working directory, which Python looks for modules in.
_ISOLATED = "-E -s -S"
_NO_FOLDER = "sys.path[:] = [folder for folder in sys.path if folder]"

# Some login shells put a terminal around every command. There a program that comes on standard input is echoed, cut
# into lines, and not run. Nothing is read from a terminal, therefore: the host says this, see terminal(), and the
# ordinary module has to do.
_TERMINAL = "OCP-TERMINAL"
_NO_TERMINAL = f'sys.stdin.isatty() and sys.exit("{_TERMINAL}: standard input is a terminal")'

# Takes the library from its input, runs it, and hands the rest of the input over. One line: there are login shells that
# take no other. A library that was cut off is not run. It is compiled file by file: that touches a third less of pages,
# and a host pays for each of them.
_LOADER = "; ".join(
    (
        "import sys",
        _NO_FOLDER,
        _NO_TERMINAL,
        "import binascii, zlib",
        'calls = getattr(sys.stdin, "buffer", sys.stdin)',
        "size = int(calls.readline() or 0)",
        "text = calls.read(size)",
        "size and len(text) == size or sys.exit(1)",
        'library = {"__name__": "ocp_agent"}',
        'files = zlib.decompress(binascii.a2b_base64(text)).split(b"\\f")',
        '[eval(compile(file, "ocp_agent", "exec"), library) for file in files]',
        "del text, files",
        'library["serve"](calls, library)',
    )
)

# The same for a program that is asked once: it is all of the input.
_READER = "; ".join(
    (
        "import sys",
        _NO_FOLDER,
        _NO_TERMINAL,
        'text = getattr(sys.stdin, "buffer", sys.stdin).read()',
        'eval(compile(text, "ocp_agent", "exec"))',
    )
)


@functools.cache
def _files(name: str) -> tuple[str, ...]:
    """The names of the files that a file needs, itself last, each behind those that it needs."""
    found: list[str] = []
    for needed in _IMPORT.findall(_source(name)):
        found += [file for file in _files(needed) if file not in found]
    return (*found, name)


def _source(name: str) -> str:
    return Path(agent_processes.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


@functools.cache
def _text(*names: str) -> str:
    """The files of these names, and those that they need, as one text, with a form feed between each two."""
    files = dict.fromkeys(file for name in names for file in _files(name))
    return "\n\f\n".join(_IMPORT.sub("", _source(name)) for name in files)


def expression(value: object) -> str:
    """What JSON can carry as an expression that is the same to every Python, in ASCII: the host has no json loaded."""
    if isinstance(value, t.Mapping):
        pairs = (f"{expression(key)}: {expression(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(expression, value))}]"
    if isinstance(value, str):
        return f"u{str.__repr__(value)}".encode("ascii", "backslashreplace").decode()
    return repr(json.loads(json.dumps(value)))


def _module_of(request: t.Mapping[str, t.Any]) -> str:
    return str(agent_processes.function_of(request).__module__).rpartition(".")[2]


# For a host that is asked once: the program by itself


@functools.cache
def _program(module: str, function: str) -> bytes:
    text = _text(module, "request")
    return f'import sys\n{_NO_FOLDER}\n{text}\n\nif __name__ == "__main__":\n    main({function})\n'.encode()


def program(request: t.Mapping[str, t.Any]) -> bytes:
    """The source of the host program as one text.

    request: the arguments of the host program's Request, valid ones. The text holds what this request needs and nothing
    else: a host compiles it at every call.
    """
    return _program(_module_of(request), agent_processes.function_of(request).__name__)


def command(request: t.Mapping[str, t.Any], interpreter: str, call_id: str) -> str:
    """The shell command that takes the program on its standard input.

    request: the arguments of the host program's Request. interpreter: see interpreter.interpreter(). call_id: what the
    answer will have, see new_id().
    """
    arguments = f"{shlex.quote(expression(request))} {call_id}"
    return f"{interpreter} {_ISOLATED} -c {shlex.quote(_READER)} {arguments}"


# For a host that is asked again and again: a resident
#
# resident() starts it; it takes framed(library()) on its standard input once, and then one call() after the other. To
# each it answers with one line on its standard output, when the phase is over. It ends when its input does.


def resident(interpreter: str) -> str:
    """The shell command that starts a resident.

    interpreter: see interpreter.interpreter(). It exits with 127 where there is no Python.
    """
    return f"{interpreter} {_ISOLATED} -c {shlex.quote(_LOADER)}"


def library(requests: t.Iterable[t.Mapping[str, t.Any]]) -> bytes:
    """What a resident needs for all of these requests.

    requests: mappings with the C(phase) and C(goal) of each, valid ones.
    """
    return _text(*sorted(set(map(_module_of, requests))), "resident").encode()


def framed(content: bytes) -> bytes:
    """The library as a resident takes it: compressed here, once for all hosts.

    In Base64: a terminal would take some bytes for its control characters, one of which stops all that runs there.
    """
    compressed = binascii.b2a_base64(zlib.compress(content, zlib.Z_BEST_COMPRESSION))
    return b"%d\n%b" % (len(compressed), compressed)


def call(request: t.Mapping[str, t.Any]) -> bytes:
    """A call, to be given an id by with_id().

    request: the arguments of the host program's Request, valid ones, of a phase that its library was made for.
    """
    function = agent_processes.function_of(request).__name__
    return f"{expression(function)}, {expression(request)}\n".encode("ascii")


def with_id(call_id: str, call: bytes) -> bytes:
    """The call as a resident takes it. call_id: what the answer will have, see new_id()."""
    return call_id.encode("ascii") + b" " + call


# The answer, in either case


def new_id() -> str:
    """An id for one call. No answer to another call has it, whoever has heard that one or says it twice."""
    return secrets.token_hex(8)


def answer_head(call_id: str) -> bytes:
    """What comes right before the JSON of the answer to a call, from the end of the line before it on."""
    return b"\n" + agent_wire.ANSWER + call_id.encode("ascii") + b" "


def terminal(output: bytes) -> str:
    """What is wrong with a host that puts a terminal around a command, for people; "" for any other.

    output: of the command, standard error included.
    """
    if _TERMINAL.encode() + b":" not in output:
        return ""
    return "standard input is a terminal there, as its login shell puts one around every command"


def is_answered(output: bytes, call_id: str) -> bool:
    """Whether the whole answer to a call is in the output of a command."""
    return b"\n" in (b"\n" + output).partition(answer_head(call_id))[2]


def answer(output: bytes, call_id: str) -> dict[str, t.Any] | None:
    """The answer in the output of a command, among whatever a login shell may say. None without one.

    Raises AnswerError for one that is cut off, or none by its form, see parsed().
    """
    _noise, found, rest = (b"\n" + output).partition(answer_head(call_id))
    if not found:
        return None
    text, ended, _noise = rest.partition(b"\n")
    if not ended:
        raise AnswerError("its answer is cut off")
    return parsed(text)
