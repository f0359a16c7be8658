# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws screens of docs/recording.cast as pictures in docs/images: SVG with the text as text, and its colours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyte

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "recording.cast"
IMAGES = ROOT / "docs" / "images"
# The name of a screen in the record, the line that its picture begins with, and the one that ends it.
PICTURES = {
    "status": ("HOSTS ", "60 hosts:"),
    "stop": ("Batch stop OCP agent:", "Log:"),
}
TALL = 400  # lines, so that nothing has left the screen
CELL, LINE, MARGIN, BAR = 8.4, 18, 16, 28  # pixels
PAPER, INK = "#0d1117", "#e6edf3"
COLOURS = {
    "black": "#8b949e",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
}
WORDS = re.compile(r"\S+(?: \S+)*")
COPYRIGHT = """\
<!-- Copyright (c) 2026, OceanBase OCP collection contributors
     GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
     SPDX-License-Identifier: GPL-3.0-or-later -->
"""


def screens(record: Path) -> Iterator[tuple[str, pyte.Screen]]:
    """Each named screen of a record, in a terminal so tall that it has all that came since the one before."""
    head, *events = map(json.loads, record.read_text(encoding="utf-8").splitlines())
    screen = pyte.Screen(head["width"], TALL)
    stream = pyte.Stream(screen)
    for _moment, kind, text in events:
        if kind == "o":
            stream.feed(text)
        elif kind == "m":
            yield text, screen
            screen.reset()


def rows(screen: pyte.Screen, first: str, last: str) -> list[list[Any]]:
    """The lines between two that begin so, both included: a list of a terminal's cells each.

    Raises ValueError where they are not on the screen.
    """
    begins = [number for number, line in enumerate(screen.display) if line.startswith(first)]
    ends = [number for number, line in enumerate(screen.display) if line.startswith(last)]
    if not begins or not ends or ends[-1] < begins[-1]:
        raise ValueError(f"the screen has no {first!r} with {last!r} after it")
    end = ends[-1] + 1
    while screen.display[end].strip() and not screen.display[end].startswith(("ok:", "Response:", "$")):
        end += 1
    return [[screen.buffer[row][column] for column in range(screen.columns)] for row in range(begins[-1], end)]


def svg(lines: list[list[Any]]) -> str:
    """The picture of these lines."""
    width = 2 * MARGIN + CELL * max(len("".join(cell.data for cell in line).rstrip()) for line in lines)
    height = BAR + 2 * MARGIN + LINE * len(lines)
    parts = [
        f'{COPYRIGHT}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}">',
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
        *(
            f'<circle cx="{MARGIN + 18 * number}" cy="18" r="6" fill="{colour}"/>'
            for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="{INK}">',
    ]
    for row, line in enumerate(lines):
        column = 0
        for (colour, bold), group in groupby(line, lambda cell: (cell.fg, cell.bold)):
            text = "".join(cell.data for cell in group)
            style = f' fill="{COLOURS[colour]}"' if colour in COLOURS else ""
            style += ' font-weight="bold"' if bold else ""
            for words in WORDS.finditer(text):  # viewers join blanks
                x, y = MARGIN + CELL * (column + words.start()), BAR + MARGIN + LINE * row + 13
                length = CELL * len(words[0])
                parts.append(f'<text x="{x:g}" y="{y}" textLength="{length:g}"{style}>{escape(words[0])}</text>')
            column += len(text)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main() -> None:
    """Draw all pictures."""
    for name, screen in screens(RECORD):
        if name in PICTURES:
            (IMAGES / f"recording-{name}.svg").write_text(svg(rows(screen, *PICTURES[name])), encoding="utf-8")


if __name__ == "__main__":
    main()
