# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action for test_routes.py that returns how a fan-out would reach hosts."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.interpreter import first_of
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.routes import routes
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.task_variables import TaskVariables


class ActionModule(ActionBase):
    """hosts: inventory names. to: file for the results, of all hosts together and of each one alone."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        hosts = self._task.args["hosts"]
        together = self._ways(task_vars or {}, hosts)
        alone = {name: way for host in hosts for name, way in self._ways(task_vars or {}, [host]).items()}
        Path(self._task.args["to"]).write_text(json.dumps({"together": together, "alone": alone}))
        return {**result, "changed": False}

    def _ways(self, task_vars: dict[str, t.Any], hosts: list[str]) -> dict[str, t.Any]:
        searched = first_of(C.config.get_configuration_definitions()["INTERPRETER_PYTHON_FALLBACK"]["default"])
        found = routes(
            self,
            task_vars,
            hosts,
            lambda python: f"{'python3' if python == searched else python} -c pass",
            TaskVariables(self, task_vars),
        )
        return {name: way if isinstance(way, str) else dataclasses.asdict(way) for name, way in found.items()}
