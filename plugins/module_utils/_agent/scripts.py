# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The script that an interpreter runs."""

import os

from .host import DIGITS, LETTERS

_OF_RED_HAT = "platform-"
_INTERPRETERS = ("python", "pypy", "bash", "dash", "sh", "perl")
# By family: letters after which no script follows; letters with a value, attached or separate; letters with an attached
# value or none; letters with a separate value. An interpreter belongs to the first family whose name is in its own.
_OPTIONS = (
    ("py", "cm", "WXQ", "", ""),
    ("perl", "eE", "I", "MmixlCDVF0", ""),
    ("sh", "cs", "", "", "oO"),
)
_LONG_WITH_VALUE = ("--check-hash-based-pycs", "--rcfile", "--init-file")


def is_interpreter(executable):
    """Whether it runs scripts, by its name: python3.11-dbg, platform-python3.6m, pypy3, bash."""
    name = os.path.basename(executable)
    name, dash, variant = name[len(_OF_RED_HAT) if name.startswith(_OF_RED_HAT) else 0:].partition("-")
    if dash and (not variant or variant.strip(LETTERS)):
        return False
    versions = [name[len(kind):].lstrip(DIGITS + ".") for kind in _INTERPRETERS if name.startswith(kind)]
    return any(len(version) <= 2 and not version.strip(LETTERS) for version in versions)


def script_of(interpreter, arguments, working_directory):
    """The script that an interpreter was given, as an absolute real path, or None.

    Words after a program text, a module or a program on standard input are arguments, so such a process is no agent.
    """
    family, ends, takes_value, takes_attached, takes_next = next(
        options for options in _OPTIONS if options[0] in interpreter)
    rest = list(arguments[1:])
    while rest and rest[0][:1] in ("-", "+") and rest[0] != "+":
        argument = rest.pop(0)
        if argument == "-" and family != "sh":
            return None
        if argument in ("-", "--"):
            break
        if argument.startswith("--"):
            rest = rest[1:] if argument in _LONG_WITH_VALUE else rest
            continue
        for position, letter in enumerate(argument[1:], 2):
            if letter in ends:
                return None
            if letter in takes_value:
                if position == len(argument):
                    rest = rest[1:]
                break
            if letter in takes_attached:
                break
            if letter in takes_next:
                rest = rest[1:]
    if not rest or not rest[0]:
        return None
    if os.path.isabs(rest[0]):
        return os.path.realpath(rest[0])
    return os.path.realpath(os.path.join(working_directory(), rest[0]))
