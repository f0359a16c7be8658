# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours at a site that has configured Mitogen for all playbooks, as its documentation says."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from tests.fleet import Fleet

from .contender import BenchError, Command
from .ours import Ours


class WithMitogen(Ours):
    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        found = find_spec("ansible_mitogen")
        if found is None or not found.origin:
            raise BenchError("ansible_mitogen is missing: `make bench` installs what the bench needs")
        plugins = Path(found.origin).parent / "plugins" / "strategy"
        settings = {**self.settings, "strategy_plugins": str(plugins), "strategy": "mitogen_linear"}
        return Ours.prepare(replace(self, settings=settings), fleet, folder)
