# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""A process that run/admin.lock can name.

The control program takes a lock for stale when it may not read the link /proc/PID/exe of the owner, and removes it. It
may read those of its own user and group alone, unless it is root's. So the lock of an agent of another user names a
process of that user.
"""

import errno
import fcntl
import os

from .deferred import Deferred, reap
from .host import executable_of, signal

_CATS = ("/bin/cat", "/usr/bin/cat")  # cat has nothing to do here but to end when its input does
_SPARE = 10  # descriptors from there on are neither of the three standard ones nor the one that tells


def account_of_processes(processes):
    """User and group id of the agent's processes, daemons first; None where all are root's."""
    return _first_of_a_user("/proc/%d" % process.pid for process in processes)


def account_of_home(home):
    """User and group id of whoever may start the agent of a Home, which has to write to run/; None where it is root."""
    owner = _first_of_a_user((home.run, home.path))
    return owner and (owner[0], _group_of(owner[0], owner[1]))


def _first_of_a_user(paths):
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        if status.st_uid != 0:
            return status.st_uid, status.st_gid
    return None


def _group_of(uid, default):
    """The group that a user logs in with, from /etc/passwd alone."""
    try:
        with open("/etc/passwd", "rb") as stream:
            for line in stream:
                fields = line.split(b":")
                if len(fields) > 3 and fields[2] == str(uid).encode("ascii") and fields[3].isdigit():
                    return int(fields[3])
    except (IOError, OSError):
        pass
    return default


class LockOwner(object):
    """A process of the given user, which lives until close() or until our own end, however we end.

    uid, gid: what it is to run as; only root can choose. pid, executable: what a lock has to say of it.
    Raises OSError where there can be none.
    """

    def __init__(self, uid, gid):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever ignores it, cannot wait for a child
        readable, self._lifeline = os.pipe()
        told, tell = os.pipe()
        self.pid = None
        try:
            with Deferred():
                self.pid = os.fork()
                if self.pid == 0:
                    _become_cat(readable, tell, uid, gid)
            os.close(tell)
            tell = None
            failure = os.read(told, 16)  # nothing: the end that it had was closed by a successful exec
            if failure:
                number = int(failure)
                raise OSError(number, os.strerror(number))
            # Without this it cannot be looked at by its user either, and neither by us where root may not trace.
            if os.stat("/proc/%d" % self.pid).st_uid != uid:
                raise OSError(errno.EACCES, "its user may not look at it")
            self.executable = executable_of(self.pid)
        except BaseException:
            self.close()
            raise
        finally:
            for descriptor in (readable, told, tell):
                if descriptor is not None:
                    os.close(descriptor)

    def close(self):
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self.pid is not None:
            pid, self.pid = self.pid, None
            os.kill(pid, signal.SIGKILL)  # its user may have frozen it
            reap(pid)


def _become_cat(readable, tell, uid, gid):
    """In the child: become cat of that user, or tell the number of the error. Never returns."""
    try:
        null = os.open("/dev/null", os.O_RDWR)
        readable, tell, null = [fcntl.fcntl(each, fcntl.F_DUPFD, _SPARE) for each in (readable, tell, null)]
        for number, descriptor in enumerate((readable, null, null, tell)):
            os.dup2(descriptor, number)
        tell = 3
        os.closerange(4, 1024)
        fcntl.fcntl(tell, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        os.setsid()
        os.chdir("/")
        if uid != os.geteuid():
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        path = next((path for path in _CATS if os.access(path, os.X_OK)), _CATS[0])
        os.execve(path, [path], {})
    except (IOError, OSError) as exc:
        os.write(tell, str(exc.errno or errno.EINVAL).encode("ascii"))
    finally:
        os._exit(127)
