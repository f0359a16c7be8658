# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process.proc import stat


def test_a_child_and_what_was_one() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found, ours = stat(child.pid), stat(os.getpid())
    child.communicate(b"\n")
    assert found
    assert ours
    assert found.parent == os.getpid()
    assert found.start >= ours.start
    assert stat(child.pid) is None
