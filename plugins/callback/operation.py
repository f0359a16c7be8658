# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: operation
type: stdout
author: OceanBase OCP collection contributors (@oceanbase)
short_description: Show the playbooks of this collection phase by phase
version_added: 0.1.0
description:
  - Shows one line for each phase of an operation. On a terminal the line has a bar, the number of hosts that have ended
    and failed, and the slowest hosts, and is drawn again while the phase goes on.
  - Shows no headings of plays and tasks, no skipped tasks and no recap. Failures, warnings and deprecations are shown
    as they come, and the last screen comes at the end.
  - Shows plays of other playbooks in the same run, and all plays with C(-vvv), like
    P(ansible.builtin.default#callback), with a recap of the run.
requirements:
  - set as stdout in configuration
options:
  live:
    description:
      - Whether lines are drawn again while a phase goes on.
      - V(auto) does so if standard output is a terminal, except under ansible-runner and in AWX.
    type: str
    choices: [auto, never]
    default: auto
    env:
      - name: OCP_OPERATION_LIVE
    ini:
      - section: callback_operation
        key: live
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
"""

import json
import os
import time
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as Default

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import live
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.fan_out_results import failure_line, is_failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.phases import AT_WORK, FAILED, OK, Phases
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import Line
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.printable import in_line

_COLLECTION = Path(__file__).resolve().parents[2]
_INTERNALS = 3  # the verbosity from which on everything is shown
_COLORS = {OK: C.COLOR_OK, FAILED: C.COLOR_ERROR, AT_WORK: None}
# Actions whose results have a task that begins, and the end of a task.
_OPENING = frozenset({"task_create", "task_resume", "task_slice"})
_REPORTS = frozenset({"task_report", "task_waves"})
_FAN_OUT = "agent_fan_out"
_ON_HOST = "agent_processes"


class CallbackModule(Default):
    """Shows the plays of this collection. Other plays are shown by ansible-core's own callback."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "oceanbase.ocp.operation"

    def __init__(self) -> None:
        super().__init__()
        self._ours = False
        self._others = False  # whether the run has other plays
        self._phases: Phases | None = None
        self._bottom = live.Bottom(self._drawing)
        self._reported: str | None = None
        live.attend(self._display, self._bottom, self._take)

    # Plays

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._ours = self._display.verbosity < _INTERNALS and _is_ours(play)
        if self._ours:
            self._play = play
            if self._phases:
                self._phases.mark(time.monotonic())
        else:
            self._others = True
            self._close()
            super().v2_playbook_on_play_start(play)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if not self._ours:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if not self._ours:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        if not self._ours:
            super().v2_playbook_on_task_start(task, is_conditional)
            return
        # without its banner, which a failure may still need
        self._task_type_cache[task._uuid] = "TASK"
        self._last_task_name = task.get_name().strip()

    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        if not self._ours:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._close()
        if self._others or (stats.custom and self.get_option("show_custom_stats")):
            super().v2_playbook_on_stats(stats)
        elif self._reported is not None:
            self._display.display("", screen_only=True)  # the last screen follows

    # Hosts

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        if not self._ours:
            super().v2_runner_on_start(host, task)
        elif self._phases and _name(task) == _ON_HOST:
            self._phases.begin(str(task.args.get("phase")), host.get_name(), time.monotonic())
            self._bottom.redraw()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        if not self._ours:
            super().v2_runner_on_ok(result)
            return
        task, content = _task(result), _content(result)
        self._handle_warnings(content)
        name = _name(task)
        if name in _OPENING:
            self._open(content)
        elif name == _FAN_OUT:
            self._settle(content)
        elif name == _ON_HOST:
            self._end(result, failed=False)
        elif name in _REPORTS and content.get("shown"):
            self._reported = content.get("msg")
        elif name == "debug":
            self._tell(content.get("msg"))

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        content = _content(result)
        if not self._ours:
            super().v2_runner_on_failed(result, ignore_errors=ignore_errors)
        elif ignore_errors:  # a barrier, or the report, is behind it
            self._fail(result)
        elif self._reported is None or content.get("msg") != self._reported:  # that is on the last screen
            super().v2_runner_on_failed(result, ignore_errors=ignore_errors)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        if self._ours:
            self._fail(result)
        else:
            super().v2_runner_on_unreachable(result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        if not self._ours:
            super().v2_runner_on_skipped(result)
            return
        content = _content(result)
        self._handle_warnings(content)
        name = _name(_task(result))
        if name == _FAN_OUT:
            self._settle(content)
        elif name == _ON_HOST:
            self._end(result, failed=False)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        if not self._ours:
            super().v2_runner_item_on_ok(result)

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        if not self._ours:
            super().v2_runner_item_on_skipped(result)

    def v2_on_file_diff(self, result: t.Any) -> None:
        if self._ours:
            self._last_task_banner = _task(result)._uuid  # as if it were there
        super().v2_on_file_diff(result)

    def _handle_exception(self, result: t.Any, use_stderr: bool = False) -> None:
        # ansible-core 2.19 and later show the text of an error whose task has no_log
        if "censored" in result:
            result.pop("exception", None)
        super()._handle_exception(result, use_stderr=use_stderr)

    # Phases

    def _open(self, content: t.Mapping[str, t.Any]) -> None:
        """Begin a task that was accepted. A refused request has none."""
        run = Run.of(content.get("run") or {})
        self._close()
        self._reported = None
        if not run or not run.task:
            return
        self._phases = Phases.of(run.task, check_mode=run.check_mode)
        self._bottom.on = live.is_possible() and self._plugin_options.get("live") != "never"
        live.draw(self._bottom.on)
        self._display.display(self._phases.headline)
        self._bottom.redraw()

    def _close(self) -> None:
        """Leave the drawing on the screen as it is."""
        if self._phases:
            self._phases.stop()
            self._bottom.leave()
            live.draw(False)
            self._phases = None

    def _take(self, line: Line) -> bool:
        """Take a line about a phase from a worker. Returns whether the drawing replaces it."""
        if not self._phases:
            return False
        if line.state:
            self._phases.take(line.state, time.monotonic())
            self._bottom.redraw()
        return self._bottom.on or not line.state

    def _settle(self, content: t.Mapping[str, t.Any]) -> None:
        """A fan-out has ended."""
        answers = {host: json.loads(text) for host, text in (content.get("answers") or {}).items()}
        rest = content.get("rest") or {}
        if not self._phases or not (answers or rest):
            return
        for host, answer in answers.items():
            if not is_failure(answer):
                self._tell_of_host(host, answer)
        phase, failed = content["phase"], sum(map(is_failure, answers.values()))
        over = self._phases.settle(phase, len(answers) + len(rest), len(answers), failed, time.monotonic())
        self._show(phase, over=over)

    def _end(self, result: t.Any, *, failed: bool) -> None:
        """A host's own Ansible task has ended."""
        phase, host = str(_task(result).args.get("phase")), _host(result)
        if not failed:
            self._tell_of_host(host, _content(result))
        if self._phases:
            self._show(phase, over=self._phases.end(phase, host, failed=failed, now=time.monotonic()))

    def _fail(self, result: t.Any) -> None:
        """Show a failure that does not end the run."""
        content = _content(result)
        if _name(_task(result)) == _ON_HOST:
            self._end(result, failed=True)
        self._handle_warnings(content)
        self._display.display(failure_line(self.host_label(result), content), color=C.COLOR_ERROR, stderr=True)

    def _show(self, phase: str, *, over: bool) -> None:
        if self._bottom.on:
            self._bottom.redraw()
        elif over and self._phases:
            text, state = self._phases.summary(phase, time.monotonic())
            self._display.display(text, color=_COLORS.get(state))

    def _drawing(self) -> list[tuple[str, str | None]]:
        if not self._phases:
            return []
        lines = self._phases.lines(live.columns(), time.monotonic(), blocks=live.has_blocks())
        return [(text, _COLORS.get(state, C.COLOR_SKIP)) for text, state in lines]

    def _tell_of_host(self, host: str, content: t.Mapping[str, t.Any]) -> None:
        """Show a line for a host with -v."""
        if self._display.verbosity:
            what, color = ("changed", C.COLOR_CHANGED) if content.get("changed") else ("ok", C.COLOR_OK)
            said = f" {in_line(content['msg'])}" if content.get("msg") else ""
            self._display.display(f"{what}: [{host}]{said}", color=color)

    def _tell(self, message: t.Any) -> None:
        """Show the message of a play, a text or lines."""
        texts = message if isinstance(message, list) else [message]
        lines = [str(text) for text in texts if text not in (None, self._reported)]
        if lines:
            self._display.display("\n".join(lines))


def _is_ours(play: t.Any) -> bool:
    """Whether a play is of a playbook of this collection, as a path on the disk tells."""
    path = play.get_path().rpartition(":")[0]
    return bool(path) and _COLLECTION in Path(os.path.realpath(path)).parents


def _name(task: t.Any) -> str:
    """The name of the action of a task, without its collection."""
    return str(task.action).rpartition(".")[2]


# With ansible-core 2.18 only the names with an underscore are there.


def _content(result: t.Any) -> t.Any:
    return result.result if hasattr(result, "result") else result._result


def _task(result: t.Any) -> t.Any:
    return result.task if hasattr(result, "task") else result._task


def _host(result: t.Any) -> str:
    host = result.host if hasattr(result, "host") else result._host
    return str(host.get_name())
