# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that leave out a part of a playbook. The keys are those of ansible-core's own arguments."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.command_line import leaves_out

NOTHING: dict[str, Any] = {"tags": ("all",), "skip_tags": (), "start_at_task": None, "step": None, "listtasks": None}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, None),
        ({"tags": ("all", "foo")}, None),
        ({"skip_tags": ("",)}, None),
        ({"tags": ("foo", "bar")}, "--tags bar,foo"),
        ({"tags": ("",)}, "--tags "),
        ({"tags": ("always",)}, "--tags always"),
        ({"skip_tags": ("molecule-notest", "notest")}, None),
        ({"skip_tags": ("tagged", "always", "never")}, None),
        ({"skip_tags": ("x", "untagged")}, "--skip-tags untagged,x"),
        ({"skip_tags": ("all",)}, "--skip-tags all"),
        ({"start_at_task": "Wait node"}, "--start-at-task 'Wait node'"),
        ({"step": True}, "--step"),
        ({"tags": ("a",), "step": True}, "--tags a --step"),
        ({"tags": ("a",), "listtasks": True}, None),
        ({"tags": ("a",), "syntax": True}, None),
    ],
)
def test_what_leaves_a_part_out(given: dict[str, Any], found: str | None) -> None:
    assert leaves_out({**NOTHING, **given}) == found


def test_who_runs_no_playbook_leaves_nothing_out() -> None:
    assert leaves_out({}) is None
