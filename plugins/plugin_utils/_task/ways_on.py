# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The ways to continue after the end of a task, as commands of a shell or job templates of AWX."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from .errors import CUT_SHORT, STILL_RUNNING
from .layout import Shell, fold, quoted, wrap
from .operation import PHASES
from .task import FAILED, PENDING, ROLLBACK, SUCCESSFUL, Task

_STATUS = "agent_status"
_LABEL = 15  # columns
_INDENT = 4
_SHORT = "ocp"  # the shell function that stands for what all commands have in common
_OURS = "oceanbase.ocp."
_MOST_IDS = 30
_LONGEST = 6  # lines of a command
_LAST, _RUNS = PHASES[-1], STILL_RUNNING.code


@dataclass(frozen=True)
class Caller:
    """The command line of ansible-playbook, for similar commands.

    playbook, module: the commands. options: of the playbooks, without those of the request. module_options: of modules,
    which use the store. asked: names of secret variables, for which the options have shell variables of these names.
    store: the argument task_store of modules; "" for the default one. called: the playbook that was called. request:
    the options of its request.
    """

    playbook: str = "ansible-playbook"
    module: str = "ansible"
    options: t.Sequence[str] = ()
    module_options: t.Sequence[str] = ()
    asked: t.Sequence[str] = ()
    store: str = ""
    called: str = ""
    request: t.Sequence[str] = ()


@dataclass(frozen=True)
class Way:
    """One way to continue.

    label: a word or two. target: the playbook or the module. extra: variables of the playbook, or arguments of the
    module, as texts C(name=value). module: whether it is a module. template: the job template of AWX, with the answers
    to its survey. again: whether the called playbook is repeated with its request.
    """

    label: str
    target: str
    extra: t.Sequence[str] = ()
    module: bool = False
    template: str = ""
    again: bool = False


def ways_on(task: Task, *, held: bool, store: bool) -> list[Way]:
    """The ways to continue after the end of a task, the likeliest first.

    held: whether hosts that have not failed were held by those that have. store: whether the task is kept.
    """
    failed = sorted({subtask.parallel_idx for subtask in task.failures if subtask.parallel_idx >= 0})
    hosts = [task.targets[index].host_id for index in failed] or [target.host_id for target in task.targets]
    ids = [f"host_ids={_list(hosts)}"] if len(hosts) <= _MOST_IDS else []
    status = status_of(hosts)
    if not store or task.status == SUCCESSFUL:
        undo = [Way("Start again:", "batch_start_agents", ids)] if ids and _is_stopped(task) else []
        # Nothing is lost by asking once more, but for agents that would be restarted twice.
        twice = task.what.goal == "restarted" and any(record.touched for record in task.records)
        return [*([_once_more_without_them(task)] if held and not twice else []), status, *undo]
    this = f"task_id={task.id}"
    if task.operation == ROLLBACK:
        found = [Way("Roll back:", "task_rollback", [this], template=f"OCP roll a task back (task id {task.id})")]
    else:
        found = _stop_again(task)
        found.append(retry(task))
        if held:
            found.append(_without_them(task, this))
        found += _skip(task, this)
        if not task.prohibit_rollback and any(record.touched for record in task.records):
            template = f"OCP roll a task back (task id {task.id})"
            found.append(Way("Roll back:", "task_rollback", [this], template=template))
    subtask = next((subtask for subtask in task.subtasks if subtask.status == FAILED), None)
    log = [Way("Log:", "subtask_log", [this, f"subtask_id={subtask.id}"], module=True)] if subtask else []
    return [*found, status, *log]


def retry(task: Task) -> Way:
    """The way to run the failed subtasks again."""
    return Way("Retry:", "task_retry", [f"task_id={task.id}"], template=f"OCP retry a task (task id {task.id})")


def status_of(host_ids: t.Sequence[int]) -> Way:
    """The way to see the agents of hosts, or of all hosts if these are too many for a command."""
    ids = _list(host_ids) if len(host_ids) <= _MOST_IDS else ""
    template = f"OCP agent status (host ids {ids})" if ids else "OCP agent status"
    return Way("Status:", _STATUS, [f"host_ids={ids}"] if ids else [], template=template)


def is_held(task: Task) -> bool:
    """Whether hosts that have not failed are held by those that have, and not by an early end of the run."""
    failed = {subtask.parallel_idx for subtask in task.failures}
    if task.operation == ROLLBACK or -1 in failed:
        return False
    waiting = {subtask.parallel_idx for subtask in task.subtasks if subtask.status == PENDING} - failed - {-1}
    return bool(waiting) and any(s.error and s.error["code"] not in CUT_SHORT for s in task.failures)


def share_of(failed: int, hosts: int) -> int:
    """The least ocp_max_fail_percentage that lets hosts go on when so many of them fail."""
    return math.ceil(100 * failed / hosts)


def _once_more_without_them(task: Task) -> Way:
    """The same request again, the only way for a task that is not kept."""
    share = _share_of_failed(task)
    template = f"the same template again, hosts that may fail {share}"
    return Way("Without them:", "", [f"ocp_max_fail_percentage={share}"], again=True, template=template)


def _share_of_failed(task: Task) -> int:
    return share_of(len({subtask.parallel_idx for subtask in task.failures} - {-1}), len(task.targets))


def _without_them(task: Task, this: str) -> Way:
    share = _share_of_failed(task)
    template = f"OCP retry a task (task id {task.id}, hosts that may fail {share})"
    return Way("Without them:", "task_retry", [this, f"ocp_max_fail_percentage={share}"], template=template)


def _stop_again(task: Task) -> list[Way]:
    """The way for agents that came back after Stop. A retry would run Finish alone, which does not stop them."""
    back = {s.parallel_idx for s in task.failures if s.phase == _LAST and s.error and s.error["code"] == _RUNS}
    if task.what.goal != "stopped" or not 0 < len(back) <= _MOST_IDS:
        return []
    ids = _list(task.targets[index].host_id for index in sorted(back))
    return [Way("Stop again:", "batch_stop_agents", [f"host_ids={ids}"], template=f"OCP stop agents (host ids {ids})")]


def _skip(task: Task, this: str) -> list[Way]:
    ids = [subtask.id for subtask in task.failures][:_MOST_IDS]
    if not ids or len(task.failures) > _MOST_IDS:
        return []
    template = f"OCP skip a subtask (task id {task.id}, subtask id {_list(ids)})"
    return [Way("Skip:", "subtask_skip", [this, f"subtask_id={_list(ids)}"], template=template)]


def _is_stopped(task: Task) -> bool:
    return task.status == SUCCESSFUL and task.what.goal == "stopped" and task.operation != ROLLBACK


def _list(numbers: t.Iterable[int]) -> str:
    return ",".join(map(str, numbers))


# As text


def in_awx(ways: t.Sequence[Way], columns: int) -> list[str]:
    """The ways that AWX has, as the job templates to be launched."""
    launched = [way for way in ways if way.template]
    return [line for way in launched for line in _beside(way, wrap(f"launch {way.template}", columns - _LABEL, 3))]


def _beside(way: Way, lines: t.Sequence[str]) -> list[str]:
    """Lines beside the label of a way."""
    return [f"{label:{_LABEL}}{line}" for label, line in zip([way.label, *[""] * len(lines)], lines, strict=False)]


def lines_of_shell(ways: t.Sequence[Way], caller: Caller) -> list[tuple[str, str]]:
    """The labels of the ways, each with its command in one line. Options that cannot be pasted are not there."""
    if not all(word.isprintable() for word in (*caller.options, *caller.module_options, *caller.request)):
        caller = Caller(caller.playbook, caller.module)
    shown = [(way.label.rstrip(":"), _whole(way, caller)) for way in ways]
    first = [("First", [Shell("read"), Shell("-rs"), *caller.asked])] if caller.asked else []
    return [(label, " ".join(map(quoted, words))) for label, words in [*first, *shown]]


def commands(ways: t.Sequence[Way], caller: Caller, columns: int, lines: int) -> list[str]:
    """The ways as commands to be pasted, in at most so many lines.

    If whole commands do not fit, a shell function has their common part. If the options are too long for that, they are
    left out. Ways that still do not fit are left out, the last one first.
    """
    first = [_labelled("First:", [Shell("read"), Shell("-rs"), *caller.asked], columns)] if caller.asked else []
    whole = [*first, *(_block(way, _whole(way, caller), columns) for way in ways)]
    forms = [whole] if all(word.isprintable() for word in caller.options) else []
    if forms and any(not (way.module or way.again) for way in ways):
        begin, end = [Shell(f"{_SHORT}()"), Shell("{")], Shell('"oceanbase.ocp.$@"; }')
        definition = [*begin, caller.playbook, *caller.options, end]
        defined = _labelled("First:", definition, columns)
        short = [_block(way, _short(way, caller), columns) for way in ways]
        forms.append([*first, defined, *short])
    shown, found = max((_fitting(form, lines, len(ways)) for form in forms), key=lambda fit: fit[0], default=(0, []))
    if shown:
        return found
    bare = Caller(caller.playbook, caller.module, called=caller.called, request=caller.request)
    left_out = wrap("With the options of this run, which are too long to be shown:", columns)
    return _fitting([left_out, *(_block(way, _whole(way, bare), columns) for way in ways)], lines, len(ways))[1]


def _fitting(blocks: list[list[str]], lines: int, ways: int) -> tuple[int, list[str]]:
    """The blocks that fit into so many lines, and how many ways are among them, which are the last blocks."""
    found: list[str] = []
    left_out = 0
    for index, block in enumerate(blocks):
        if len(found) + len(block) > lines:
            left_out = len(blocks) - index
            break
        found += block
    shown = ways - left_out
    return (shown, found) if shown > 0 else (0, [])


def _block(way: Way, words: list[str], columns: int) -> list[str]:
    """The lines of one way; of a command that is too long what it is, in words."""
    lines = _labelled(way.label, words, columns)
    if way.again and len(lines) > _LONGEST:
        added = f" and with -e {' -e '.join(way.extra)}" if way.extra else ""
        return _beside(way, wrap(f"as before, without --check{added}", columns - _LABEL))
    return lines


def _whole(way: Way, caller: Caller) -> list[str]:
    if way.module:
        name = f"oceanbase.ocp.{way.target}"
        extra = [*way.extra, *([f"task_store={caller.store}"] if caller.store else [])]
        return [caller.module, "localhost", *caller.module_options, "-m", name, "-a", " ".join(extra)]
    if way.again:
        return [caller.playbook, *caller.options, caller.called, *caller.request, *_variables(way, caller)]
    return [caller.playbook, *caller.options, f"oceanbase.ocp.{way.target}", *_variables(way, caller)]


def _short(way: Way, caller: Caller) -> list[str]:
    if way.module:
        return _whole(way, caller)
    if not way.again:
        return [_SHORT, way.target, *_variables(way, caller)]
    if not caller.called.startswith(_OURS):
        return _whole(way, caller)
    return [_SHORT, caller.called.removeprefix(_OURS), *caller.request, *_variables(way, caller)]


def _variables(way: Way, caller: Caller) -> list[str]:
    extra = list(way.extra)
    if way.target == _STATUS and any("ocp_response_file" in word or word[:1] == "@" for word in caller.options):
        extra.append("ocp_response_file=")  # the response of this run stays
    return [word for one in extra for word in ("-e", one)]


def _labelled(label: str, words: t.Sequence[str], columns: int) -> list[str]:
    first, *others = fold(words, columns, _LABEL, _INDENT)
    return [f"{label:{_LABEL}}{first}", *others]
