# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The steps of a request to the task store, which contacts no host."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from .._files.document import plain
from .._task.clock import now_ms
from .._task.errors import SPELLINGS, OcpError
from .._task.response import Request, in_words
from . import controller, handed_on, mistakes, persistence
from .questions import Reply

OPTIONS: dict[str, t.Any] = {
    "role_bindings": {"type": "path"},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **persistence.OPTION,
}
# For actions that show a summary: whether to return OCP's response as well.
WHOLE: dict[str, t.Any] = {"whole": {"type": "bool", "default": False}}

_NOT_ASKED = OPTIONS.keys() | WHOLE.keys()


def ask(
    action: ActionBase,
    spec: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    role: str,
    question: t.Callable[..., Reply],
    *,
    writes: bool = False,
) -> dict[str, t.Any]:
    """Ask the task store, or refuse the request with OCP's error. Returns the result of the action.

    spec: the action's arguments. variables: of its task. role: the required role of OCP. question: one of questions.py.
    It gets the store, the request, and the action's own arguments by name. writes: whether it changes the store.
    """
    received = now_ms()
    dummy, arguments = action.validate_argument_spec(argument_spec=spec)
    arguments = plain(arguments)
    request = Request(controller.trace_id(), controller.address(), received, arguments["error_codes"])
    try:
        if variables:
            handed_on.check(variables, action._task)
            mistakes.check_extra(variables)
            mistakes.check_settings(variables, action._templar.template)
        if arguments["role_bindings"]:
            controller.authorize(controller.user(variables), role, arguments["role_bindings"], action._task.action)
        read_only = action._task.check_mode or not writes
        with persistence.open_store(persistence.chosen(arguments["task_store"]), read_only=read_only) as store:
            own = {name: value for name, value in arguments.items() if name not in _NOT_ASKED}
            reply = question(store, request, **own)
    except OcpError as error:
        return refusal(request.refuse(error))
    result: dict[str, t.Any] = {"changed": writes and reply.changed, "msg": reply.said}
    if reply.lines:
        result["lines"] = reply.lines
    if arguments.get("whole", True):
        result["response"] = reply.response
    return result


def refusal(response: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of an action for a refused request. response: to the request."""
    return {"failed": True, "msg": in_words(response), "response": response}
