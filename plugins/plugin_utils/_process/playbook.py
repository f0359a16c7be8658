# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The process of ansible-playbook itself, as its workers know it."""

from __future__ import annotations

import os

_LOADED_IN = os.getpid()  # ansible-playbook loads an action, and what that imports, before it forks a worker for it


def process() -> int:
    """Its process id. To be called in a worker. Raises ProcessLookupError when it has ended.

    The parent of a worker that is an orphan is somebody else, who never ends: what lives as long as that would stay.
    """
    parent = os.getppid()
    if os.getpid() != _LOADED_IN != parent:
        raise ProcessLookupError("ansible-playbook has ended")
    return parent
