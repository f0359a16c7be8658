# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The last word of a run that ends before its report: Ctrl-C, a dead worker, an error of ansible-core.

Actions run in workers; whether a run came to its report, only ansible-playbook's own process sees at its end. What it
has to say then, the actions leave in the folder that it shares with its workers and that ansible-core removes at exit.
A full disk there costs a run its last word and nothing else: ended before its report, it is as one that was killed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible import constants as C
from ansible.utils.display import Display

from .._files.document import write
from .._task.errors import CANCELLED, INTERRUPTED
from .._task.how_far import how_far
from .._task.task import Outcome, Task
from . import cancel, signals
from .hand_in import break_off
from .outcomes import outcome
from .persistence import save
from .run import Run

_ANSWERS = "ocp_answers.jsonl"
# The store's URL may have a password in it, and what a killed run leaves on a disk stays there: so it is in memory that
# ansible-playbook, which loads this, and its workers share.
_URL = os.memfd_create("ocp_task_store")


def watch() -> None:
    """Let this process say the last word. To be called where ansible-playbook itself loads a plugin."""
    atexit.register(_say_last_word, os.getpid())
    signals.handle(_path().exists)


def note(run: Run, url: str | None) -> None:
    """Leave the state of a run, which says that there is a task to cancel, too. url: of the store."""
    if not run.check_mode:
        kept = replace(run, response=None).dump()
        _keep_url(url)
        try:
            descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:
                json.dump({"run": kept}, stream)
        except OSError as exc:
            # What is there is cut off, or not true any more. An empty file still says that there is a task to cancel.
            _path().unlink(missing_ok=True)
            _path().touch(0o600)
            Display().warning(
                f"{_path()} cannot be written ({exc.strerror}): make room there. The task goes on, but if this run is "
                "ended before its report, it does not tell how far it came"
            )
    _answers().unlink(missing_ok=True)


def note_answer(phase: str, host: str, result: t.Mapping[str, t.Any]) -> None:
    """Leave the result of a host in a phase that is going on: its barrier may never come."""
    with contextlib.suppress(OSError):  # a full disk must not break the phase
        descriptor = os.open(_answers(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps([phase, host, result]) + "\n")


def answers(folder: Path) -> list[tuple[str, str, dict[str, t.Any]]]:
    """What note_answer() has left: phase, host and result. folder: the temporary one of the run."""
    found = []
    if (folder / _ANSWERS).exists():
        for line in (folder / _ANSWERS).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last one may be cut off
                phase, host, result = json.loads(line)
                found.append((phase, host, result))
    return found


def forget() -> None:
    """The run has come to its report."""
    _path().unlink(missing_ok=True)
    _answers().unlink(missing_ok=True)


def _keep_url(url: str | None) -> None:
    os.ftruncate(_URL, 0)
    os.pwrite(_URL, json.dumps(url).encode(), 0)


def _kept_url() -> str | None:
    text = os.pread(_URL, os.fstat(_URL).st_size, 0)
    return t.cast("str | None", json.loads(text or "null"))


def _path() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / "ocp_unfinished.json"


def _answers() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / _ANSWERS


def _outcomes_of(task: Task) -> dict[str, dict[int, Outcome]]:
    """What is known of the phases that are going on."""
    by_name = {target.host: index for index, target in enumerate(task.targets)}
    due = {phase: set(indices) for phase, indices in task.work().items()}
    found: dict[str, dict[int, Outcome]] = {}
    for phase, host, result in answers(_answers().parent):
        index = by_name[host]
        if index in due.get(phase, ()):
            found.setdefault(phase, {})[index] = outcome(task.targets[index], result)
    return found


def _say_last_word(pid: int) -> None:
    if os.getpid() != pid or not _path().exists():
        return
    text = _path().read_text()
    if not text:
        forget()
        signals.say(
            f"The run was ended before its report, and how far it came could not be written to {C.DEFAULT_LOCAL_TMP}. "
            "The response is as the last barrier left it; ask for the task (task_info), and go on with task_retry"
        )
        return
    run, url = Run.load(json.loads(text)["run"]), _kept_url()
    if run.slice:
        signals.say(break_off(run, _outcomes_of(run.the_task), url))
        forget()
        return
    reason = "the run was ended before its report; how far it came on this host is not known"
    cause = (CANCELLED if cancel.asked() else INTERRUPTED, reason)
    ending = run.end(_outcomes_of(run.the_task), cause)
    said = [save(url, run.executor, ending.task, ending.logs) or "run task_retry to go on"]
    if not run.executor:
        said = ["run the operation again"]
    if run.response_file:
        try:
            write(run.response_file, ending.response)
            said.append(f"see {run.response_file}")
        except OSError as exc:
            said.append(f"the response cannot be written: {exc}")
    forget()
    what = f"{ending.task.name}: task {ending.task.id} {ending.task.status}"
    far = how_far(ending.task)
    signals.say("; ".join([f"{what}: the run was ended before its report", *([far] if far else []), *said]))
