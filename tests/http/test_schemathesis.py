# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that schemathesis makes of the service's description: each answer is as described, and none is 500."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.http.service import Service

_CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)
# A sound request to change something begins ansible-playbook, if only to find that the host is unknown.
_CHANGES = ("--include-method", "POST", "--mode", "negative", "--exclude-path-regex", "/agent/(stop|restart)$")


@pytest.mark.parametrize(
    "options",
    [("--include-method", "GET", "--phases", "coverage,fuzzing"), (*_CHANGES, "--phases", "coverage")],
    ids=["queries", "changes"],
)
def test_every_answer_is_described(open_service: Service, tmp_path: Path, options: tuple[str, ...]) -> None:
    command = [Path(sys.executable).with_name("st"), "run", f"http://localhost:{open_service.port}/openapi.json"]

    run = subprocess.run(
        [*command, *options, "--checks", ",".join(_CHECKS), "--max-examples", "5", "--seed", "1", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert '"status": 500' not in open_service.log
