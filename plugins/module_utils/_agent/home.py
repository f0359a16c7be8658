# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The agent's programs, and a home of the agent: its installed programs, and the contents of its run/.

The facts about the agent (programs, files, locks, guards) come from OCP's documentation and from obagent, the
open sibling of the OCP Agent, whose programs are named C(ob_*) instead of C(ocp_*).
"""

import errno
import os
import sys

from .folders import Folders
from .host import DENIED, DIGITS, AgentError, as_text, names_in, no_access, read_regular, user_name
from .scripts import is_interpreter

DEFAULT_HOME = "/home/admin/ocp_agent"

# The basic programs of each generation. "control" creates and removes run/admin.lock. "titled" are scripts that show
# their own name as their whole command line.
GENERATIONS = (
    {
        "name": "gen1",
        "control": "ocp_agent_ctl.py",
        "daemon": "ocp_agentd",
        "children": ("pos_proxy", "node_exporter", "ocp_exporter"),
        "titled": ("ocp_agentd", "pos_proxy", "ocp_exporter"),
    },
    {
        "name": "gen2",
        "control": "ocp_agentctl",
        "daemon": "ocp_agentd",
        "children": ("ocp_mgragent", "ocp_monagent"),
        "titled": (),
    },
    {
        "name": "obagent",
        "control": "ob_agentctl",
        "daemon": "ob_agentd",
        "children": ("ob_mgragent", "ob_monagent"),
        "titled": (),
    },
)
CONTROLS = frozenset(generation["control"] for generation in GENERATIONS)
PROGRAM_FOLDERS = ("bin", "agent", "")
DAEMONS = frozenset(generation["daemon"] for generation in GENERATIONS)
PROGRAMS = DAEMONS.union(*(generation["children"] for generation in GENERATIONS))
TITLED = frozenset(name for generation in GENERATIONS for name in generation["titled"])
# Software that many hosts run for other reasons. Without other evidence it proves no agent.
GENERIC = frozenset(["node_exporter"])


class Home(object):
    """One agent home: its paths, its installed programs, and the contents of its run/.

    path: absolute path of the home, with links followed, since the kernel shows executables that way.
    folders: the places of its files. run: the folder of pid files and sockets, except those of programs with another
    one.
    """

    def __init__(self, path):
        if sys.version_info[0] == 2 and not isinstance(path, str):  # Python 2.7 has bytes for paths
            path = path.encode("utf-8")
        if not os.path.isabs(path) or "\0" in path or os.path.normpath(path).count("/") < 2:
            raise AgentError("invalid", "home must be an absolute path at least two levels deep, not %r" % (
                as_text(path)))
        self.given = os.path.normpath(path)
        self.path = os.path.realpath(path)
        if self.path.count("/") < 2:
            raise AgentError("invalid", "home %s leads to %s, which is no agent home" % (
                as_text(path), as_text(self.path)))
        self._folders = None

    @property
    def folders(self):
        # They are read on demand: a host looks at many a folder that turns out to be no home.
        if self._folders is None:
            self._folders = Folders(self.path)
        return self._folders

    @property
    def run(self):
        return self.folders.run

    def refuse_unknown_folders(self):
        """Raise AgentError if the agent's configuration cannot be read: pid files and lock may be anywhere then."""
        problem = self.folders.problem
        if problem and self.folders.denied:
            raise AgentError("not_permitted", "the user %s may not read where the agent has its files (%s): run with "
                             "become (ansible_become: true)" % (user_name(os.geteuid()), problem))
        if problem:
            raise AgentError("configuration", "cannot tell where the agent has its pid files and its lock: %s. Write "
                             "it as the agent ships it, with one key and its value a line" % problem)

    def run_of(self, program):
        """The folder of the pid file and the socket of a program."""
        return self.folders.run_of.get(program, self.run)

    def readable(self):
        """False if only missing permissions hide what is installed."""
        for folder in (self.path,) + tuple(os.path.join(self.path, name) for name in PROGRAM_FOLDERS):
            try:
                os.listdir(folder)
            except OSError as exc:
                if exc.errno in DENIED:
                    return False
        return True

    def holds(self, path):
        return path.startswith(self.path + "/")

    def has_place(self, path):
        """Whether a path lies where the home has its programs."""
        return os.path.dirname(path) in [os.path.normpath(os.path.join(self.path, name)) for name in PROGRAM_FOLDERS]

    def images(self):
        """Device and inode of the files behind the programs installed here, as a set of pairs.

        They may be links, as in installations by obd. Interpreters do not count as the agent's.
        """
        paths = [os.path.join(self.path, folder, name) for folder in PROGRAM_FOLDERS
                 for name in names_in(os.path.join(self.path, folder)) if program_named(name) or name in CONTROLS]
        return set(image_of(path) for path in paths
                   if os.path.isfile(path) and not is_interpreter(os.path.realpath(path)))

    def owners(self):
        """Ids of the users who may run the agent: root, and the owners of the home and its run/."""
        found = set([0])
        for folder in (self.path, self.run):
            try:
                found.add(os.stat(folder).st_uid)
            except OSError:
                pass
        return found

    def find(self, name):
        """The path of an installed program, or None."""
        paths = [os.path.normpath(os.path.join(self.path, folder, name)) for folder in PROGRAM_FOLDERS]
        return next((path for path in paths if os.path.isfile(path)), None)

    def generations(self):
        """Names of the generations installed here, by their control programs, or their daemons without one."""
        names = [generation["name"] for generation in GENERATIONS if self.find(generation["control"])]
        return names or [generation["name"] for generation in GENERATIONS
                         if self.find(generation["daemon"]) and any(map(self.find, generation["children"]))]

    def run_files(self):
        """Pairs of program and file name for the pid and socket files of the agent's programs in run/.

        For a program with another folder also those there, with the absolute path as the name.
        """
        return _files_in(self.run, PROGRAMS) + [
            (program, os.path.join(folder, name)) for program in sorted(self.folders.run_of)
            for folder in [self.folders.run_of[program]]
            for dummy, name in _files_in(folder, PROGRAMS.intersection([program]))]

    def recorded(self, program, pid, uid):
        """Whether a pid file of the program names the pid, and only root or uid can have written that file."""
        return any(self._pid_in(name, writers=(0, uid)) == pid for owner, name in self.run_files() if owner == program)

    def file_naming(self, program, pid):
        """The name of a pid or socket file of the program that names the pid, by any writer; None without one."""
        return next((name for owner, name in self.run_files() if owner == program and (
            os.path.basename(name).startswith("%s.%d." % (program, pid)) or self._pid_in(name) == pid)), None)

    def _pid_in(self, name, writers=None):
        """The pid in a pid file of run/; None if it has none, and for a socket."""
        return pid_in(read_regular(os.path.join(self.run, name), limit=32, writers=writers))


def _files_in(folder, programs):
    """Pairs of program and file name for the pid and socket files of these programs in a folder."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as exc:
        if exc.errno in (errno.ENOENT, errno.ENOTDIR):
            return []
        if exc.errno in DENIED:
            raise no_access(os.path.join(folder, "x"))
        raise
    found = []
    for name in names:
        parts = name.split(".")
        if parts[0] in programs and (
            parts[1:] == ["pid"]
            or len(parts) == 3 and parts[2] in ("pid", "sock") and _is_pid(parts[1])
        ):
            found.append((parts[0], name))
    return found


def program_named(path):
    """The program with the name of a path, without the .py of a script; None for any other path."""
    name = os.path.basename(path)
    name = name[:-len(".py")] if name.endswith(".py") else name
    return name if name in PROGRAMS else None


def image_of(path):
    """Device and inode of a path's target, or None. Two paths with the same ones lead to one file or folder."""
    try:
        status = os.stat(path)
    except (IOError, OSError):
        return None
    return status.st_dev, status.st_ino


def _is_pid(text):
    return 0 < len(text) <= 10 and text[0] != "0" and not text.strip(DIGITS)


def pid_in(content):
    """The pid in the content of a pid file; None if it has none, or for None."""
    text = as_text(content).strip() if content else ""
    return int(text) if _is_pid(text) else None


def generation_of(home, processes):
    """The name of the generation of the agent processes; of several, the newest one."""
    names = set(process.program for process in processes)
    for generation in reversed(GENERATIONS):
        if names.intersection(generation["children"]):
            return generation["name"]
    installed = [generation["name"] for generation in GENERATIONS
                 if generation["daemon"] in names and generation["name"] in home.generations()]
    if installed:
        return installed[-1]
    return next((generation["name"] for generation in reversed(GENERATIONS) if generation["daemon"] in names), None)
