# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides by the path of its call which program this process is."""

from __future__ import annotations

import os
import sys

from . import settings

TYPE_CHECKING = False
if TYPE_CHECKING:  # each process would pay for "typing"
    from typing import NoReturn


def run_executable() -> NoReturn:
    """Run the program that this process was called as, through links too. Never returns."""
    _run(os.path.abspath(sys.orig_argv[0]), sys.orig_argv[1:])


def run_script(path: str) -> NoReturn:
    """Run the program of the script at *path*. Never returns."""
    _run(path, sys.argv[1:])


def _run(path: str, arguments: list[str]) -> NoReturn:
    os.closerange(3, 64)  # the starter's open files are none of the agent's business
    status = 1
    try:
        status = _main(path, arguments)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _main(path: str, arguments: list[str]) -> int:
    folder, program = os.path.split(path)
    home = os.path.dirname(folder)
    conf = settings.load(home, generation_1=folder == home + "/agent" or program.endswith(".py"))
    if conf is not None and program == conf["control"]:
        from . import control

        return control.main(conf, arguments)
    if conf is not None and program == conf["daemon"]:
        from . import daemon

        return daemon.main(conf)
    if conf is not None and program in settings.children(conf):
        from . import child

        return child.main(conf, program)
    return _bystander()


def _bystander() -> NoReturn:
    """Run as a process outside the agent, until a signal ends it."""
    import time

    while True:
        time.sleep(3600)
