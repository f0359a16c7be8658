# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The status of the agents of hosts, from all hosts at once and without a task of OCP."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import info_spec

from .._fan_out import carrier, client
from .._fan_out.client import Work
from .._ssh.task_variables import TaskVariables
from .._task.errors import OcpError
from .._task.settings import TASK
from . import cancel
from .fan_out_results import FanOutResults
from .host_requests import given_on, validated

PHASE = "info"
OPTIONS = {"home": "ocp_agent_home", "protect_unit": "ocp_protect_unit"}  # by the variables of a host


def look(
    action: ActionBase,
    task_vars: dict[str, t.Any],
    hosts: t.Sequence[str],
    *,
    transport: str,
    timeout: int,
    at_once: int,
) -> FanOutResults:
    """Get the status of the agents of hosts.

    action, task_vars: of the calling task. transport: see settings.py. timeout: seconds for each host. at_once: the
    number of hosts at the same time.
    """
    results = FanOutResults(PHASE, transport, timeout)
    if transport == TASK:
        results.leave(hosts)
        return results
    with results.fallen_back(hosts):
        works = list(_works(action, task_vars, hosts, results, timeout))
        with client.engine(Path(C.DEFAULT_LOCAL_TMP)) as engine:
            answers = engine.carry_out(
                works,
                library=carrier.library([{"phase": PHASE}]),
                at_once=at_once,
                timeout=timeout,
                keep=False,
                begun=lambda _host: None,
                cancelled=cancel.asked,
            )
            for host, answer in answers:
                results.take(host, answer)
    return results


def _works(
    action: ActionBase, task_vars: dict[str, t.Any], hosts: t.Sequence[str], results: FanOutResults, timeout: int
) -> t.Iterator[Work]:
    variables, validator = TaskVariables(action, task_vars), ArgumentSpecValidator(info_spec())
    for host, way in results.ways(action, task_vars, hosts, variables):
        try:
            request = validated(validator, {"timeout": timeout, **given_on(host, OPTIONS, variables)})
        except (OcpError, AnsibleError) as exc:
            results.answers[host] = {"failed": True, "reason": "invalid", "msg": str(exc)}
            continue
        yield Work(host, {**request, "phase": PHASE, "check_mode": True}, way.route, way.start)
