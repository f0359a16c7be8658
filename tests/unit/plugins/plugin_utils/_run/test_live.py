# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines at the bottom of a terminal, and other output above them."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pyte
import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import live
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.live import Bottom


class Terminal(io.StringIO):
    """Standard output that is a terminal of 30 columns and 8 lines."""

    def __init__(self) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(30, 8, history=1000)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> int:
        self._stream.feed(text)
        return len(text)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> list[str]:
        """Everything that a user sees who scrolls up."""
        above = ["".join(row[column].data for column in range(30)) for row in self.screen.history.top]
        return [line.rstrip() for line in [*above, *self.screen.display]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(live, "sys", SimpleNamespace(stdout=found))
    monkeypatch.setenv("LINES", "8")
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    return found


def test_other_output_goes_above_and_nothing_is_left_behind(terminal: Terminal) -> None:
    lines = ["one: 0"]
    bottom = Bottom(lambda: [(line, None) for line in lines])
    bottom.redraw()
    assert "".join(terminal.text) == "", "not before it is on"
    bottom.on = True
    for number in range(30):
        lines = [f"one: {number}", *([f"two: {number}"] if number % 3 else [])]
        bottom.redraw()
        bottom.aside(lambda said=f"said {number}\n": terminal.write(said))  # type: ignore[misc]
    lines = ["one: end", "two: end"]
    bottom.leave()
    terminal.write("the last screen\n")
    bottom.redraw()
    bottom.aside(lambda: terminal.write("more\n"))
    assert [line for line in terminal.text if line] == [
        *(f"said {number}" for number in range(30)),
        "one: end",
        "two: end",
        "the last screen",
        "more",
    ]


def test_more_lines_than_the_terminal_has(terminal: Terminal) -> None:
    bottom = Bottom(lambda: [(f"line {number}", None) for number in range(20)])
    bottom.on = True
    for _number in range(5):
        bottom.redraw()
    assert [line for line in terminal.text if line] == [f"line {number}" for number in range(6)]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, True), ({"TERM": "dumb"}, False), ({"TERM": ""}, False), ({"AWX_ISOLATED_DATA_DIR": "/runner"}, False)],
)
def test_where_it_is_possible(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert live.is_possible() is expected
    monkeypatch.setattr(live, "sys", SimpleNamespace(stdout=io.StringIO()))
    assert not live.is_possible()


def test_block_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, expected in (("utf-8", True), ("ascii", False), ("latin-1", False)):
        output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(live, "sys", SimpleNamespace(stdout=output))
        assert live.has_blocks() is expected
