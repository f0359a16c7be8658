# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a copy of the interpreter into an agent program. ``site`` imports this before it looks at the arguments.

So ``<home>/bin/ocp_agentd -c <home>/conf/agentd.yaml`` is the whole command line, as with the vendor's program.
"""

import sys

sys.path.insert(0, "/run/ocp-fleet")

from standin import entry  # type: ignore[import-not-found]

entry.run_executable()
