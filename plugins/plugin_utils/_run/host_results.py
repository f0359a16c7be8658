# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The result of a host in a phase, from a fan-out or an ordinary task, and results of hosts without an answer."""

from __future__ import annotations

import json
import typing as t

_VARIABLE = "ocp_fan_outs"
# The report needs changes, a plan needs processes, and Finish needs the ends of Stop and Start.
_ASKED_LATER = ("boot_id", "changed", "processes", "ready_at", "stopped_at")
UNKNOWN = "how far it came is not known: look at the host, or run it again, which is safe"


def no_answer(why: str, changing: bool) -> dict[str, t.Any]:
    """The answer for a host whose output was no answer, or too long. changing: whether it may have been changed."""
    return {"failed": True, "reason": "no_answer", "msg": f"{why}; {UNKNOWN}" if changing else why}


def overdue(seconds: float, changing: bool) -> dict[str, t.Any]:
    """The answer for a host without one after its time limit in seconds. changing: whether it may have been changed."""
    text = f"no answer within {seconds:g} s"
    return {"failed": True, "reason": "deadline", "msg": f"{text}; {UNKNOWN}" if changing else text}


def cancelled() -> dict[str, t.Any]:
    """The answer for a host that was not contacted because the task was cancelled before its turn."""
    return {"failed": True, "reason": "cancelled", "msg": "the task was cancelled before its turn"}


def disowned(why: str) -> dict[str, t.Any]:
    """The answer for a host that is left alone since the task may belong to another run. why: the reason as a text."""
    return {"failed": True, "reason": "disowned", "msg": why}


def of_controller(hostvars: t.Any) -> t.Mapping[str, t.Any]:
    """The variables of localhost, with templates as they are; empty where there are none.

    hostvars: Ansible's variable of that name.
    """
    try:
        return t.cast("t.Mapping[str, t.Any]", hostvars.raw_get("localhost"))
    except (AttributeError, KeyError, TypeError):
        return {}


def fan_out(controller: t.Mapping[str, t.Any], phase: str, task_id: object) -> dict[str, t.Any] | None:
    """The results of the fan-out of a phase: C(answers) and C(rest), by host, as agent_fan_out returns them.

    controller: the variables of localhost, on which the playbooks register C(ocp_fan_outs). Returns None without that,
    which is when the roles are used by themselves.
    """
    found = controller.get(_VARIABLE)
    if found is None:
        return None
    none: dict[str, t.Any] = {"answers": {}, "rest": {}}
    # That of another task in the same ansible-playbook says nothing of this one, neither do its hosts' results.
    if found.get("task") != task_id or "answers" not in found:
        return none
    if found["phase"] == phase:
        return t.cast("dict[str, t.Any]", found)
    return t.cast("dict[str, t.Any]", json.loads(found["earlier"]).get(phase, none))


def earlier(controller: t.Mapping[str, t.Any], task_id: object) -> dict[str, t.Any]:
    """The results of the fan-outs of a task before the one at hand, as far as later phases ask for them.

    By phase, in the form of fan_out(). controller, task_id: as there.
    """
    last = controller.get(_VARIABLE) or {}
    if last.get("task") != task_id or "answers" not in last:
        return {}
    answers = {}
    for host, text in last["answers"].items():
        answer = json.loads(text)
        answers[host] = json.dumps({name: answer[name] for name in _ASKED_LATER if name in answer})
    found = {"answers": answers, "rest": {host: {} for host in last["rest"]}}
    return {**json.loads(last["earlier"]), last["phase"]: found}


class Results:
    """The results of the hosts of a task, by phase. To be made anew in every action: it keeps what it has seen.

    hostvars: Ansible's variable of that name. task_id: None outside of a task.
    """

    def __init__(self, hostvars: t.Any, task_id: object) -> None:
        self._hostvars = hostvars
        self._task_id = task_id
        self._controller = of_controller(hostvars)
        self._fan_outs: dict[str, dict[str, t.Any] | None] = {}

    def of(self, phase: str, host: str) -> t.Mapping[str, t.Any] | None:
        """The result of a host in a phase; None where it has none.

        The fan-out's counts, unless that has left the host to the phase's own task: the roles register
        C(<phase>_result).
        """
        found = self._fan_out(phase)
        if found is not None and host not in found["rest"]:
            answer = found["answers"].get(host)
            return None if answer is None else t.cast("dict[str, t.Any]", json.loads(answer))
        if host not in self._hostvars:  # its part of the task was done before
            return None
        # raw_get: a result holds no templates, and templating it would be most of the barrier's work
        result = t.cast("t.Mapping[str, t.Any] | None", self._hostvars.raw_get(host).get(f"{phase}_result"))
        return result if result is None or self._counts(result) else None

    def _fan_out(self, phase: str) -> dict[str, t.Any] | None:
        if phase not in self._fan_outs:
            self._fan_outs[phase] = fan_out(self._controller, phase, self._task_id)
        return self._fan_outs[phase]

    def _counts(self, result: t.Mapping[str, t.Any]) -> bool:
        """Whether a result is of this task, and not of an earlier one in the same ansible-playbook, nor a variable of
        the inventory. A host that failed before its task began has a result of Ansible's, which names no task."""
        told = result.get("task") == self._task_id or result.get("failed") or result.get("unreachable")
        return bool(told) or self._task_id is None
