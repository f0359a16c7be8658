# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The alerts that OCP raises for a host whose agent is stopped, within a minute."""

from __future__ import annotations

ALERTS = (
    "host_unavailable",
    "agentd_process_stop",
    "mgragent_process_stop",
    "monagent_process_stop",
    "obagent_dead",
)


def of_stop() -> str:
    """The message about them at the begin of a stop."""
    return f"OCP raises alerts for these hosts within a minute of the stop: {', '.join(ALERTS)}"
