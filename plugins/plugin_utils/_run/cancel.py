# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How a run is told to cancel its task: by a file that all of its processes see.

The file is made by a signal (signals.py), by the run's heartbeat where the store says so (heartbeat.py), or by the
Python API. Hosts are begun by workers, which look for the file before each; what a host has begun is let finish.
"""

from __future__ import annotations

import os
from pathlib import Path

from ansible import constants as C

PATH_VARIABLE = "OCEANBASE_OCP_CANCEL"  # set by who starts ansible-playbook and may want to cancel it


def asked() -> bool:
    """Whether the task is to be cancelled."""
    return _path().exists()


def ask() -> None:
    """Have the task of this run cancelled."""
    _path().touch()


def _path() -> Path:
    given = os.environ.get(PATH_VARIABLE)
    return Path(given) if given else Path(C.DEFAULT_LOCAL_TMP) / "ocp_cancel"
