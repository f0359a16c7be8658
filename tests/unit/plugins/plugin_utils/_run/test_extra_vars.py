# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible import context

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.extra_vars import as_written

Give = Callable[..., None]


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Give this run extra variables: the contents of files, or, after =, text of the command line."""

    def give(*several: str) -> None:
        options = []
        for number, text in enumerate(several):
            path = tmp_path / f"{number}.yml"
            path.write_text(text)
            options.append(text.removeprefix("=") if text.startswith("=") else f"@{path}")
        monkeypatch.setattr(context, "CLIARGS", {"extra_vars": tuple(options)})

    return give


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("!unsafe 'host_ids': !unsafe '0123'\n", "0123"),  # as AWX writes it
        ("host_ids: !unsafe '1_000'\n", "1_000"),
        ("host_ids: !unsafe 12:30:45\n", "12:30:45"),
        ("host_ids:\n- !unsafe '0123'\n- 1001\n", ["0123", 1001]),
        ("host_ids: !unsafe [1001, 1002]\n", [1001, 1002]),
        ('{"host_ids": "0123"}', "0123"),
        ("host_ids: 0123\n", 83),  # the user wrote YAML 1.1
        ("other: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nhost_ids: 7\n", 7),
        ("other: 1\n", None),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", None),
        ("[", None),
        ("", None),
    ],
)
def test_a_file(give: Give, text: str, written: object) -> None:
    give(text)
    assert as_written("host_ids") == written


def test_the_last_file_counts(give: Give) -> None:
    give("host_ids: !unsafe '0123'\n", "host_ids: !unsafe '1001'\n", "ocp_task_store: x\n")
    assert as_written("host_ids") == "1001"


def test_what_is_not_in_a_file(give: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give("=host_ids=0123", '={"host_ids": 83}')
    assert as_written("host_ids") is None
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(context, "CLIARGS", {"extra_vars": (f"@{tmp_path / 'pipe'}", f"@{tmp_path / 'gone'}")})
    assert as_written("host_ids") is None
    monkeypatch.setattr(context, "CLIARGS", {})
    assert as_written("host_ids") is None
