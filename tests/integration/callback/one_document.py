# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback like ansible.posix.json: standard output is one JSON document, written at the end."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: one_document
type: stdout
short_description: One JSON document
description: [All that is on stdout is one JSON document, at the end.]
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "one_document"

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._display.display(json.dumps({"hosts": sorted(stats.processed)}))
