# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Stale pid and socket files in run/, and their removal. No other place removes one.

A file is stale when no live process can own it. The daemon creates its pid files with O_EXCL, so a stale file
keeps a program from starting. Removing the file of a live program would hide that program from its control program.
"""

import errno
import os
import stat

from .home import pid_in
from .host import DENIED, GONE, as_text, no_access, read_regular
from .sockets import connect_to

_KINDS = {"pid": stat.S_ISREG, "sock": stat.S_ISSOCK}
_REFUSED = (errno.ECONNREFUSED, errno.ENOENT)  # no process listens on it


def unseen_listeners(home, survey):
    """Texts about sockets in run/ with a listener that is none of the agent's processes in a Survey.

    The listener may be in a container that shares the home. Raises AgentError if this user may not ask.
    """
    return ["a process that is not seen here listens on %s, maybe in a container that shares the home" % (
        as_text(os.path.join(home.run, name))) for name in _listened(home, _owners(survey))]


def stale_files(home, survey):
    """Names of the pid and socket files in run/ that no live process can own.

    survey: a Survey of this home, made just before. The agent's processes, and those that may be the agent's, own the
    files that name them. A stranger owns none, even if a file names it: the agent had its pid before. A file that names
    no process is kept while a process of its program runs, which may be about to write it.
    """
    owners = _owners(survey)
    listened = _listened(home, owners)
    owners.update(_pid_of(name) for name in listened)
    return [name for dummy, name in home.run_files()
            if name not in listened and _is_of_its_kind(home, name) and not _named_in(home, name, owners)]


def remove_stale(home, survey, log):
    """Remove the stale pid and socket files of run/. The caller holds run/admin.lock, so nobody starts an agent.

    survey: as of stale_files. Returns the removed names, and warnings about those that could not be removed. Raises
    AgentError if this user may not remove them.
    """
    removed, warnings = [], []
    for name in stale_files(home, survey):
        path = os.path.join(home.run, name)
        try:
            os.unlink(path)
            removed.append(name)
            log.add("removed %s" % name)
        except OSError as exc:
            if exc.errno in DENIED:
                raise no_access(path)
            if exc.errno == errno.EROFS:  # the agent is stopped all the same
                warnings.append("%s was left: %s" % (name, exc.strerror))
            elif exc.errno not in GONE:
                raise
    return removed, warnings


def _owners(survey):
    return survey.suspects.union(process.pid for process in survey.processes + survey.above)


def _listened(home, owners):
    """Names of the sockets with a listener, without those of the owners, which need not be asked."""
    return [name for dummy, name in home.run_files() if name.endswith(".sock") and _is_of_its_kind(home, name)
            and _pid_of(name) not in owners and _is_listened_on(home, name)]


def _pid_of(name):
    """The pid in the name of a socket, or of a pid file that was renamed."""
    return int(os.path.basename(name).split(".")[1])


def _is_of_its_kind(home, name):
    """Whether it is what the agent's programs create under this name: a regular file or a socket, and no link."""
    try:
        return _KINDS[name.rsplit(".", 1)[1]](os.lstat(os.path.join(home.run, name)).st_mode)
    except OSError as exc:
        if exc.errno not in GONE:
            raise
        return False


def _named_in(home, name, owners):
    """Whether the name or the content of a file may mean one of these pids."""
    if os.path.basename(name).count(".") == 2 and _pid_of(name) in owners:
        return True
    if not name.endswith(".pid"):
        return False
    try:
        named = pid_in(read_regular(os.path.join(home.run, name), limit=32))
    except (IOError, OSError) as exc:
        if exc.errno not in DENIED:
            raise
        named = None
    return named in owners if named is not None else bool(owners)


def _is_listened_on(home, name):
    """Whether a socket file has a listener. Only a connection can tell: /proc/net/unix shows just the sockets of our
    own network namespace, under the paths that their programs used."""
    try:
        connect_to(*os.path.split(os.path.join(home.run, name)), seconds=1).close()
    except OSError as exc:
        if exc.errno in DENIED:
            raise no_access(os.path.join(home.run, name))
        return exc.errno not in _REFUSED
    return True
