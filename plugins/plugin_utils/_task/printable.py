# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Makes texts from hosts and people safe for a terminal, a log and any document."""

from __future__ import annotations

import unicodedata

MESSAGE = 8192  # characters of a foreign text
_LEFT_OUT = " ... "
_LINES = "\n\t"


def printable(text: object, most: int = MESSAGE) -> str:
    """The text without characters that move a cursor, colour a screen, change the direction of writing or break an
    encoding.

    Letters of every script stay, and so do blanks, tabs and ends of lines. Every other character becomes an escape,
    such as C(\\x1b), and so does a byte that could not be decoded. A text longer than most loses its middle.
    """
    found = str(text).replace("\r\n", "\n")
    if len(found) > most:
        half = (most - len(_LEFT_OUT)) // 2
        found = found[:half] + _LEFT_OUT + found[-half:]
    # Most texts are one line of letters, and isprintable() is fast.
    return found if found.isprintable() else "".join(map(_shown, found))


def in_line(text: object, most: int = MESSAGE) -> str:
    """The printable() text in one line, so that it cannot imitate another line of the output."""
    return " ".join(printable(text, most).split())


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in _LINES or unicodedata.category(letter) == "Zs":
        return letter
    if 0xDC80 <= ord(letter) <= 0xDCFF:  # Python's stand-in for a byte that it could not decode
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")
