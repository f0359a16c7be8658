# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations as functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ._arguments import PLAYBOOK, Settings
from ._submission import Submission


def batch_stop_agents(
    host_ids: Any,
    *,
    inventory: Any = None,
    extravars: Mapping[str, Any] | None = None,
    response_file: str | os.PathLike[str] | None = None,
    max_fail_percentage: float | None = None,
    **runner_kwargs: Any,
) -> dict[str, Any]:
    """Stop the OCP Agent on hosts and wait for the end.

    The parameters are those of `submit`.

    Returns OCP's final response. A task that has FAILED, on one host or on all, and a request that was refused are
    responses too: look at `["successful"]`, and then at `["data"]["status"]`.

    Raises OcpRunError when there is no response, because the run failed before it had accepted the request.
    """
    with submit(
        host_ids,
        inventory=inventory,
        extravars=extravars,
        response_file=response_file,
        max_fail_percentage=max_fail_percentage,
        **runner_kwargs,
    ) as submission:
        return submission.wait()


def submit(
    host_ids: Any,
    *,
    inventory: Any = None,
    extravars: Mapping[str, Any] | None = None,
    response_file: str | os.PathLike[str] | None = None,
    max_fail_percentage: float | None = None,
    **runner_kwargs: Any,
) -> Submission:
    """Begin to stop the OCP Agent on hosts, and return once OCP's create response is there.

    At that moment the request is checked and the task RUNNING, and no host has been contacted yet.

    host_ids: OCP's ids of the hosts: any iterable of integers, or whatever else the playbook takes. It is checked by
        the playbook; a text in it is data and never a template.
    inventory: as in ansible-runner: a path, a host list, a text, a mapping, or a list of paths and host lists.
        Relative paths are the caller's.
    extravars: more variables for the playbook, such as `ocp_agent_home`. They are Ansible's own, and may be templates.
    response_file: where the response is written as well, at once and again at the end.
    max_fail_percentage: the share of hosts, 0 to 100, that may fail without holding the others up.
    runner_kwargs: keywords of `ansible_runner.run`, such as `private_data_dir`, `timeout` (seconds), `forks`, `limit`,
        `envvars` or `event_handler`. Handlers and callbacks are called in another thread.

    Raises OcpRunError when the run failed before it had accepted the request, or an inventory is missing; TypeError
    for a keyword that the operation has no use for.
    """
    settings = Settings(PLAYBOOK, host_ids, inventory, extravars or {}, response_file, max_fail_percentage)
    return Submission(settings, runner_kwargs)
