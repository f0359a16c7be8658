# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The host as /proc shows it, and the errors of a phase."""

import errno
import os
import stat
import sys

try:  # the module signal without enum, whose import costs as much as a look at the host
    import _signal as signal  # type: ignore[import-not-found]
except ImportError:  # Python 2.7, which has no enum
    import signal

GONE = (errno.ENOENT, errno.ESRCH)
DENIED = (errno.EACCES, errno.EPERM)
DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NO_FILE = GONE + (errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.ENAMETOOLONG)  # ENXIO: a socket
_DELETED = " (deleted)"
_PIDFD_OPEN, _PIDFD_SEND_SIGNAL = 434, 424
_COMMON_SYSCALL_TABLE = ("x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "loongarch64")


class AgentError(Exception):
    """The reason why a phase fails.

    reason: one of the words that the controller translates to OCP's codes: C(invalid), C(configuration),
    C(not_installed), C(not_permitted), C(locked), C(foreign_in_unit), C(still_running), C(revived), C(control_failed),
    C(not_ready), C(deadline), C(interrupted).
    facts: more keys of the result.
    """

    def __init__(self, reason, message, **facts):
        Exception.__init__(self, message)
        self.reason = reason
        self.facts = facts


class Interrupted(BaseException):
    """A signal that ends this program. It is no Exception, so that only the outermost frames handle it.

    reason: as of an AgentError. Its text continues a sentence about the interrupted work.
    """

    def __init__(self, number):
        late = number == signal.SIGALRM
        BaseException.__init__(self, "did not end in its time" if late else "was ended by signal %d" % number)
        self.reason = "deadline" if late else "interrupted"


def no_access(path):
    return AgentError("not_permitted", "the user %s may not work in %s: run with become (ansible_become: true)" % (
        user_name(os.geteuid()), as_text(os.path.dirname(path))))


def uptime():
    """Seconds on a steady clock, only for durations within one run of this program.

    Python 2.7 has no other clock that cannot be set. It starts at an arbitrary time: for start times see
    process_clock.py.
    """
    return os.times()[4]


def this_boot():
    with open("/proc/sys/kernel/random/boot_id", "rb") as stream:
        return stream.read().strip().decode("ascii")


def as_text(value):
    """Any path or argument as a text for JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if sys.version_info[0] > 2 else value


def native(content):
    """Bytes of the host as this interpreter represents paths and arguments."""
    return os.fsdecode(content) if sys.version_info[0] > 2 else content


def user_name(uid):
    """The login name of uid; C(uid N) for a user without one."""
    return next((as_text(fields[0]) for fields in fields_of("/etc/passwd", 3) if int(fields[2]) == uid), "uid %d" % uid)


def fields_of(path, count):
    """The fields, as bytes, of each line of /etc/passwd or /etc/group with so many; the third one is a number.

    Only these files are read, since a directory service may hang during the same outage.
    """
    try:
        with open(path, "rb") as stream:
            for line in stream:
                fields = line.rstrip(b"\n").split(b":")
                if len(fields) >= count and fields[2].isdigit():
                    yield fields
    except (IOError, OSError):
        return


def read_proc(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as stream:
        return stream.read()


class Stat(object):
    """Fields of /proc/PID/stat; start is in clock ticks since boot."""

    def __init__(self, pid):
        content = read_proc(pid, "stat")
        # The name may contain spaces, brackets and newlines, so the other fields are read after the last bracket.
        self.comm = as_text(content[content.index(b"(") + 1:content.rindex(b")")])
        fields = content[content.rindex(b")") + 1:].split()
        self.state = fields[0].decode("ascii")
        self.parent = int(fields[1])
        self.start = int(fields[19])


def stat_or_none(pid):
    try:
        return Stat(pid)
    except (IOError, OSError) as exc:
        if exc.errno in GONE:
            return None
        raise


def lives(pid, found):
    """False for a zombie. A process whose first thread has ended lives while others do."""
    return found.state not in "ZXx" or living_thread(pid) is not None


def living_thread(pid):
    """The id of a living thread, or None."""
    try:
        for name in os.listdir("/proc/%d/task" % pid):
            found = stat_or_none(int(name))
            if found is not None and found.state not in "ZXx":
                return int(name)
    except OSError as exc:
        if exc.errno not in GONE:
            raise
    return None


def pids():
    """Every process of our /proc, which does not list threads."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def ancestors():
    """Our own process and those above it. A signal to one of them would interrupt the work."""
    chain, pid = set(), os.getpid()
    while pid > 0 and pid not in chain:
        chain.add(pid)
        found = stat_or_none(pid)
        pid = found.parent if found else 0
    return chain


def executable_of(pid):
    """The path of the image that pid runs; of a deleted one, its former path."""
    link = "/proc/%d/exe" % pid
    try:
        target = os.readlink(link)
    except OSError as exc:
        # The kernel shows no executable of a zombie or a kernel thread. Other threads of a zombie may live.
        found = stat_or_none(pid) if exc.errno in GONE else None
        thread = living_thread(pid) if found is not None and found.state in "ZXx" else None
        if thread in (None, pid):
            raise
        link = "/proc/%d/exe" % thread
        target = os.readlink(link)
    if target.endswith(_DELETED):
        try:
            really_named_so = os.path.samestat(os.stat(target), os.stat(link))
        except OSError:
            really_named_so = False
        if not really_named_so:
            target = target[:-len(_DELETED)]
    return target


def arguments_of(pid):
    content = read_proc(pid, "cmdline").rstrip(b"\0 ")
    return [native(part) for part in content.split(b"\0")] if content else []


def link_of(path):
    try:
        return os.readlink(path)
    except OSError as exc:
        if exc.errno in GONE:  # a kernel without this namespace
            return None
        raise


def names_in(folder):
    """The names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def read_regular(path, limit, writers=None):
    """The content of a regular file of at most limit bytes; None for anything else.

    writers: user ids; if given, the result is None, too, for a file that others could have written. Raises OSError for
    a file that cannot be read, or not now.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (IOError, OSError) as exc:
        if exc.errno not in _NO_FILE:
            raise
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        if writers and (status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or status.st_uid not in writers):
            return None
        content = os.read(descriptor, limit + 1)
        return content if len(content) <= limit else None
    finally:
        os.close(descriptor)


def system_call(*arguments):
    """Make a system call by its number. Raises ImportError for an interpreter without ctypes, and OSError."""
    import ctypes  # pylint: disable=import-outside-toplevel; slow, and rarely needed

    result = ctypes.CDLL(None, use_errno=True).syscall(*[ctypes.c_long(argument) for argument in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# pidfds


def open_pidfd(pid):
    """A descriptor of this very process, or None if interpreter or kernel have no pidfds."""
    try:
        if hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal"):
            return os.pidfd_open(pid, 0)
        if os.uname()[4] in _COMMON_SYSCALL_TABLE:
            return system_call(_PIDFD_OPEN, pid, 0)
    except ImportError:  # an interpreter without ctypes
        pass
    except OSError as exc:
        if exc.errno not in (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EMFILE):
            raise
    return None


def signal_pidfd(descriptor, number):
    if hasattr(signal, "pidfd_send_signal"):
        signal.pidfd_send_signal(descriptor, number)
    else:
        system_call(_PIDFD_SEND_SIGNAL, descriptor, number, 0, 0)
