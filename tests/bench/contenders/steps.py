# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation as people write it by hand: three shell commands for a host with a gen 2 agent in its usual place.

They trust the pid files, look for nothing else of the agent, and do not check whether it comes back.
"""

from __future__ import annotations

_RUN = "cd /home/admin/ocp_agent/run"

KILL = f"{_RUN} && kill $(cat ocp_agentd.pid)"

PREPARE = f"{_RUN} && for p in ocp_agentd ocp_mgragent ocp_monagent; do kill -0 $(cat $p.pid) || exit 1; done"
STOP = (
    f"{_RUN} && d=$(cat ocp_agentd.pid) && c=$(cat ocp_mgragent.pid ocp_monagent.pid) && kill $d && "
    "for i in $(seq 200); do kill -0 $d 2>/dev/null || exit 0; sleep 0.1; done; kill -9 $d $c"
)
FINISH = f"! pgrep -f '^/home/admin/ocp_agent/bin/' && {_RUN} && rm -f *.pid"

STEPS = {"Prepare": PREPARE, "Stop": STOP, "Finish": FINISH}
