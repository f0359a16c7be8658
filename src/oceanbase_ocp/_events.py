# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response of a run that a program makes by itself with ansible-runner, from its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, INTERRUPTED, TIMED_OUT, Code

from ._errors import OcpRunError
from ._progress import Progress
from ._types import Response

# By ansible-runner's status of a run that ended without its report; see `why_it_ended`.
_EARLY = {
    "canceled": (CANCELLED, "the task was cancelled"),
    "timeout": (TIMED_OUT, "the run took longer than it may"),
}
_GOING_ON = ("unstarted", "starting", "running")


def why_it_ended(status: str) -> tuple[Code, str]:
    """Why a run ended before its report, by ansible-runner's status."""
    return _EARLY.get(status, (INTERRUPTED, "the run ended before its report"))


def response_of(events: Iterable[Mapping[str, Any]], status: str) -> Response:
    """OCP's response of a run, from its events.

    events: ansible-runner's, in their order: `runner.events`, or what an `event_handler` was given. status: the run's,
    `runner.status`.

    Returns the final response. Of a run that ended without its report (`canceled`, `timeout`, `failed`, `error`) it is
    made of what the events tell; of one that goes on, it is the create response. Where ansible-runner has dropped the
    results of events for their size (`MAX_EVENT_RES` in `envvars` raises the limit), it is the summary of the statistic
    `ocp_response`.

    Raises OcpRunError when the events have no response, because the request was not accepted or their results are gone.
    """
    progress = Progress()
    for event in events:
        progress.take(event)
    if status not in _GOING_ON:
        progress.end(*why_it_ended(status))
    response = progress.final or progress.created
    if response is None:
        raise OcpRunError("the events have no response: the run had not accepted the request", status)
    return cast("Response", response)
