# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request says, checked: ids in its path, its query, its body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import MAX_ID, parse

from .errors import NOT_JSON

MAX_PAGE = 2**31 - 1  # a Java int
_DEFAULT_SIZE = 10
_DECIMAL = re.compile(r"[0-9]{1,19}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_LONGEST = 100


def invalid(field: str, value: object, message: str) -> OcpError:
    """The error (400) of one value."""
    shown = value[:_LONGEST] if isinstance(value, str) else value
    sub_error = {"object": "request", "field": field, "rejectedValue": shown, "message": message}
    return OcpError(INVALID, f"{field} {message}", [sub_error])


def number(text: str, field: str, most: int = MAX_ID) -> int:
    """An integer from 1 to most, of a path or a query. Raises OcpError (400)."""
    value = int(text) if _DECIMAL.fullmatch(text) else 0
    if not 1 <= value <= most:
        raise invalid(field, text, f"must be an integer from 1 to {most}")
    return value


def one(query: dict[str, list[str]], name: str) -> str | None:
    """The value of a parameter that is given once at most; None where it is missing or empty. Raises OcpError (400)."""
    values = [value for value in query.get(name, ()) if value]
    if len(values) > 1:
        raise invalid(name, ",".join(values), "must be given once")
    return values[0] if values else None


def several(query: dict[str, list[str]], name: str) -> list[str]:
    """The values of a parameter that is repeated, or has commas."""
    return [value for given in query.get(name, ()) for value in given.split(",") if value]


def sort(query: dict[str, list[str]], known: Sequence[str], default: str) -> list[tuple[str, bool]]:
    """The fields to sort by, each with whether its highest comes first, as in `id,desc`. Raises OcpError (400)."""
    orders = []
    for given in [value for value in query.get("sort", ()) if value] or [default]:
        name, dummy, direction = given.partition(",")
        if name not in known or direction.lower() not in ("", "asc", "desc"):
            raise invalid("sort", given, f"must be one of {', '.join(known)}, with ,asc or ,desc")
        orders.append((name, direction.lower() == "desc"))
    return orders


def page(query: dict[str, list[str]], most: int) -> tuple[int, int]:
    """The number of a page, from 1, and its size. Raises OcpError (400) for what is no integer.

    As in OCP, a page below 1 is the first one, a size below 1 is the default, and one over `most` is `most`.
    """
    size = _integer(query, "size", _DEFAULT_SIZE)
    return min(max(1, _integer(query, "page", 1)), MAX_PAGE), min(size, most) if size > 0 else _DEFAULT_SIZE


def _integer(query: dict[str, list[str]], name: str, default: int) -> int:
    given = one(query, name)
    if given is None:
        return default
    if not _INTEGER.fullmatch(given):
        raise invalid(name, given, "must be an integer")
    return int(given)


def document(body: bytes, content_type: str, encoding: str = "identity") -> dict[str, Any]:
    """The JSON object of a body. It is empty without a body, and for `null`, which some clients send instead of none.

    Raises OcpError (400, 415).
    """
    if not body.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise OcpError(NOT_JSON, "the body must be JSON, with Content-Type: application/json")
    if encoding.strip().lower() != "identity":
        raise OcpError(NOT_JSON, f"the body must be JSON as it is, without Content-Encoding: {encoding[:_LONGEST]}")
    try:
        loaded = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):  # UnicodeDecodeError is one
        raise OcpError(INVALID, "the body is malformed JSON, or names a field twice") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise OcpError(INVALID, "the body must be a JSON object")
    return loaded


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(name)
        found[name] = value
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def fields(body: dict[str, Any], *known: str) -> None:
    """Raises OcpError (400) for a field that the request does not have: it may be one that is misspelled."""
    for name in body:
        if name not in known:
            raise invalid(name, None, f"is not a field of this request{f'; it has {known[0]}' if known else ''}")


def host_ids(body: dict[str, Any]) -> list[int]:
    """The field hostIds. Raises OcpError (400) that names each value that it refuses."""
    fields(body, "hostIds")
    given = body.get("hostIds")
    if given is None:
        raise invalid("hostIds", None, "is required: a list of host ids")
    if not isinstance(given, list):
        raise invalid("hostIds", None, "must be a list of host ids")
    try:
        return parse(given)
    except OcpError as error:  # its message tells how ids are given on a command line
        said = sorted({str(sub["message"]) for sub in error.sub_errors})
        raise OcpError(INVALID, f"hostIds {'; '.join(said)}", error.sub_errors) from None
