# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report shows of a task, as values."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report import view as views
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.graph import Graph
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.view import MOST_LOGS, Page, View, view
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback, skip
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.last_screen import last_screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller
from tests.report.made import REVIVED, Made, Runs, some_fail, unreachable

NewTask = Callable[..., Task]
CALLER = Caller(options=["-i", "inventory.yml"], module_options=["-i", "inventory.yml"])


def shown(made: Made, caller: Caller | None = CALLER, *, store: bool = True, **changed: int) -> View:
    page = Page(changed, caller, store, [("Store", "tasks.db")], ["Response: r.json"], "2026-11-28T03:20:00+08:00")
    return view(made.task, made.logs, page)


def test_it_tells_what_the_last_screen_tells() -> None:
    made = some_fail(8)
    found = shown(made, stop=5)
    lines = last_screen(made.task, {"stop": 5}, caller=CALLER, store=True)
    assert found.headline == lines[0]
    assert "; ".join(f"{count} host{'s' * (count > 1)} {words}" for count, words, _kind in found.outcomes) in (
        "3 hosts failed in Prepare; 1 host failed in Finish; 4 hosts stopped and verified"
    )
    screen = " ".join(" ".join(lines).replace("\\ ", "").split())
    for _label, command in found.ways:
        assert command in screen
    assert [label for label, _command in found.ways] == ["Stop again", "Retry", "Skip", "Roll back", "Status", "Log"]
    assert [(cause.what, cause.text, cause.hosts) for cause in found.causes][:1] == [
        (
            "Prepare",
            "CMP07002 ssh: connect to host * port 22: Connection refused",
            [("db002", 900002, 1), ("db005", 900005, 4)],
        )
    ]


def test_facts() -> None:
    facts = dict(shown(some_fail(8)).facts)
    assert facts["Task"] == "31173, Batch stop OCP agent"
    assert facts["Created by"] == "alice (7)"
    assert facts["Executed by"] == "192.0.2.7"
    assert facts["Begun"] == "2026-11-28 03:12:04 +0800"
    assert facts["Trace id"] == "2503fad729e158e3"
    assert facts["Hosts that may fail"] == "60 %"
    assert facts["Store"] == "tasks.db"


def test_times_of_a_host() -> None:
    found = shown(some_fail(8)).hosts[0]
    assert (found.name, found.host_id, found.kind, found.words) == ("db001", 1001, "done", "stopped and verified")
    assert [cell.word for cell in found.cells] == ["done"] * 3
    assert found.sort == round(sum(cell.sort for cell in found.cells), 3)
    places = [(one.phase, one.x, one.x + one.width) for one in found.bars]
    assert [phase for phase, _begin, _end in places] == ["prepare", "stop", "finish"]
    assert all(end <= begin for (_a, _b, end), (_c, begin, _d) in itertools.pairwise(places))
    assert dict(found.about)["Unit"] == "ocp_agent.service"
    assert [block.subtask for block in found.blocks] == [900001, 900010, 900019]


def test_a_host_that_was_not_begun() -> None:
    down = shown(some_fail(8)).hosts[1]
    assert (down.words, [cell.kind for cell in down.cells]) == ("failed in Prepare", ["failed", "waiting", "waiting"])
    assert [cell.seconds == "" for cell in down.cells] == [False, True, True]


def test_retry_skip_and_rollback() -> None:
    runs = Runs(["db001", "db002"])
    runs.run({("stop", 1): unreachable(12)})
    rollback(runs.made.task)
    undone = shown(runs.run())
    assert [host.words for host in undone.hosts] == ["undone, as it was before"] * 2
    assert undone.kind == "done"

    runs = Runs(["db001", "db002"])
    runs.run({("finish", 1): REVIVED})
    skip(runs.made.task, [runs.made.task.failures[0].id])
    passed = shown(runs.run())
    assert passed.hosts[1].kind == "skipped"
    assert passed.notes[0].startswith("Skipped, and taken for done: ")


def test_a_task_that_goes_on(new_task: NewTask, play: Callable[..., Task]) -> None:
    found = shown(Made(play(new_task(2), until="prepare")))
    assert (found.kind, found.ways, found.hosts[0].words) == ("running", [], "at work in Stop")
    assert dict(found.facts)["Trace id"] == "none in the logs"
    assert found.far == "As of 2026-11-28 03:20:00 +0800 the task has not ended"
    assert found.far not in shown(some_fail(8)).far


def test_a_page_knows_the_request_before_there_are_logs(new_task: NewTask) -> None:
    asked = Page(None, CALLER, True, [], [], "2026-11-28T03:20:00+08:00", "688d3147a10b45e8")
    assert dict(view(new_task(2), {}, asked).facts)["Trace id"] == "688d3147a10b45e8"


def test_awx_has_job_templates() -> None:
    found = shown(some_fail(8), caller=None)
    assert found.ways == []
    assert [label for label, _template in found.launches[:2]] == ["Stop again", "Retry"]
    assert found.launches[1] == ("Retry", "OCP retry a task (task id 31173)")


def test_a_graph_of_few_hosts_has_their_nodes() -> None:
    graph = shown(Runs(["db001", "db002", "db003"]).run({("prepare", 1): unreachable(12)})).wide
    assert len(graph.nodes) == 11
    assert len(graph.edges) == 12
    assert [node.lines for node in graph.nodes[:3]] == [["db001"], ["db002"], ["db003"]]
    check_graph(graph)


def test_a_graph_of_many_hosts_has_a_node_a_phase() -> None:
    found = shown(some_fail(40))
    assert [node.name for node in found.wide.nodes] == ["Prepare", "Wait", "Stop", "Wait", "Finish"]
    assert found.wide.nodes[0].lines[0] == "3 failed, 37 done"
    assert found.wide.text == (
        "Prepare: 3 failed, 37 done; then Wait: done; then Stop: 3 waiting, 37 done; then Wait: done; then "
        "Finish: 1 failed, 3 waiting, 36 done"
    )
    for graph in (found.wide, found.narrow):
        check_graph(graph)


def check_graph(graph: Graph) -> None:
    """All of it is within the drawing."""
    for node in graph.nodes:
        assert node.x >= 0
        assert node.x + node.width <= graph.width
        assert node.y + node.height <= graph.height
        assert all(node.x <= part.x and part.x + part.width <= node.x + node.width for part in node.shares)


def test_names_and_texts_are_printable() -> None:
    evil = "db\x1b[2J\u202e<script>\x00"
    made = Runs([evil, "db002"]).run({("prepare", 0): Outcome.failure(NO_CONNECTION, "no\x07 way \u2066out")})
    found = shown(made)
    texts = [found.hosts[0].name, found.causes[0].text, found.causes[0].hosts[0][0], found.hosts[0].blocks[0].error]
    texts += [line.text for line in found.hosts[0].blocks[0].executions[0].lines]
    assert all(text.isprintable() for text in texts)
    assert found.hosts[0].name == "db\\x1b[2J\\u202e<script>\\x00"


def test_logs_that_have_no_room_are_left_out_the_failed_ones_last() -> None:
    made = some_fail(6)
    line = "2026-11-28 03:12:04.118  INFO 1 --- [db001,00ff] oceanbase.ocp.task             : "
    long = "############{EXECUTE}{2026-11-28T03:12:04.118+08:00}############\n" + "\n".join(
        f"{line}{number} {'x' * 1000}" for number in range(400)
    )
    made.logs.update(dict.fromkeys(made.logs, long))
    found = shown(made)
    blocks = [block for host in found.hosts for block in host.blocks]
    kept = sum(len(line.text) for block in blocks for one in block.executions for line in one.lines)
    assert kept <= MOST_LOGS
    assert all(block.left_out for block in blocks if block.executions)
    last = found.hosts[5].blocks[2].executions[0].lines[-1].text
    assert last.startswith("399 "), "the end of a log tells most"
    room = views._Room(0)
    assert room.take(found.hosts[5].blocks[2].executions)[0][0].lines == []
