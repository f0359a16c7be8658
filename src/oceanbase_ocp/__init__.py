# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OCP's operations on the hosts themselves, from Python.

Everything public is here: `batch_stop_agents`, `submit`, `Submission` and `OcpRunError`.
"""

from __future__ import annotations

from ._api import batch_stop_agents, submit
from ._errors import OcpRunError
from ._submission import Submission

__all__ = ["OcpRunError", "Submission", "batch_stop_agents", "submit"]
