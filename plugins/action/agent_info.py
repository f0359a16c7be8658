# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.action import agent_processes
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import info_spec
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.agent_looks import PHASE


class ActionModule(agent_processes.ActionModule):
    """Gets the status of the agent on its host."""

    _module = "oceanbase.ocp.agent_info"
    _spec = staticmethod(info_spec)
    _phase = PHASE
