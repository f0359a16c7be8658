# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The phases, for the documentation of every module that takes one. What is said of it is the module's own."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  phase:
    type: str
    required: true
    choices: [prepare, restart_pos_proxy, stop, start, finish]
"""
