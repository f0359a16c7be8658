# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's log: one JSON object a line, on standard error."""

from __future__ import annotations

import json
import logging
import logging.config
from contextvars import ContextVar
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso

# Of the request that is worked on, "" outside of one.
TRACE_ID: ContextVar[str] = ContextVar("trace_id", default="")

_EXTRA = ("client", "user", "status", "duration", "task")


class JsonLines(logging.Formatter):
    """Makes a JSON object of a record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": iso(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "traceId": TRACE_ID.get(),
            **{name: getattr(record, name) for name in _EXTRA if hasattr(record, name)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Send the log of everything to standard error. uvicorn's own access log is off: `exchange` has one."""
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {"uvicorn.access": {"level": "WARNING", "propagate": False, "handlers": []}},
    })
