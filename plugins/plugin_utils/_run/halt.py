# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Whether a run may begin another host."""

from __future__ import annotations

import typing as t

from . import cancel, heartbeat
from .host_results import cancelled, disowned


def halt(run: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """The answer for a waiting host when no further host may begin; None if the next one may.

    run: the registered part of the state, see Run.register().
    """
    if cancel.asked():
        return cancelled()
    why = silence(run)
    return disowned(f"not begun: {why}") if why else None


def silence(run: t.Mapping[str, t.Any]) -> str | None:
    """Why the task may belong to another run by now, for people; None if it does not. run: as for halt()."""
    return heartbeat.silence(run["heart"]) if run.get("heart") else None
