# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What a host's answer may hold, checked where it enters. Any other output of a host is no answer, and so a failure.

parsed() makes values of the text of an answer. checked() makes an answer of the values, which may also come from the
ordinary module. Its result is checked nowhere else: it has these types, is finite, of bounded depth and size, and its
texts are printable.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.attribute_forms import ATTRIBUTES_LIMIT
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import (
    LOG_ENTRIES,
    LOG_TEXT,
    MESSAGE_TEXT,
    STEP_NAME,
)

from .._task.operation import MAX_TIMEOUT
from .._task.printable import printable

LARGEST = 4 * 1024 * 1024  # bytes of an answer: a log that is full, in any script, is less
_DEEPEST = 8  # lists and mappings within each other; an honest answer has 4
_MANY = 10_000  # entries of a list
_PATH = 4096
_NAME = 256
_LONGEST_UPTIME = 1e10  # seconds
_HIGHEST_PID = 2**31 - 1
_MOST_MEMORY = 2**60  # bytes


class AnswerError(Exception):
    """It is no answer. The message, for people, says why."""


def parsed(text: bytes | str) -> dict[str, t.Any]:
    """The values of an answer's JSON. Raises AnswerError for what is too large, too deep or no JSON, NaN included."""
    if len(text) > LARGEST:
        raise AnswerError(f"its answer has more than {LARGEST} bytes")
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_unambiguous)
    except RecursionError:
        raise AnswerError("its answer is nested too deep") from None
    except ValueError as error:
        raise AnswerError(f"its answer is no JSON: {printable(error)}") from None
    if not isinstance(found, dict):
        raise AnswerError("its answer is no JSON object")
    if _is_deep(found):
        raise AnswerError("its answer is nested too deep")
    return found


def checked(answer: t.Mapping[str, t.Any], phase: str) -> dict[str, t.Any]:
    """The answer to a phase, with the keys that a host may set: it must not set variables on the controller.

    answer: of parsed(), or the result of the module. Raises AnswerError for a value of another type or size, and for
    an answer that says neither that it failed, and why, nor what it did.
    """
    try:
        found: dict[str, t.Any] = _ANSWER(answer)
        for key in ("msg",) if found.get("failed") else ("changed", "processes", *_OF_SUCCESS.get(phase, ())):
            if key not in found:
                raise ValueError(f"{key} is missing")
    except ValueError as error:
        raise AnswerError(f"its answer is not one to {phase}: {error}") from None
    return found


def step(text: bytes) -> dict[str, t.Any] | None:
    """A step on the way to an answer, from its JSON: C(step), a word, and where it has them C(seconds) and C(name).

    None for what is none: a step only goes to people, and an answer may still come.
    """
    try:
        return t.cast("dict[str, t.Any]", _STEP(parsed(text)))
    except (AnswerError, ValueError):
        return None


def of_module(result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The answer of the ordinary module, as values for checked(), since a host can print anything there, too.

    result: as Ansible gives it, with objects of its own for warnings and exceptions, and with what the host has printed
    where that was no result.
    """
    found = {key: result[key] for key in _KEYS if key in result}
    found["warnings"] = [_summary(warning) for warning in _listed(result.get("warnings"))]
    if found.get("failed"):
        said = [result.get(name) for name in ("msg", "module_stderr", "module_stdout")]
        text = ": ".join(each for each in said if isinstance(each, str) and each.strip())
        found["msg"] = printable(text, MESSAGE_TEXT)[:MESSAGE_TEXT]
        found.pop("exception", None)  # an object, whose text is that of msg
    return found


def _listed(value: object) -> t.Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _summary(warning: t.Any) -> str:
    """The text of a warning: since ansible-core 2.19 it is an object."""
    return printable(getattr(getattr(warning, "event", None), "msg", warning), MESSAGE_TEXT)[:MESSAGE_TEXT]


def _no_number(name: str) -> t.NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text[:_NAME])


def _unambiguous(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Refuse a key that comes twice, since the next reader may take its other value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _is_deep(value: dict[str, t.Any]) -> bool:
    layer: list[t.Any] = [value]
    for _level in range(_DEEPEST):
        inside = [each.values() if isinstance(each, dict) else each for each in layer]
        layer = [item for items in inside for item in items if isinstance(item, (dict, list))]
        if not layer:
            return False
    return True


# The form of an answer: each check returns the value as it is kept, or raises ValueError.

_Check = t.Callable[[t.Any], t.Any]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def _number(most: float) -> _Check:
    def check(value: t.Any) -> float | int:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
            raise ValueError(f"is no number from 0 to {most:g}")
        return int(value) if isinstance(value, int) else float(value)

    return check


def _pid(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _HIGHEST_PID:
        raise ValueError("is no pid")
    return int(value)


def _text(most: int) -> _Check:
    """A text for people."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is no text")
        if len(value) > most:
            raise ValueError(f"has more than {most} characters")
        return printable(str.__str__(value), most)

    return check


def _name(most: int) -> _Check:
    """A text that goes back to the host. A changed one would name something else there."""
    text = _text(most)

    def check(value: object) -> str:
        found: str = text(value)
        if found != value or not found.strip() or "\n" in found or "\t" in found:
            raise ValueError("holds what cannot be printed in a line")
        return found

    return check


def _word(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z_]{1,64}", value):
        raise ValueError("is no word")
    return str.__str__(value)


def _or_none(check: _Check) -> _Check:
    return lambda value: None if value is None else check(value)


def _list(check: _Check, most: int = _MANY) -> _Check:
    def check_all(value: object) -> list[t.Any]:
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise ValueError(f"is no list of at most {most}")
        return [_of(f"[{number}]", check, item) for number, item in enumerate(value)]

    return check_all


def _mapping(checks: t.Mapping[str, _Check], required: t.Collection[str] = ()) -> _Check:
    """A mapping with those keys alone that are known, since a later host program may send more."""

    def check(value: object) -> dict[str, t.Any]:
        if not isinstance(value, dict):
            raise ValueError("is no mapping")
        missing = [key for key in required if key not in value]
        if missing:
            raise ValueError(f"{missing[0]} is missing")
        return {key: _of(key, each, value[key]) for key, each in checks.items() if key in value}

    return check


def _entry(value: object) -> list[t.Any]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError("is no pair of seconds and text")
    return [_number(MAX_TIMEOUT)(value[0]), _text(LOG_TEXT)(value[1])]


def _of(where: str, check: _Check, value: t.Any) -> t.Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None


_PROCESS = _mapping(
    {
        "program": _text(_NAME),
        "pid": _pid,
        "user": _text(_NAME),
        "executable": _text(_PATH),
        "signal": _or_none(_text(_NAME)),
        "seconds": _or_none(_number(MAX_TIMEOUT)),
        # of info
        "command": _text(_PATH),
        "parent": _number(_HIGHEST_PID),
        "state": _text(1),
        "elapsed": _or_none(_number(_LONGEST_UPTIME)),
        "memory": _or_none(_number(_MOST_MEMORY)),
        "unit": _or_none(_text(_NAME)),
        "ports": _list(_number(65535)),
    },
    required=("program", "pid"),
)
_RAN_AS = _mapping(
    {
        "generation": _or_none(_name(_NAME)),
        "user": _or_none(_name(_NAME)),
        "unit": _or_none(_name(_NAME)),
        "programs": _list(_name(_NAME)),
        "attributes": _name(ATTRIBUTES_LIMIT),
    }
)
_UNIT = _mapping(
    {
        "name": _text(_NAME),
        "state": _text(_NAME),
        "main_pid": _or_none(_pid),
        "kill_mode": _text(_NAME),
        "restart": _text(_NAME),
    },
    required=("name", "state"),
)
_FINDING = _mapping(
    {"kind": _word, "text": _text(MESSAGE_TEXT), "stop": _text(MESSAGE_TEXT)}, required=("kind", "text", "stop")
)
_PLAN = _mapping({"reason": _or_none(_word), "text": _text(MESSAGE_TEXT)}, required=("reason", "text"))
_KEYS: dict[str, _Check] = {
    "boot_id": _name(_NAME),
    "changed": _flag,
    "drop_ins": _list(_mapping({"path": _text(_PATH), "content": _text(_PATH)}, required=("path", "content"))),
    "exception": _text(MESSAGE_TEXT),
    "failed": _flag,
    "findings": _list(_FINDING),
    "generation": _or_none(_name(_NAME)),
    "generations": _list(_name(_NAME)),
    "home": _name(_PATH),
    "lock": _or_none(_mapping({"pid": _or_none(_pid), "exe": _or_none(_text(_PATH))}, required=("pid", "exe"))),
    "log": _list(_entry, LOG_ENTRIES),
    "msg": _text(MESSAGE_TEXT),
    "plan": _PLAN,
    "processes": _list(_PROCESS),
    "ran_as": _or_none(_RAN_AS),
    "ready": _or_none(_flag),
    "ready_at": _number(_LONGEST_UPTIME),
    "reason": _word,
    "removed": _list(_text(_PATH)),
    "stopped_at": _number(_LONGEST_UPTIME),
    "units": _list(_UNIT),
    "version": _or_none(_text(_NAME)),
    "warnings": _list(_text(MESSAGE_TEXT)),
}
_ANSWER = _mapping(_KEYS)
_STEP = _mapping({"step": _word, "seconds": _number(MAX_TIMEOUT), "name": _name(STEP_NAME)}, required=("step",))
# What a success has, by phase, besides what every one has: difference() and the plan of a check mode read that.
_OF_SUCCESS = {
    "start": ("generations",),
    "finish": ("removed",),
    "info": ("findings", "generation", "lock", "plan", "ready", "version"),
}
