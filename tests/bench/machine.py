# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Place and tools of a measurement."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Hosts have their distribution's Python, which is built for speed. The one that runs the bench may not be.
HOSTS_PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else os.path.realpath(sys.executable)
PACKAGES = ("ansible-core", "ClusterShell", "pyinfra", "paramiko", "asyncssh")


def describe() -> dict[str, Any]:
    """The date, the command line, the machine, and the versions of all tools."""
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]]),
        "machine": {
            "processor": _field("/proc/cpuinfo", "model name"),
            "cores": len(os.sched_getaffinity(0)),
            "memory": int(_field("/proc/meminfo", "MemTotal").split()[0]) * 1024,
            "kernel": platform.release(),
            "load before": os.getloadavg()[0],
        },
        "versions": {
            "this collection": _first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
            "Python": platform.python_version(),
            "the hosts' Python": _first_line(HOSTS_PYTHON, "--version").removeprefix("Python "),
            "OpenSSH": _first_line("ssh", "-V").partition(",")[0].removeprefix("OpenSSH_"),
            **{name: version for name in PACKAGES if (version := _version(name))},
        },
    }


def _field(path: str, name: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return next((line.partition(":")[2].strip() for line in stream if line.startswith(name)), "unknown")


def _first_line(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return (result.stdout + result.stderr).partition("\n")[0] if result.returncode == 0 else "unknown"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
