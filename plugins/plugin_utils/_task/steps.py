# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The present step of a host within a phase, as a text.

The host program reports its steps by these words (module_utils/_agent/log.py). A step has no time of day, since the
clocks of hosts differ. It begins when its report arrives on the controller, less the seconds for which the
host has held the report back.
"""

from __future__ import annotations

import typing as t

# By word. C(ago): seconds since the step began. C(left): seconds that it still takes at most. C(name): see Log.at().
_TEXTS = {
    "control_start": "{name} start for {ago:.0f} s",
    "kill": "SIGKILL {ago:.0f} s ago",
    "lock": "waiting for the lock of the agent for {ago:.0f} s, {left:.0f} s at most",
    "look": "looking for what is left",
    "ready": "waiting for the agent to be ready for {ago:.0f} s, {left:.0f} s at most",
    "settle": "waiting whether it stays so, for {left:.0f} s",
    "terminate": "SIGTERM {ago:.0f} s ago",
    "terminate_and_kill": "SIGTERM {ago:.0f} s ago, SIGKILL in {left:.0f} s",
    "unit_start": "systemctl start {name} for {ago:.0f} s",
    "unit_stop": "systemctl stop {name} for {ago:.0f} s",
}


def told(step: t.Mapping[str, t.Any], ago: float) -> str:
    """The step as a text; empty for an unknown word.

    step: C(step), and possibly C(seconds) and C(name), as host_answer.step() checks them. ago: seconds since its begin.
    """
    left = max(0.0, step.get("seconds", 0.0) - ago)
    return _TEXTS.get(step["step"], "").format(ago=ago, left=left, name=step.get("name", "?"))
