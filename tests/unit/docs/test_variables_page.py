# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/variables.md has every variable that a user may set, its default, and the playbooks that look at it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.variables import (
    NAMES_OF_HOSTS,
    OF_HOSTS,
    OF_REQUESTS,
    SETTINGS,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import BY_PHASE, OPERATIONS, WAIT

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "variables.md").read_text()
# What playbooks of the collection set themselves.
OF_PLAYBOOKS = {"ocp_last_barrier", "ocp_workflow"}
# What a plugin looks at by itself, so that no play names it.
EVERYWHERE = {"ocp_ignore_variables"}
# The plays that accept a request give these to an action that looks at them in a workflow alone, or never in one.
OF_WORKFLOWS = {"ocp_workflow_timeout"}
OF_SINGLE_RUNS = {"ocp_waves", "ocp_waves_after", "ocp_waves_max_fail_percentage"}
TIMEOUTS = {f"ocp_{phase}_timeout" for phase in (*BY_PHASE, WAIT.phase)}

LETTERS = {
    letter: re.findall(r"`(\w+)`", playbooks)
    for letter, playbooks in re.findall(r"^\| ([A-Z]) \| (.*) \|$", PAGE, re.MULTILINE)
}
ROW = re.compile(r"^\| (`\w+`(?: or `\w+`)?) \| ([A-Z ]+) \| ([^|]+) \|", re.MULTILINE)
ROWS = {
    name: (set(letters.split()), default)
    for names, letters, default in ROW.findall(PAGE)
    for name in re.findall(r"`(\w+)`", names)
}


def plays(playbook: Path) -> list[Path]:
    """A playbook, what it imports, and the tasks of the roles that these have."""
    text = playbook.read_text()
    tasks = re.findall(r"_tasks: (tasks/\w+\.yml)$", text, re.MULTILINE)
    found = [playbook, *(playbook.parent / name for name in tasks)]
    for play in yaml.safe_load(text):
        if "ansible.builtin.import_playbook" in play:
            found += plays(playbook.parent / play["ansible.builtin.import_playbook"])
    return found


def looked_at(playbook: str) -> set[str]:
    """The variables of the collection that a playbook looks at."""
    text = "".join(path.read_text() for path in {*plays(ROOT / "playbooks" / f"{playbook}.yml")})
    own = set(re.findall(r"^    (ocp_\w+):", text, re.MULTILINE))  # set by the playbook itself
    found = set(re.findall(r"\b(?:ocp_[a-z_]+|(?:sub)?task_id)\b(?= [|}]|\))", text)) - own
    found -= OF_SINGLE_RUNS if playbook.startswith("workflow_") else OF_WORKFLOWS
    if "task_create:" in text or "status_fan_out:" in text:
        found |= {*NAMES_OF_HOSTS}
    if "task_create:" in text or "task_resume:" in text:
        found |= TIMEOUTS
    if "agent_fan_out:" in text:
        found |= OF_HOSTS
    return (found | EVERYWHERE) & (SETTINGS | OF_HOSTS | OF_REQUESTS | {*NAMES_OF_HOSTS, "task_id", "subtask_id"})


def test_the_page_has_every_playbook() -> None:
    named = sorted(name for names in LETTERS.values() for name in names)
    assert named == sorted(path.stem for path in ROOT.glob("playbooks/*.yml"))


def test_the_page_has_every_variable() -> None:
    of_requests = {*NAMES_OF_HOSTS, "task_id", "subtask_id"}
    assert ROWS.keys() == (SETTINGS | OF_HOSTS | OF_REQUESTS | of_requests) - OF_PLAYBOOKS


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_what_its_playbooks_look_at(letter: str) -> None:
    said = {name for name, (letters, _default) in ROWS.items() if letter in letters}
    found = set().union(*map(looked_at, LETTERS[letter]))
    assert said == found - OF_PLAYBOOKS


def test_variables_of_a_host_have_their_defaults() -> None:
    spec = argument_spec()
    options = {name: key for phase in BY_PHASE.values() for key, name in phase.options.items()}
    for name, option in options.items():
        shown = ROWS[name][1].strip("` ")
        assert shown == str(spec[option].get("default", False)).lower().removesuffix(".0")


def test_the_timeouts_have_their_defaults() -> None:
    defaults = {f"ocp_{phase}_timeout": str(s) for op in OPERATIONS.values() for phase, s in op.timeouts.items()}
    assert {name: default for name, (_letters, default) in ROWS.items() if name in TIMEOUTS} == defaults
