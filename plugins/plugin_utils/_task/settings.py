# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Settings of a run, as they arrive from a command line or a survey: often as texts, empty where nothing was given."""

from __future__ import annotations

import re
import typing as t

from .errors import INVALID, OcpError
from .operation import MAX_TIMEOUT


def timeouts(given: t.Mapping[str, t.Any]) -> dict[str, int]:
    """Time limits in seconds by phase, whole numbers from 1 to a day. Raises OcpError (400)."""
    return {
        phase: _whole(f"ocp_{phase}_timeout", value, "seconds", 1, MAX_TIMEOUT)
        for phase, value in given.items()
        if value != ""
    }


def percentage(value: object, name: str = "ocp_max_fail_percentage") -> float:
    """A number from 0 to 100, by default 0. name: of the variable. Raises OcpError (400)."""
    if value in ("", None):
        return 0
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", text) or not 0 <= float(text) <= 100:
        raise OcpError(INVALID, f"{name} must be a number from 0 to 100, not {value!r}")
    return float(text)


AUTO, FANOUT, TASK = "auto", "fanout", "task"
DEFAULT_FANOUT = 500


def transport(value: object) -> str:
    """The transport of the host program to the hosts, by default AUTO. Raises OcpError (400)."""
    if value in ("", None):
        return AUTO
    if value not in (AUTO, FANOUT, TASK):
        raise OcpError(INVALID, f"ocp_transport must be {AUTO}, {FANOUT} or {TASK}, not {value!r}")
    return str(value)


def fanout(value: object) -> int:
    """The number of hosts at the same time, a whole number from 1 to 10,000. Raises OcpError (400)."""
    return DEFAULT_FANOUT if value in ("", None) else _whole("ocp_fanout", value, "hosts", 1, 10000)


DEFAULT_PROGRESS = 5


def progress(value: object) -> int:
    """Seconds between lines about the progress of a phase, from 0 to 3600. Raises OcpError (400)."""
    return DEFAULT_PROGRESS if value in ("", None) else _whole("ocp_progress", value, "seconds", 0, 3600)


DEFAULT_WORKFLOW_TIMEOUT = 3600
MAX_WORKFLOW_TIMEOUT = 7 * 86400


def workflow_timeout(value: object) -> int:
    """Seconds that a workflow may be without a run at work, from 60 to a week. Raises OcpError (400)."""
    if value in ("", None):
        return DEFAULT_WORKFLOW_TIMEOUT
    return _whole("ocp_workflow_timeout", value, "seconds", 60, MAX_WORKFLOW_TIMEOUT)


def _whole(name: str, value: object, unit: str, least: int, most: int) -> int:
    """A whole number from a text or a number. name: of the variable. Raises OcpError (400)."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise OcpError(INVALID, f"{name} must be a number of {unit} from {least} to {most}, not {value!r}")
    return int(text)


KEPT_TASKS = 100
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


def age(name: str, value: object) -> int:
    """Seconds from a text such as 12h, 90d or 8w. name: of the variable. Raises OcpError (400)."""
    found = re.fullmatch("([1-9][0-9]{0,4}) ?([hdw])", str(value).strip())
    if not found:
        raise OcpError(INVALID, f"{name} must be a number of hours, days or weeks, as 12h, 90d or 8w, not {value!r}")
    return int(found[1]) * _UNITS[found[2]]
