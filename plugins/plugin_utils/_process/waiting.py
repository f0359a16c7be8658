# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Wait for what has to be looked at again and again."""

from __future__ import annotations

import time
import typing as t


def wait_until(is_so: t.Callable[[], bool], seconds: float, look_every: float) -> bool:
    """Wait until something is so, for so many seconds at most. Returns whether it came to that.

    is_so: looks, at least once. look_every: seconds between two looks.
    """
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= until:
            return False
        time.sleep(look_every)
    return True
