# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The last screen, which ansible-playbook shows after its own recap.

Workers leave the text in the folder that the processes of the run share, and ansible-playbook's own process shows it at
its exit. The display of a worker would show it in the middle of the output. ansible-runner before 2.4.2 takes the
output of an action for an error.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.utils.display import Display

from .._process import playbook

# Callbacks that write lines for people. The standard output of another callback may be one document.
FOR_PEOPLE = frozenset({"awx_display", "debug", "default", "dense", "minimal", "oneline", "operation", "yaml"})

_attended = False


def attend() -> None:
    """Make ansible-playbook's own process show the screens of workers at its exit. Called again, it does nothing."""
    global _attended
    if not _attended and playbook.is_this():
        _attended = True
        atexit.register(_show)


def leave(lines: t.Sequence[str]) -> bool:
    """Leave a screen, in a worker. Returns whether it will be shown, which is false without attend()."""
    if not _attended:
        return False
    try:
        descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join([*lines, "", ""]))
    except OSError:  # a full disk
        return False
    return True


def _show() -> None:
    if not playbook.is_this():  # a worker's exit
        return
    with contextlib.suppress(OSError, ValueError):
        text = _file().read_text(encoding="utf-8").rstrip("\n")
        _file().unlink()
        callback = str(C.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2]
        Display().display(text, stderr=callback not in FOR_PEOPLE)


def _file() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / "ocp_last_screen.txt"
