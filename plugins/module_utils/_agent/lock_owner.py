# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""A process that run/admin.lock can name.

The control program takes a lock for stale, and removes it, when it may not read the owner's link /proc/PID/exe. Unless
it runs as root, it may read only links of its own user and group. So the lock of another user's agent names a
process of that user.
"""

import errno
import fcntl
import os

from .deferred import Deferred, reap
from .host import executable_of, fields_of, signal

_CATS = ("/bin/cat", "/usr/bin/cat")  # cat just waits for the end of its input
_SPARE = 10  # descriptors from here on are neither the standard ones nor the error pipe


def account_of_processes(processes):
    """User and group id of the agent's processes, daemons first; None if all are root's."""
    return _first_of_a_user("/proc/%d" % process.pid for process in processes)


def account_of_home(home):
    """User and login group of a Home's agent, who has to be able to write to run/; None for root."""
    owner = _first_of_a_user((home.run, home.path))
    groups = [fields[3] for fields in fields_of("/etc/passwd", 4) if owner and int(fields[2]) == owner[0]]
    return (owner[0], int(groups[0])) if groups and groups[0].isdigit() else owner


def _first_of_a_user(paths):
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        if status.st_uid != 0:
            return status.st_uid, status.st_gid
    return None


class LockOwner(object):
    """A process of the given user that lives until close() or until our own end, however we end.

    uid, gid: its user and group; only root can choose. pid, executable: the contents of a lock.
    Raises OSError if there can be none.
    """

    def __init__(self, uid, gid):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # with SIG_IGN a child cannot be waited for
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
            failure = os.read(told, 16)  # empty: a successful exec has closed the child's end
            if failure:
                number = int(failure)
                raise OSError(number, os.strerror(number))
            # Otherwise neither its user can look at it, nor we where root may not trace.
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
    """In the child: become cat of that user, or write the number of the error. Never returns."""
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
