# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example's configuration of AWX, run by the real modules of awx.awx.

AWX itself does not run here. Its stand-in server.py says what that proves. The edges of a workflow and the
templates of a credential type follow AWX's source of October 2024
(awx/main/scheduler/dag_workflow.py, awx/main/models/credential.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS
from tests.ocp_server import OcpServer, host
from tools.environments import AWX_LINE, CORE_LINES, ROOT, interpreters

from .server import Awx, AwxServer

pytestmark = pytest.mark.xdist_group("awx_config")

PROJECT = ROOT / "examples/awx-project"
BIN = ROOT / ".venv-awx/bin"
STORE = "postgresql+psycopg://ocp:p%40ss{{w}}@db.example.com/ocp?sslmode=verify-full"
SECRETS = {"OCP_TASK_STORE": STORE, "OCP_PASSWORD": "0cp:geheim"}
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot one\n-----END OPENSSH PRIVATE KEY-----"
EDGES = {"success_nodes": "success", "failure_nodes": "failure", "always_nodes": "always"}

Edge = tuple[str, str, str]


@dataclass(frozen=True)
class Run:
    """One run of configure.yml. changes: its changes in AWX, as method and path."""

    output: str
    changes: list[tuple[str, str]]

    @property
    def recap(self) -> dict[str, int]:
        counts = re.findall(r"(\w+)=(\d+)", self.output.split("PLAY RECAP")[1])
        return {name: int(count) for name, count in counts}


@dataclass(frozen=True)
class Configuration:
    """The example, and its AWX."""

    server: AwxServer
    folder: Path

    def run(self, *arguments: str) -> Run:
        before = len(self.server.awx.changes)
        process = self._run(*arguments)
        assert process.returncode == 0, process.stdout
        return Run(process.stdout, self.server.awx.changes[before:])

    def fail(self, *arguments: str) -> str:
        """Run it and expect a failure. Returns the output."""
        process = self._run(*arguments)
        assert process.returncode != 0, process.stdout
        return process.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        key = self.folder / "key"
        key.write_text(KEY)
        login = {
            "CONTROLLER_HOST": self.server.url,
            "CONTROLLER_USERNAME": self.server.user,
            "CONTROLLER_PASSWORD": self.server.password,
            "OCP_SSH_USER": "admin",
            "OCP_SSH_KEY_FILE": str(key),
            "OCP_URL": "https://ocp.example.com:8443",
            "OCP_USERNAME": "ansible",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "CONTROLLER_", "TOWER_", "OCP_"))}
        plain = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", "HOME": str(self.folder)}
        return subprocess.run(
            [BIN / "ansible-playbook", "-v", PROJECT / "awx/configure.yml", *arguments],
            cwd=self.folder,
            env=kept | plain | login | SECRETS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configuration]:
    if not (BIN / "ansible-playbook").exists():
        first, last = CORE_LINES[AWX_LINE]
        if any(first <= version <= last for version in interpreters()):
            pytest.fail("there is no .venv-awx: run `make test`, or `python3 tools/environments.py awx` once")
        pytest.skip("awx.awx is not packaged for the interpreters of this machine")
    with AwxServer(PROJECT) as server:
        yield Configuration(server, tmp_path_factory.mktemp("awx"))


@pytest.fixture(scope="module")
def first(configuration: Configuration) -> Run:
    return configuration.run()


@pytest.fixture(scope="module")
def awx(configuration: Configuration, first: Run) -> Awx:
    """The AWX after the first run."""
    assert first.changes
    return configuration.server.awx


def test_the_second_run_changes_only_what_was_changed_by_hand(
    configuration: Configuration, first: Run, awx: Awx
) -> None:
    assert first.recap["changed"] == first.recap["ok"] > 10
    workflow = awx.named("workflow_job_templates", "OCP stop agents, sliced")
    survey = awx.surveys["workflow_job_templates", workflow["id"]]
    (barrier,) = [n for n in nodes(awx, workflow) if n["identifier"] == "stop_barrier"]
    way_on = ("workflow_job_template_nodes", barrier["id"], "failure_nodes")
    expected = awx.members[way_on]
    awx.members[way_on] = []
    awx.surveys["workflow_job_templates", workflow["id"]] = {**survey, "spec": survey["spec"][1:]}
    second = configuration.run()
    assert (second.recap["changed"], second.recap["ok"]) == (1, first.recap["ok"])
    assert sorted(second.changes) == [
        ("POST", f"/api/v2/workflow_job_template_nodes/{barrier['id']}/failure_nodes/"),
        ("POST", f"/api/v2/workflow_job_templates/{workflow['id']}/survey_spec/"),
    ]
    assert awx.members[way_on] == expected
    assert awx.surveys["workflow_job_templates", workflow["id"]] == survey


def test_no_secret_is_shown(first: Run) -> None:
    for secret in (*SECRETS.values(), "not one"):
        assert secret not in first.output
        assert json.dumps(secret)[1:-1] not in first.output


def nodes(awx: Awx, workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a workflow."""
    found = awx.objects["workflow_job_template_nodes"].values()
    return [node for node in found if node["workflow_job_template"] == workflow["id"]]


def edges(awx: Awx, operation: str) -> set[Edge]:
    """The edges of an operation's workflow: from, on which result, to."""
    verb = operation.split("_")[1]
    workflow = awx.named("workflow_job_templates", f"OCP {verb} agents, sliced")
    return {
        (node["identifier"], end, following["identifier"])
        for node in nodes(awx, workflow)
        for kind, end in EDGES.items()
        for following in awx.associated("workflow_job_template_nodes", node["id"], kind)
    }


def walk(graph: set[Edge], **ends: str) -> list[str]:
    """The nodes that AWX runs, in order, if these end as given and all others with success.

    A node runs once every node before it has ended or will never run, and the result of one of them matches its edge.
    """
    names = {name for before, _end, behind in graph for name in (before, behind)}
    ran: list[str] = []
    left_out: set[str] = set()
    while names - {*ran, *left_out}:
        for name in sorted(names - {*ran, *left_out}):
            before = {(node, end) for node, end, behind in graph if behind == name}
            if any(node not in ran and node not in left_out for node, _end in before):
                continue
            fits = any(node in ran and end in (ends.get(node, "success"), "always") for node, end in before)
            if fits or not before:
                ran.append(name)
            else:
                left_out.add(name)
    return ran


def test_the_workflow_is_the_operation_with_a_barrier_behind_every_phase(awx: Awx) -> None:
    assert edges(awx, "batch_stop_agents") == {
        ("accept", "success", "prepare"),
        ("prepare", "always", "prepare_barrier"),
        ("prepare_barrier", "success", "stop"),
        ("prepare_barrier", "failure", "report"),
        ("stop", "always", "stop_barrier"),
        ("stop_barrier", "success", "finish"),
        ("stop_barrier", "failure", "report"),
        ("finish", "always", "report"),
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_nodes_of_a_workflow_follow_the_operation(awx: Awx, operation: str) -> None:
    phases = [node.phase for node in OPERATIONS[operation].nodes]
    expected = ["accept"]
    for phase in phases[:-1]:
        expected += [phase, f"{phase}_barrier"]
    assert walk(edges(awx, operation)) == [*expected, phases[-1], "report"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_phase_that_fails_still_reaches_its_barrier_and_the_report(awx: Awx, operation: str) -> None:
    graph = edges(awx, operation)
    for node in OPERATIONS[operation].nodes:
        assert walk(graph, **{node.phase: "failure"}) == walk(graph)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_behind_a_barrier_that_fails_comes_the_report_and_no_host(awx: Awx, operation: str) -> None:
    graph = edges(awx, operation)
    for node in OPERATIONS[operation].nodes[:-1]:
        barrier = f"{node.phase}_barrier"
        everything = walk(graph)
        assert walk(graph, **{barrier: "failure"}) == [*everything[: everything.index(barrier) + 1], "report"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_behind_a_refused_request_comes_nothing(awx: Awx, operation: str) -> None:
    assert walk(edges(awx, operation), accept="failure") == ["accept"]


def test_each_node_runs_its_playbook_with_what_it_is_for(awx: Awx) -> None:
    templates = awx.objects["job_templates"]
    for operation in OPERATIONS:
        workflow = awx.named("workflow_job_templates", f"OCP {operation.split('_')[1]} agents, sliced")
        for node in nodes(awx, workflow):
            name, template = node["identifier"], templates[node["unified_job_template"]]
            if name == "accept":
                wanted = "workflow_accept.yml", {"ocp_operation": operation}
            elif name == "report" or name.endswith("_barrier"):
                wanted = f"workflow_{name.split('_')[-1]}.yml", {}
            else:
                wanted = "workflow_phase.yml", {"ocp_phase": name}
            assert (template["playbook"], node.get("extra_data", {})) == wanted


def test_only_jobs_that_contact_hosts_have_the_key_and_only_phases_are_sliced(awx: Awx) -> None:
    for number, template in awx.objects["job_templates"].items():
        credentials = {c["name"] for c in awx.associated("job_templates", number, "credentials")}
        on_controller = template["playbook"] in {
            "task_cancel.yml",
            "task_prune.yml",
            "workflow_accept.yml",
            "workflow_barrier.yml",
            "workflow_report.yml",
        }
        assert credentials == {"OCP task store"} | (set() if on_controller else {"OCP hosts"})
        assert (template["job_slice_count"] > 1) is (template["playbook"] == "workflow_phase.yml")


def test_every_playbook_but_one_has_a_template(awx: Awx) -> None:
    used = {template["playbook"] for template in awx.objects["job_templates"].values()}
    assert used | {"workflow_resume.yml"} == {path.name for path in (ROOT / "playbooks").glob("*.yml")}


def test_launches_take_what_the_survey_asks_and_nothing_else(awx: Awx) -> None:
    homes = ("job_templates", "workflow_job_templates")
    for kind, number, template in [(home, n, o) for home in homes for n, o in awx.objects[home].items()]:
        asked = {name for name, value in template.items() if name.startswith("ask_") and value}
        assert asked <= {"ask_job_type_on_launch", "ask_diff_mode_on_launch"}
        assert template["survey_enabled"] is ((kind, number) in awx.surveys)
        assert template["allow_simultaneous"] is True


def test_the_host_ids_are_a_text_area_and_hosts_may_be_named_in_their_place(awx: Awx) -> None:
    surveys = [survey["spec"] for survey in awx.surveys.values()]
    questions = [question for spec in surveys for question in spec if question["variable"] == "host_ids"]
    assert len(questions) == 2 * len(OPERATIONS) + 1
    for question in questions:
        assert (question["type"], question["min"], question["required"]) == ("textarea", 0, False)
        assert question["max"] >= 20_000 * 12  # AWX's form would set 1024
    named = [question for spec in surveys for question in spec if question["variable"] == "ocp_hosts"]
    assert len(named) == len(questions)


def test_the_playbooks_know_every_variable_of_the_surveys(awx: Awx) -> None:
    for number, template in awx.objects["job_templates"].items():
        known = text_of(ROOT / "playbooks" / template["playbook"])
        for question in awx.surveys.get(("job_templates", number), {}).get("spec", []):
            assert re.search(rf"\b{question['variable']}\b", known), (template["playbook"], question["variable"])


def text_of(playbook: Path) -> str:
    """A playbook with all its imports, and the variables that the action for host ids reads by itself."""
    text = playbook.read_text()
    for imported in re.findall(r"import_playbook: (phases/\S+)", text):
        text += text_of(playbook.parent / imported)
    if "task_create" in text:
        text += (ROOT / "plugins/plugin_utils/_run/accept.py").read_text()
        text += (ROOT / "plugins/plugin_utils/_run/variables.py").read_text()
    if "status_fan_out" in text:
        text += (ROOT / "plugins/plugin_utils/_run/variables.py").read_text()
    return text


def test_who_may_launch(awx: Awx) -> None:
    for kind in ("job_templates", "workflow_job_templates"):
        for template in awx.objects[kind].values():
            role = template["object_roles"]["execute_role"]["id"]
            teams = [team["name"] for team in awx.associated("roles", role, "teams")]
            is_node = template.get("playbook", "").startswith("workflow_")
            assert teams == ([] if is_node else ["OCP operators"])


def test_who_launches_a_workflow_may_read_its_nodes_and_its_hosts(awx: Awx) -> None:
    for found in [*awx.objects["job_templates"].values(), *awx.objects["inventories"].values()]:
        role = found["object_roles"]["read_role"]["id"]
        teams = [team["name"] for team in awx.associated("roles", role, "teams")]
        launched = not found.get("playbook", "workflow_").startswith("workflow_")
        assert teams == ([] if launched else ["OCP operators"])


def test_a_launch_by_the_api_may_leave_out_what_has_a_default(awx: Awx) -> None:
    questions = [question for survey in awx.surveys.values() for question in survey["spec"]]
    for question in questions:
        optional = question["variable"] in ("host_ids", "ocp_hosts", "ocp_waves", "ocp_waves_after")
        assert question["required"] is (question["default"] == "" and not optional)


def test_a_private_authority_of_ocp_is_a_file_of_the_job(awx: Awx, tmp_path: Path) -> None:
    inputs = {"url": "https://ocp.example.com:8443", "ca_certificates": "-----BEGIN CERTIFICATE-----"}
    path = injected(awx, "OceanBase OCP", inputs, tmp_path)["env"]["OCP_CA_PATH"]
    assert Path(path).read_text() == inputs["ca_certificates"]


def test_a_project_whose_first_sync_has_failed_is_synchronized_again(configuration: Configuration, awx: Awx) -> None:
    """AWX syncs a project once, on its creation. It refuses a template without its playbook."""
    (project,) = awx.objects["projects"].values()
    project["status"] = awx.sync = "failed"
    before = len(awx.changes)
    output = configuration.fail("--start-at-task=Synchronize a project that is not there yet")
    project["status"] = awx.sync = "successful"
    assert awx.changes[before:] == [("POST", f"/api/v2/projects/{project['id']}/update/")]
    assert "OCP agents, failed" in output


def injected(awx: Awx, name: str, inputs: dict[str, str], folder: Path = Path("/tmp")) -> dict[str, dict[str, str]]:
    """The variables that AWX gives a job from a credential of this type: by "env" or "extra_vars", name and value.

    As CredentialType.inject_credential: a field without a value is not defined in the templates. Files come first, and
    their paths are below tower.filename. folder: for those files.
    """
    environment = ImmutableSandboxedEnvironment()
    kind = awx.named("credential_types", name)
    assert set(inputs) <= {field["id"] for field in kind["inputs"]["fields"]}
    templates = dict(kind["injectors"])
    names = {}
    for label, template in templates.pop("file", {}).items():
        path = folder / label
        path.write_text(environment.from_string(template).render(**inputs))
        names[label.removeprefix("template.")] = str(path)
    given = {**inputs, "tower": {"filename": names}}
    return {
        where: {key: environment.from_string(template).render(**given) for key, template in those.items()}
        for where, those in templates.items()
    }


def test_a_job_gets_the_task_store_as_it_was_given(awx: Awx) -> None:
    stored = awx.named("credentials", "OCP task store")["inputs"]
    assert stored == {"url": STORE}
    assert injected(awx, "OceanBase OCP task store", stored) == {"extra_vars": {"ocp_task_store": STORE}}


@pytest.mark.parametrize("login", ["password", "access key"])
def test_a_sync_finds_the_hosts_of_ocp(awx: Awx, login: str, tmp_path: Path) -> None:
    """It uses the project's inventory file, AWX's environment of a credential, and a server of OCP's API."""
    (source,) = awx.objects["inventory_sources"].values()
    with OcpServer([host(1001), host(1002)]) as ocp:
        pairs = {
            "password": {"username": ocp.user, "password": ocp.password},
            "access key": {"access_key": ocp.access_key, "secret_key": ocp.secret_key},
        }
        given = injected(awx, "OceanBase OCP", {"url": ocp.url, **pairs[login]}, tmp_path)
        assert given["env"]["OCP_CA_PATH"] == ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "OCP_"))}
        listed = subprocess.run(
            [Path(sys.executable).with_name("ansible-inventory"), "-i", PROJECT / source["source_path"], "--list"],
            cwd=tmp_path,
            env={**kept, **given["env"], "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"},
            capture_output=True,
            text=True,
            check=True,
        )
    ids = [variables["ocp_host_id"] for variables in json.loads(listed.stdout)["_meta"]["hostvars"].values()]
    assert sorted(ids) == [1001, 1002]
