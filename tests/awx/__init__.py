# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX's work around a playbook, without AWX: jobs and workflows over ansible-runner's transmit, worker, process.

It follows AWX 24.6.1; comments say where. It differs from AWX in three points. A "container" is a process table, not an
image; its end kills every process in it. Playbooks come from the project in the checkout, the collection from the
environment of the ansible-core.
"""

from __future__ import annotations

from .inventory import Inventory
from .job import Job
from .template import Template
from .tower import Awx

__all__ = ["Awx", "Inventory", "Job", "Template"]
