# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Cancel of a run's task, by a file that all processes of the run see.

A signal (signals.py), the heartbeat of the run on behalf of the store (heartbeat.py) or the Python API creates the
file. Workers check for it before each host. Hosts finish what they have begun.
"""

from __future__ import annotations

import os
from pathlib import Path

from ansible import constants as C

PATH_VARIABLE = "OCEANBASE_OCP_CANCEL"  # set by a caller of ansible-playbook that can cancel it


def asked() -> bool:
    """Whether the task was cancelled."""
    return path().exists()


def ask() -> None:
    """Cancel the task of this run."""
    path().touch()


def path() -> Path:
    """The file that exists when the task was cancelled."""
    given = os.environ.get(PATH_VARIABLE)
    return Path(given) if given else Path(C.DEFAULT_LOCAL_TMP) / "ocp_cancel"
