# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job template: a playbook, and the variables that a launch may set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Template:
    """playbook: a file of the project.

    variables: the template's own, which are trusted. survey: the variables of the survey. asks: whether it prompts for
    variables, so that a launch may set any. slices: the number of jobs of a launch. check: job type.
    """

    playbook: str
    variables: dict[str, Any] = field(default_factory=dict)
    survey: tuple[str, ...] = ()
    asks: bool = False
    slices: int = 1
    check: bool = False
    id: int = 9

    def accepted(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The accepted variables of a launch, and those that AWX ignores, as it says only in its answer (201)."""
        counts = {name: value for name, value in given.items() if self.asks or name in self.survey}
        return counts, {name: value for name, value in given.items() if name not in counts}
