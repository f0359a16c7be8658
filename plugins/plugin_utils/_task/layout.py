# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Texts that fit into the columns of a terminal, and commands that still work when pasted."""

from __future__ import annotations

import re
import shlex
import typing as t
import unicodedata

COLUMNS = 80
_MORE = " ..."
NUMBERED = re.compile(r"(.*?)([0-9]+)([^0-9]*)")  # the last number of a name, what is before and behind it


class Shell(str):
    """A word of a command that is not quoted, such as one with a variable of the shell."""

    __slots__ = ()


def plural(number: int, what: str) -> str:
    """A number of things: 1 host, 2 hosts."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def quoted(word: str) -> str:
    """A word quoted for a shell."""
    return word if isinstance(word, Shell) else shlex.quote(word)


def width(text: str) -> int:
    """The number of columns of a text. Characters of East Asian scripts take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def clip(text: str, columns: int) -> str:
    """The text in at most so many columns, cut with three dots if it is longer."""
    if width(text) <= columns:
        return text
    return _head(text, columns - len(_MORE)).rstrip() + _MORE


def pad(text: str, columns: int) -> str:
    """The text in exactly so many columns, cut or filled with blanks."""
    found = clip(text, columns)
    return found + " " * (columns - width(found))


def wrap(text: str, columns: int, most: int | None = None) -> list[str]:
    """The text in lines of at most so many columns. most: lines; three dots at the end stand for the rest.

    Lines end between words, or within a word that is longer than a line.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        while word:
            room = columns - (width(line) + 1 if line else 0)
            if width(word) <= room:
                line, word = f"{line} {word}" if line else word, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                head = _head(word, columns)
                lines.append(head)
                word = word[len(head) :]
    lines += [line] if line else []
    if most is not None and len(lines) > most:
        lines = lines[:most]
        lines[-1] = clip(f"{lines[-1]}{' ' * columns}", columns)
    return lines


def squeeze(text: str, columns: int, lines: int) -> list[str]:
    """The text in at most so many lines of so many columns. The middle of a longer text is left out.

    A message begins with the failure and ends with the remedy.
    """
    text = " ".join(text.split())
    room = columns * lines
    if width(text) <= room and len(found := wrap(text, columns)) <= lines:
        return found
    head, tail = text[:room].split(), text[-room:].split()
    tail = tail[1:] if len(text) > room else tail  # the first may be a part of a word
    size = [sum(map(width, words)) + len(words) for words in (head, tail)]
    while head and tail:
        longer = 0 if size[0] > size[1] else 1
        size[longer] -= width((head, tail)[longer].pop(-1 if longer == 0 else 0)) + 1
        if sum(size) <= room and len(found := wrap(" ".join([*head, "...", *tail]), columns)) <= lines:
            return found
    return wrap(text, columns, lines)


def fold(words: t.Sequence[str], columns: int, start: int = 0, indent: int = 2) -> list[str]:
    """A command in several lines with backslashes. An option stays with its value.

    start: the used columns of the first line. indent: blanks before the other lines. A word that is longer than a line
    is cut. Its other parts begin in the first column, since a blank would end the word.
    """
    lines: list[str] = []
    line, begun, empty = "", start, True
    for index, word in enumerate(words):
        text = quoted(word)
        gap = "" if empty else " "
        value = f" {shlex.quote(words[index + 1])}" if word.startswith("-") and index + 1 < len(words) else ""
        together = width(text + value) if indent + width(text + value) <= columns - 2 else width(text)
        if not empty and begun + width(line) + 1 + together > columns - 2:
            lines.append(f"{line} \\")
            line, begun, gap = " " * indent, 0, ""
        if begun + width(line) + width(gap + text) <= columns - 2 or isinstance(word, Shell):
            line += gap + text
        else:
            *heads, line = _cut(word, columns - 2, begun + width(line + gap), line + gap)
            lines += heads
            begun = 0
        empty = False
    return [*lines, line]


def runs(names: t.Iterable[str]) -> list[list[str]]:
    """Names in their order, those together that are counted up in their last number."""
    found: list[list[str]] = []
    for name in names:
        if found and _follows(found[-1][-1], name):
            found[-1].append(name)
        else:
            found.append([name])
    return found


def ranges(names: t.Iterable[str]) -> str:
    """Names in their order, in one line: of three or more that are counted up, the first and the last one."""
    parts = [run if len(run) < 3 else [f"{run[0]} to {run[-1]}"] for run in runs(names)]
    return ", ".join(part for run in parts for part in run)


def _follows(before: str, name: str) -> bool:
    first, second = NUMBERED.fullmatch(before), NUMBERED.fullmatch(name)
    if not first or not second or len(before) != len(name):
        return False
    return (first[1], first[3]) == (second[1], second[3]) and int(first[2]) + 1 == int(second[2])


def _head(text: str, columns: int) -> str:
    """The begin of a text that fits into so many columns, at least one character."""
    taken = 0
    for index, sign in enumerate(text):
        taken += width(sign)
        if taken > columns and index:
            return text[:index]
    return text


def _cut(word: str, columns: int, taken: int, before: str) -> list[str]:
    """A word in quoted parts, one in each line. columns: without the backslash. taken: columns of C(before)."""
    lines, part = [], ""
    for sign in word:
        if part and taken + width(shlex.quote(part + sign)) > columns:
            lines.append(f"{before}{shlex.quote(part)}\\")
            part, taken, before = "", 0, ""
        part += sign
    return [*lines, before + shlex.quote(part)]
