# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Which processes are the agent's: each is identified by what it runs, and pinned."""

import os

from ._agent_home import DAEMONS, GENERIC, PROGRAMS, TITLED
from ._agent_host import (
    DENIED,
    DIGITS,
    GONE,
    LETTERS,
    AgentError,
    ancestors,
    arguments_of,
    as_text,
    executable_of,
    link_of,
    lives,
    living_thread,
    no_access,
    open_pidfd,
    pids,
    read_proc,
    signal_pidfd,
    stat_or_none,
    user_name,
)

_OF_RED_HAT = "platform-"
_INTERPRETERS = ("python", "pypy", "bash", "dash", "sh", "perl")
# By family: letters after which no script follows; letters with a value, attached or next; with one that is attached or
# none; with one that is next. The first family whose name the interpreter's holds is its.
_OPTIONS = (
    ("py", "cm", "WXQ", "", ""),
    ("perl", "eE", "I", "MmixlCDVF0", ""),
    ("sh", "cs", "", "", "oO"),
)
_LONG_WITH_VALUE = ("--check-hash-based-pycs", "--rcfile", "--init-file")


def is_interpreter(executable):
    """Whether it runs scripts, by its name: python3.11-dbg, platform-python3.6m, pypy3, bash."""
    name = os.path.basename(executable)
    name, dash, variant = name[len(_OF_RED_HAT) if name.startswith(_OF_RED_HAT) else 0:].partition("-")
    if dash and (not variant or variant.strip(LETTERS)):
        return False
    versions = [name[len(kind):].lstrip(DIGITS + ".") for kind in _INTERPRETERS if name.startswith(kind)]
    return any(len(version) <= 2 and not version.strip(LETTERS) for version in versions)


def script_of(interpreter, arguments, working_directory):
    """The script that an interpreter was given, as an absolute real path, or None.

    What follows a program text, a module or a program on standard input is an argument: whoever has it is no agent.
    """
    family, ends, takes_value, takes_attached, takes_next = next(
        options for options in _OPTIONS if options[0] in interpreter)
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


class Process(object):
    """One process, pinned by pid and start time, by the image that it runs and, where possible, by a pidfd.

    program: the agent's, once it is known. signal: name of the last signal that we sent it, or None. seconds: from its
    first sight to its end.
    """

    def __init__(self, pid, start, executable, uid, descriptor):
        self.pid = pid
        self.start = start
        self.program = None
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
    def user(self):
        return user_name(self.uid)

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
            interprets = is_interpreter(self.executable)
            return (status.st_dev, status.st_ino) + (tuple(arguments_of(self.pid)) if interprets else ())
        except (IOError, OSError):
            return None

    def state(self):
        """The state letter of /proc/PID/stat; None when the process is gone or has become another program."""
        found = stat_or_none(self.pid)
        if found is None or found.start != self.start or not lives(self.pid, found):
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
                signal_pidfd(self._descriptor, number)
            else:
                os.kill(self.pid, number)
            return True
        except (IOError, OSError) as exc:
            if exc.errno in GONE:
                return False
            if exc.errno in DENIED:
                raise AgentError("not_permitted", "%s runs as %s and the user %s may not signal it: run with become "
                                 "(ansible_become: true)" % (self, user_name(self.uid), user_name(os.geteuid())))
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
            "user": self.user,
            "executable": as_text(self.executable),
        }

    def __str__(self):
        return "%s (pid %d)" % (self.program, self.pid)


class Survey(object):
    """What the process table says about one home at one moment.

    processes: the agent's processes (Process), daemons first.
    hidden: texts about processes that look like the agent's but that this user may not examine.
    unproven: texts about processes that call themselves by an agent's name, with nothing that proves it.
    suspects: pids of the hidden and the unproven.
    """

    def __init__(self, home):
        self.home = home
        self.hidden = []
        self.unproven = []
        self.suspects = set()
        self.processes = []
        self._foreign = set()  # executables that no agent has: of a host's many processes most run one of a few
        self._namespaces = dict((name, link_of("/proc/self/ns/" + name)) for name in ("pid", "mnt"))
        ours = ancestors()
        self.above = []
        for pid in pids():
            process = self._examine(pid)
            if process is not None:
                (self.above if pid in ours else self.processes).append(process)
        self.processes.sort(key=lambda process: (not process.is_daemon, process.pid))

    def _examine(self, pid):
        if pid <= 1 or self._program(pid) is None:
            return None
        # First the descriptor and the image, then the facts, then a look whether the descriptor still means a live
        # process of that image: only so are they facts about what is pinned. A child of the agent that becomes a
        # database shows the agent's image for a moment.
        try:
            descriptor = open_pidfd(pid)
        except OSError as exc:
            if exc.errno in GONE:
                return None
            raise
        process = None
        try:
            before = stat_or_none(pid)
            if before is not None:
                uid = os.stat("/proc/%d" % pid).st_uid
                process = Process(pid, before.start, executable_of(pid), uid, descriptor)
                process.program = self._program(pid)
                if process.program is None or not process.exists():
                    process = None
        except (IOError, OSError) as exc:
            if exc.errno not in GONE:
                raise
            process = None
        if process is None and descriptor is not None:
            os.close(descriptor)
        return process

    def _program(self, pid):
        """The agent program that pid runs for this home, or None."""
        try:
            executable = executable_of(pid)
            if executable in self._foreign:
                return None
            return self._program_by_executable(pid, executable)
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                self._note_hidden(pid)
            elif exc.errno not in GONE:
                raise
        return None

    def _program_by_executable(self, pid, executable):
        interprets = is_interpreter(executable)
        if not interprets and not self.home.holds(executable):
            self._foreign.add(executable)
            return None
        program = self.home.program_of(executable)
        if program is None and self.home.holds(executable):
            # An image that was renamed while it runs shows its new name; its process keeps the old one.
            found = stat_or_none(pid)
            program = found.comm if found and found.comm in PROGRAMS else None
        if program is None and interprets:
            program = self._program_by_script(pid, executable) if self._same_host(pid) else None
        return program if program is not None and self._same_host(pid) else None

    def _program_by_script(self, pid, interpreter):
        arguments = arguments_of(pid)
        title = arguments[0].strip() if arguments else ""
        if len(arguments) == 1 and title in TITLED:
            uid = os.stat("/proc/%d" % pid).st_uid
            if self.home.recorded(title, pid, uid):
                return title
            note = "pid %d calls itself %s, but no pid file in %s names it" % (pid, title, as_text(self.home.run))
            if note not in self.unproven and uid in self._trusted_users():
                self.unproven.append(note)
                self.suspects.add(pid)
            return None
        script = script_of(os.path.basename(interpreter), arguments, lambda: os.readlink("/proc/%d/cwd" % pid))
        return self.home.program_of(script) if script else None

    def _trusted_users(self):
        """Who may own an agent: a process of anybody else that takes the agent's name deserves no attention."""
        try:
            return (0, os.stat(self.home.path).st_uid)
        except OSError:
            return (0,)

    def _same_host(self, pid):
        """False for a process in a container, which can have the very same executable path."""
        pid = living_thread(pid) or pid  # a first thread that has ended is in no namespace any more
        if self._namespaces["pid"] != link_of("/proc/%d/ns/pid" % pid):
            return False
        if self._namespaces["mnt"] == link_of("/proc/%d/ns/mnt" % pid):
            return True
        try:  # a service with a private /tmp has mounts of its own and yet sees this home
            return os.path.samestat(os.stat("/proc/%d/root%s" % (pid, self.home.path)), os.stat(self.home.path))
        except OSError:
            return False

    def _note_hidden(self, pid):
        try:
            self._look_at_hidden(pid)
        except (IOError, OSError) as exc:  # it may end while it is looked at
            if exc.errno not in GONE:
                raise

    def _look_at_hidden(self, pid):
        found = stat_or_none(pid)
        if found is None or found.state in "ZXx":
            return
        arguments = arguments_of(pid)
        names = [found.comm] + [os.path.basename(argument) for argument in arguments]
        names = [name[:-len(".py")] if name.endswith(".py") else name for name in names]
        name = next((name for name in names if name in PROGRAMS), None)
        if name is not None:
            uid = os.stat("/proc/%d" % pid).st_uid
            note = "%s (pid %d) of user %s" % (name, pid, user_name(uid))
            if note not in self.hidden:
                self.hidden.append(note)
                self.suspects.add(pid)

    def close(self, keep=()):
        for process in self.processes + self.above:
            if process not in keep:
                process.close()


def survey_home(home):
    """A Survey that can be believed: raises AgentError where this user cannot see enough or there is no agent."""
    if os.geteuid() != 0:
        try:
            visible = stat_or_none(1) is not None
        except (IOError, OSError):
            visible = False
        if not visible:
            raise AgentError("not_permitted", "the user %s may not see the processes of others (hidepid): run with "
                             "become (ansible_become: true)" % user_name(os.geteuid()))
    survey = Survey(home)
    if survey.hidden:
        raise AgentError("not_permitted", "%s may be this agent, but the user %s may not examine it: run with become "
                         "(ansible_become: true)" % (", ".join(survey.hidden), user_name(os.geteuid())))
    if survey.above:
        raise AgentError("still_running", "%s is an ancestor of this very program: a stop cannot run below the agent "
                         "that it stops" % ", ".join(map(str, survey.above)))
    return survey


def survey_installed(home):
    survey = survey_home(home)
    generations = home.generations()
    # What is left of an agent that was removed counts, but not what runs in other folders somewhere below: a home that
    # was set too high would hold them all.
    if not generations and not any(home.has_place(process.executable) and process.program not in GENERIC
                                   for process in survey.processes):
        survey.close()
        if not home.readable():
            raise no_access(home.path)
        below = ", although %s runs below it" % survey.processes[0] if survey.processes else ""
        raise AgentError("not_installed", "no OCP Agent at %s%s: set ocp_agent_home to its home" % (
            as_text(home.given), below))
    return survey, generations


def revived(how, processes, facts, **more):
    return AgentError("revived", "%s %s: %s; stop what revives it first" % (
        how, ", ".join(map(str, processes)), origin_of(processes[0])), processes=facts, **more)


def origin_of(process):
    """Who started a process, as far as the process table and the control groups tell."""
    found = stat_or_none(process.pid)
    if found is None:
        return "it ended meanwhile"
    parent = stat_or_none(found.parent)
    text = "its parent is %s (pid %d)" % (parent.comm if parent else "unknown", found.parent)
    try:
        groups = as_text(read_proc(process.pid, "cgroup")).split()
    except (IOError, OSError):
        groups = []
    units = sorted(set(part for group in groups for part in group.split("/") if part.endswith((".service", ".scope"))))
    return text + (" in %s" % ", ".join(units) if units else "")
