# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The host program: finds, identifies, signals and verifies the basic OCP Agent processes of one home on this host.

It is one file on the standard library alone and runs under every Python from 2.7 to 3.14. The action plugin
oceanbase.ocp.agent_processes sends it to a host's Python on standard input, with the request as its argument; the
module of that name wraps it where that cannot be done. By hand: C(python _agent_processes.py '{"phase": "prepare"}').

The facts about the agent (programs, files, locks, who guards whom) are those of OCP's documentation and of obagent, the
open sibling of the OCP Agent, whose programs are named C(ob_*) instead of C(ocp_*).
"""

import collections
import errno
import json
import os
import re
import select
import signal
import stat
import sys
import time

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
PROGRAM_FOLDERS = ("bin", "agent", "")
DAEMONS = frozenset(generation["daemon"] for generation in GENERATIONS)
PROGRAMS = DAEMONS.union(*(generation["children"] for generation in GENERATIONS))
TITLED = frozenset(name for generation in GENERATIONS for name in generation["titled"])
# Software that many hosts run for other reasons: without anything else of the agent it proves no agent.
GENERIC = frozenset(["node_exporter"])

DAEMON_GRACE = 20  # seconds: the daemon gives each of up to three children 5 s, one after another
GRACE = 10  # seconds between SIGTERM and SIGKILL for everything else
SETTLE = 3  # seconds: the daemon looks after its children every second
KILL_WAIT = 5  # seconds for the kernel to take a killed process down
ROUNDS = 3  # how often what came back while we worked is stopped again
FRESH_LOCK = 5  # seconds: an unreadable lock younger than this is being written

_INTERPRETER = re.compile(r"^(platform-)?(python|pypy|bash|dash|sh|perl)[0-9.]*[a-z]{0,2}(-[a-z]+)?$")
# By family: letters after which no script follows; letters with a value, attached or next; with one that is attached or
# none; with one that is next. The first family whose name the interpreter's holds is its.
_OPTIONS = collections.OrderedDict((
    ("py", ("cm", "WXQ", "", "")),
    ("perl", ("eE", "I", "MmixlCDVF0", "")),
    ("sh", ("cs", "", "", "oO")),
))
_LONG_WITH_VALUE = ("--check-hash-based-pycs", "--rcfile", "--init-file")
_PID = re.compile(r"^[1-9][0-9]{0,9}\Z")
_DELETED = " (deleted)"
_GONE = (errno.ENOENT, errno.ESRCH)
_DENIED = (errno.EACCES, errno.EPERM)
_NO_SPACE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
_PIDFD_OPEN, _PIDFD_SEND_SIGNAL = 434, 424
_COMMON_SYSCALL_TABLE = ("x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "loongarch64")


class AgentError(Exception):
    """What keeps a phase from succeeding.

    reason: one word of the set that the controller translates to OCP's codes: C(invalid), C(not_installed),
    C(not_permitted), C(locked), C(still_running), C(revived), C(deadline), C(interrupted).
    facts: more keys of the result.
    """

    def __init__(self, reason, message, **facts):
        Exception.__init__(self, message)
        self.reason = reason
        self.facts = facts


class _Interrupted(BaseException):
    """A signal that ends this program; not an Exception, so that nothing but the outermost frame handles it."""

    def __init__(self, number):
        BaseException.__init__(self, number)
        self.number = number


# ---------------------------------------------------------------------------------------------------------- the host


def uptime():
    """Seconds since boot: monotonic, and the same for every process and every interpreter of the host."""
    with open("/proc/uptime", "rb") as stream:
        return float(stream.read().split()[0])


def _boot_id():
    with open("/proc/sys/kernel/random/boot_id", "rb") as stream:
        return stream.read().strip().decode("ascii")


def _text(value):
    """Any path or argument as text that JSON can carry."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if sys.version_info[0] > 2 else value


def _user_name(uid):
    """The login name of uid, from /etc/passwd alone: a directory service may hang in the very outage we work in."""
    try:
        with open("/etc/passwd", "rb") as stream:
            for line in stream:
                fields = line.split(b":")
                if len(fields) > 2 and fields[2] == str(uid).encode("ascii"):
                    return _text(fields[0])
    except (IOError, OSError):
        pass
    return "uid %d" % uid


def _read_proc(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as stream:
        return stream.read()


class _Stat(object):
    """Fields of /proc/PID/stat; start is in clock ticks since boot."""

    def __init__(self, pid):
        content = _read_proc(pid, "stat")
        # The name may hold spaces, brackets and newlines: everything else follows the last bracket.
        self.comm = _text(content[content.index(b"(") + 1:content.rindex(b")")])
        fields = content[content.rindex(b")") + 1:].split()
        self.state = fields[0].decode("ascii")
        self.parent = int(fields[1])
        self.start = int(fields[19])


def _stat_or_none(pid):
    try:
        return _Stat(pid)
    except (IOError, OSError) as exc:
        if exc.errno in _GONE:
            return None
        raise


def _lives(pid, found):
    """False for a zombie, of which only the name is left; but its first thread may have ended before the others."""
    return found.state not in "ZXx" or _living_thread(pid) is not None


def _living_thread(pid):
    """The id of a thread that lives on, or None."""
    try:
        for name in os.listdir("/proc/%d/task" % pid):
            found = _stat_or_none(int(name))
            if found is not None and found.state not in "ZXx":
                return int(name)
    except OSError as exc:
        if exc.errno not in _GONE:
            raise
    return None


def _pids():
    """Every process of our /proc. Threads are not listed there, although they can be looked up by their id."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _ancestors():
    """Our own process and those above it: a signal to one of them would end the work half way."""
    chain, pid = set(), os.getpid()
    while pid > 0 and pid not in chain:
        chain.add(pid)
        found = _stat_or_none(pid)
        pid = found.parent if found else 0
    return chain


def _executable(pid):
    """The path of the image that pid runs; of an unlinked one, the path that it had."""
    link = "/proc/%d/exe" % pid
    try:
        target = os.readlink(link)
    except OSError as exc:
        # The kernel shows the executable of no zombie, and of no kernel thread.
        thread = _living_thread(pid) if exc.errno in _GONE else None
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


def _arguments(pid):
    content = _read_proc(pid, "cmdline").rstrip(b"\0 ")
    return [os.fsdecode(part) if sys.version_info[0] > 2 else part for part in content.split(b"\0")] if content else []


def _script(interpreter, arguments, working_directory):
    """The script that an interpreter was given, as an absolute real path, or None.

    What follows a program text, a module or a program on standard input is an argument: whoever has it is no agent.
    """
    family = next(name for name in _OPTIONS if interpreter.find(name) >= 0)
    ends, takes_value, takes_attached, takes_next = _OPTIONS[family]
    rest = list(arguments[1:])
    while rest and rest[0][:1] in ("-", "+") and rest[0] != "+":
        argument = rest.pop(0)
        if argument == "-" and family != "sh":
            return None
        if argument in ("-", "--"):
            break
        if argument.startswith("--"):
            rest = rest[1:] if argument in _LONG_WITH_VALUE else rest
            continue
        for position, letter in enumerate(argument[1:], 2):
            if letter in ends:
                return None
            if letter in takes_value:
                if position == len(argument):
                    rest = rest[1:]
                break
            if letter in takes_attached:
                break
            if letter in takes_next:
                rest = rest[1:]
    if not rest or not rest[0]:
        return None
    if os.path.isabs(rest[0]):
        return os.path.realpath(rest[0])
    return os.path.realpath(os.path.join(working_directory(), rest[0]))


# ----------------------------------------------------------------------------------------------------------- pidfds


def _libc_syscall(*arguments):
    import ctypes  # pylint: disable=import-outside-toplevel; only interpreters before 3.9 pay for it

    result = ctypes.CDLL(None, use_errno=True).syscall(*[ctypes.c_long(argument) for argument in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _open_pidfd(pid):
    """A descriptor that means this very process, or None where interpreter or kernel have no such thing."""
    try:
        if hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal"):
            return os.pidfd_open(pid, 0)
        if os.uname()[4] in _COMMON_SYSCALL_TABLE:
            return _libc_syscall(_PIDFD_OPEN, pid, 0)
    except ImportError:  # an interpreter without ctypes
        pass
    except OSError as exc:
        if exc.errno not in (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EMFILE):
            raise
    return None


def _signal_pidfd(descriptor, number):
    if hasattr(signal, "pidfd_send_signal"):
        signal.pidfd_send_signal(descriptor, number)
    else:
        _libc_syscall(_PIDFD_SEND_SIGNAL, descriptor, number, 0, 0)


# --------------------------------------------------------------------------------------------------------- identity


class Home(object):
    """One agent home: which paths belong to it, what is installed there, and what its run/ says.

    path: absolute path of the home; links in it are followed, since the kernel shows executables without them.
    """

    def __init__(self, path):
        if sys.version_info[0] == 2 and not isinstance(path, str):  # as the kernel gives paths there: bytes
            path = path.encode("utf-8")
        if not os.path.isabs(path) or "\0" in path or os.path.normpath(path).count("/") < 2:
            raise AgentError("invalid", "home must be an absolute path at least two levels deep, not %r" % _text(path))
        self.given = os.path.normpath(path)
        self.path = os.path.realpath(path)
        if self.path.count("/") < 2:
            raise AgentError("invalid", "home %s leads to %s, which is no agent home" % (_text(path), _text(self.path)))
        self.run = os.path.join(self.path, "run")

    def readable(self):
        """False where only this user's rights keep us from knowing what is installed."""
        for folder in (self.path,) + tuple(os.path.join(self.path, name) for name in PROGRAM_FOLDERS):
            try:
                os.listdir(folder)
            except OSError as exc:
                if exc.errno in _DENIED:
                    return False
        return True

    def holds(self, path):
        return path.startswith(self.path + "/")

    def has_place(self, path):
        """Whether path lies where the home has its programs."""
        return os.path.dirname(path) in [os.path.normpath(os.path.join(self.path, name)) for name in PROGRAM_FOLDERS]

    def program_of(self, path):
        """The agent program that path is, when it lies in the home."""
        name = os.path.basename(path)
        name = name[:-len(".py")] if name.endswith(".py") else name
        return name if self.holds(path) and name in PROGRAMS else None

    def generations(self):
        """Names of the generations installed here, by their control programs, or their daemon without one."""
        def installed(name):
            return any(os.path.isfile(os.path.join(self.path, folder, name)) for folder in PROGRAM_FOLDERS)

        names = [generation["name"] for generation in GENERATIONS if installed(generation["control"])]
        return names or [generation["name"] for generation in GENERATIONS
                         if installed(generation["daemon"]) and any(map(installed, generation["children"]))]

    def run_files(self):
        """Pairs of program and file name for the pid and socket files in run/ that the agent's programs make."""
        try:
            names = sorted(os.listdir(self.run))
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                return []
            if exc.errno in _DENIED:
                raise _no_access(os.path.join(self.run, "x"))
            raise
        found = []
        for name in names:
            parts = name.split(".")
            if parts[0] in PROGRAMS and (
                parts[1:] == ["pid"]
                or len(parts) == 3 and parts[2] in ("pid", "sock") and _PID.match(parts[1])
            ):
                found.append((parts[0], name))
        return found

    def recorded(self, program, pid, uid):
        """Whether a pid file of program that nobody but root and uid can have written names pid."""
        for name_program, name in self.run_files():
            if name_program == program and name.endswith(".pid"):
                content = _read_regular(os.path.join(self.run, name), limit=32, writers=(0, uid))
                if content is not None and content.strip() == str(pid).encode("ascii"):
                    return True
        return False


def _read_regular(path, limit, writers=None):
    """The content of a regular file of at most limit bytes; None for anything else, however odd.

    writers: user ids; when given, also None for a file that others could have written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (IOError, OSError) as exc:
        if exc.errno in _DENIED:
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


class Process(object):
    """One process, pinned by pid and start time and, where possible, by a pidfd.

    signal: name of the last signal that we sent it, or None. seconds: from its first sight to its end.
    """

    def __init__(self, pid, start, program, executable, uid, descriptor):
        self.pid = pid
        self.start = start
        self.program = program
        self.executable = executable
        self.uid = uid
        self.signal = None
        self.seconds = None
        self.seen_at = None
        self._descriptor = descriptor
        self._image = self.image()

    @property
    def key(self):
        return (self.pid, self.start, self._image)

    @property
    def is_daemon(self):
        return self.program in DAEMONS

    def began_after(self, moment):
        """Whether it was started after that moment of uptime()."""
        return self.start > moment * os.sysconf("SC_CLK_TCK")

    def image(self):
        """What tells the program that it runs: changes when it executes another one, and stays through a rename.

        Device and inode of the executable; for an interpreter also the arguments.
        """
        try:
            status = os.stat("/proc/%d/exe" % self.pid)
            interprets = _INTERPRETER.match(os.path.basename(self.executable))
            return (status.st_dev, status.st_ino) + (tuple(_arguments(self.pid)) if interprets else ())
        except (IOError, OSError):
            return None

    def state(self):
        """The state letter of /proc/PID/stat; None when the process is gone or has become another program."""
        found = _stat_or_none(self.pid)
        if found is None or found.start != self.start or not _lives(self.pid, found):
            return None
        image = self.image()
        return found.state if image is None or image == self._image else None

    def exists(self):
        """Whether this very process lives, whoever may signal it."""
        try:
            return self.send(0) and self.state() is not None
        except AgentError:
            return True

    def send(self, number):
        """Send a signal to this very process. Returns False when it is gone; raises AgentError when it is refused."""
        if self.state() is None:
            return False
        try:
            if self._descriptor is not None:
                _signal_pidfd(self._descriptor, number)
            else:
                os.kill(self.pid, number)
            return True
        except (IOError, OSError) as exc:
            if exc.errno in _GONE:
                return False
            if exc.errno in _DENIED:
                raise AgentError("not_permitted", "%s runs as %s and the user %s may not signal it: run with become "
                                 "(ansible_become: true)" % (self, _user_name(self.uid), _user_name(os.geteuid())))
            raise

    def pollable(self):
        return self._descriptor

    def close(self):
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def facts(self):
        return {
            "program": self.program,
            "pid": self.pid,
            "user": _user_name(self.uid),
            "executable": _text(self.executable),
        }

    def __str__(self):
        return "%s (pid %d)" % (self.program, self.pid)


class Survey(object):
    """What the process table says about one home at one moment.

    processes: the agent's processes (Process), daemons first.
    hidden: texts about processes that look like the agent's but that this user may not examine.
    unproven: texts about processes that call themselves by an agent's name, with nothing that proves it.
    """

    def __init__(self, home):
        self.home = home
        self.hidden = []
        self.unproven = []
        self.processes = []
        self._namespaces = dict((name, _link("/proc/self/ns/" + name)) for name in ("pid", "mnt"))
        ours = _ancestors()
        self.above = []
        for pid in _pids():
            process = self._examine(pid)
            if process is not None:
                (self.above if pid in ours else self.processes).append(process)
        self.processes.sort(key=lambda process: (not process.is_daemon, process.pid))

    def _examine(self, pid):
        if pid <= 1 or self._program(pid) is None:
            return None
        # First the descriptor, then the facts, then a look whether the descriptor still means a live process: only so
        # are they facts about the process that the descriptor means.
        try:
            descriptor = _open_pidfd(pid)
        except OSError as exc:
            if exc.errno in _GONE:
                return None
            raise
        process = None
        try:
            before = _stat_or_none(pid)
            program = self._program(pid)
            if before is not None and program is not None:
                uid = os.stat("/proc/%d" % pid).st_uid
                process = Process(pid, before.start, program, _executable(pid), uid, descriptor)
                if not process.exists():
                    process = None
        except (IOError, OSError) as exc:
            if exc.errno not in _GONE:
                raise
            process = None
        if process is None and descriptor is not None:
            os.close(descriptor)
        return process

    def _program(self, pid):
        """The agent program that pid runs for this home, or None."""
        try:
            return self._program_by_executable(pid, _executable(pid))
        except (IOError, OSError) as exc:
            if exc.errno in _DENIED:
                self._note_hidden(pid)
            elif exc.errno not in _GONE:
                raise
        return None

    def _program_by_executable(self, pid, executable):
        program = self.home.program_of(executable)
        if program is None and self.home.holds(executable):
            # An image that was renamed while it runs shows its new name; its process keeps the old one.
            found = _stat_or_none(pid)
            program = found.comm if found and found.comm in PROGRAMS else None
        if program is None and _INTERPRETER.match(os.path.basename(executable)):
            program = self._program_by_script(pid) if self._same_host(pid) else None
        return program if program is not None and self._same_host(pid) else None

    def _program_by_script(self, pid):
        arguments = _arguments(pid)
        title = arguments[0].strip() if arguments else ""
        if len(arguments) == 1 and title in TITLED:
            uid = os.stat("/proc/%d" % pid).st_uid
            if self.home.recorded(title, pid, uid):
                return title
            note = "pid %d calls itself %s, but no pid file in %s names it" % (pid, title, _text(self.home.run))
            if note not in self.unproven and uid in self._trusted_users():
                self.unproven.append(note)
            return None
        script = _script(os.path.basename(_executable(pid)), arguments, lambda: os.readlink("/proc/%d/cwd" % pid))
        return self.home.program_of(script) if script else None

    def _trusted_users(self):
        """Who may own an agent: a process of anybody else that takes the agent's name deserves no attention."""
        try:
            return (0, os.stat(self.home.path).st_uid)
        except OSError:
            return (0,)

    def _same_host(self, pid):
        """False for a process in a container, which can have the very same executable path."""
        pid = _living_thread(pid) or pid  # a first thread that has ended is in no namespace any more
        if self._namespaces["pid"] != _link("/proc/%d/ns/pid" % pid):
            return False
        if self._namespaces["mnt"] == _link("/proc/%d/ns/mnt" % pid):
            return True
        try:  # a service with a private /tmp has mounts of its own and yet sees this home
            return os.path.samestat(os.stat("/proc/%d/root%s" % (pid, self.home.path)), os.stat(self.home.path))
        except OSError:
            return False

    def _note_hidden(self, pid):
        found = _stat_or_none(pid)
        if found is None or found.state in "ZXx":
            return
        arguments = _arguments(pid)
        names = [found.comm] + [os.path.basename(argument) for argument in arguments]
        names = [name[:-len(".py")] if name.endswith(".py") else name for name in names]
        name = next((name for name in names if name in PROGRAMS), None)
        if name is not None:
            uid = os.stat("/proc/%d" % pid).st_uid
            note = "%s (pid %d) of user %s" % (name, pid, _user_name(uid))
            if note not in self.hidden:
                self.hidden.append(note)

    def close(self, keep=()):
        for process in self.processes + self.above:
            if process not in keep:
                process.close()


def _link(path):
    try:
        return os.readlink(path)
    except OSError as exc:
        if exc.errno in _GONE:  # a kernel without this namespace
            return None
        raise


# ------------------------------------------------------------------------------------------------- the vendor's lock


class AdminLock(object):
    """run/admin.lock in the control program's own format, which keeps it from starting the agent while we stop it.

    A context manager. It is stale when its owner is gone or runs another executable, as the control program sees it.
    warning: why it works without a lock, where the file system takes none; else None.
    """

    def __init__(self, home):
        self.path = os.path.join(home.run, "admin.lock")
        self.warning = None
        self._held = None

    def holder(self):
        """The live owner as {"pid", "exe"}, or None. pid is None while the lock is being written."""
        content = _read_regular(self.path, limit=4096)
        if content is None:
            return None
        try:
            owner = json.loads(content.decode("utf-8"))
            pid, executable = int(owner["pid"]), owner["exe"]
        except (ValueError, KeyError, TypeError, OverflowError, RuntimeError):  # RuntimeError: nested too deep
            try:
                age = time.time() - os.lstat(self.path).st_mtime
            except OSError as exc:
                if exc.errno in _GONE:
                    return None
                raise
            return {"pid": None, "exe": None} if abs(age) < FRESH_LOCK else None
        if pid <= 0 or pid == os.getpid():
            return None
        try:
            found = _stat_or_none(pid)
            if found is None or found.state in "ZXx" or _text(_executable(pid)) != executable:
                return None
        except (IOError, OSError) as exc:
            if exc.errno in _GONE:
                return None
            if exc.errno not in _DENIED:
                raise
        return {"pid": pid, "exe": executable}

    def check(self):
        """Raise AgentError when a live control program holds the lock."""
        try:
            owner = self.holder()
        except (IOError, OSError) as exc:
            if exc.errno in _DENIED:
                raise _no_access(self.path)
            raise
        if owner is not None:
            raise AgentError("locked", "%s is held by %s (pid %s), which starts or stops this agent right now: wait "
                             "for it to end, or end it, and run again" % (
                                 _text(self.path), owner["exe"], owner["pid"]))

    def __enter__(self):
        for dummy in range(3):
            stale = self._identity()
            self.check()
            try:
                if stale is not None:
                    self._remove_stale(stale)
                self._create()
                return self
            except OSError as exc:
                if exc.errno in (errno.ENOENT, errno.ENOTDIR):  # without run/ no control program can work either
                    return self
                if exc.errno in _DENIED:
                    raise _no_access(self.path)
                if exc.errno in _NO_SPACE:  # a full disk must not keep an agent from being stopped
                    self.warning = "no lock could be written at %s (%s): do not start the agent meanwhile" % (
                        _text(self.path), exc.strerror)
                    return self
                if exc.errno != errno.EEXIST:
                    raise
        self.check()
        raise AgentError("locked", "%s can be neither taken nor removed" % _text(self.path))

    def _create(self):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            status = os.fstat(descriptor)
            self._held = (status.st_dev, status.st_ino)
            owner = (os.getpid(), json.dumps(_text(_executable(os.getpid()))))
            os.write(descriptor, ("{\"pid\":%d,\"exe\":%s}" % owner).encode("utf-8"))
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
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
                raise

    def __exit__(self, *dummy):
        held, self._held = self._held, None
        try:
            status = os.lstat(self.path)
            if held == (status.st_dev, status.st_ino):
                os.unlink(self.path)
        except OSError as exc:
            if exc.errno not in _GONE + (errno.ENOTDIR,):
                raise


def _no_access(path):
    return AgentError("not_permitted", "the user %s may not work in %s: run with become (ansible_become: true)" % (
        _user_name(os.geteuid()), _text(os.path.dirname(path))))


# --------------------------------------------------------------------------------------------------------- the phases


class Request(object):
    """What one run of the program is asked to do.

    phase: "prepare", "stop" or "finish". home: absolute path. timeout: seconds that the phase may take in all; the
    program ends itself some seconds earlier. grace, daemon_grace, settle: seconds. check_mode: change nothing, tell.
    stopped_at: uptime() at the end of Stop, with boot_id of that boot; without them the settle time starts now.
    """

    def __init__(self, phase, home=DEFAULT_HOME, timeout=60, grace=GRACE, daemon_grace=DAEMON_GRACE, settle=SETTLE,
                 stopped_at=None, boot_id=None, check_mode=False):
        if phase not in PHASES:
            raise AgentError("invalid", "phase must be one of %s, not %r" % (", ".join(sorted(PHASES)), phase))
        self.phase = phase
        self.home = Home(home)
        # Before the controller gives up, this program must have ended and its answer must be on its way.
        self.seconds = timeout - min(timeout / 2.0, max(2.0, min(15.0, timeout / 10.0)))
        self.deadline = uptime() + self.seconds
        self.grace = grace
        self.daemon_grace = daemon_grace
        self.settle = settle
        self.stopped_at = stopped_at if boot_id == _boot_id() else None
        self.check_mode = check_mode

    def within(self, seconds, share):
        """The moment that is seconds from now, or sooner: never beyond share of the time that is left."""
        now = uptime()
        return now + max(0.0, min(seconds, (self.deadline - now) * share))


def _survey(home):
    """A Survey that can be believed: raises AgentError where this user cannot see enough or there is no agent."""
    if os.geteuid() != 0:
        try:
            visible = _stat_or_none(1) is not None
        except (IOError, OSError):
            visible = False
        if not visible:
            raise AgentError("not_permitted", "the user %s may not see the processes of others (hidepid): run with "
                             "become (ansible_become: true)" % _user_name(os.geteuid()))
    survey = Survey(home)
    if survey.hidden:
        raise AgentError("not_permitted", "%s may be this agent, but the user %s may not examine it: run with become "
                         "(ansible_become: true)" % (", ".join(survey.hidden), _user_name(os.geteuid())))
    if survey.above:
        raise AgentError("still_running", "%s is an ancestor of this very program: a stop cannot run below the agent "
                         "that it stops" % ", ".join(map(str, survey.above)))
    return survey


def _survey_installed(home):
    survey = _survey(home)
    generations = home.generations()
    # What is left of an agent that was removed counts, but not what runs in other folders somewhere below: a home that
    # was set too high would hold them all.
    if not generations and not any(home.has_place(process.executable) and process.program not in GENERIC
                                   for process in survey.processes):
        survey.close()
        if not home.readable():
            raise _no_access(home.path)
        below = ", although %s runs below it" % survey.processes[0] if survey.processes else ""
        raise AgentError("not_installed", "no OCP Agent at %s%s: set ocp_agent_home to its home" % (
            _text(home.given), below))
    return survey, generations


def prepare(request):
    """Is there an agent, may we signal it, is nobody else at work on it? Changes nothing."""
    survey, generations = _survey_installed(request.home)
    for process in survey.processes:
        process.send(0)
    AdminLock(request.home).check()
    return {
        "changed": False,
        "generations": generations,
        "processes": [process.facts() for process in survey.processes],
        "warnings": survey.unproven,
    }


def stop(request):
    """Stop every agent process: daemons first, since they revive their children, then whoever is left."""
    survey, dummy = _survey_installed(request.home)
    survey.close()
    lock = AdminLock(request.home)
    if request.check_mode or not survey.processes:
        lock.check()
        planned = [dict(process.facts(), signal="SIGTERM", seconds=None) for process in survey.processes]
        return dict(_now(), changed=bool(planned), processes=planned, warnings=survey.unproven)
    stopping, began = _Stopping(request), uptime()
    try:
        with lock:
            stopping.run()
    except AgentError as exc:
        exc.facts.setdefault("processes", stopping.facts())
        raise
    except _Interrupted as exc:
        raise AgentError("deadline" if exc.number == signal.SIGALRM else "interrupted",
                         "ended by signal %d before the agent was stopped" % exc.number, processes=stopping.facts())
    left = stopping.alive()
    if any(process.began_after(began) for process in left):
        raise _revived("comes back while it is stopped", left, stopping.facts(), **_now())
    if left:
        raise AgentError("still_running", "still running: " + ", ".join(
            "%s in state %s after %s" % (process, process.state() or "?", process.signal or "no signal")
            for process in left), processes=stopping.facts(), **_now())
    return dict(_now(), changed=True, processes=stopping.facts(),
                warnings=survey.unproven + ([lock.warning] if lock.warning else []))


def _now():
    return {"stopped_at": uptime(), "boot_id": _boot_id()}


class _Stopping(object):
    """The work of one Stop: every process that it has seen, and what became of each."""

    def __init__(self, request):
        self._request = request
        self._seen = {}

    def run(self):
        for dummy in range(ROUNDS):
            daemons = [process for process in self._look() if process.is_daemon]
            self._end(daemons, self._request.daemon_grace)
            self._end(self._look(), self._request.grace)
            if not self._look() or uptime() >= self._request.deadline:
                return

    def alive(self):
        return [process for process in self._seen.values() if process.state() is not None]

    def facts(self):
        order = sorted(self._seen.values(), key=lambda process: (not process.is_daemon, process.pid))
        return [dict(process.facts(), signal=process.signal, seconds=process.seconds) for process in order]

    def _look(self):
        """All agent processes that live now; those seen for the first time are noted."""
        survey = _survey(self._request.home)
        new = [process for process in survey.processes if process.key not in self._seen]
        survey.close(keep=new)
        for process in new:
            process.seen_at = uptime()
            self._seen[process.key] = process
        return self.alive()

    def _end(self, processes, grace):
        for name, seconds, share in (("SIGTERM", grace, 0.5), ("SIGKILL", KILL_WAIT, 1.0)):
            processes = [process for process in processes if process.state() is not None]
            for process in processes:
                frozen = process.state() in ("T", "t")
                if process.send(getattr(signal, name)):
                    process.signal = name
                if frozen:  # a frozen process takes SIGTERM only when it goes on; SIGKILL needs no help
                    process.send(signal.SIGCONT)
            self._wait(processes, self._request.within(seconds, share))

    def _wait(self, processes, until):
        while True:
            now = uptime()
            for process in self._seen.values():
                if process.seconds is None and process.state() is None:
                    process.seconds = round(now - process.seen_at, 2)
            alive = [process for process in processes if process.seconds is None]
            if not alive or now >= until:
                return
            _pause(alive, min(0.1, until - now))


def _pause(processes, seconds):
    """Sleep, but not longer than until one of the processes ends, where the kernel can tell."""
    poll = select.poll()
    for process in processes:
        if process.pollable() is not None:
            poll.register(process.pollable(), select.POLLIN)
    try:
        poll.poll(max(1, int(seconds * 1000)))
    except (IOError, OSError, select.error) as exc:  # Python 2.7 does not go on after a signal
        if exc.args[0] != errno.EINTR:
            raise


def finish(request):
    """Prove that nothing is left and that nothing comes back; then clear what the dead left in run/."""
    lock = AdminLock(request.home)
    if request.check_mode:
        lock.check()
        files = _stale_files(request.home)
        return {"changed": bool(files), "removed": files, "processes": [], "warnings": []}
    settled = (request.stopped_at if request.stopped_at is not None else uptime()) + request.settle
    while True:
        _prove_stopped(request)
        now = uptime()
        if now >= settled:
            break
        if now >= request.deadline:
            raise AgentError("deadline", "the settle time of %s s does not fit into the timeout" % request.settle)
        time.sleep(min(0.5, settled - now))
    if not os.path.lexists(lock.path) and not _stale_files(request.home):
        return {"changed": False, "removed": [], "processes": [], "warnings": []}
    stale_lock = os.path.lexists(lock.path)
    with lock:  # nobody can start the agent between this last look and the removal
        _prove_stopped(request)
        removed, warnings = [], []
        for name in _stale_files(request.home):
            try:
                os.unlink(os.path.join(request.home.run, name))
                removed.append(name)
            except OSError as exc:
                if exc.errno in _DENIED:
                    raise _no_access(lock.path)
                if exc.errno == errno.EROFS:  # the agent is stopped all the same
                    warnings.append("%s was left: %s" % (name, exc.strerror))
                elif exc.errno not in _GONE:
                    raise
    if stale_lock and lock.warning is None:
        removed.append("admin.lock")
    return {"changed": bool(removed), "removed": removed, "processes": [],
            "warnings": warnings + ([lock.warning] if lock.warning else [])}


def _prove_stopped(request):
    survey = _survey(request.home)
    survey.close()
    if survey.processes:
        first, facts = survey.processes[0], [process.facts() for process in survey.processes]
        if request.stopped_at is not None and first.began_after(request.stopped_at):
            raise _revived("came back after Stop", survey.processes, facts)
        raise AgentError("still_running", "still running: %s; %s; run the stop again" % (
            ", ".join(map(str, survey.processes)), _origin(first)), processes=facts)
    if survey.unproven:
        raise AgentError("still_running", "cannot tell whether the agent is stopped: %s. It was left alone: look at it "
                         "and stop it by hand" % "; ".join(survey.unproven))


def _revived(how, processes, facts, **more):
    return AgentError("revived", "%s %s: %s; stop what revives it first" % (
        how, ", ".join(map(str, processes)), _origin(processes[0])), processes=facts, **more)


def _origin(process):
    """Who started a process, as far as the process table and the control groups tell."""
    found = _stat_or_none(process.pid)
    if found is None:
        return "it ended meanwhile"
    parent = _stat_or_none(found.parent)
    text = "its parent is %s (pid %d)" % (parent.comm if parent else "unknown", found.parent)
    try:
        groups = _text(_read_proc(process.pid, "cgroup")).split()
    except (IOError, OSError):
        groups = []
    units = sorted(set(part for group in groups for part in group.split("/") if part.endswith((".service", ".scope"))))
    return text + (" in %s" % ", ".join(units) if units else "")


def _stale_files(home):
    """Names in run/ that the agent's programs make, of the kinds that they make; nothing else is ever removed."""
    kinds = {"pid": stat.S_ISREG, "sock": stat.S_ISSOCK}
    found = []
    for dummy, name in home.run_files():
        try:
            if kinds[name.rsplit(".", 1)[1]](os.lstat(os.path.join(home.run, name)).st_mode):
                found.append(name)
        except OSError as exc:
            if exc.errno not in _GONE:
                raise
    return found


PHASES = {"prepare": prepare, "stop": stop, "finish": finish}


def argument_spec():
    """The options of a run as Ansible's argument spec, for the module and its action plugin."""
    return {
        "phase": {"type": "str", "required": True, "choices": ["prepare", "stop", "finish"]},
        "home": {"type": "str", "default": DEFAULT_HOME},
        "timeout": {"type": "int", "default": 60},
        "daemon_grace": {"type": "float", "default": DAEMON_GRACE},
        "grace": {"type": "float", "default": GRACE},
        "settle": {"type": "float", "default": SETTLE},
        "stopped_at": {"type": "float"},
        "boot_id": {"type": "str"},
    }


def run(options):
    """Run one phase.

    options: the arguments of Request, as a dict.
    Returns a dict that JSON can carry: C(changed), C(processes) (program, pid, user, executable; from Stop also signal
    and seconds), C(warnings), and by phase C(generations), C(stopped_at) and C(boot_id), C(removed). A failure has
    C(failed), C(reason) and C(msg) besides what was found until then. What nobody foresaw, such as a disk that
    gives errors, leaves as the exception that it is.
    """
    previous = {}
    try:
        request = Request(**options)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            previous[number] = signal.signal(number, _interrupt)
        if request.phase == "stop":  # a lost terminal must not leave the work half done
            previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.alarm(max(1, int(request.seconds)))
        return PHASES[request.phase](request)
    except AgentError as exc:
        return dict(exc.facts, failed=True, changed=bool(exc.facts.get("processes")) and options["phase"] == "stop",
                    reason=exc.reason, msg=exc.args[0])
    except _Interrupted as exc:
        late = exc.number == signal.SIGALRM
        return {"failed": True, "changed": False, "reason": "deadline" if late else "interrupted",
                "msg": "the phase did not end in its time" if late else "ended by signal %d" % exc.number}
    finally:
        signal.alarm(0)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(number, dummy):
    raise _Interrupted(number)


def difference(phase, result):
    """Ansible's diff of what a phase took away, or would in check mode: processes for Stop, files for Finish."""
    if phase == "stop":
        before = ["%(program)s %(pid)d" % process for process in result["processes"]]
    else:
        before = result.get("removed", [])
    return {
        "before_header": phase,
        "after_header": phase,
        "before": "".join("%s\n" % line for line in before),
        "after": "",
    }


def main():
    """Take a request as JSON from the argument, write the result as JSON to standard output; exit status 0 or 1."""
    result = run(json.loads(sys.argv[1]))
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if result.get("failed") else 0


if __name__ == "__main__":
    raise SystemExit(main())
