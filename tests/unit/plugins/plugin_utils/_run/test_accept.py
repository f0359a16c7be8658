# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.accept import timeouts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES


def asked(argument: dict[str, Any], **variables: Any) -> Any:
    templates = {"{{ seconds }}": 7}
    action = SimpleNamespace(_templar=SimpleNamespace(template=lambda value: templates.get(value, value)))
    return SimpleNamespace(action=action, arguments={"timeouts": argument}, variables=variables)


def test_each_phase_and_the_wait_node_have_a_variable() -> None:
    variables = {f"ocp_{phase}_timeout": "9" for phase in (*PHASES, "wait")}
    assert timeouts(asked({}, **variables)) == dict.fromkeys((*PHASES, "wait"), 9)


def test_the_argument_counts_more_than_the_variables() -> None:
    variables = {"ocp_stop_timeout": "{{ seconds }}", "ocp_start_timeout": 5, "ocp_finish_timeout": ""}
    assert timeouts(asked({"start": 6}, **variables)) == {"stop": 7, "start": 6}


@pytest.mark.parametrize("value", [0, None, "soon", "{{ 1 }}"])
def test_a_variable_that_is_no_timeout(value: object) -> None:
    with pytest.raises(OcpError, match=r"^ocp_stop_timeout must be") as caught:
        timeouts(asked({}, ocp_stop_timeout=value))
    assert caught.value.code is INVALID
