# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Settings of a run, as they arrive from a command line or a survey: often as texts, empty where nothing was given."""

from __future__ import annotations

import re
import typing as t

from ._errors import INVALID, OcpError
from ._operation import MAX_TIMEOUT


def timeouts(given: t.Mapping[str, t.Any]) -> dict[str, int]:
    """Seconds by phase. Raises OcpError (400) for what is no whole number from 1 to a day."""
    return {phase: _timeout(f"ocp_{phase}_timeout", value) for phase, value in given.items() if value != ""}


def _timeout(name: str, value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_TIMEOUT:
        raise OcpError(INVALID, f"{name} must be a number of seconds from 1 to {MAX_TIMEOUT}, not {value!r}")
    return int(text)


def percentage(value: object) -> float:
    """A number from 0 to 100; nothing given is 0. Raises OcpError (400) for anything else."""
    if value in ("", None):
        return 0
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", text) or not 0 <= float(text) <= 100:
        raise OcpError(INVALID, f"ocp_max_fail_percentage must be a number from 0 to 100, not {value!r}")
    return float(text)
