# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import fields

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import rows
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Subtask, Task


def test_every_field_of_a_task_has_a_place() -> None:
    assert {field.name for field in fields(Task)} == {*rows._TASK_FIELDS, "targets", "records", "stages", "wave"}
    assert {field.name for field in fields(Subtask)} == {*rows._SUBTASK_FIELDS, "error"}
    assert set(rows._TASK_FIELDS) <= set(tables.TASK.c.keys())
    assert {*rows._SUBTASK_FIELDS, "error", "stage", "task_id"} == set(tables.SUBTASK.c.keys())
