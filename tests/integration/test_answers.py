# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose Python gives wrong answers, beside an honest one. The hosts' own process tables decide."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core
from tests.integration.graph import check_graph, check_truth

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

PREPARE, STOP, FINISH = "Prepare stop OCP agent", "Stop all OCP agent processes", "Finish OCP agent operation"
WRAPPER = "/root/python"
DEEP = "[" * 700 + "]" * 700

# Filters between a host's Python and its standard output.
LIES = {
    "NaN": r"""sed -u 's/"changed": [a-z]*/"changed": true, "stopped_at": NaN/'""",
    "warnings": r"""sed -u 's/"warnings": \[[^]]*\]/"warnings": 5/'""",
    "deep": f"""sed -u 's/"changed": [a-z]*/"changed": true, "x": {DEEP}/'""",
    "a key twice": r"""sed -u 's/"changed": [a-z]*/"changed": true, "changed": false/'""",
    "processes": r"""sed -u 's/"processes": \[.*\]/"processes": [5]/'""",
    "a list": r"""sed -u 's/ {"changed".*/ [1]/'""",
}
HARMLESS = {
    "escapes": r"""sed -u 's/"warnings": \[[^]]*\]/"warnings": ["\\u001b[2J\\u202e"]/'""",
    "twice": "sed -u p",
    "binary": r"""sh -c 'printf "\033[2J\377\000"; exec cat'""",
}


def install(fleet: Fleet, filters: Sequence[str]) -> None:
    """Put a filter behind the Python of each of the first hosts."""
    for host, text in zip(fleet.hosts, filters, strict=False):
        path = host.path(WRAPPER)
        path.write_text(f'#!/bin/sh\n{host.spec.python} "$@" | {text}\n')
        path.chmod(0o755)


def wrapped() -> HostSpec:
    return HostSpec(variables={"ansible_python_interpreter": WRAPPER}, bystanders=False)


def test_what_a_host_says_is_its_own_trouble(newest_way: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    filters = [*LIES.values(), *HARMLESS.values()]
    fleet = start_fleet([*(wrapped() for _filter in filters), HostSpec(bystanders=False)])
    install(fleet, filters)

    run = newest_way.stop_fleet(fleet, tmp_path / "response.json", ocp_max_fail_percentage=90)

    assert run.status == 2, run.output
    check_graph(run.task, hosts=len(fleet.hosts))
    check_truth(run.task)
    failed = ["FAILED"] * len(LIES)
    good = ["SUCCESSFUL"] * (len(HARMLESS) + 1)
    assert run.statuses(PREPARE) == [*failed, *good], run.output
    assert run.statuses(STOP) == run.statuses(FINISH) == [*["PENDING"] * len(LIES), *good], run.output
    assert [len(host.agent_names()) for host in fleet.hosts] == [3] * len(LIES) + [0] * len(good)
    for index, name in enumerate(LIES):
        error = run.of_host(index)["Prepare"]["error"]
        assert error["code"] == "TSK10013", name
        assert "its answer is" in error["message"], name
    assert not [letter for letter in run.output if not letter.isprintable() and letter != "\n"]
    assert run.says("\\x1b[2J\\u202e")


FLOODS = {
    "before": '#!/bin/sh\nyes\nexec {python} "$@"\n',
    "beside": '#!/bin/sh\ncat /dev/zero &\nexec {python} "$@"\n',
    "errors": '#!/bin/sh\nyes >&2\n',
    "behind": '#!/bin/sh\n{python} "$@"\nexec yes\n',
}


def test_hosts_that_never_stop_to_talk(newest_way: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([*(wrapped() for _flood in FLOODS), HostSpec(bystanders=False)])
    for host, text in zip(fleet.hosts, FLOODS.values(), strict=False):
        host.path(WRAPPER).write_text(text.format(python=host.spec.python))
        host.path(WRAPPER).chmod(0o755)

    begun = time.monotonic()
    run = newest_way.stop_fleet(
        fleet, tmp_path / "response.json", ocp_max_fail_percentage=90, ocp_prepare_timeout=60, ocp_stop_timeout=60
    )

    assert time.monotonic() - begun < 200
    assert run.status == 2, run.output
    check_truth(run.task)
    for index, host in enumerate(fleet.hosts):
        subtasks = run.of_host(index)
        stopped = subtasks["Finish"]["status"] == "SUCCESSFUL"
        assert stopped == (not host.agent_names()), run.output
        assert stopped or any(subtask["status"] == "FAILED" for subtask in subtasks.values())
    assert {subtask["status"] for subtask in run.of_host(len(FLOODS)).values()} == {"SUCCESSFUL"}, run.output
    assert run.of_host(0)["Prepare"]["status"] == "FAILED"
    assert run.of_host(2)["Prepare"]["status"] == "FAILED"
