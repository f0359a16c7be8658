# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The phases, for the documentation of every module that takes one. What is said of it is the module's own."""

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES


class ModuleDocFragment:
    DOCUMENTATION = f"""
options:
  phase:
    type: str
    required: true
    choices: [{", ".join(PHASES)}]
"""
