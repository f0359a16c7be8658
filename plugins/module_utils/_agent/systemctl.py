# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Queries systemd and gives it orders."""

import os

from .command import OUTPUT_LIMIT, run_command

PROGRAMS_OF_SYSTEMD = ("/usr/bin/systemctl", "/bin/systemctl")
SHOW_SECONDS = 10  # for questions
_COMMANDS = ("ExecStart", "ExecStop", "ExecStopPost")  # systemctl shows one line for each of their commands


class SystemdError(Exception):
    """systemd does not answer. The text continues C(systemctl show)."""


def systemctl(arguments, seconds, meanwhile=None, in_memory=False):
    """Run systemctl. See run_command."""
    program = next((path for path in PROGRAMS_OF_SYSTEMD if os.access(path, os.X_OK)), PROGRAMS_OF_SYSTEMD[0])
    return run_command([program, "--no-pager", "--no-ask-password"] + arguments, seconds, meanwhile=meanwhile,
                       in_memory=in_memory)


def shown_of(names, properties):
    """The properties of units: one dict for each unit, also for one that is not there. Commands are lists, all else is
    text.

    Properties that this systemd does not know are missing. Raises SystemdError, also for an answer that is not whole:
    a unit that is not in it would count as one that holds nothing.
    """
    ended = systemctl(["show", "--property=" + ",".join(properties), "--"] + names, SHOW_SECONDS, in_memory=True)
    if ended.status != 0:
        raise SystemdError("%s: %s" % (ended, ended.words()))
    if ended.is_cut:
        raise SystemdError("says more than %d bytes of %s" % (OUTPUT_LIMIT, ", ".join(names)))
    blocks = [block for block in ended.output.split("\n\n") if block.strip()]
    if len(blocks) < len(names):
        raise SystemdError("tells of %d of %d units" % (len(blocks), len(names)))
    return [_properties(block) for block in blocks]


def reload_units(log, seconds):
    """Make systemd reload all unit files. Returns whether it did."""
    ended = systemctl(["daemon-reload"], max(1.0, seconds))
    if ended.status != 0:
        log.add("systemctl daemon-reload %s: %s" % (ended, ended.words()))
    return ended.status == 0


def _properties(block):
    found = dict((name, []) for name in _COMMANDS)
    for line in block.splitlines():
        key, equals, value = line.partition("=")
        if key in _COMMANDS:
            found[key] += [value] if value else []
        elif equals:
            found[key] = value
    return found
