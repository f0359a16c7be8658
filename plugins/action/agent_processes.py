# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import re
import time
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec, diffs
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import (
    LARGEST,
    AnswerError,
    checked,
    of_module,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import memory
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import cancel, journal, screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.halt import halt
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.heartbeat import silence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import (
    UNKNOWN,
    disowned,
    fan_out,
    no_answer,
    of_controller,
    overdue,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run, registered
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.hung_up import heeded, is_dropped, pauses
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.interpreter import interpreter
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import BY_PHASE
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.printable import in_line, printable

LOOK_AGAIN = 60  # seconds in which a host that was lost in the middle of a change is tried again
_MEMORY = 128 * 1024 * 1024  # bytes for the output of a host, which Ansible's ssh has twice while it grows
_PAUSE = 2
# The messages of sudo, with exit status 1, if the user may not run the command.
_SUDO_REFUSES = re.compile(r"^(?:sudo: |Sorry, user )|is not in the sudoers file", re.MULTILINE)


class ActionModule(ActionBase):
    """Runs the host program on its host, and asks a host again that was lost while the program was at work."""

    _supports_check_mode = True
    _supports_async = False
    _module = "oceanbase.ocp.agent_processes"
    _spec = staticmethod(argument_spec)

    @property
    def _phase(self) -> str:
        return str(self._task.args.get("phase"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        started = iso_now()
        variables = task_vars or {}
        controller = of_controller(variables.get("hostvars"))
        run = registered(controller)
        left = self._left_by_fan_out(controller, run, str(variables.get("inventory_hostname")))
        self._run = run
        if "task" in run:
            journal.join(patience=0)
        halted = halt(run.get("heart", "")) if run and "lost" not in left else None
        if halted:
            return {**result, **halted}
        self._take_from(left)
        self._share_no_connection(str(variables.get("inventory_hostname")))
        try:
            if "lost" in left:
                started = left["started_at"]
                answer = self._look_again(variables, left["lost"])
            else:
                answer = self._work(variables, patient=bool(run.get("resumed")))
        except BaseException as exc:
            if type(exc).__name__ != "TaskTimeoutError":  # each ansible-core has it in another place
                raise
            self._connection._shell.tmpdir = None  # its removal would hang on this host too, without a timeout
            answer = overdue(self._task.timeout, self._changes)
        if answer.get("unreachable") and left.get("said"):
            # The fan-out knows more than ssh tells, such as the fingerprint of an unknown key.
            answer = {**answer, "msg": f"{left['said']}; by its own task: {answer['msg']}"}
        whose = {"task": run["task"]["id"]} if "task" in run else {}
        answer = {**answer, "started_at": started, "finished_at": iso_now()}
        if whose and not self._task.check_mode:
            journal.note_answer(self._phase, str(variables.get("inventory_hostname")), answer)
        return {**result, **answer, **whose}

    def _take_from(self, left: t.Mapping[str, t.Any]) -> None:
        """Work where and as the task's earlier phases did. Variables of a retry must not lead elsewhere."""
        taken = {name: left[name] for name in ("home", "ran_as") if name in left}
        if self._phase != "start":
            taken.pop("ran_as", None)
        self._task.args = {**self._task.args, **taken}

    def _share_no_connection(self, host: str) -> None:
        """Have ssh keep this host's connection under a name of this run's own, unless the user has given it one.

        Ansible names it after address, port and user. Under that name another run may have left a connection open, of
        an inventory that means another host by them, or believes another key. Over it ssh checks no key.
        """
        connection = self._connection
        if connection.has_option("control_path") and not connection.get_option("control_path"):
            options = (connection.get_option(name) for name in ("host", "port", "remote_user"))
            whose = "\n".join(str(part) for part in (C.DEFAULT_LOCAL_TMP, host, *options))  # a folder of the run's own
            # as long as Ansible's own, since a socket's path must be short
            connection.set_option("control_path", f"%(directory)s/{hashlib.sha256(whose.encode()).hexdigest()[:10]}")

    def _left_by_fan_out(
        self, controller: t.Mapping[str, t.Any], run: t.Mapping[str, t.Any], host: str
    ) -> dict[str, t.Any]:
        """The fan-out's note on a host that it has left to this task. Without a fan-out, the task's own knowledge."""
        if "task" not in run:
            return {}
        found = fan_out(controller, self._phase, run["task"]["id"])
        if found is None:
            whole = Run.of(run)
            return whole.due.get(self._phase, {}).get(host, {}) if whole else {}
        return dict(found["rest"].get(host, {}))

    @property
    def _changes(self) -> bool:
        phase = BY_PHASE.get(self._phase)
        return phase is not None and phase.changes and not self._task.check_mode

    def _work(self, task_vars: dict[str, t.Any], patient: bool) -> dict[str, t.Any]:
        """patient: wait for the agent's lock. In a resumed task the last run's program may hold it."""
        try:
            answer = self._ask(task_vars)
        except AnsibleConnectionFailure as exc:
            # Ctrl-C cuts the connections, too, where workers hear it. A host at work finishes all the same.
            if not self._changes and not cancel.asked():
                return {"unreachable": True, "msg": printable(exc)}
            return self._look_again(task_vars, printable(exc))
        # Ctrl-C may have cut the connection of the program that holds the lock.
        if (patient or cancel.asked()) and answer.get("reason") == "locked":
            return self._look_again(task_vars, "")
        return answer

    def _ask(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The checked answer of the host."""
        phase = self._phase
        try:
            with memory.at_most(_MEMORY):
                answer = checked(self._reach(task_vars), phase)
        except AnswerError as error:
            return no_answer(str(error), self._changes)
        except MemoryError:
            return no_answer("it has said more than this task has memory for", self._changes)
        warnings = answer.pop("warnings", [])
        if warnings:  # Ansible itself shows them
            answer["warnings"] = [f"{self._host()}: {in_line(warning)}" for warning in warnings]
        if self._task.diff and phase not in ("prepare", "info") and not answer.get("failed"):
            answer["diff"] = diffs(phase, answer)
        return answer

    def _reach(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The host program's answer; tried again, a few times, where the server has hung up before the handshake."""
        for pause in pauses():
            try:
                return self._said(task_vars)
            except AnsibleConnectionFailure as exc:
                if not is_dropped(str(exc)) or cancel.asked():
                    raise
            self._connection._shell.tmpdir = None  # it may be half written
            time.sleep(pause)
        return self._said(task_vars)

    def _said(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The host program's answer, or that become does not work."""
        become = self._connection.become
        try:
            return self._execute(task_vars, become)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as exc:  # which has no type of its own for this
            found = re.search(rf"(?:Missing|Incorrect) {re.escape(become.name)} password", str(exc)) if become else None
            if not found:
                raise
            return {"failed": True, "reason": "not_permitted", "msg": found[0]}

    def _execute(self, task_vars: dict[str, t.Any], become: t.Any) -> dict[str, t.Any]:
        """One remote execution of the host program, or of the ordinary module where that gives no answer."""
        # ansible-core 2.18 does not ask the become plugin: there it knows that su takes no input
        if self._connection.has_pipelining and (not become or getattr(become, "pipelining", become.name != "su")):
            answer = self._carry(task_vars)
            if answer is not None:
                return answer
        return of_module(self._execute_module(module_name=self._module, task_vars=task_vars))

    def _carry(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any] | None:
        dummy, arguments = self.validate_argument_spec(argument_spec=self._spec())
        request = plain({**arguments, "phase": self._phase, "check_mode": self._task.check_mode})
        try:
            python = interpreter(task_vars, self._templar.template)
        except AnsibleError:
            return None  # the module knows what to make of it, or says what is wrong
        call_id = carrier.new_id()
        command = f"{self._compute_environment_string()} {carrier.command(request, python, call_id)}".strip()
        with heeded(self._connection, lambda output: carrier.is_answered(output, call_id)):
            said = self._low_level_execute_command(command, in_data=carrier.program(request))
        answer = carrier.answer(said["stdout"].encode(errors="surrogateescape"), call_id)
        if answer is None and self._connection.become and said["rc"] == 1 and _SUDO_REFUSES.search(said["stderr"]):
            text = printable(said["stderr"].strip())
            return {"failed": True, "reason": "not_permitted", "msg": f"become failed: exit status 1: {text}"}
        if answer is None:
            why = carrier.terminal(f"{said['stdout']}{said['stderr']}".encode(errors="replace"))
            if why and self._connection.has_option("pipelining"):
                self._connection.set_option("pipelining", False)  # the module would not be read from a terminal either
            text = f"no answer from the host program, trying the module: {why or printable(said['stderr'])}"
            screen.display().vv(text, host=self._host())
        return answer

    def _parse_returned_data(self, res: t.Any, *more: t.Any) -> t.Any:
        """Parse the output of the ordinary module after it was made printable, since Ansible shows all of it."""
        texts = {name: printable(res[name], LARGEST) for name in ("stdout", "stderr")}
        return super()._parse_returned_data({**res, **texts}, *more)

    def _host(self) -> str:
        return str(self._play_context.remote_addr)

    def _look_again(self, task_vars: dict[str, t.Any], lost: str) -> dict[str, t.Any]:
        """Ask a host once more that was lost or whose agent was locked.

        The phase may be done, under way or cut off, and a second execution completes it in each case. The first one
        holds the agent's lock while it is under way, and the second one waits for the lock. lost: the message when the
        host was lost, or "".
        """
        until = time.monotonic() + min(LOOK_AGAIN, self._task.timeout or LOOK_AGAIN)
        while True:
            time.sleep(_PAUSE)
            why = silence(self._run.get("heart", ""))
            if why:  # another run may have the task now, and have changed the host
                return disowned(f"{lost or 'its agent is locked'}; it is not asked again: {why}; {UNKNOWN}")
            self._connection._shell.tmpdir = None  # it may be half written, or gone with the host
            try:
                answer = self._ask(task_vars)
            except AnsibleConnectionFailure as exc:
                answer = _unreachable(lost, printable(exc))
            else:
                answer["changed"] = bool(lost and self._changes) or answer.get("changed", False)
                if answer.get("reason") != "locked":
                    return answer
            if time.monotonic() >= until:
                return answer


def _unreachable(first: str, last: str) -> dict[str, t.Any]:
    """The answer for a host that could not be reached again. first, last: the first and the last message."""
    if "ssh: connect to host" in first:  # the message of ssh without any connection, so nothing was sent
        return {"unreachable": True, "reason": "not_connected", "msg": f"no connection: {last}"}
    text = f"connection lost in the middle of the phase ({first}), and again: {last}; {UNKNOWN}"
    return {"unreachable": True, "msg": text}
