# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import subprocess

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.layout import (
    Shell,
    clip,
    fold,
    pad,
    ranges,
    squeeze,
    width,
    wrap,
)

WORDS = [
    *("ansible-playbook", "-i", "it's here/inventory.yml", "-e", '{"a": [1, 2], "b": "$HOME `x` \\\\ !"}', ""),
    *("-e", "ä=数据库"),
]


def pasted(lines: list[str], shell: str) -> list[str]:
    """The words of a command as a shell reads its lines."""
    command = "\n".join(lines).replace("ansible-playbook", "words ansible-playbook", 1)
    text = f"words() {{ printf '%s\\0' \"$@\"; }}\n{command}"
    return subprocess.run([shell, "-c", text], capture_output=True, text=True, check=True).stdout.split("\0")[:-1]


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_a_folded_command_is_the_command(shell: str) -> None:
    long = '{"host_ids": [' + ", ".join(map(str, range(1001, 1060))) + "]}"
    for words in (WORDS, [*WORDS, "-e", long, *WORDS[1:]], ["ansible-playbook", "'" * 90]):
        lines = fold(words, 80, 15, 4)
        assert max(map(width, [f"{'':15}{lines[0]}", *lines[1:]])) <= 80
        assert pasted(lines, shell) == words


def test_any_word_is_folded() -> None:
    chance = random.Random(16)
    for _round in range(40):
        words = ["ansible-playbook"]
        words += ["".join(chance.choices("abc '\"\\$-数{}", k=chance.randrange(200))) for _word in range(5)]
        lines = fold(words, 60, 10, 4)
        assert max(map(width, [f"{'':10}{lines[0]}", *lines[1:]])) <= 60
        assert pasted(lines, "bash") == words


def test_a_word_of_the_shell_is_read_by_it() -> None:
    assert fold(["ansible-playbook", "-e", Shell('x="$x"')], 80) == ['ansible-playbook -e x="$x"']


def test_an_option_stays_with_its_value() -> None:
    words = ["ansible-playbook", "-e", "a" * 12, "-e", "b" * 12]
    assert fold(words, 40, 0, 4) == [f"ansible-playbook -e {'a' * 12} \\", f"    -e {'b' * 12}"]


def test_width_clip_and_pad() -> None:
    assert (width("db001"), width("数据"), width("e\u0301")) == (5, 4, 1)
    assert clip("database-of-the-north", 12) == "database ..."
    assert width(clip("数据库数据库数据库", 9)) <= 9
    assert pad("数据", 6) == "数据  "


def test_wrap() -> None:
    assert wrap("no OCP Agent at its home", 12) == ["no OCP Agent", "at its home"]
    assert wrap("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert wrap("no OCP Agent at its home", 12, 1) == ["no OCP A ..."]
    assert wrap("", 12) == []


def test_squeeze_keeps_how_it_begins_and_how_it_ends() -> None:
    lines = squeeze(" ".join(["what", "failed", *["why"] * 3000, "what", "to", "do"]), 20, 3)
    assert len(lines) <= 3
    assert lines[0].startswith("what failed")
    assert lines[-1].endswith("what to do")
    assert squeeze("short", 20, 3) == ["short"]


def test_ranges() -> None:
    assert ranges(["db001", "db002", "db003", "db005", "db006", "x"]) == "db001 to db003, db005, db006, x"
    assert ranges(["db9", "db10", "db11", "db12"]) == "db9, db10 to db12"
    assert ranges(["a1.z2", "a1.z3", "a1.z4", "b"]) == "a1.z2 to a1.z4, b"
    assert ranges([]) == ""
