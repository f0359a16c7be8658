# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.printable import in_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no agent at /home/admin", "no agent at /home/admin"),
        ("\u4e3b\u673a h\xf6me \U0001f600\u3000\xa0", "\u4e3b\u673a h\xf6me \U0001f600\u3000\xa0"),
        ("a\r\nb\tc\n", "a\nb\tc\n"),
        ("\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07"),
        ("a\rb\b\x00\x7f\x9b", "a\\rb\\x08\\x00\\x7f\\x9b"),
        ("\u202eevil\u202c\u2066\u200f\ufeff\u2028", "\\u202eevil\\u202c\\u2066\\u200f\\ufeff\\u2028"),
        (b"\xc4\xe3".decode(errors="surrogateescape"), "\\xc4\\xe3"),
        ("\ud800\U000e0001", "\\ud800\\U000e0001"),
        (ValueError("no\x1b"), "no\\x1b"),
    ],
)
def test_what_is_shown(text: object, shown: str) -> None:
    assert printable(text) == shown


def test_of_a_long_text_the_middle_is_left_out() -> None:
    assert printable("a" * 50 + "b" * 50, 25) == "a" * 10 + " ... " + "b" * 10
    assert printable("a" * 25, 25) == "a" * 25


def test_one_line_is_one_line() -> None:
    assert in_line("failed\r\n\n  ok: [db2]\t.\x0b") == "failed ok: [db2] .\\x0b"


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_shown_and_written(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert all(letter.isprintable() or letter in "\n\t" or letter.isspace() for letter in shown)
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in shown if letter not in "\n\t")
    assert printable(shown, len(shown)) == shown
    assert "\n" not in in_line(text)
