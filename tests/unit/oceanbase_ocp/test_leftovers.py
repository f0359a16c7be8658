# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes that a run left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

from oceanbase_ocp._leftovers import end_processes


def test_ends_exactly_the_marked_ones() -> None:
    mark = uuid.uuid4().hex

    def start(value: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OCP_TEST_RUN": value}
        # In a session of its own, like a worker of ansible-core.
        return subprocess.Popen(["sleep", "60"], env=environment, start_new_session=True)

    marked, others = [start(mark), start(mark)], [start(mark + "0"), start("x" + mark)]
    try:
        end_processes(f"OCP_TEST_RUN={mark}")

        assert [process.wait(timeout=5) for process in marked] == [-9, -9]
        assert [process.poll() for process in others] == [None, None]
    finally:
        for process in [*marked, *others]:
            process.kill()
            process.wait()


def test_ends_children_that_were_forked_without_an_exec() -> None:
    mark = uuid.uuid4().hex
    program = "import os, time; os.fork(); os.write(1, b'.'); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "OCP_TEST_RUN": mark}, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.read(2) == b".."  # both children run

        end_processes(f"OCP_TEST_RUN={mark}")

        assert parent.stdout.read() == b""  # returns only once both have closed the pipe
        assert parent.wait(timeout=5) == -9
