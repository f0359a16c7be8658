# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of one host before its start: its own folders, and the agent's home."""

from __future__ import annotations

import os
from pathlib import Path

from . import runtime
from .spec import GENERATIONS, Generation, HostSpec

OWN_FOLDERS = {"home": 0o755, "root": 0o755, "tmp": 0o1777}
HOME_FOLDERS = ("bin", "conf", "log", "run", "tmp", "backup", "pkg_store", "task_store", "position_store")
OTHER_HOME = "/home/admin/other"  # an innocent ocp_agentd lives here
DATABASE_HOME = "/home/admin/oceanbase"  # a database lives here, and the agent's pid files name it
SCRIPT = """\
#!{interpreter} -IS
import os
import sys

sys.path.insert(0, "{mount_point}")

from standin import entry

entry.run_script(os.path.abspath(__file__))
"""

MANAGER_STOPS = 0.05  # seconds; the vendor's takes at most 0.1
SERVICE = """\
  {name}:
    program: {program}
    runDir: {run_dir}
    #kill_wait: 0s
    finalWait: 5s
    minLiveTime: 3s
    quickExitLimit: 3
    stdout: {log}/{name}.output.log
    stderr: {log}/{name}.error.log
"""


def programs(specs: list[HostSpec]) -> set[str]:
    """The names of the executables that hosts with these *specs* need."""
    names = {"observer", "other_agentd"}
    for spec in specs:
        for generation in {spec.generation, "gen2"} if spec.behaviour == "two_generations" else {spec.generation}:
            needed = GENERATIONS[generation]
            names.update(program.name for program in needed.programs if not program.script)
            if not needed.control.endswith(".py"):
                names.add(Path(needed.control).name)
    return names


def build_host(folder: Path) -> None:
    """Make the host's own folders."""
    folder.mkdir()
    for name, mode in OWN_FOLDERS.items():
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    admin = folder / "home/admin"
    admin.mkdir()
    os.chown(admin, runtime.ADMIN, runtime.ADMIN)


def prefixes(spec: HostSpec) -> list[Path]:
    """The folders of the interpreters that the host needs from the machine."""
    python = Path(spec.python)
    return sorted({Path(runtime.INTERPRETER).parents[1], python.parents[1], python.resolve().parents[1]})


def make_visible(folder: Path, paths: list[Path]) -> list[Path]:
    """Make mount points for those of *paths* that the host's own folders hide. Returns these paths."""
    hidden = [path for path in paths if path.parts[1:2] and path.parts[1] in OWN_FOLDERS]
    for path in hidden:
        folder.joinpath(*path.parts[1:]).mkdir(parents=True, exist_ok=True)
    return hidden


def build_home(
    folder: Path, shared: Path, spec: HostSpec, generation: Generation, address: str, settings: dict[str, str]
) -> None:
    """Install the agent: folders, programs, configuration.

    folder: the host's folder; shared: the fleet's runtime folder; settings: more lines for the configuration.
    """
    home = folder / spec.home.lstrip("/")
    for name in HOME_FOLDERS:
        (home / name).mkdir(parents=True, exist_ok=True)
    (folder / spec.run_folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for path in [*(program.path for program in generation.programs), generation.control]:
        script = path.endswith(".py") or any(program.script for program in generation.programs if program.path == path)
        install(shared, folder / f"{spec.program_folder}/{path}".lstrip("/"), script=script)
        if spec.program_folder != spec.home:
            (home / path).symlink_to(f"{spec.program_folder}/{path}")
            _find_library(home / path)
    lines = {
        "address": address,
        "poll_seconds": str(spec.poll_seconds),
        "interpreter": runtime.INTERPRETER,
        "daemon": generation.daemon.name,
        "children": " ".join(child.name for child in generation.children),
        "control": Path(generation.control).name,
    }
    for program in generation.programs:
        lines[f"{program.name}.path"] = f"{spec.home}/{program.path}"
        slow = spec.stop_seconds if program == generation.monitor else MANAGER_STOPS
        lines[f"{program.name}.stop_seconds"] = str(slow)
        lines[f"{program.name}.stop_status"] = "1" if program == generation.manager else "0"
        if program != generation.monitor:
            lines[f"{program.name}.needs_port"] = "yes"
        if program.script:
            lines[f"{program.name}.script"] = lines["scripts"] = "yes"
        if program.port:
            lines[f"{program.name}.port"] = str(program.port)
    lines.update(settings)
    (home / generation.standin_conf).write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    (home / generation.conf).write_text(_vendors_configuration(generation, spec))
    if spec.agent_user == "admin":
        for path in sorted({spec.home, spec.run_folder, spec.program_folder}):
            _give_to_admin(folder / path.lstrip("/"))


def _give_to_admin(top: Path) -> None:
    for root, folders, files in os.walk(top):
        for name in [".", *folders, *files]:
            path = os.path.join(root, name)
            # the programs are hard links to files that all hosts share
            if os.lstat(path).st_nlink == 1 or name in folders or name == ".":
                os.chown(path, runtime.ADMIN, runtime.ADMIN, follow_symlinks=False)


def _vendors_configuration(generation: Generation, spec: HostSpec) -> str:
    """The daemon's configuration file as shipped, changed only if another folder was asked for."""
    if generation.daemon.script:
        return "# nobody has published what generation 1 has here\n"
    home = "${obagent.home.path}" if generation.daemon.name.startswith("ob_") else "${ocp.agent.home.path}"
    run_dir = spec.run_folder.replace(spec.home, home)
    text = f"runDir: {run_dir}\nlogDir: {home}/log\nservices:\n"
    for child in generation.children:
        text += SERVICE.format(name=child.name, program=f"{home}/{child.path}", run_dir=run_dir, log=f"{home}/log")
    return text


def install(shared: Path, path: Path, script: bool = False, program: str | None = None) -> None:
    """Put the stand-in program named like *path* (or *program*) at *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if script:
        path.write_text(SCRIPT.format(interpreter=runtime.INTERPRETER, mount_point=runtime.MOUNT_POINT))
        path.chmod(0o755)
        return
    os.link(shared / "programs" / (program or path.name), path)
    _find_library(path)


def _find_library(path: Path) -> None:
    """Tell the copy of the interpreter at this path where its standard library is."""
    (path.parent / "pyvenv.cfg").write_text(f"home = {runtime.MOUNT_POINT}/bin\n")
