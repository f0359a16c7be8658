# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import LOG_ENTRIES, LOG_TEXT, Log


def test_entries_are_in_order_and_tell_when() -> None:
    log = Log()
    log.add("one")
    log.add("two")
    (first, one), (second, two) = log.entries
    assert (one, two) == ("one", "two")
    assert 0 <= first <= second < 5


def test_a_full_log_keeps_how_it_began_and_how_it_ended() -> None:
    log = Log()
    for number in range(3 * LOG_ENTRIES):
        log.add(str(number))
    texts = [text for dummy, text in log.entries]
    assert len(texts) == LOG_ENTRIES
    assert (texts[0], texts[-1]) == ("0", str(3 * LOG_ENTRIES - 1))
    (left_out,) = [text for text in texts if "left out" in text]
    assert left_out == f"({2 * LOG_ENTRIES + 1} entries left out)"


def test_a_text_is_cut() -> None:
    log = Log()
    log.add("x" * (LOG_TEXT + 1))
    log.add("\udcff")
    assert [len(text) for dummy, text in log.entries] == [LOG_TEXT, 1]
    assert log.entries[0][1].endswith("...")
