# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file with the environment of a stopped agent. tests/program/test_as_before.py has the others."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import memory


def test_half_a_file_does_not_stay(tmp_path: Path) -> None:
    """It may hold secrets, and nobody would ever remove it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            memory._write_privately(str(tmp_path / "kept"), b"a secret")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_killed_run_with_this_pid_is_replaced(tmp_path: Path) -> None:
    (tmp_path / f"kept.{os.getpid()}").write_bytes(b"half of a sec")
    memory._write_privately(str(tmp_path / "kept"), b"a secret")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("kept", b"a secret")]
