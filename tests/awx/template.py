# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job template: a playbook, and what a launch may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Template:
    """playbook: a file of the project.

    variables: the template's own, which are trusted. survey: the variables that the survey asks for. asks: whether it
    prompts for variables, so that a launch may give any. slices: into how many jobs a launch is cut. check: job type.
    """

    playbook: str
    variables: dict[str, Any] = field(default_factory=dict)
    survey: tuple[str, ...] = ()
    asks: bool = False
    slices: int = 1
    check: bool = False
    id: int = 9

    def accepted(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What of a launch's variables counts, and what AWX ignores: it says so in the answer (201) only."""
        counts = {name: value for name, value in given.items() if self.asks or name in self.survey}
        return counts, {name: value for name, value in given.items() if name not in counts}
