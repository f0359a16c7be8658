# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The vendor's lock run/admin.lock."""

import errno
import os
import time

from .host import (
    DENIED,
    GONE,
    AgentError,
    as_text,
    executable_of,
    no_access,
    read_regular,
    stat_or_none,
    uptime,
    user_name,
)
from .lock_owner import LockOwner, account_of_home
from .process_clock import age_of
from .wire import as_json

FRESH_LOCK = 5  # seconds: an unreadable lock younger than this is being written
LOCK_WAIT = 15  # seconds: the longest command of the control program takes 14 s
CLOCK_SLACK = 2  # seconds that the clock of the file system may differ from ours
NO_SPACE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)  # of file systems without hard links


class AdminLock(object):
    """run/admin.lock in the control program's own format. It keeps that program from starting the agent meanwhile.

    A context manager. request: a Request. account: user and group id of the agent, for whom the lock has to count;
    None for the owner of the home. As for the control program, it is stale when its owner is gone or runs another
    executable.
    warning: why the work goes on without a lock; else None.
    """

    def __init__(self, request, account=None):
        self.path = os.path.join(request.home.folders.lock, "admin.lock")
        self.warning = None
        self._request = request
        self._account = account
        self._log = request.log
        self._held = None
        self._owner = None

    def holder(self):
        """The live owner as {"pid", "exe"}, or None. pid is None while the lock is being written.

        Raises AgentError if this user may not read the lock.
        """
        try:
            return self._live_owner()
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                raise no_access(self.path)
            raise

    def _live_owner(self):
        content = read_regular(self.path, limit=4096)
        if content is None:
            return None
        try:
            import json  # pylint: disable=import-outside-toplevel; slow, and locks are rare

            owner = json.loads(content.decode("utf-8"))
            pid, executable = int(owner["pid"]), owner["exe"]
        except (ValueError, KeyError, TypeError, OverflowError, RuntimeError):  # RuntimeError: nested too deep
            age = self._age()
            return {"pid": None, "exe": None} if age is not None and abs(age) < FRESH_LOCK else None
        if pid <= 0 or pid == os.getpid():
            return None
        found = None
        try:
            found = stat_or_none(pid)
            if found is None or found.state in "ZXx" or as_text(executable_of(pid)) != executable:
                return None
        except (IOError, OSError) as exc:
            if exc.errno in GONE:
                return None
            if exc.errno not in DENIED:
                raise
        return None if found is not None and self._is_recycled(found) else {"pid": pid, "exe": executable}

    def _age(self):
        """Seconds since the lock was written; None if it is gone."""
        try:
            return time.time() - os.lstat(self.path).st_mtime
        except OSError as exc:
            if exc.errno in GONE:
                return None
            raise

    def _is_recycled(self, found):
        """Whether a process, a Stat, began after the lock was written, and so merely has its owner's pid.

        Two ages are compared, each by its own clock, since start times and file times have different ones. A clock that
        was set meanwhile must not make a live owner look recycled, so a process as young as a command counts as one.
        """
        lock_age = self._age()
        if lock_age is None or lock_age <= LOCK_WAIT + CLOCK_SLACK:
            return False
        age = age_of(found.start)
        return age is not None and LOCK_WAIT < age < lock_age - CLOCK_SLACK

    def check(self, until=None):
        """Wait for a live control program to end. Raises AgentError if it still holds the lock after that.

        until: a time of uptime(); by default LOCK_WAIT seconds from now, and at most half of the time left.
        """
        until = self._patience() if until is None else until
        owner = self.holder()
        if owner is not None and uptime() < until:
            self._log.add("waiting for %s, which holds %s" % (holder_as_text(owner), as_text(self.path)))
            self._log.at("lock", until - uptime())
        while owner is not None and uptime() < until:
            time.sleep(0.1)
            owner = self.holder()
        if owner is not None:
            raise AgentError("locked", "%s is held by %s, which starts or stops this agent and did not end in time: "
                             "wait for it to end, or end it, and run again" % (
                                 as_text(self.path), holder_as_text(owner)))

    def _patience(self):
        return self._request.within(LOCK_WAIT, 0.5)

    def __enter__(self):
        until = self._patience()
        try:
            for dummy in range(3):
                stale = self._identity()
                self.check(until)
                if self._take(stale):
                    return self
            self.check(until)
            raise AgentError("locked", "%s can be neither taken nor removed" % as_text(self.path))
        except BaseException:
            self.__exit__()
            raise

    def _take(self, stale):
        """Take the lock. stale: the _identity() of a stale one, or None.

        Returns False if another process was faster; True also if work has to go on without a lock.
        """
        try:
            if stale is not None:
                self._remove_stale(stale)
            self._create()
        except OSError as exc:
            if exc.errno == errno.EEXIST:
                return False
            if exc.errno in DENIED:
                raise no_access(self.path)
            if exc.errno in NO_SPACE:  # a full disk must not keep an agent from being stopped
                self._warn("no lock could be written at %s (%s)" % (as_text(self.path), exc.strerror))
            elif exc.errno not in (errno.ENOENT, errno.ENOTDIR):  # without run/ the control program cannot work either
                raise
        return True

    def _warn(self, text):
        self.warning = "%s: do not start the agent meanwhile" % text
        self._log.add(self.warning)

    def _create(self):
        """Write the whole lock under another name and link it, since a control program removes half a lock."""
        finished = "%s.%d.new" % (self.path, os.getpid())
        if os.path.lexists(finished):  # from a killed run with our pid
            os.unlink(finished)
        descriptor = os.open(finished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            os.fchmod(descriptor, 0o644)  # independent of the umask, since the control program has to read it
            pid, executable = self._named()
            os.write(descriptor, ("{\"pid\":%d,\"exe\":%s}" % (pid, as_json(executable))).encode("ascii"))
            status = os.fstat(descriptor)
            self._held = (status.st_dev, status.st_ino)
            try:
                os.link(finished, self.path)
            except OSError as exc:
                if exc.errno not in _NO_LINKS:
                    raise
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))
                os.rename(finished, self.path)
            whose = " in the name of %s (pid %d)" % (as_text(executable), pid) if self._owner is not None else ""
            self._log.add("took %s%s" % (as_text(self.path), whose))
        finally:
            os.close(descriptor)
            if os.path.lexists(finished):
                os.unlink(finished)

    def _named(self):
        """Pid and executable for the lock, of a process that the agent's user can look at."""
        account = (self._account or account_of_home(self._request.home)) if os.geteuid() == 0 else None
        if self._owner is None and account:
            try:
                self._owner = LockOwner(*account)
            except (IOError, OSError) as exc:
                self._warn("the lock at %s does not count for the user %s, as whom no process could be had (%s)" % (
                    as_text(self.path), user_name(account[0]), exc.strerror))
        if self._owner is not None:
            return self._owner.pid, self._owner.executable
        return os.getpid(), executable_of(os.getpid())

    def _identity(self):
        try:
            status = os.lstat(self.path)
        except OSError:
            return None
        return (status.st_dev, status.st_ino, status.st_mtime)

    def _remove_stale(self, stale):
        """Move a stale lock aside first. Of two processes only one succeeds, and no new lock gets lost."""
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
        finally:
            owner, self._owner = self._owner, None
            if owner is not None:
                owner.close()


def holder_as_text(holder):
    """The holder of a lock for people. holder: as of AdminLock.holder()."""
    return "%s (pid %d)" % (holder["exe"], holder["pid"]) if holder["pid"] else "a program that is writing it now"
