# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Lines at the bottom of a terminal that are drawn again and again, below the other output of ansible-playbook.

All output of Ansible goes through its display, also that of workers and other callbacks. So the lines at the bottom are
erased before each text, and drawn again after it.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import typing as t

from ansible.utils.color import stringc
from ansible.utils.display import Display

from .progress import UNCHANGED, Line

_EVERY = 1  # second

_drawing = False


def pace(every: float) -> tuple[float, float]:
    """The seconds between lines about a phase, while something changes and while nothing does.

    every: the setting of the run. A drawing needs more lines. To be called in a worker, which inherits the value of
    draw() from the process that it was forked from.
    """
    return (_EVERY, _EVERY) if _drawing else (every, UNCHANGED)


def is_possible() -> bool:
    """Whether standard output is a terminal that lines can be drawn on, and not one of ansible-runner."""
    if "AWX_ISOLATED_DATA_DIR" in os.environ:  # the terminal of ansible-runner goes to a log
        return False
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "")


def has_blocks() -> bool:
    """Whether standard output has block elements."""
    try:
        "\u2588\u2591".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def columns() -> int:
    """The columns of a line, one less than the terminal has. A terminal that gets narrower would wrap a full line."""
    try:
        return max(1, os.get_terminal_size(sys.stdout.fileno()).columns - 1)
    except (OSError, ValueError):
        return max(1, shutil.get_terminal_size().columns - 1)


class Bottom:
    """The lines at the bottom of the screen of this process.

    draw: gives them, each with its colour in Ansible's words, None for none. It may be called in any thread.
    """

    def __init__(self, draw: t.Callable[[], list[tuple[str, str | None]]]) -> None:
        self._draw = draw
        self._shown = 0
        self._lock = threading.RLock()
        self.on = False

    def redraw(self) -> None:
        """Draw the lines as they are now."""
        with self._lock:
            if self.on:
                self._write(self._erasing() + self._text())

    def aside(self, show: t.Callable[[], None]) -> None:
        """Show something above the lines."""
        with self._lock:
            if self._shown:
                self._write(self._erasing())
            show()
            if self.on:
                self._write(self._text())

    def leave(self) -> None:
        """Draw the lines for the last time, and leave them on the screen."""
        with self._lock:
            self.redraw()
            self.on = False
            self._shown = 0

    def _erasing(self) -> str:
        shown, self._shown = self._shown, 0
        return f"\r\033[{shown}A\033[J" if shown else ""

    def _text(self) -> str:
        # A terminal cannot take back what has left it at the top.
        lines = self._draw()[: max(1, shutil.get_terminal_size().lines - 2)]
        self._shown = len(lines)
        return "".join(f"{stringc(text, color) if color else text}\n" for text, color in lines)

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def attend(display: Display, bottom: Bottom, take: t.Callable[[Line], bool]) -> None:
    """Make the display of this process show everything above the lines.

    take: gets each line about a phase, and returns whether the drawing replaces it.
    """
    own = os.getpid()

    def show(msg: str, *args: t.Any, **kwargs: t.Any) -> None:
        # The method of the class at this moment, since ansible-runner replaces it.
        def shown() -> None:
            type(display).display(display, msg, *args, **kwargs)

        if os.getpid() != own or kwargs.get("log_only"):
            shown()
        elif not (isinstance(msg, Line) and take(msg)):
            bottom.aside(shown)

    display.display = show


def draw(on: bool) -> None:
    """Record whether lines are drawn, for workers that are forked after this."""
    global _drawing
    _drawing = on
