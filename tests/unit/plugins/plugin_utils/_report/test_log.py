# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.log import Line, parse, processes
from tests.report.made import Runs, unreachable


def test_executions_are_told_apart_and_lose_what_every_line_repeats() -> None:
    runs = Runs(["db001", "db002"])
    runs.run({("prepare", 1): unreachable(12)})
    first, second = parse(runs.retry(60).logs[900002])
    assert [(first.operation, first.trace_id), (second.operation, second.trace_id)] == [
        ("EXECUTE", "2503fad729e158e3"),
        ("RETRY", "9b0c53e1a7d84f26"),
    ]
    assert first.lines[0].text == "Run subtask, id=900002, executor=192.0.2.7"
    assert [line for line in first.lines if line.level] == [
        Line(
            first.lines[-1].time,
            "ERROR",
            "CMP07002 db002 (host id 1002): ssh: connect to host 192.0.2.12 port 22: Connection refused",
        )
    ]
    assert second.lines[-1].text.endswith("new state: SUCCESSFUL")


def test_processes_with_their_signals() -> None:
    logs = Runs(["db001"]).run().logs
    found = processes(one for number in sorted(logs) for one in parse(logs[number]))
    assert [(one.program, one.pid, one.user) for one in found] == [
        ("ocp_agentd", 4000, "root"),
        ("ocp_mgragent", 4001, "root"),
        ("ocp_monagent", 4002, "root"),
    ]
    assert found[0].told.startswith(
        "ocp_agentd (pid 4000) of user root, /home/admin/ocp_agent/bin/ocp_agentd: SIGTERM at 03:12:0"
    )
    assert found[0].told.endswith(" s after the first signal")
    assert ": no signal; ended at " in found[1].told


def test_a_signal_before_midnight() -> None:
    head = "############{EXECUTE}{2026-11-28T23:59:59.9+00:00}############\n"
    line = "2026-11-{} {}  INFO 1 --- [db1,00ff] oceanbase.ocp.agent_processes  : {}\n"
    log = head + "\n".join(
        [
            line.format("28", "23:59:59.900", "SIGKILL to ocp_agentd (pid 7)"),
            line.format("29", "00:00:00.150", "ocp_agentd (pid 7) has ended"),
        ]
    )
    (process,) = processes(parse(log))
    assert process.told == (
        "ocp_agentd (pid 7): SIGKILL at 23:59:59.900; ended at 00:00:00.150, 0.25 s after the first signal"
    )


def test_a_line_of_another_form_stays() -> None:
    (execution,) = parse("something \x1b[2J\u202eelse\n")
    assert execution.lines == [Line("", "", "something \\x1b[2J\\u202eelse")]
