# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in refuses what AWX refuses. Otherwise a run of the example against it would prove nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .server import ENCRYPTED, Awx, RefusedError

CHOICE = {
    "question_name": "Phase",
    "variable": "ocp_phase",
    "type": "multiplechoice",
    "required": True,
    "choices": ["prepare", "stop"],
}


@pytest.fixture
def awx(tmp_path: Path) -> Awx:
    """An AWX with a job template that asks for a phase, and a workflow."""
    (tmp_path / "phase.yml").touch()
    awx = Awx(tmp_path)
    organization = made(awx, "organizations", name="O")
    project = made(awx, "projects", name="P", organization=organization)
    inventory = made(awx, "inventories", name="I", organization=organization)
    things = {"project": project, "inventory": inventory, "survey_enabled": True}
    template = made(awx, "job_templates", name="T", playbook="phase.yml", **things)
    awx.answer("POST", f"/api/v2/job_templates/{template}/survey_spec/", survey(CHOICE))
    made(awx, "workflow_job_templates", name="W", organization=organization)
    return awx


def made(awx: Awx, collection: str, **fields: Any) -> int:
    status, answer = awx.answer("POST", f"/api/v2/{collection}/", fields)
    assert status == 201
    return int(answer["id"])


def survey(*questions: dict[str, Any]) -> dict[str, Any]:
    return {"name": "S", "description": "", "spec": list(questions)}


def refused(awx: Awx, target: str, body: dict[str, Any]) -> dict[str, Any]:
    """AWX's answer to a POST that it refuses."""
    with pytest.raises(RefusedError) as caught:
        awx.answer("POST", f"/api/v2/{target}/", body)
    assert caught.value.status == 400
    return caught.value.body


def test_what_is_missing_unknown_or_there_already(awx: Awx) -> None:
    assert refused(awx, "teams", {"name": "T"}) == {"organization": ["This field is required."]}
    assert "object does not exist" in refused(awx, "teams", {"name": "T", "organization": 4711})["organization"][0]
    again = {"name": "P", "organization": awx.named("organizations", "O")["id"]}
    assert "already exists" in refused(awx, "projects", again)["__all__"][0]


def test_a_playbook_that_the_project_does_not_have(awx: Awx) -> None:
    fields = {key: awx.named("job_templates", "T")[key] for key in ("project", "inventory")}
    body = {**fields, "name": "U", "playbook": "other.yml"}
    assert refused(awx, "job_templates", body) == {"playbook": ["Playbook not found for project."]}


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"extra_data": {"ocp_phase": "finish"}}, "expected to be one of"),
        ({"extra_data": {"ocp_task_store": "none"}}, "not allowed on launch"),
        ({"limit": "db001"}, "not configured to prompt"),
    ],
)
def test_what_a_node_gives_that_its_template_does_not_take(awx: Awx, node: dict[str, Any], said: str) -> None:
    template, workflow = awx.named("job_templates", "T"), awx.named("workflow_job_templates", "W")
    place = {"identifier": "n", "unified_job_template": template["id"], "workflow_job_template": workflow["id"]}
    (error,) = refused(awx, "workflow_job_template_nodes", {**place, **node})["extra_data"]
    assert said in error
    made(awx, "workflow_job_template_nodes", **place, extra_data={"ocp_phase": "stop"})


@pytest.mark.parametrize(
    "question",
    [
        {key: value for key, value in CHOICE.items() if key != "choices"},
        {key: value for key, value in CHOICE.items() if key != "required"},
        {**CHOICE, "default": "finish"},
        {**CHOICE, "type": "lines"},
        {**CHOICE, "type": "integer", "default": "7"},
        {**CHOICE, "max": "7"},
    ],
)
def test_a_survey_that_is_none(awx: Awx, question: dict[str, Any]) -> None:
    number = awx.named("job_templates", "T")["id"]
    assert "error" in refused(awx, f"job_templates/{number}/survey_spec", survey(question))
    assert "error" in refused(awx, f"job_templates/{number}/survey_spec", survey(CHOICE, CHOICE))


def test_secrets_are_not_shown_and_not_lost(awx: Awx) -> None:
    fields = [{"id": "url", "type": "string", "secret": True}, {"id": "user", "type": "string"}]
    kind = made(awx, "credential_types", name="K", kind="cloud", inputs={"fields": fields})
    number = made(awx, "credentials", name="C", credential_type=kind, inputs={"url": "secret", "user": "u"})
    target = f"/api/v2/credentials/{number}/"
    shown = awx.answer("GET", target, {})[1]["inputs"]
    assert shown == {"url": ENCRYPTED, "user": "u"}
    awx.answer("PATCH", target, {"inputs": {**shown, "user": "v"}})
    assert awx.named("credentials", "C")["inputs"] == {"url": "secret", "user": "v"}
