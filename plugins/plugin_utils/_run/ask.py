# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What every request goes through that asks the task store and contacts no host."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from .._files.document import plain
from .._store.store import Store
from .._task.clock import now_ms
from .._task.errors import SPELLINGS, OcpError
from .._task.response import Request
from . import controller, handed_on, persistence
from .questions import Answer

OPTIONS: dict[str, t.Any] = {
    "role_bindings": {"type": "path"},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **persistence.OPTION,
}


class AskAction(ActionBase):
    """An action that answers from the task store. spec: its arguments. role: OCP's role that it takes.

    writes: whether it changes what is stored.
    """

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    spec: t.ClassVar[dict[str, t.Any]]
    role: t.ClassVar[str]
    writes: t.ClassVar[bool] = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        received = now_ms()
        result = super().run(tmp, task_vars)
        del tmp
        dummy, arguments = self.validate_argument_spec(argument_spec=self.spec)
        arguments = plain(arguments)
        request = Request(controller.trace_id(), controller.address(), received, arguments["error_codes"])
        try:
            if task_vars:
                handed_on.check(task_vars, self._task)
            if arguments["role_bindings"]:
                user = controller.user(task_vars or {})
                controller.authorize(user, self.role, arguments["role_bindings"], self._task.action)
            read_only = self._task.check_mode or not self.writes
            with persistence.open_store(persistence.chosen(arguments["task_store"]), read_only=read_only) as store:
                asked = {name: value for name, value in arguments.items() if name not in OPTIONS}
                response, message = self._answer(store, request, asked)
        except OcpError as error:
            response = request.refuse(error)
            said = f"{response['status']} {response['error']['code']}: {error.message}"
            return {**result, "failed": True, "msg": said, "response": response}
        return {**result, "changed": self.writes, "msg": message, "response": response}

    def _answer(self, store: Store, request: Request, asked: dict[str, t.Any]) -> Answer:
        """The response, and in a line what it says. asked: the action's own arguments. Raises OcpError."""
        raise NotImplementedError
