# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.agent_status import (
    AgentStatus,
    counted,
    ocp_part,
    problem,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.status_table import compressed, table

AT = 1_700_000_000_000


def answer(**more: Any) -> dict[str, Any]:
    return {
        "home": "/home/admin/ocp_agent",
        "generations": ["gen2"],
        "generation": "gen2",
        "version": "4.2.2",
        "ready": True,
        "lock": None,
        "units": [],
        "findings": [],
        "plan": {"reason": None, "text": "sends SIGTERM"},
        "processes": [process("ocp_agentd", 10), process("ocp_mgragent", 11, [62888]), process("ocp_monagent", 12)],
        **more,
    }


def process(program: str, pid: int, ports: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "program": program,
        "pid": pid,
        "user": "root",
        "executable": f"/home/admin/ocp_agent/bin/{program}",
        "command": program,
        "parent": 1,
        "state": "S",
        "elapsed": 90061,
        "memory": 2**20,
        "unit": "ocp_agent.service",
        "ports": ports or [],
        **more,
    }


def finding(kind: str, text: str = "odd", stop: str = "nothing") -> dict[str, str]:
    return {"kind": kind, "text": text, "stop": stop}


def status(found: dict[str, Any], host: str = "db001") -> AgentStatus:
    return AgentStatus(host, 1001, "192.0.2.11", AT, found)


STOPPED = {"processes": [], "ready": None, "generation": None, "version": None}
REFUSED = {"plan": {"reason": "not_permitted", "text": "no"}}
BY_STATE: list[tuple[dict[str, Any], str, str | None]] = [
    (answer(), "ready", None),
    (answer(ready=False, findings=[finding("not_ready")]), "not ready", None),
    (answer(ready=None), "running", None),
    (answer(**STOPPED), "stopped", None),
    (answer(**STOPPED, plan={"reason": "not_installed", "text": "no"}), "no agent", "not_installed"),
    # Nobody is called stopped who may only not be seen.
    (answer(**STOPPED, **REFUSED), "unknown", "not_permitted"),
    (answer(**STOPPED, findings=[finding("unproven")]), "unknown", None),
    (answer(**STOPPED, findings=[finding("unseen_listener")]), "unknown", None),
    (answer(lock={"pid": 1, "exe": "/x"}), "ready", "locked"),
    ({"unreachable": True, "msg": "no route"}, "unreachable", "unreachable"),
    ({"failed": True, "reason": "invalid", "msg": "home must be absolute"}, "unknown", "invalid"),
    ({"failed": True, "msg": "?"}, "unknown", "no_answer"),
    ({}, "unknown", "no_answer"),
]


@pytest.mark.parametrize(("found", "state", "refusal"), BY_STATE)
def test_the_state_and_whether_a_stop_would_fail(found: dict[str, Any], state: str, refusal: str | None) -> None:
    one = status(found)
    assert (one.state, one.refusal) == (state, refusal)
    whole = one.whole()
    assert whole["state"] == state
    assert whole["status"] == ("AVAILABLE" if state == "ready" else "OFFLINE")
    assert ocp_part(whole, dict.fromkeys(("gen1", "gen2"), ())) == one.detail()
    assert (problem(whole) is not None) == (state in ("unknown", "unreachable", "no agent"))


def test_ocp_s_words_for_it() -> None:
    shown = status(answer()).detail()
    assert (shown["managerPort"], shown["monitorPort"], shown["version"]) == ("62888", None, "4.2.2")
    daemon, manager, _monitor = shown["processes"]
    assert (daemon["ports"], manager["ports"], manager["logFilePattern"]) == (
        None,
        "62888",
        "/home/admin/ocp_agent/log/mgragent.log*",
    )
    assert daemon["elapsedTime"] == 90061
    gen1 = answer(generation="gen1", processes=[process("ocp_agentd", 1), process("node_exporter", 2, [63000])])
    daemon, exporter = status(gen1).shown_processes()
    assert (daemon["operable"], exporter["operable"], daemon["ports"]) == (False, True, "")
    assert exporter["logFilePattern"].endswith("/log/node_exporter.log*")


@pytest.mark.parametrize(
    ("more", "stopped"),
    [
        ({}, []),
        ({"processes": [process("ocp_agentd", 10), process("ocp_mgragent", 11)]}, ["ocp_monagent"]),
        ({"processes": [], "generation": None}, ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]),
        ({"processes": [], "generation": None, "generations": ["gen1", "gen2"]}, []),
        ({"processes": [], "generation": None, "generations": []}, []),
        ({"processes": [process("ocp_agentd", 10)], "findings": [finding("hidden")]}, []),
    ],
)
def test_programs_that_do_not_run_are_stopped_unless_they_may_run_unseen(
    more: dict[str, Any], stopped: list[str]
) -> None:
    programs = {"gen1": ["ocp_agentd", "pos_proxy"], "gen2": ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]}
    shown = ocp_part(status(answer(**more)).whole(), programs)["processes"]
    assert [process["alias"] for process in shown if process["status"] == "STOPPED"] == stopped
    assert len({frozenset(process) for process in shown}) <= 1  # all have the same fields


def test_an_odd_host_comes_first_and_equal_ones_share_a_line() -> None:
    lies = [finding("pid_file", "names pid 7"), finding("orphan", "ocp_mgragent (pid 8)", "ends it")]
    statuses = [
        *[status(answer(), f"db{number:03}") for number in (1, 2, 3)],
        status(answer(processes=[process("ocp_agentd", 1, elapsed=59)]), "web"),
        status(answer(ready=False, findings=lies), "db004"),
        status({"unreachable": True, "msg": "no\nroute \x1b[31m"}, "db005"),
        status(answer(ready=False, findings=[finding("pid_file", "names pid 9")]), "db006"),
    ]
    shown = table(statuses)
    rows = shown.partition("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == ["HOSTS", "db005", "db004", "db006", "db[001:003]", "web"]
    assert rows[4].split()[1:] == [
        *["(3)", "ready", "gen2", "4.2.2", "1+2", "root", "1", "d", "3", "MB"],
        *["ocp_agent.service", "62888"],
    ]
    assert "59 s" in rows[5]
    paragraphs = shown.split("\n\n")[1:-1]
    assert [paragraph.splitlines()[0] for paragraph in paragraphs] == ["UNREACHABLE", "PID FILE", "ORPHAN"]
    assert paragraphs[0].splitlines()[1] == "  db005: no route \\x1b[31m"
    assert "  db004, db006: names pid 7 (and the like)" in paragraphs[1]
    last = "7 hosts: 4 ready, 2 not ready, 1 unreachable. A stop would fail on 1 of them before it signals anybody."
    assert shown.splitlines()[-1] == last
    assert counted(statuses) == {"ready": 4, "not ready": 2, "unreachable": 1}


def test_a_thousand_hosts_fit_on_a_screen() -> None:
    shown = table([status(answer(processes=[process("ocp_agentd", n)]), f"db{n:04}") for n in range(1, 1001)])
    assert len(shown.splitlines()) == 4
    assert "db[0001:1000] (1000)" in shown


def test_findings_take_the_width_of_a_wide_screen() -> None:
    lost = status({"unreachable": True, "msg": "no route to host " * 12})
    assert max(map(len, table([lost], 80).splitlines())) <= 100
    assert 100 < max(map(len, table([lost], 200).splitlines())) <= 200


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], []),
        (["db1"], ["db1"]),
        (["db1", "db2"], ["db1", "db2"]),
        (["db1", "db2", "db3"], ["db[1:3]"]),
        (["db9", "db10", "db11"], ["db9", "db10", "db11"]),  # a range of an inventory has one width
        (["db09", "db10", "db11"], ["db[09:11]"]),
        (["a1", "b2", "c3"], ["a1", "b2", "c3"]),
        (["db1.example.com", "db2.example.com", "db3.example.com"], ["db[1:3].example.com"]),
        (["192.0.2.1", "192.0.2.2", "192.0.2.3", "x"], ["192.0.2.[1:3]", "x"]),
    ],
)
def test_names_that_follow_each_other(names: list[str], shown: list[str]) -> None:
    assert compressed(names) == shown
