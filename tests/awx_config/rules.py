# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules by which AWX refuses objects of the example, taken from its source of October 2024 (awx/api/serializers.py,
awx/api/views, awx/main/models). AWX checks more than this.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

# Fields with the id of an object of this collection.
REFERENCES = {
    "credential": "credentials",
    "credential_type": "credential_types",
    "default_environment": "execution_environments",
    "execution_environment": "execution_environments",
    "inventory": "inventories",
    "organization": "organizations",
    "project": "projects",
    "source_project": "projects",
    "unified_job_template": "unified_job_templates",
    "workflow_job_template": "workflow_job_templates",
}

REQUIRED = {
    "credential_types": ("name", "kind"),
    "credentials": ("name", "credential_type"),
    "execution_environments": ("name", "image"),
    "inventories": ("name", "organization"),
    "inventory_sources": ("name", "inventory", "source"),
    "job_templates": ("name", "project", "playbook", "inventory"),
    "organizations": ("name",),
    "projects": ("name",),
    "schedules": ("name", "unified_job_template", "rrule"),
    "teams": ("name", "organization"),
    "workflow_job_template_nodes": ("workflow_job_template", "unified_job_template"),
    "workflow_job_templates": ("name",),
}

# Fields that are unique among objects of one kind.
UNIQUE = {
    "credentials": ("name", "organization", "credential_type"),
    "inventory_sources": ("name", "inventory"),
    "schedules": ("name", "unified_job_template"),
    "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
}
UNIQUE_ELSE = ("name", "organization")

_QUESTION_TYPES = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}


def survey_error(survey: Object) -> str | None:
    """Why a survey is refused, or None (JobTemplateSurveySpec._validate_spec_data)."""
    for key, kind in {"name": str, "description": str, "spec": list}.items():
        if not isinstance(survey.get(key), kind):
            return f"'{key}' is missing or of another type"
    if not survey["spec"]:
        return "'spec' doesn't contain any items"
    variables: set[str] = set()
    for question in survey["spec"]:
        for key, kind in {"type": str, "question_name": str, "variable": str, "required": bool}.items():
            if not isinstance(question.get(key), kind):
                return f"'{key}' is missing from a question or of another type: {question}"
        if question["variable"] in variables:
            return f"two questions for {question['variable']}"
        variables.add(question["variable"])
        if question["type"] not in _QUESTION_TYPES:
            return f"no question can be of the type {question['type']}"
        default = question.get("default", "")
        if default != "" and not isinstance(default, _QUESTION_TYPES[question["type"]]):
            return f"the default of {question['variable']} is of another type"
        if any(not isinstance(question.get(key), int | None) for key in ("min", "max")):
            return f"min and max of {question['variable']} must be integers"
        if question["type"] in ("multiplechoice", "multiselect"):
            if "choices" not in question:
                return f"{question['variable']} has no choices"
            if any(choice not in question["choices"] for choice in default.splitlines()):
                return f"the default of {question['variable']} is none of its choices"
    return None


def answer_errors(template: Object, survey: Object, answers: Object) -> list[str]:
    """Variables of a node that its template does not accept (JobTemplate._accept_or_ignore_variables)."""
    questions = (
        {question["variable"]: question for question in survey.get("spec", [])}
        if template.get("survey_enabled")
        else {}
    )
    errors = []
    for name, value in answers.items():
        if name not in questions:
            if not template.get("ask_variables_on_launch"):
                errors.append(f"Variables {name} are not allowed on launch.")
        elif questions[name]["type"] == "multiplechoice" and value not in questions[name]["choices"]:
            errors.append(f"Value {value} for '{name}' expected to be one of {questions[name]['choices']}.")
    return errors


def prompt_errors(template: Object, node: Object) -> list[str]:
    """Fields of a node that its template does not prompt for (LaunchConfigurationBaseSerializer.validate)."""
    prompts = ("inventory", "limit", "job_type", "forks", "job_slice_count", "timeout", "diff_mode", "verbosity")
    return [
        f"Field {name} is not configured to prompt on launch."
        for name in prompts
        if node.get(name) and not template.get(f"ask_{name}_on_launch")
    ]
