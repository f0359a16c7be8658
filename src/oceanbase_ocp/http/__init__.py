# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OCP's HTTP API for the operations of this collection, as a service: `ocp-agents serve`.

It is the extra `http` of the distribution. A request goes one way: `protocol` (connections), `exchange` (envelope,
limits), `endpoint` (body, `login`, role), then a function of `queries` or `operations`.
"""
