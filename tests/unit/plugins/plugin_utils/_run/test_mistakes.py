# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.mistakes import (
    check_extra,
    check_hosts,
    check_missing,
    check_values,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.variables import KNOWN, OF_HOSTS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError


def controller(extra: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The variables of a task on the controller."""
    manager = SimpleNamespace(extra_vars=extra)
    return {**other, **extra, "hostvars": SimpleNamespace(_variable_manager=manager)}


def refused(call: Any, *arguments: Any) -> OcpError:
    with pytest.raises(OcpError) as raised:
        call(*arguments)
    assert raised.value.code is INVALID
    return raised.value


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ocp_agnet_home", "ocp_agent_home"),
        ("ocp_max_fail_percent", "ocp_max_fail_percentage"),
        ("OCP_AGENT_HOME", "ocp_agent_home"),
        ("Ocp_Agent_Home", "ocp_agent_home"),
        ("ocp-agent-home", "ocp_agent_home"),
        ("ocp_agentHome", "ocp_agent_home"),
        ("opc_agent_home", "ocp_agent_home"),
        ("oc_agent_home", "ocp_agent_home"),
        ("ocp_forse", "ocp_force"),
        ("ocp_role_binding", "ocp_role_bindings"),
        ("ocp_task_stroe", "ocp_task_store"),
        ("ocp_timeout_stop", "ocp_stop_timeout"),
        ("ocp_home", "ocp_agent_home"),
    ],
)
def test_a_misspelled_extra_variable(name: str, nearest: str) -> None:
    error = refused(check_extra, controller({name: "postgresql://ocp:secret@db/ocp"}))
    assert f"{name} (did you mean " in error.message
    assert [found["field"] for found in error.sub_errors] == [name]
    assert "secret" not in str(error.sub_errors) + error.message
    if name not in ("ocp_timeout_stop",):
        assert f"(did you mean {nearest}?)" in error.message


def test_an_extra_variable_like_none() -> None:
    assert "ocp_qqq is no variable" in refused(check_extra, controller({"ocp_qqq": 1})).message


def test_all_wrong_ones_are_named() -> None:
    error = refused(check_extra, controller({"ocp_agnet_home": 1, "ocp_forced": 1, "ocp_force": True}))
    assert error.message.startswith(
        "ocp_agnet_home (did you mean ocp_agent_home?), ocp_forced (did you mean ocp_force?) are no variables"
    )


def test_what_may_be_given() -> None:
    others = ["host_ids", "ansible_user", "agent_home", "ocplib", "ob_agent_home", "awx_job_id", "op_code", "cop_shop"]
    check_extra(controller(dict.fromkeys([*KNOWN, *others], 1) | {"ocp_ignore_variables": []}))


@pytest.mark.parametrize("ignored", ["ocp_agnet_home, ocp_qqq", ["ocp_agnet_home", "ocp_qqq"]])
def test_ignored(ignored: Any) -> None:
    extra = {"ocp_agnet_home": 1, "ocp_qqq": 2}
    check_extra(controller({**extra, "ocp_ignore_variables": ignored}))
    check_extra(controller(extra, ocp_ignore_variables=ignored))
    check_hosts({"db1": extra}, controller({}, ocp_ignore_variables=ignored))
    check_hosts({"db1": {**extra, "ocp_ignore_variables": ignored}}, controller({}))


def test_ignored_must_be_names() -> None:
    assert "ocp_ignore_variables must be a list" in refused(
        check_extra, controller({"ocp_ignore_variables": {"ocp_x": 1}})
    ).message


def test_a_setting_that_the_controller_has_misspelled() -> None:
    error = refused(check_extra, controller({}, ocp_role_bindigns="/etc/roles.yml", ocp_console="mine"))
    assert error.message.startswith("ocp_role_bindigns (did you mean ocp_role_bindings?) is no variable")


def test_a_misspelled_variable_of_hosts() -> None:
    hosts = {"db1": {"ocp_agnet_home": "/x"}, "db2": {"ocp_agent_home": "/x"}, "db3": {"ocp_agnet_home": "/x"}}
    error = refused(check_hosts, hosts, controller({}))
    assert error.message.startswith("ocp_agnet_home of db1, db3 (did you mean ocp_agent_home?)")


def test_a_site_has_variables_of_its_own() -> None:
    own = ["ocp_console", "ocp_url", "ocp_host", "ocp_host_ip", "ocp_version", "ocp_agent_name", "ocp_agent_user",
           "ocp_agent_port", "ocp_agent_dir", "ocp_admin_password", "ocp_meta_tenant", "ocp_home", "ocp_cluster_name"]
    check_hosts({"db1": dict.fromkeys([*own, *KNOWN], "x") | {"ocp_ignore_variables": []}}, controller({}))


WRONG = [
    ("ocp_agent_home", "data/agent"),
    ("ocp_agent_home", 5),
    ("ocp_agent_home", ""),
    ("ocp_agent_grace", "soon"),
    ("ocp_agent_grace", -1),
    ("ocp_agent_grace", True),
    ("ocp_agent_daemon_grace", "nan"),
    ("ocp_agent_settle", [3]),
    ("ocp_agent_settle", "inf"),
    ("ocp_protect_unit", "perhaps"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_is_none(name: str, value: Any) -> None:
    hosts = {"db1": {name: value}, "db2": {name: None}, "db3": {name: value}}
    error = refused(check_values, hosts, pytest.fail)
    assert error.message.startswith(f"{name} of db1, db3 must be ")
    assert repr(value) in error.message


def test_values_that_are_right() -> None:
    right = {
        "ocp_agent_home": "/data/ocp_agent",
        "ocp_agent_grace": "0.5",
        "ocp_agent_daemon_grace": 20,
        "ocp_agent_settle": 3.0,
        "ocp_protect_unit": "yes",
    }
    assert right.keys() == OF_HOSTS
    check_values({"db1": right, "db2": {**right, "ocp_protect_unit": False}}, pytest.fail)


def test_a_template_is_evaluated_where_that_can_be_done() -> None:
    def evaluate(host: str, name: str) -> Any:
        if host == "db2":
            raise AnsibleError("the lookup failed")
        return "data"

    template = {"ocp_agent_home": "{{ base }}/agent"}
    check_values({"db2": template}, evaluate)
    error = refused(check_values, {"db1": template, "db2": template}, evaluate)
    assert error.message == "ocp_agent_home of db1 must be an absolute path, not 'data'"


@pytest.mark.parametrize(
    ("wanted", "name", "right"),
    [
        ("hostIds", "host_id", "host_ids"),
        ("hostIds", "hostids", "host_ids"),
        ("hostIds", "HOST_IDS", "host_ids"),
        ("hostIds", "hosts", "ocp_hosts"),
        ("taskId", "taskid", "task_id"),
        ("taskId", "task_ids", "task_id"),
        ("subtaskId", "subtask", "subtask_id"),
    ],
)
def test_what_is_missing_and_was_given_by_another_name(wanted: str, name: str, right: str) -> None:
    error = refused(check_missing, wanted, controller({name: 7, "ansible_user": "admin"}))
    assert error.message == f"{wanted} is required, and {name} is not looked at: did you mean {right}?"


def test_what_is_missing_and_was_not_given() -> None:
    check_missing("hostIds", controller({"ansible_host": 1, "ghosts_of": 2, "host_ids": "", "ocp_hosts": ""}))
