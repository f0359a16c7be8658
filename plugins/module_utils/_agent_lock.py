# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""run/admin.lock, the vendor's own."""

import errno
import os
import time

from ._agent_host import (
    DENIED,
    GONE,
    AgentError,
    as_text,
    executable_of,
    no_access,
    read_regular,
    stat_or_none,
    uptime,
)
from ._agent_wire import as_json

FRESH_LOCK = 5  # seconds: an unreadable lock younger than this is being written
NO_SPACE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)


class AdminLock(object):
    """run/admin.lock in the control program's own format, which keeps it from starting the agent while we stop it.

    A context manager. It is stale when its owner is gone or runs another executable, as the control program sees it.
    warning: why it works without a lock, where the file system takes none; else None.
    """

    def __init__(self, home, log):
        self.path = os.path.join(home.run, "admin.lock")
        self.warning = None
        self._log = log
        self._held = None

    def holder(self):
        """The live owner as {"pid", "exe"}, or None. pid is None while the lock is being written."""
        content = read_regular(self.path, limit=4096)
        if content is None:
            return None
        try:
            import json  # pylint: disable=import-outside-toplevel; dear, and locks are rare

            owner = json.loads(content.decode("utf-8"))
            pid, executable = int(owner["pid"]), owner["exe"]
        except (ValueError, KeyError, TypeError, OverflowError, RuntimeError):  # RuntimeError: nested too deep
            try:
                age = time.time() - os.lstat(self.path).st_mtime
            except OSError as exc:
                if exc.errno in GONE:
                    return None
                raise
            return {"pid": None, "exe": None} if abs(age) < FRESH_LOCK else None
        if pid <= 0 or pid == os.getpid():
            return None
        try:
            found = stat_or_none(pid)
            if found is None or found.state in "ZXx" or as_text(executable_of(pid)) != executable:
                return None
        except (IOError, OSError) as exc:
            if exc.errno in GONE:
                return None
            if exc.errno not in DENIED:
                raise
        return {"pid": pid, "exe": executable}

    def check(self):
        """Raise AgentError when a live control program holds the lock."""
        try:
            owner = self.holder()
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                raise no_access(self.path)
            raise
        if owner is not None:
            raise AgentError("locked", "%s is held by %s (pid %s), which starts or stops this agent right now: wait "
                             "for it to end, or end it, and run again" % (
                                 as_text(self.path), owner["exe"], owner["pid"]))

    def wait(self, until):
        """Wait until no control program holds the lock, but not beyond that moment of uptime()."""
        while uptime() < until and self.holder() is not None:
            time.sleep(0.1)

    def __enter__(self):
        for dummy in range(3):
            stale = self._identity()
            self.check()
            try:
                if stale is not None:
                    self._remove_stale(stale)
                self._create()
                self._log.add("took %s" % as_text(self.path))
                return self
            except OSError as exc:
                if exc.errno in (errno.ENOENT, errno.ENOTDIR):  # without run/ no control program can work either
                    return self
                if exc.errno in DENIED:
                    raise no_access(self.path)
                if exc.errno in NO_SPACE:  # a full disk must not keep an agent from being stopped
                    self.warning = "no lock could be written at %s (%s): do not start the agent meanwhile" % (
                        as_text(self.path), exc.strerror)
                    self._log.add(self.warning)
                    return self
                if exc.errno != errno.EEXIST:
                    raise
        self.check()
        raise AgentError("locked", "%s can be neither taken nor removed" % as_text(self.path))

    def _create(self):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            status = os.fstat(descriptor)
            self._held = (status.st_dev, status.st_ino)
            owner = (os.getpid(), as_json(executable_of(os.getpid())))
            os.write(descriptor, ("{\"pid\":%d,\"exe\":%s}" % owner).encode("ascii"))
        except OSError:
            self.__exit__()
            raise
        finally:
            os.close(descriptor)

    def _identity(self):
        try:
            status = os.lstat(self.path)
        except OSError:
            return None
        return (status.st_dev, status.st_ino, status.st_mtime)

    def _remove_stale(self, stale):
        """Move a stale lock aside first: of two who find it stale only one can, and nobody's new lock gets lost."""
        aside = "%s.%d.stale" % (self.path, os.getpid())
        try:
            os.rename(self.path, aside)
            moved = os.lstat(aside)
            if stale != (moved.st_dev, moved.st_ino, moved.st_mtime):
                os.link(aside, self.path)
            os.unlink(aside)
            self._log.add("moved a stale %s out of the way" % as_text(self.path))
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
                raise

    def __exit__(self, *dummy):
        held, self._held = self._held, None
        try:
            status = os.lstat(self.path)
            if held == (status.st_dev, status.st_ino):
                os.unlink(self.path)
                self._log.add("gave %s back" % as_text(self.path))
        except OSError as exc:
            if exc.errno not in GONE + (errno.ENOTDIR,):
                raise
