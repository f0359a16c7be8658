# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Runs a command on this host. Its time and its output are limited, and it is never left behind.

ansible-test forbids subprocess in modules. And a daemon that the command starts may keep its output open, and must
outlive this program.
"""

import errno
import os
import time

from .deferred import ENDING, Deferred
from .host import DENIED, AgentError, as_text, fields_of, native, signal, uptime, user_name

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OUTPUT_LIMIT = 262144  # bytes that are read from each stream
END_WAIT = 1.0  # seconds between SIGTERM and SIGKILL for a command that ran out of time
_LOOK_EVERY = 0.05
_RESET = ENDING + (signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)


class Account(object):
    """A user that a command runs as, from the host's own files.

    name: as of user_name(). folder: gives a user who is not in these files their group and home.
    """

    directory = None  # where it works, other than the caller of run_command says

    def __init__(self, name, folder):
        self.name = name
        for fields in fields_of("/etc/passwd", 7):
            if as_text(fields[0]) == name or "uid %s" % as_text(fields[2]) == name:
                self.uid, self.gid, self.home = int(fields[2]), int(fields[3]), native(fields[5])
                login = fields[0]
                self.groups = [int(group[2]) for group in fields_of("/etc/group", 4) if login in group[3].split(b",")]
                return
        try:
            owner = os.stat(folder)
        except OSError:
            owner = None
        if owner is None or user_name(owner.st_uid) != name:
            raise AgentError("control_failed", "the user %s is not in /etc/passwd, and %s is not theirs: start the "
                             "agent by hand" % (as_text(name), as_text(folder)))
        self.uid, self.gid, self.home, self.groups = owner.st_uid, owner.st_gid, folder, []

    def environment(self, login):
        """The environment of a command of this user. login: that of a command of root."""
        return dict(login, HOME=self.home, USER=self.name, LOGNAME=self.name)

    def enter(self):
        """In the child of run_command: become this user."""
        if self.uid != os.geteuid():
            os.setgroups(self.groups)
            os.setgid(self.gid)
            os.setuid(self.uid)


class Ended(object):
    """The result of a command.

    status: its exit status, minus the signal that ended it, or None if it ran out of time and was ended here. output,
    errors: text, of at most OUTPUT_LIMIT bytes. is_cut: whether the output had more.
    """

    def __init__(self, status, output, errors):
        self.status = status
        self.is_cut = len(output) > OUTPUT_LIMIT
        self.output, self.errors = [as_text(said[:OUTPUT_LIMIT]) for said in (output, errors)]

    def words(self):
        """Its last line of output, for operators."""
        said = [line.strip() for text in (self.output, self.errors) for line in text.splitlines() if line.strip()]
        return said[-1][:300] if said else "nothing"

    def __str__(self):
        if self.status is None:
            return "did not end in time and was ended"
        return "was ended by signal %d" % -self.status if self.status < 0 else "ended with %d" % self.status


def run_command(argv, seconds, user=None, folder="/", meanwhile=None, in_memory=False):
    """Run a command to its end, in a session of its own, with a clean environment and no input.

    argv: its absolute path and arguments. seconds: what it may take. user: an Account or a Former to become; only root
    may become another user. folder: its working directory. meanwhile: called every now and then. in_memory: keep its
    output off the disks, for a command that starts no daemon. Returns Ended.
    """
    # Files and no pipes: a daemon of the command may write there when this program is gone, and must not die of it.
    streams = [_scratch(in_memory), _scratch(in_memory)]
    pid, status = None, None
    children = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # with SIG_IGN a child cannot be waited for
    try:
        with Deferred():
            pid = os.fork()
            if pid == 0:
                _execute(argv, streams, user, folder)
        until = uptime() + seconds
        while status is None and uptime() < until:
            _nap(_LOOK_EVERY)
            status = _reaped(pid)
            if meanwhile is not None:
                meanwhile()
        if status is None:
            overdue, pid = pid, None
            _end(overdue)
        return Ended(status, *[_content(stream) for stream in streams])
    finally:
        if pid is not None and status is None:
            _end(pid)
        signal.signal(signal.SIGCHLD, children)
        for stream in streams:
            os.close(stream)


def _execute(argv, streams, user, folder):
    """In the child: become the command, or exit with 127 and a message. Never returns."""
    try:
        os.setsid()
        os.umask(0o022)
        null = os.open("/dev/null", os.O_RDONLY)
        for number, descriptor in enumerate([null] + streams):
            os.dup2(descriptor, number)
        os.closerange(3, 1024)
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root", "USER": "root", "LOGNAME": "root"}
        if user is not None:
            environment = user.environment(environment)
            user.enter()
        os.chdir(folder)
        if user is not None and user.directory and os.access(user.directory, os.X_OK):
            os.chdir(user.directory)
        os.execve(argv[0], argv, environment)
    except (IOError, OSError) as exc:
        os.write(2, ("%s: %s" % (as_text(argv[0]), exc.strerror)).encode("utf-8"))
    finally:
        os._exit(127)


def _scratch(in_memory):
    """A descriptor of a file that has no name any more; of /dev/null where none can be made."""
    if in_memory and hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("ocp_agent")
        except OSError:  # a kernel without it
            pass
    for folder in (("/dev/shm",) if in_memory else ()) + ("/tmp", "/var/tmp", "/run"):
        path = "%s/.ocp_agent.%d.%d" % (folder, os.getpid(), int(time.time() * 1000000))
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND, 0o600)
        except OSError:
            continue
        os.unlink(path)
        return descriptor
    return os.open("/dev/null", os.O_RDWR)


def _content(descriptor):
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, OUTPUT_LIMIT + 1)


def _reaped(pid):
    """The exit status of our child, minus the signal that ended it; None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if found == 0:
        return None
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _end(pid):
    """End our child, which cannot be another process as long as it is not reaped."""
    with Deferred():
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, number)
            except OSError as exc:
                if exc.errno not in DENIED:  # a program that has become another user's
                    raise
            until = uptime() + END_WAIT
            while uptime() < until:
                if _reaped(pid) is not None:
                    return
                _nap(0.01)


def _nap(seconds):
    try:
        time.sleep(seconds)
    except IOError as exc:  # Python 2.7 does not go on after a signal
        if exc.errno != errno.EINTR:
            raise
