# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m oceanbase_ocp`, as the command `ocp-agents`."""

from __future__ import annotations

from ._command import main

if __name__ == "__main__":
    main(prog_name="ocp-agents")
