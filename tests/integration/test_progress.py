# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen while a phase goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core

pytestmark = pytest.mark.fleet


def test_a_failure_is_told_at_once_and_then_who_is_awaited(
    newest_core: Core, start_fleet: Callable[[Sequence[HostSpec]], Fleet], response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent"), HostSpec()])
    fleet.hosts[2].pause()  # for ssh it takes ten seconds to give up
    run = replace(newest_core, transport="fanout").stop_fleet(fleet, response_file, ocp_progress=1)
    fleet.hosts[2].resume()
    assert run.status == 2, run.output
    at_once = run.output.index("failed: [db002] ")
    awaited = run.output.index("prepare: 2 of 3 hosts, 1 failed, at work: db003 for ")
    given_up = run.output.index("unreachable: [db003] ")
    assert at_once < awaited < given_up, run.output
    assert (run.output.count("[db002]"), run.output.count("[db003]")) == (1, 1), "each is told of once"
