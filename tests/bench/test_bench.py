# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench import readme
from tests.bench.against import summary
from tests.bench.compare import in_turn
from tests.bench.contenders import CONTENDERS, SETTINGS, BenchError
from tests.bench.figures import Cell, Results, Round, Spread, load, save
from tests.bench.machine import ROOT
from tests.bench.meter import ControlGroup, measure
from tests.bench.report import markdown, stopped
from tests.bench.targets import lines
from tests.bench.timeline import ENDING, STARTING, stages

RUN = {
    "date": "2026-11-01T12:00:00+00:00",
    "command": "python -m tests.bench",
    "machine": {"processor": "one", "cores": 2, "memory": 24 * 10**9, "kernel": "6.1", "load before": 0.25},
    "versions": {"ansible-core": "2.21.0"},
}
ROUND = Round("ours", 1, 0, 10.0, 4.0, 1.0, 64_000_000, None, 3, "cgroup", 0, 0)


def cell(hosts: int = 50) -> Cell:
    found = Cell(hosts, "instant", RUN, {"ours": "ours", "shell": "three shell tasks", "pyinfra": "pyinfra"})
    found.rounds = [
        ROUND,
        replace(ROUND, number=2, wall=12.0, user=6.0),
        replace(ROUND, number=3, wall=11.0),
        replace(ROUND, contender="shell", wall=44.0, user=49.0),
    ]
    return found


@pytest.mark.parametrize(
    ("figures", "text"),
    [([3.0, 1.0, 2.0], "2.0 (1.0 to 3.0)"), ([1.0, 2.0], "1.5 (1.0 to 2.0)"), ([2.0], "2.0"), ([2.01, 2.04], "2.0")],
)
def test_spread(figures: list[float], text: str) -> None:
    assert Spread.of(figures).text(1) == text


def test_no_figures_have_no_median() -> None:
    with pytest.raises(ValueError, match="no figures"):
        Spread.of([])


def test_table_has_medians_spreads_and_ratios() -> None:
    page = markdown(Results([cell()])).splitlines()
    assert "| ours | 11.0 (10.0 to 12.0) | 5.0 (5.0 to 7.0) | 100 (100 to 140) | 64 | 3 | all |" in page
    assert "| three shell tasks | 0.25 / 0.10 |" in page
    assert not [line for line in page if line.startswith("| pyinfra")]  # it was not measured
    assert any(
        "2026-11-01" in line and "`python -m tests.bench`" in line and "ansible-core 2.21.0" in line for line in page
    )


def test_two_checkouts_are_compared_by_their_medians() -> None:
    before = [replace(ROUND, contender="before", wall=wall, user=4.0, system=1.0) for wall in (9.0, 10.0, 11.0)]
    after = [replace(found, contender="after", wall=found.wall - 1, user=3.0) for found in before]
    assert summary(replace(cell(), rounds=before + after)) == (
        "50 hosts, instant: wall time 10.00 (9.00 to 11.00) s before, 9.00 (8.00 to 10.00) s after, ratio 0.90; "
        "CPU time 5.00 s before, 4.00 s after, ratio 0.80"
    )
    with pytest.raises(BenchError, match="a round has failed"):
        summary(replace(cell(), rounds=[*before, replace(after[0], status=2)]))


def test_who_did_not_stop_every_agent_is_told() -> None:
    rounds = [
        ROUND,
        replace(ROUND, running_at_end=7, running_later=0),
        replace(ROUND, running_at_end=3, running_later=2),
    ]
    assert stopped(rounds, 50) == (
        "in 2 of 3 rounds not at the end of the command (up to 7 of 50 hosts), 10 s later still not on 2"
    )
    assert stopped([ROUND, replace(ROUND, status=2)], 50) == "exit status 2 in 1 of 2 rounds"


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    results = Results([cell(), cell(200)], {"run": RUN}, None)
    save(results, tmp_path / "bench.json")
    assert load(tmp_path / "bench.json") == results
    assert load(tmp_path / "none.json") == Results()


def test_new_figures_replace_those_of_the_same_setting() -> None:
    results = Results([cell(50), cell(200)])
    newer = replace(cell(50), run={**RUN, "date": "later"})
    results.put(newer)
    assert [(one.hosts, one.run["date"]) for one in results.cells] == [(50, "later"), (200, RUN["date"])]


def test_every_round_begins_with_another_contender() -> None:
    count = len(CONTENDERS)
    orders = [in_turn(CONTENDERS, number) for number in range(count)]
    assert {order[0].name for order in orders} == {contender.name for contender in CONTENDERS}
    assert all(len({contender.name for contender in order}) == count for order in orders)


@pytest.mark.parametrize("grouped", [True, False], ids=["control group", "rusage"])
def test_what_outlives_a_command_is_counted_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grouped: bool
) -> None:
    if not grouped:
        monkeypatch.setattr(ControlGroup, "make", lambda: None)
    elif not (group := ControlGroup.make()):
        pytest.skip("no control group can be made here")
    else:
        group.path.rmdir()
    # A daemon leaves its session and its parent, burns 0.4 s of CPU, takes 100 MB and then stays. The command waits
    # for the CPU time.
    (tmp_path / "daemon.py").write_text(
        "import os, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "begun = time.process_time()\n"
        "while time.process_time() < begun + 0.4: pass\n"
        "taken = b'x' * 100_000_000\n"
        "open('burnt', 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    script = f"{sys.executable} daemon.py; while [ ! -s burnt ]; do sleep 0.05; done; exit 3"
    started = time.monotonic()
    found = measure(["sh", "-c", script], dict(os.environ), tmp_path)
    assert time.monotonic() - started < 30
    assert (found.status, found.outliving, found.cpu_source) == (3, 1, "cgroup" if grouped else "rusage")
    assert 0.4 <= found.detached <= found.user + found.system < 2
    assert 100_000_000 < found.peak_process < 200_000_000
    assert found.wall >= 0.4
    assert not Path("/proc", (tmp_path / "burnt").read_text()).exists()


def test_targets_are_shown_beside_what_was_reached() -> None:
    small, big = cell(200), cell(800)
    big.rounds = [replace(found, wall=3 * found.wall, peak_process=260_000_000) for found in big.rounds]
    # ours: 11 s and 5 s of CPU; the shell tasks: 44 s and 50 s; pyinfra was not measured
    assert [(line.measure, line.reached, line.met) for line in lines([small, big])] == [
        ("wall time", 11 / 44, False),
        ("CPU time", 5 / 50, True),
        ("wall time", 3.0, True),
        ("CPU time", 1.0, True),
        ("biggest process", 260 / 64, False),
        ("biggest process, MB", pytest.approx(260), False),
    ]
    page = markdown(Results([small, big])).splitlines()
    assert "| 200 hosts, divided by: three shell tasks | wall time | 0.25 | 0.2 | missed |" in page
    assert "| 800 hosts | biggest process, MB | 260 | 250 | missed |" in page
    assert "| three shell tasks | 3.00 | 1.00 |" in page
    assert not [line for line in markdown(Results([cell(50)])).splitlines() if line == "## Targets"]


def test_what_missed_targets_would_take() -> None:
    found = replace(cell(200), titles={**cell().titles, "ours-unsettled": "no settle time"})
    found.rounds = [*found.rounds, replace(ROUND, contender="ours-unsettled", wall=8.8)]
    profile: dict[str, Any] = {"run": RUN, "hosts": 200, "plays": 1, "stages": {}, "detached": [0.0], "peak": [0]}
    profile |= {"empty": [[1.0, 1.0]], "debug": [[1.25, 1.5]]}
    steps = ("start", "imports", "compile", "total")
    program: Any = {"run": RUN, "interpreter": "Python", "tables": {"100": {"first": [0.03], "further": [0.005]}}}
    program["tables"]["100"] |= {step: [0.01] for step in steps}
    page = markdown(Results([found], None, program, profile))
    assert "of our 11.0 s and 5.0 s of\nCPU, 1.2 s and 1.5 s of CPU are" in page
    assert "has 8.0 s of the cores" in page
    assert "| three shell tasks | 0.25 / 0.10 | 0.20 / 0.10 |" in page.splitlines()
    assert "out of reach" not in markdown(Results([found], None, program, None))


def test_the_readme_has_the_newest_figures() -> None:
    text = (ROOT / "README.md").read_text()
    assert readme.put(text, load(ROOT / "docs" / "bench.json")) == text
    small = readme.put(text, Results([cell(200)]))
    assert "| three shell tasks | 44.0 | 50.0 | 0.25 | 0.10 |\n" in small
    assert "(docs/bench.svg)" in small
    assert readme.put(small, Results([cell(50)])) == small
    with pytest.raises(ValueError, match="has no <!--"):
        readme.put(text.replace(readme.END, ""), Results())


def test_an_aim_is_more_than_a_target() -> None:
    found = cell(200)
    for wall, verdict in ((11 / 0.7, "met, with the aim"), (11 / 1.2, "met"), (11 / 1.6, "missed")):
        found.rounds = [one for one in found.rounds if one.contender != "pyinfra"]
        found.rounds.append(replace(ROUND, contender="pyinfra", wall=wall))
        (line,) = (line for line in lines([found]) if "pyinfra" in line.what and line.measure == "wall time")
        assert line.cells()[3:] == ["1.5 (aim: 0.8)", verdict]


def test_a_run_is_divided_at_its_plays() -> None:
    marks = [
        {"play": "Accept", "at": 102.0, "cpu": 1.5, "began": 100.0},
        {"play": "Wait", "at": 103.0, "cpu": 2.5, "began": 100.0},
        {"play": "Wait", "at": 106.0, "cpu": 3.0, "began": 100.0},
        {"play": None, "at": 107.0, "cpu": 3.5, "began": 100.0},
    ]
    assert [(stage.name, stage.wall, stage.cpu) for stage in stages(marks, 7.5, 4.5)] == [
        (STARTING, 2.0, 1.5),
        ("Accept", 1.0, 1.0),
        ("Wait", 3.0, 0.5),
        ("Wait (2)", 1.0, 0.5),
        (ENDING, 0.5, 1.0),
    ]


@pytest.mark.fleet
def test_profile_has_every_play_of_the_run(tmp_path: Path) -> None:
    if not (group := ControlGroup.make()):
        pytest.skip("no control group can be made here")
    group.path.rmdir()
    command = [sys.executable, "-m", "tests.bench", "profile", "--hosts=2", "--rounds=1"]
    subprocess.run([*command, f"--output={tmp_path}"], cwd=ROOT, check=True, timeout=120)
    found = json.loads((tmp_path / "bench.json").read_text())["profile"]
    names = list(found["stages"])
    assert (names[0], names[1], names[-2:]) == (STARTING, "Accept the request", ["Report", ENDING])
    assert {"Prepare", "Stop", "Finish"} <= {name.split(" (")[0] for name in names}
    assert found["plays"] == len(names) - 2
    assert all(wall > 0 and cpu > 0 for times in found["stages"].values() for wall, cpu in times)
    (empty,), (debug,) = found["empty"], found["debug"]
    assert 0 < empty[1] < debug[1] < sum(cpu for times in found["stages"].values() for dummy, cpu in times)
    assert "\n| Report |" in (tmp_path / "bench.md").read_text()


@pytest.mark.fleet
def test_bench_measures_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--hosts=2", "--rounds=1", "--agents=instant", "--only", "ours"]
    # The tests do not require matplotlib.
    subprocess.run([*command, f"--output={tmp_path}", "--no-plot"], cwd=ROOT, check=True, timeout=120)
    (found,) = json.loads((tmp_path / "bench.json").read_text())["cells"]
    (only,) = found["rounds"]
    assert (only["contender"], only["status"], only["running_at_end"]) == ("ours", 0, 0)
    assert only["wall"] > 1
    assert 0 < only["user"] + only["system"] < 2 * only["wall"] + 1
    page = (tmp_path / "bench.md").read_text()
    assert "### 2 hosts, agents that exit at once" in page
    assert f"| {found['titles']['ours']} | {only['wall']:.1f} |" in page


def test_a_name_on_the_command_line_is_one_contender() -> None:
    names = [contender.name for contender in (*CONTENDERS, *SETTINGS)]
    assert len(set(names)) == len(names)


def test_the_settings_survive_the_file_and_have_their_table(tmp_path: Path) -> None:
    cell = Cell(50, "instant", {"date": "today", "command": "c", "machine": {}, "versions": {}}, {"task": "32 forks"})
    save(Results(settings=cell), tmp_path / "bench.json")
    assert load(tmp_path / "bench.json").settings == cell
