# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent that the hosts of the fleet run: a daemon, its children and their control program.

Every process costs memory on each of many hosts, so the long-lived programs import only modules that the
interpreter has loaded anyway and its small C modules.
"""
