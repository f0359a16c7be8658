# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The response of a run as its statistic, and its places for the last screen."""

from __future__ import annotations

import os
import typing as t

from .._task import statistic as _statistic
from . import persistence, screen, wave
from .controller import in_awx


def statistic(response: dict[str, t.Any], response_file: str | None) -> dict[str, t.Any]:
    """The part of a result of an action that makes a response the statistic of the run."""
    data = {"ocp_response": _shortened(response, response_file)}
    return {"ansible_stats": {"data": data, "per_host": False, "aggregate": False}}


def _shortened(response: dict[str, t.Any], response_file: str | None) -> dict[str, t.Any]:
    """The response, or under ansible-runner its summary, where a large one is shown as a line of the output.

    AWX drops results of more than 700,000 characters, and the file of a job is lost with its container.
    """
    by_awx = in_awx()
    if wave.mine():  # the run of all waves publishes the response
        return response
    if not by_awx and not os.environ.get("AWX_ISOLATED_DATA_DIR"):  # ansible-runner sets the latter
        return response
    in_file = response_file if not by_awx else None
    whole = in_file or f"the output of the job: JSON in the line that begins with {_statistic.PREFIX.strip()}"
    found = _statistic.statistic(response, whole)
    if found != response and not in_file:
        screen.display().display(_statistic.line(response), screen_only=True)
    return found


def places(response_file: str | None, report_file: str | None, url: str | None) -> list[str]:
    """The places of report, response and store, as lines of the last screen. url: from persistence.chosen()."""
    by_awx = in_awx()
    report = [f"Report: {report_file}{', in the container of this job' if by_awx else ''}"] if report_file else []
    if by_awx:
        return [*report, "Response: the artifacts of the job"]
    response = f"Response: {response_file or 'in no file (ocp_response_file names one)'}"
    store = "" if url == persistence.NONE else f"; store: {persistence.shown(url)}"
    return [*report, f"{response}{store}"]
