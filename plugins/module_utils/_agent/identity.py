# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Whether a process that has the name of one of the agent's programs is the agent of one home.

The executable alone is not enough. A home may consist of links into a repository that other homes use, too. The home
may have been moved, copied, mounted elsewhere, or switched to another version since the process started. So the
arguments and the working directory of the process count as well. Folders and files are compared by device and inode,
because the kernel's paths can mislead: in a file system that was unmounted lazily they begin in that file system.
"""

import os

from .home import Home, image_of, program_named
from .host import AgentError, arguments_of, as_text, living_thread, user_name

OURS, UNPROVEN, STRANGER = "ours", "unproven", "stranger"

_LAYOUT = ("bin", "agent", "conf", "etc", "run", "log", "tmp")  # folders of a home that arguments may lead into
_ARGUMENTS = 50  # only so many arguments of a process are read


class Look(object):
    """What the kernel shows of a process that has the name of one of the agent's programs.

    program: that name. path: of the executable, or of the script that an interpreter runs. image: device and inode of
    that file, or None.
    """

    def __init__(self, pid, uid, program, path, image):
        self.pid = pid
        self.uid = uid
        self.program = program
        self.path = path
        self.image = image


class Judge(object):
    """Decides whether a process is the agent of a home. home: a Home, as it is now.

    trusted: ids of the users who may run an agent of this home. Arguments of other users' processes are ignored.
    """

    def __init__(self, home):
        self._home = home
        self._images = home.images()
        self._places = _places(home.path)
        self.trusted = home.owners()

    def verdict(self, look):
        """A pair: OURS, UNPROVEN or STRANGER, and a text. For UNPROVEN it says why this may be the agent, else None.

        OURS: the process runs a file of the home, or one that an installed program of the home links to. Or a pid file
        of the home names it, and its arguments or its working directory lead to the home. If these lead to another
        home, the process belongs to that one.
        """
        inside = self._home.holds(look.path)
        own = inside or look.image in self._images
        here, others = self._said(look)
        if here:
            if look.uid in self.trusted and self._home.recorded(look.program, look.pid, look.uid):
                return OURS, None
            if any(other.recorded(look.program, look.pid, look.uid) for other in others):
                return STRANGER, None  # a program of this home with the configuration of another
            return (OURS, None) if own else self._unproven(
                look, "its arguments or its working directory lead to %s" % as_text(self._home.given))
        file_name = self._home.file_naming(look.program, look.pid)
        for other in others:
            leads = look.image in other.images()
            if other.recorded(look.program, look.pid, look.uid) or leads and file_name is None or (
                    other.holds(look.path) and not inside):
                return STRANGER, None
        if own and (inside or not others):
            return OURS, None
        if file_name is not None:
            return self._unproven(look, "%s names it" % as_text(os.path.join(self._home.run, file_name)))
        if own:
            return self._unproven(look, "a program of %s leads to that" % as_text(self._home.given))
        return STRANGER, None

    def _unproven(self, look, why):
        if look.uid not in self.trusted:
            return STRANGER, None
        return UNPROVEN, "%s (pid %d) of user %s runs %s and may be this agent, because %s, but nothing proves it" % (
            look.program, look.pid, user_name(look.uid), as_text(look.path), why)

    def _said(self, look):
        """Which homes a process names: whether it names this one, and a list of the other Homes.

        Its arguments count more than its working directory: a process that was told its home may work anywhere.
        """
        thread = living_thread(look.pid) or look.pid  # the kernel shows neither for a first thread that has ended
        for paths in (_argument_paths(thread), [_directory(thread, ".")]):
            folders = [folder for path in paths for folder in _homes_above(path)]
            elsewhere = [folder for folder in folders if not self._is_here(folder)]
            others = [other for other in [self._other(folder, look) for folder in elsewhere] if other is not None]
            here = len(elsewhere) < len(folders)
            if here or others:
                return here, others
        return False, []

    def is_at_home(self, look):
        """Whether it lies where the home has its programs, or says that it is at home there."""
        return self._home.has_place(look.path) or self._said(look)[0]

    def homes_said(self, look):
        """The other Homes that its own words lead to."""
        return self._said(look)[1]

    def is_path_of_home(self, path):
        """Whether a path, as another program has written it, lies in the home."""
        return any(self._is_here(folder) for folder in _homes_above(path))

    def _is_here(self, folder):
        """Whether a folder is the home, or shares its run/ as the versions behind one link do."""
        if folder in (self._home.given, self._home.path):
            return True
        itself, run = _places(folder)
        return itself is not None and itself == self._places[0] or run is not None and run == self._places[1]

    def _other(self, folder, look):
        """The Home at a folder, or None. A repository that our own programs link to is not a home."""
        if folder.startswith("/proc/"):  # a directory that has no path any more
            return None
        try:
            other = Home(folder)
        except AgentError:  # the folder is too high up for a home
            return None
        program = other.find(look.program) or other.find(look.program + ".py")
        if program is None or self._home.holds(other.path):
            return None
        repository = look.image in self._images and not os.path.islink(program) and not os.path.isdir(other.run)
        return None if repository else other


def _places(folder):
    return image_of(folder), image_of(os.path.join(folder, "run"))


def _argument_paths(pid):
    """The paths among the arguments of a process, including the values of options."""
    found = []
    for argument in arguments_of(pid)[:_ARGUMENTS]:
        if argument.startswith("-"):
            argument = argument.partition("=")[2] or argument[max(argument.find("/"), 0):]
        if "/" not in argument:
            continue
        path = os.path.normpath(argument) if os.path.isabs(argument) else _directory(pid, argument)
        found.append(path)
        if not program_named(path) and os.path.islink(path):  # of a file of its home, not of a program
            found.append(os.path.realpath(path))
    return found


def _directory(pid, path):
    """A path relative to the working directory of a process; through /proc if that directory has no path any more."""
    working = "/proc/%d/cwd" % pid
    try:
        target = os.readlink(working)
        if image_of(target) == image_of(working):
            return os.path.normpath(os.path.join(target, path)) + ("/." if path == "." else "")
    except OSError:
        pass
    return os.path.join(working, path)


def _homes_above(path):
    """The folders that would be a home if that path lay in one, the nearest first."""
    found = []
    folder, below = os.path.split(path)
    if below == "." or program_named(below):
        found.append(folder)
    while folder.strip("/"):
        folder, below = os.path.split(folder)
        if below in _LAYOUT:
            found.append(folder)
    return found
