# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The last word of a run that ends before its report: Ctrl-C, a dead worker, an error of ansible-core.

Actions run in workers; whether a run came to its report, only ansible-playbook's own process sees at its end. What it
has to say then, the actions leave in the folder that it shares with its workers and that ansible-core removes at exit.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import typing as t
from pathlib import Path

from ansible import constants as C

from ._clock import iso_now
from ._document import write
from ._errors import INTERRUPTED
from ._response import Request
from ._task import Outcome, Task


def watch() -> None:
    """Let this process say the last word. To be called where ansible-playbook itself loads a plugin."""
    atexit.register(_say_last_word, os.getpid())


def note(run: t.Mapping[str, t.Any]) -> None:
    """Leave the state of a run that writes a response."""
    if run["response_file"] and not run["check_mode"]:
        _path().write_text(json.dumps({key: run[key] for key in ("request", "response_file", "task")}))


def forget() -> None:
    """The run has come to its report."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / "ocp_unfinished.json"


def _say_last_word(pid: int) -> None:
    if os.getpid() != pid or not _path().exists():
        return
    run = json.loads(_path().read_text())
    task = Task.load(run["task"])
    reason = "the run was ended before its report"
    due = task.due()
    if due:
        phase, indices = due
        text = f"{reason}, in the phase {phase}; how far it came on this host is not known: run it again"
        task.settle({index: Outcome.failure(INTERRUPTED, f"{task.targets[index]}: {text}") for index in indices})
    task.interrupt(INTERRUPTED, reason, iso_now())
    try:
        write(run["response_file"], Request(**run["request"]).answer(task))
        where = f"see {run['response_file']}"
    except OSError as exc:
        where = f"the response cannot be written: {exc}"
    sys.stderr.write(f"{task.name}: task {task.id} {task.status}: {reason}; {where}\n")
