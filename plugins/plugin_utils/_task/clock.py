# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Times as OCP writes them."""

from __future__ import annotations

import time
from datetime import datetime


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """A time as ISO 8601 with milliseconds and the controller's offset. Like OCP it drops trailing zeros."""
    moment = datetime.fromtimestamp(milliseconds // 1000).astimezone().isoformat()
    fraction = f"{milliseconds % 1000:03d}".rstrip("0")
    return f"{moment[:19]}.{fraction}{moment[19:]}" if fraction else moment


def iso_now() -> str:
    return iso(now_ms())
