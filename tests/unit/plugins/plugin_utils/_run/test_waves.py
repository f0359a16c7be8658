# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible import constants as C

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import waves
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request

RUN = Run(Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605))


@pytest.mark.parametrize("there", [True, False])
def test_a_note_that_cannot_be_written_does_not_end_the_waves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    folder = tmp_path if there else tmp_path / "gone"
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(folder))
    waves._leave(RUN, "batch_stop_agents", [], os.getpid())
    assert (folder / "ocp_waves.json").exists() == there
