# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Transport of the host program: to the standard input of the host's own Python, and its answer back."""

from __future__ import annotations

import binascii
import functools
import json
import re
import secrets
import shlex
import typing as t
import zlib
from collections.abc import Mapping  # much faster to ask than that of typing
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import processes as agent_processes
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import wire as agent_wire

from .host_answer import AnswerError, parsed

# Imports between the files of the host program: indent and file. Without these lines, and one after the other, the
# files are one text. A file that is only imported inside of something, as in a function, is in that text as a string.
# The host compiles it when it comes to the import, since compiling takes most of the time that the program takes.
_IMPORT = re.compile(r"^( *)from \.(\w+) import (?:\([^)]*\)|.*)\n", re.MULTILINE)
_NEED = """\
_later = {later}


def _need(name):
    text = _later.pop(name, None)
    if text is not None:
        eval(compile(text, "ocp_agent", "exec"), globals())
"""

# Without site-packages and the user's environment, nothing installed on a host can change what runs. The working
# directory, which Python searches for modules, is left out, too.
_ISOLATED = "-E -s -S"
_NO_FOLDER = "sys.path[:] = [folder for folder in sys.path if folder]"

# Some login shells put a terminal around every command. It echoes a program on standard input, cuts it into lines, and
# does not run it. So nothing is read from a terminal: the host prints this, see terminal(), and the ordinary module is
# used.
_TERMINAL = "OCP-TERMINAL"
_NO_TERMINAL = f'sys.stdin.isatty() and sys.exit("{_TERMINAL}: standard input is a terminal")'

# Reads the library from its input, runs it, and passes the rest of the input on. It is one line, since some login
# shells accept no other form. A truncated library is not run. Compiling file by file touches a third fewer memory
# pages, and a host pays for each page.
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

# The same for a program that is called once: it is the whole input.
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
    """The names of the files that a file needs from the beginning, itself last, each after those that it needs."""
    found: list[str] = []
    for indent, needed in _IMPORT.findall(_source(name)):
        if not indent:
            found += [file for file in _files(needed) if file not in found]
    return (*found, name)


@functools.cache
def _source(name: str) -> str:
    return Path(agent_processes.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


@functools.cache
def _text(*names: str) -> str:
    """The files with these names, and those that they need, as one text, separated by form feeds."""
    files = dict.fromkeys(file for name in names for file in _files(name))
    later = _later(files)
    texts = [_IMPORT.sub(lambda found: found[1] and _need(found), _source(name)) for name in files]
    return "\n\f\n".join([_NEED.format(later=expression(later)), *texts])


def _later(files: t.Iterable[str]) -> dict[str, str]:
    """The texts of the files, by name, that these need in some cases only, and those that they need in turn."""
    texts: dict[str, str] = {}
    left = [needed for name in files for _indent, needed in _IMPORT.findall(_source(name))]
    while left:
        name = left.pop()
        if name not in texts and name not in files:
            texts[name] = _IMPORT.sub(_need, _source(name))
            left += [needed for _indent, needed in _IMPORT.findall(_source(name))]
    return texts


def _need(found: re.Match[str]) -> str:
    return f'{found[1]}_need("{found[2]}")\n'


def expression(value: object) -> str:
    """A JSON value as a Python expression in ASCII, the same for every version. The host has not loaded json."""
    if isinstance(value, str):
        return f"u{str.__repr__(value)}".encode("ascii", "backslashreplace").decode()
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = (f"{expression(key)}: {expression(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(expression, value))}]"
    return repr(json.loads(json.dumps(value)))


def _module_of(request: t.Mapping[str, t.Any]) -> str:
    return str(agent_processes.function_of(request)[0])


# For a host that is called once: the program itself


@functools.cache
def _program(module: str, function: str) -> bytes:
    text = _text(module, "request")
    return f'import sys\n{_NO_FOLDER}\n{text}\n\nif __name__ == "__main__":\n    main({function})\n'.encode()


def program(request: t.Mapping[str, t.Any]) -> bytes:
    """The source of the host program as one text.

    request: the valid arguments of the host program's Request. The text has only what this request needs, since
    a host compiles it in every call.
    """
    return _program(*agent_processes.function_of(request))


def command(request: t.Mapping[str, t.Any], interpreter: str, call_id: str) -> str:
    """The shell command that reads the program from its standard input.

    request: the arguments of the host program's Request. interpreter: see interpreter.interpreter(). call_id: for
    the answer, see new_id().
    """
    arguments = f"{shlex.quote(expression(request))} {call_id}"
    return f"{interpreter} {_ISOLATED} -c {shlex.quote(_READER)} {arguments}"


# For a host that is called repeatedly: a resident
#
# resident() starts it. It reads framed(library()) from its standard input once, and then one call() after the other.
# It answers each with one line on its standard output, when the phase is over, and may tell steps before that in lines
# of their own. It ends when its input does.


def resident(interpreter: str) -> str:
    """The shell command that starts a resident.

    interpreter: see interpreter.interpreter(). It exits with 127 if there is no Python.
    """
    return f"{interpreter} {_ISOLATED} -c {shlex.quote(_LOADER)}"


def library(requests: t.Iterable[t.Mapping[str, t.Any]]) -> bytes:
    """The library of a resident for all of these requests.

    requests: valid mappings with the C(phase) and C(goal) of each.
    """
    return _text(*sorted(set(map(_module_of, requests))), "resident").encode()


def framed(content: bytes) -> bytes:
    """The library in a resident's input format. It is compressed here, once for all hosts.

    It is in Base64, since a terminal would take some bytes for control characters, one of which stops its programs.
    """
    compressed = binascii.b2a_base64(zlib.compress(content))
    return b"%d\n%b" % (len(compressed), compressed)


def call(request: t.Mapping[str, t.Any]) -> bytes:
    """A call without its id, for with_id().

    request: the valid arguments of the host program's Request, for a phase that the library contains.
    """
    function = agent_processes.function_of(request)[1]
    return f"{expression(function)}, {expression(request)}\n".encode("ascii")


def with_id(call_id: str, call: bytes) -> bytes:
    """The call in a resident's input format. call_id: for the answer, see new_id()."""
    return call_id.encode("ascii") + b" " + call


# The answer, in both cases


def new_id() -> str:
    """An id for one call. An answer to another call cannot have it, even a repeated one."""
    return secrets.token_hex(8)


def answer_head(call_id: str) -> bytes:
    """The bytes right before the JSON of the answer to a call, from the end of the line before it."""
    return b"\n" + agent_wire.ANSWER + call_id.encode("ascii") + b" "


def step_head(call_id: str) -> bytes:
    """The same of a step on the way to it."""
    return b"\n" + agent_wire.STEP + call_id.encode("ascii") + b" "


def terminal(output: bytes) -> str:
    """A message about a host that puts a terminal around a command; "" for any other host.

    output: of the command, including standard error.
    """
    if _TERMINAL.encode() + b":" not in output:
        return ""
    return "standard input is a terminal there, as its login shell puts one around every command"


def is_answered(output: bytes, call_id: str) -> bool:
    """Whether the output of a command contains the whole answer to a call."""
    return b"\n" in (b"\n" + output).partition(answer_head(call_id))[2]


def answer(output: bytes, call_id: str) -> dict[str, t.Any] | None:
    """The answer in the output of a command, among any output of a login shell. None without one.

    Raises AnswerError for one that is cut off or has a wrong form, see parsed().
    """
    _noise, found, rest = (b"\n" + output).partition(answer_head(call_id))
    if not found:
        return None
    text, ended, _noise = rest.partition(b"\n")
    if not ended:
        raise AnswerError("its answer is cut off")
    return parsed(text)
