# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The response as a custom statistic of the run, which has to stay small, and as one line of its output.

AWX keeps the statistics of a job in its database, and gives them to the later nodes of a workflow as extra variables.
"""

from __future__ import annotations

import json
import typing as t
from collections import Counter

from .response import count_hosts

MOST_BYTES = 64 * 1024  # of JSON: the response of about 30 hosts
PREFIX = "OCP_RESPONSE "
_NEIGHBOURS = ("upstreams", "downstreams")  # a wait node has those of every host


def statistic(response: t.Mapping[str, t.Any], whole: str, most: int = MOST_BYTES) -> dict[str, t.Any]:
    """The response, or its summary where it has more than so many bytes as JSON.

    A summary has a dict C(summary) in C(data) or C(error). For a task it has C(failedSubtasks) instead of C(subtasks),
    and no host ids. For waves it has the tasks that are not SUCCESSFUL, and the number of hosts of each wave. For a
    refused request it has the first C(subErrors). whole: the place of the whole response, as a text.
    """
    if _size(response) <= most:
        return dict(response)
    if "contents" in response.get("data", {}):
        return _short_waves(response, whole, most)
    if "error" in response:
        return _short_refusal(response, whole, most)
    return _short_task(response, whole, most)


def line(response: t.Mapping[str, t.Any]) -> str:
    """The whole response as one line: PREFIX, then JSON in ASCII, whatever the encoding of the output is.

    AWX's pages cut a line at 1,024 characters, so short values come first, and lists last.
    """
    return PREFIX + json.dumps(_short_first(response), allow_nan=False)


def _short_first(value: t.Any) -> t.Any:
    """The same mapping, with the shortest values first."""
    if not isinstance(value, t.Mapping):
        return value
    return dict(sorted(((key, _short_first(item)) for key, item in value.items()), key=lambda pair: _size(pair[1])))


def _short_task(response: t.Mapping[str, t.Any], whole: str, most: int) -> dict[str, t.Any]:
    data = {key: value for key, value in response["data"].items() if key != "subtasks"}
    subtasks = response["data"]["subtasks"]
    failed = [
        {key: value for key, value in subtask.items() if key not in _NEIGHBOURS}
        for subtask in subtasks
        if subtask["status"] == "FAILED"
    ]
    summary: dict[str, t.Any] = {
        "hosts": count_hosts(data),
        "subtasks": dict(sorted(Counter(subtask["status"] for subtask in subtasks).items())),
        "omittedFailedSubtasks": len(failed),
        "whole": whole,
    }
    short = {**response, "data": {**data, "context": {**data["context"], "listMap": {}}, "summary": summary}}
    kept = _fitting(failed, most - _size(short))
    summary["omittedFailedSubtasks"] -= len(kept)
    short["data"]["failedSubtasks"] = kept
    return short


def _short_waves(response: t.Mapping[str, t.Any], whole: str, most: int) -> dict[str, t.Any]:
    data = response["data"]
    waves = [{**wave, "hosts": len(wave["hostIds"])} for wave in data["waves"]]
    for wave in waves:
        del wave["hostIds"]
    broken = [task for task in data["contents"] if task["status"] != "SUCCESSFUL"]
    short = {**response, "data": {**data, "contents": [], "waves": waves}}
    room = (most - _size(short)) // max(1, len(broken))
    contents = [_short_task({"data": task}, whole, room)["data"] for task in broken]
    short["data"].update(contents=contents, summary={"tasks": len(data["contents"]), "whole": whole})
    return short


def _short_refusal(response: t.Mapping[str, t.Any], whole: str, most: int) -> dict[str, t.Any]:
    sub_errors = response["error"].get("subErrors", [])
    summary: dict[str, t.Any] = {"omittedSubErrors": len(sub_errors), "whole": whole}
    short = {**response, "error": {**response["error"], "subErrors": [], "summary": summary}}
    short["error"]["subErrors"] = _fitting(sub_errors, most - _size(short))
    summary["omittedSubErrors"] -= len(short["error"]["subErrors"])
    return short


def _fitting(items: t.Sequence[t.Any], size: int) -> list[t.Any]:
    """As many of the first items as so many bytes hold."""
    kept = []
    size -= len(', "failedSubtasks": []')
    for item in items:
        size -= _size(item) + len(", ")
        if size < 0:
            break
        kept.append(item)
    return kept


def _size(value: t.Any) -> int:
    return len(json.dumps(value))
