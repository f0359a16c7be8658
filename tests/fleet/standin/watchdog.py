# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process outside the agent's home that restarts the daemon as soon as it is gone.

Arguments: the daemon's program, the home, 1 for the first generation.
"""

from __future__ import annotations

import os
import sys
import time

sys.path.insert(0, "/run/ocp-fleet")

from standin import process, run_folder, settings  # type: ignore[import-not-found]

LOOK_EVERY = 0.2


def main(home: str, generation_1: bool) -> None:
    """Keep the daemon of *home* alive for ever."""
    conf = settings.load(home, generation_1)
    assert conf, f"no agent at {home}"
    program = conf["daemon"]
    own = None  # the daemon that this process has started, while it lives
    while True:
        if own and os.waitpid(own, os.WNOHANG)[0]:
            own = None
        pid = run_folder.pid_or_none(run_folder.pid_file(conf, program))
        if not own and (pid is None or process.name(pid) != program):
            try:
                own = process.spawn(conf, program)
            except OSError as error:
                print(error, file=sys.stderr)
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "1")
