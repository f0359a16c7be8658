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

import pytest

from tests.bench.compare import in_turn
from tests.bench.contenders import CONTENDERS
from tests.bench.figures import Cell, Results, Round, Spread, load, save
from tests.bench.machine import ROOT
from tests.bench.meter import ControlGroup, measure
from tests.bench.report import markdown, stopped

RUN = {
    "date": "2026-11-01T12:00:00+00:00",
    "command": "python -m tests.bench",
    "machine": {"processor": "one", "cores": 2, "memory": 24 * 10**9, "kernel": "6.1", "load before": 0.25},
    "versions": {"ansible-core": "2.21.0"},
}
ROUND = Round("ours-32", 1, 0, 10.0, 4.0, 1.0, 64_000_000, None, 3, "cgroup", 0, 0)


def cell(hosts: int = 50) -> Cell:
    found = Cell(hosts, "instant", RUN, {"ours-32": "ours", "shell": "three shell tasks", "pyinfra": "pyinfra"})
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
    # A daemon that burns 0.4 s of CPU and then stays, and a command that waits for the first of it.
    (tmp_path / "daemon.py").write_text(
        "import os, time\n"
        "while time.process_time() < 0.4: pass\n"
        "open('burnt', 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    script = f"setsid --fork {sys.executable} daemon.py; while [ ! -s burnt ]; do sleep 0.05; done; exit 3"
    started = time.monotonic()
    found = measure(["sh", "-c", script], dict(os.environ), tmp_path)
    assert time.monotonic() - started < 30
    assert (found.status, found.outliving, found.cpu_source) == (3, 1, "cgroup" if grouped else "rusage")
    assert 0.4 <= found.user + found.system < 2
    assert found.wall >= 0.4
    assert not Path("/proc", (tmp_path / "burnt").read_text()).exists()


@pytest.mark.fleet
def test_bench_measures_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--hosts=2", "--rounds=1", "--agents=instant", "--only", "ours-32"]
    # The plot is matplotlib's business, and that is not among what the tests need.
    subprocess.run([*command, f"--output={tmp_path}", "--no-plot"], cwd=ROOT, check=True, timeout=120)
    (found,) = json.loads((tmp_path / "bench.json").read_text())["cells"]
    (only,) = found["rounds"]
    assert (only["contender"], only["status"], only["running_at_end"]) == ("ours-32", 0, 0)
    assert only["wall"] > 1
    assert 0 < only["user"] + only["system"] < 2 * only["wall"] + 1
    page = (tmp_path / "bench.md").read_text()
    assert "### 2 hosts, agents that exit at once" in page
    assert f"| {found['titles']['ours-32']} | {only['wall']:.1f} |" in page
