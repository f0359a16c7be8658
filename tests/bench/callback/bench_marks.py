# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For `python -m tests.bench profile`: records the start of each play, and the CPU time spent until then."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: bench_marks
type: aggregate
short_description: Marks the beginning of each play
description: Writes a line of JSON for each play and for the end of the run, for the bench of this collection.
author: OceanBase OCP collection contributors (@oceanbase)
"""


class CallbackModule(CallbackBase):
    """Environment: OCP_BENCH_MARKS, the file to write; OCP_BENCH_CPU_STAT, cpu.stat of the run's control group."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_marks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._marks = open(os.environ["OCP_BENCH_MARKS"], "a", encoding="utf-8")  # noqa: SIM115 - until the run ends

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._mark(play.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._mark(None)
        self._marks.close()

    def _mark(self, play: str | None) -> None:
        with open(os.environ["OCP_BENCH_CPU_STAT"], encoding="ascii") as stream:
            cpu = next(int(line.split()[1]) for line in stream if line.startswith("usage_usec"))
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._marks.write(json.dumps({"play": play, "at": now, "cpu": cpu / 1e6, "began": _began()}) + "\n")


def _began() -> float:
    """When this process started, on the same clock, to 10 ms."""
    with open("/proc/self/stat", "rb") as stream:
        ticks = int(stream.read().rpartition(b")")[2].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")
