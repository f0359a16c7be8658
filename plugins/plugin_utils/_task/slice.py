# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The part of a workflow's task that one run has taken, as a value."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .task import Outcome


@dataclass
class Slice:
    """A slice of a workflow's task.

    done: hosts whose outcome was handed in before, as texts. held: hosts that another slice works on. lost: hosts that
    were taken by a slice that is gone. refused: hosts whose outcome came too late. kept: outcomes that the store has
    not taken yet, by subtask id. problem: the reason of that.
    """

    done: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: dict[int, Outcome] = field(default_factory=dict)
    problem: str | None = None

    @classmethod
    def load(cls, data: t.Mapping[str, t.Any]) -> Slice:
        """The slice, from its dataclasses.asdict()."""
        kept = {int(number): Outcome(**outcome) for number, outcome in data["kept"].items()}
        return cls(**{**data, "kept": kept})
