# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often somebody has failed to log in, for a limit on it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60
# Of one user from one address, and of all users from one address.
_MOST_OF_USER = 5
_MOST_OF_ADDRESS = 50
_MOST_KEPT = 10_000


class Attempts:
    """Failed logins of the last minute. clock: seconds, which never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[tuple[str, ...], deque[float]] = {}
        self._lock = threading.Lock()

    def wait(self, address: str, name: str) -> int:
        """Seconds until the user may try again from this address; 0 where it may now."""
        with self._lock:
            return max(self._left((address,), _MOST_OF_ADDRESS), self._left((address, name), _MOST_OF_USER))

    def note(self, address: str, name: str) -> None:
        """Note a failed login."""
        with self._lock:
            if len(self._failed) > _MOST_KEPT:
                oldest = self._clock() - WINDOW_SECONDS
                self._failed = {key: times for key, times in self._failed.items() if times[-1] > oldest}
            for key in ((address,), (address, name)):
                self._failed.setdefault(key, deque(maxlen=_MOST_OF_ADDRESS)).append(self._clock())

    def forget(self, address: str, name: str) -> None:
        """Forget the failures of a user who has logged in."""
        with self._lock:
            self._failed.pop((address, name), None)

    def _left(self, key: tuple[str, ...], most: int) -> int:
        times = self._failed.get(key)
        if times is None or len(times) < most:
            return 0
        left = times[-most] + WINDOW_SECONDS - self._clock()
        return int(left) + 1 if left > 0 else 0
