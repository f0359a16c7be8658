# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Whether another host of a run may begin."""

from __future__ import annotations

import typing as t

from . import cancel, heartbeat
from .host_results import cancelled, disowned


def halt(token: str) -> dict[str, t.Any] | None:
    """The answer for a waiting host when no further host may begin; None if the next one may.

    token: of the executor with the heartbeat, see Run.token.
    """
    if cancel.asked():
        return cancelled()
    why = heartbeat.silence(token)
    return disowned(f"not begun: {why}") if why else None
