# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of variables has every one that a playbook, a role or a plugin looks at, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.variables import (
    KNOWN,
    NAMES_OF_HOSTS,
    OF_HOSTS,
    OF_INVENTORIES,
    OF_REQUESTS,
    OF_RUNS,
    SETTINGS,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import BY_PHASE, PHASES, WAIT

STEPS = (*BY_PHASE, WAIT.phase)
ROOT = Path(__file__).resolve().parents[5]
PLAYS = sorted([*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")])
PLUGINS = sorted(
    path for folder in ("action", "lookup", "plugin_utils/_run") for path in ROOT.glob(f"plugins/{folder}/*.py")
)
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]


def named(paths: list[Path], pattern: str) -> set[str]:
    return {name for path in paths for name in re.findall(pattern, path.read_text())}


IN_PLAYS = named(PLAYS, r"\bocp_[a-z_]+\b")
OTHERS = [path for path in PLUGINS if path.name != "variables.py"]
BY_STEP = named(OTHERS, r"""f["'](ocp_{phase}_[a-z]+)["']""")  # one name for each
IN_PLUGINS = {
    *named(OTHERS, r"""["'](ocp_[a-z_]+)["']"""),
    *(name.replace("{phase}", step) for name in BY_STEP for step in STEPS),
}


def test_what_is_looked_at_is_known() -> None:
    assert (IN_PLAYS | IN_PLUGINS) - {"ocp_cancel"} <= KNOWN  # that is a file


def test_what_is_known_is_looked_at() -> None:
    assert set() == (SETTINGS | OF_HOSTS | OF_REQUESTS) - {*NAMES_OF_HOSTS} - IN_PLAYS - IN_PLUGINS


def test_a_variable_is_of_one_kind() -> None:
    kinds = [OF_HOSTS, SETTINGS, OF_REQUESTS, OF_INVENTORIES, OF_RUNS]
    assert sum(map(len, kinds)) == len(KNOWN)


def test_what_a_user_may_set_is_documented() -> None:
    of_playbooks = {"ocp_intervention", "ocp_last_barrier", "ocp_workflow"}
    assert (SETTINGS | OF_HOSTS | OF_REQUESTS) - of_playbooks - named(PAGES, r"\bocp_[a-z_]+\b") == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/meta/argument_specs.yml")), ids=lambda path: path.parts[-3])
def test_the_roles_take_what_is_known(path: Path) -> None:
    options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    given = {name: option["type"] for name, option in options.items() if name.startswith("ocp_")}
    assert given.keys() <= SETTINGS | OF_HOSTS
    of_program = {name: key for phase in BY_PHASE.values() for key, name in phase.options.items()}
    spec = argument_spec()
    for name in OF_HOSTS & given.keys():
        assert given[name] == ("path" if name == "ocp_agent_home" else spec[of_program[name]]["type"])


def first_module(playbook: Path) -> str:
    """The module of the collection that the first play of a playbook begins with."""
    play = yaml.safe_load(playbook.read_text())[0]
    if "ansible.builtin.import_playbook" in play:
        return first_module(playbook.parent / play["ansible.builtin.import_playbook"])
    task = play["tasks"][0]
    while "block" in task:
        task = task["block"][0]
    return next(key for key in task if key.startswith("oceanbase.ocp."))


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/*.yml")), ids=lambda path: path.stem)
def test_every_playbook_begins_with_an_action_that_checks_them(path: Path) -> None:
    module = first_module(path).removeprefix("oceanbase.ocp.")
    action = (ROOT / f"plugins/action/{module}.py").read_text()
    assert re.search(r"request_action\.(carry_out|receive)\(|ask\.ask\(", action)


def test_the_documentation_names_the_phases() -> None:
    path = ROOT / "plugins/doc_fragments/_phase.py"
    (options,) = re.findall(r"choices: \[(.*)\]", path.read_text())
    assert options.split(", ") == list(PHASES)
