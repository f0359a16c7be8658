# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of an agent: the vendor's file, and the stand-in's own settings beside it."""

from __future__ import annotations

import os

Settings = dict[str, str]
HOMES = ("${obagent.home.path}", "${ocp.agent.home.path}")  # placeholders for the home in the vendor's file


def load(home: str, generation_1: bool) -> Settings | None:
    """Read the configuration of the agent at *home*.

    Returns a flat dict of str to str: the vendor's ``conf/agentd.yaml`` with dots between the levels
    (``services.ocp_mgragent.runDir``), the lines of ``conf/agentd.standin``, and ``home``. Returns None if there is no
    such configuration, so the program belongs to no agent.
    """
    base = os.path.join(home, "conf", "agent" if generation_1 else "agentd")
    try:
        vendors, own = _read(base + ".yaml", home), _read(base + ".standin", home)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return {"runDir": home + "/run", **vendors, **own, "home": home}


def _read(path: str, home: str) -> Settings:
    """``key: value`` lines. Lines of a mapping follow their key, indented by two spaces."""
    found: Settings = {}
    levels: list[str] = []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            key, colon, value = line.rstrip("\n").partition(":")
            if not colon or key.lstrip().startswith("#"):
                continue
            levels[(len(key) - len(key.lstrip())) // 2 :] = [key.strip()]
            for name in HOMES:
                value = value.replace(name, home)
            if value.strip():
                found[".".join(levels)] = value.strip()
    return found


def children(conf: Settings) -> list[str]:
    """The names of the daemon's children."""
    return conf["children"].split()


def run_dir(conf: Settings, program: str) -> str:
    """The folder of the pid file and the socket of *program*."""
    return conf.get(f"services.{program}.runDir") or conf["runDir"]


def log_file(conf: Settings, program: str, suffix: str = ".log") -> str:
    """The path of a log of *program*: ``agentd.log``, or ``ocp_mgragent.output.log`` with another suffix."""
    name = program.partition("_")[2] if suffix == ".log" and not conf.get("scripts") else program
    return f"{conf['home']}/log/{name}{suffix}"


def ignores_sigterm(conf: Settings, program: str) -> bool:
    """Whether *program* is configured to ignore SIGTERM."""
    return conf.get(program + ".ignore_sigterm") == "yes"
