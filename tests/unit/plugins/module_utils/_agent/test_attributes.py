# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes as one text. tests/program/test_as_before.py has those of processes."""

from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.attribute_forms import _NUMBERS, ATTRIBUTES_LIMIT
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.attributes import _LONGEST, as_words, from_words

TEXTS = ("groups", "cpus", "directory", "cgroup", "environment")


def test_all_that_a_process_can_have_fits_into_what_a_controller_takes() -> None:
    """Otherwise the answer of a Stop that has stopped the agent would be refused."""
    numbers = {key: " ".join(str(most) for _least, most in ranges) for key, ranges in _NUMBERS.items()}
    attributes = {**numbers, "umask": "0777", **dict.fromkeys(TEXTS, "1" * _LONGEST)}
    words = as_words(attributes)
    assert len(words) <= ATTRIBUTES_LIMIT
    assert from_words(words) == attributes


@pytest.mark.parametrize("length", range(8))
def test_of_too_many_variables_the_first_ones_are_kept(length: int) -> None:
    names = ",".join(f"A{'B' * length}" for _number in range(_LONGEST))
    found = from_words(as_words({"environment": names}))
    assert "left_out" not in found
    assert found["environment"].endswith(",...")
    assert _LONGEST - 16 < len(found["environment"]) <= _LONGEST
