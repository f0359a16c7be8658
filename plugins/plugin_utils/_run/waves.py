# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""An operation in waves: a run of its playbook for each, one after another (another_run.py).

A worker of ansible-playbook begins them. A signal to ansible-playbook cancels the task of the present wave, by the file
that all runs of the request look at. When ansible-playbook breaks off, its own process breaks the wave off, too; when
it is killed, the worker has the wave's task cancelled. In no case another wave is begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import typing as t
from dataclasses import asdict
from pathlib import Path

from ansible import constants as C
from ansible.plugins.action import ActionBase

from .._files.document import write
from .._process import playbook
from .._process.waiting import wait_until
from .._store.executor import Executor
from .._task.waves import Wave, Waves
from .._task.waves_report import Ended, Reason, begin, respond, summary, why_stopped
from . import another_run, cancel, controller, handed_on, request_action, screen, signals, wave
from .mistakes import IGNORED
from .run import Run
from .variables import KNOWN, NAMES_OF_HOSTS
from .wave import Place

_PATIENCE = 45  # seconds that a wave has to end when it is broken off, as the supervisor has
# What a wave is not to take from the request of all.
_OF_ALL = (*NAMES_OF_HOSTS, "ocp_waves", "ocp_waves_after", "ocp_waves_max_fail_percentage")


def underway() -> bool:
    """Whether an operation is carried out in waves."""
    return _note().exists()


def carry_out(
    action: ActionBase, variables: t.Mapping[str, t.Any], run: Run, operation: str
) -> tuple[list[Ended], Reason | None]:
    """Carry an operation out on the hosts of a run's waves. To be called in a worker.

    action, variables: of the play. operation: key of OPERATIONS. The response file follows what happens. Returns how
    each wave ended that was begun, and why no other one was; None where all were.
    """
    waves = t.cast("Waves", run.waves)
    ended: list[Ended] = []
    why: Reason | None = None
    try:
        for index in range(len(waves.hosts)):
            if cancel.asked():
                why = Reason("cancelled")
                break
            screen.display().display(f"\n{begin(waves, index)}", color=C.COLOR_HIGHLIGHT)
            ended.append(_carry_out_one(action, variables, run, operation, ended))
            why = why_stopped(ended[-1], waves.share)
            if why:
                break
    finally:
        with contextlib.suppress(FileNotFoundError):
            _note().unlink()
    return ended, why


def _carry_out_one(
    action: ActionBase, variables: t.Mapping[str, t.Any], run: Run, operation: str, ended: t.Sequence[Ended]
) -> Ended:
    waves = t.cast("Waves", run.waves)
    place = _place(waves, len(ended))
    place.folder.mkdir(mode=0o700)
    told: list[Ended] = []

    def look(process: subprocess.Popen[bytes]) -> None:
        if not told:
            _leave(run, operation, ended, process.pid)
        _end_with_playbook(process)
        now = wave.look(place.folder)
        if [now] != told:
            told[:] = [now]
            tell(run, [*ended, *told], going_on=True)

    environment = {
        cancel.PATH_VARIABLE: str(cancel.path()),
        wave.VARIABLE: wave.variable(place),
        **controller.asked_with(run.request.trace_id),
    }
    own = _extra_vars(action, variables, waves.hosts[len(ended)], place, run.report_file)
    another_run.carry_out(action, f"oceanbase.ocp.{operation}", own, place.folder, environment, look)
    return wave.look(place.folder)


def tell(run: Run, ended: t.Sequence[Ended], *, going_on: bool) -> None:
    """Bring the response of the run, and its file, up to date."""
    run.response = respond(run.request, t.cast("Waves", run.waves), ended, going_on=going_on)
    with contextlib.suppress(OSError):  # the end writes it again, and tells
        request_action.write_response(run)


def break_off() -> None:
    """Break the present wave off, and say how far it came. To be called at the exit of ansible-playbook."""
    if not (playbook.is_this() and underway()):
        return
    noted = json.loads(_note().read_text(encoding="utf-8"))
    process = Executor(**noted["process"])
    pid = process.pid

    def is_gone() -> bool:
        return process.is_gone() is not False

    if not is_gone():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    over = wait_until(is_gone, _PATIENCE, 0.1)
    run = Run.load(noted["run"])
    waves = t.cast("Waves", run.waves)
    before = [Ended(response) for response in noted["ended"]]
    ended = [*before, wave.look(_place(waves, len(before)).folder)]
    tell(run, ended, going_on=not over)
    why = Reason("the run was ended" if over else f"the run was ended, and the wave goes on (process {pid})")
    last = waves.hosts[len(before)][-1]
    signals.say(
        f"{summary(noted['operation'], waves, ended, why)}. Look at the task of the wave (task_info), retry it "
        f"(task_retry), then go on with the same command and -e ocp_waves_after={last}"
    )
    _note().unlink(missing_ok=True)


def _end_with_playbook(process: subprocess.Popen[bytes]) -> None:
    """Have the wave's task cancelled when ansible-playbook was killed: nobody would tell of the next wave."""
    try:
        playbook.process()
    except ProcessLookupError:
        if not cancel.asked():
            process.terminate()
            with contextlib.suppress(OSError):
                cancel.ask()


def _extra_vars(
    action: ActionBase, variables: t.Mapping[str, t.Any], ids: list[int], place: Place, report: str | None
) -> dict[str, t.Any]:
    """What a wave gets: the extra variables of this run, and those of a playbook that imports ours.

    ids: of its hosts. report: the report file of this run; each wave has a task, and so a report, of its own.
    """
    extra = variables["hostvars"]._variable_manager.extra_vars
    of_play = action._task.play.get_vars() if action._task.play else {}
    of_play = {name: value for name, value in of_play.items() if name not in handed_on.OF_PLAYBOOKS}
    ignored = variables.get(IGNORED) or []
    names = ignored.replace(",", " ").split() if isinstance(ignored, str) else list(ignored)
    names += [name for name in of_play if name not in KNOWN]
    return {
        **of_play,
        **extra,
        **dict.fromkeys(_OF_ALL, ""),
        IGNORED: names,
        "host_ids": ids,
        "ocp_response_file": str(place.folder / wave.RESPONSE),
        "ocp_report_file": wave.report_file(report, str(place.wave.number)),
    }


def _place(waves: Waves, index: int) -> Place:
    number = waves.first + index
    later = sum(map(len, waves.hosts[index + 1 :]))
    return Place(Path(C.DEFAULT_LOCAL_TMP) / f"ocp_wave_{number}", Wave(number, waves.of, later))


def _leave(run: Run, operation: str, ended: t.Sequence[Ended], pid: int) -> None:
    """Leave for ansible-playbook's own process which wave is at work."""
    document = {
        "run": {**run.dump(), "response": None},
        "operation": operation,
        "ended": [one.response for one in ended],
        "process": asdict(Executor.of(pid, "")),
    }
    try:
        write(str(_note()), document, private=True)
    except OSError:  # a full disk costs the run its last word and nothing else, see journal.py
        _note().unlink(missing_ok=True)


def _note() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / "ocp_waves.json"
