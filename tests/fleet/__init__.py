# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for tests, on one machine: see README.md beside this file."""

from .fleet import DEFAULT_STATE_DIR, Fleet
from .host import Host
from .processes import Process
from .spec import FleetError, HostSpec

__all__ = ["DEFAULT_STATE_DIR", "Fleet", "FleetError", "Host", "HostSpec", "Process"]
