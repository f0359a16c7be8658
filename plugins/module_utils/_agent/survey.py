# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Finds the agent's processes. Each is identified by what it runs, and pinned."""

import os

from .control_group import control_group, units_in
from .home import DAEMONS, GENERIC, PROGRAMS, TITLED, image_of, program_named
from .host import (
    DENIED,
    GONE,
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
    signal_pidfd,
    stat_or_none,
    user_name,
)
from .identity import OURS, STRANGER, UNPROVEN, Judge, Look
from .process_clock import is_after
from .scripts import is_interpreter, script_of


class Process(object):
    """One process, pinned by pid and start time, by the image that it runs and, where possible, by a pidfd.

    program: the agent's, once it is known. path: of its program, executable or script; None for a title. placed:
    whether it is where the home has its programs, or says so. signal: name of the last signal that we sent it, or None.
    seconds: from its first sight to its end.
    """

    def __init__(self, pid, start, executable, uid, descriptor):
        self.pid = pid
        self.start = start
        self.program = None
        self.path = None
        self.placed = False
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
        """Whether it was started after that moment, which is a value of stamp()."""
        return is_after(self.start, moment)

    def image(self):
        """Identifies the program that it runs: changes when it executes another one, but not when the file is renamed.

        Device and inode of the executable; for an interpreter also the arguments.
        """
        try:
            status = os.stat("/proc/%d/exe" % self.pid)
            interprets = is_interpreter(self.executable)
            return (status.st_dev, status.st_ino) + (tuple(arguments_of(self.pid)) if interprets else ())
        except (IOError, OSError):
            return None

    def state(self):
        """The state letter of /proc/PID/stat; None if the process is gone or runs another program now."""
        found = stat_or_none(self.pid)
        if found is None or found.start != self.start or not lives(self.pid, found):
            return None
        image = self.image()
        return found.state if image is None or image == self._image else None

    def exists(self):
        """Whether this very process lives, even if we may not signal it."""
        try:
            return self.send(0) and self.state() is not None
        except AgentError:
            return True

    def send(self, number):
        """Send a signal to this very process. Returns False if it is gone. Raises AgentError if it is refused."""
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
    """What the process table shows of one home at one moment.

    processes: the agent's processes (Process), daemons first.
    hidden: texts about processes that look like the agent's but that this user may not examine.
    unproven: texts about processes that call themselves by an agent's name, with nothing that proves it.
    suspects: pids of the hidden and the unproven.
    others: processes that have a program's name and are not this agent's, nor started by it; closed.
    """

    def __init__(self, home):
        self.home = home
        self.hidden = []
        self.unproven = []
        self.suspects = set()
        self.others = []
        self.processes = []
        self._foreign = set()  # executables that no agent has: of a host's many processes most run one of a few
        self._namespaces = dict((name, link_of("/proc/self/ns/" + name)) for name in ("pid", "mnt"))
        self._judge = Judge(home)
        self.above = []
        ours = ancestors()
        undecided = []
        for pid in pids():
            found = self._examine(pid)
            if found is None:
                continue
            process, verdict, why = found
            if verdict == OURS:
                (self.above if pid in ours else self.processes).append(process)
            else:
                undecided.append((process, why))
        self._decide(undecided)
        self.processes.sort(key=lambda process: (not process.is_daemon, process.pid))

    def _decide(self, undecided):
        """Sort the undecided ones: a process that the agent's daemon has started is the agent's, whatever it runs."""
        agents = dict((process.pid, process) for process in self.processes)
        for process, why in undecided:
            found = stat_or_none(process.pid)
            parent = agents.get(found.parent) if found is not None else None
            if parent is not None and parent.is_daemon and process.exists():
                self.processes.append(process)
                continue
            if why is not None and parent is None and process.exists():  # below an agent it is no second one
                self.unproven.append(why)
                self.suspects.add(process.pid)
            elif why is None and parent is None:
                self.others.append(process)
            process.close()

    def _examine(self, pid):
        """For a process with the name of one of the agent's programs: Process, verdict and reason. None for others."""
        if pid <= 1 or self._look(pid) is None:
            return None
        # The order matters: first the descriptor and the image, then the facts, then a check that the descriptor still
        # means a live process of that image. Else the facts may be those of another process. A child of the agent that
        # becomes a database shows the agent's image for a moment.
        try:
            descriptor = open_pidfd(pid)
        except OSError as exc:
            if exc.errno in GONE:
                return None
            raise
        found = None
        try:
            found = self._pinned(pid, descriptor)
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                self._note_hidden(pid)
            elif exc.errno not in GONE:
                raise
        if found is None and descriptor is not None:
            os.close(descriptor)
        return found

    def _pinned(self, pid, descriptor):
        before = stat_or_none(pid)
        if before is None:
            return None
        process = Process(pid, before.start, executable_of(pid), os.stat("/proc/%d" % pid).st_uid, descriptor)
        look = self._look(pid)
        if look is None:
            return None
        verdict, why = self._of_title(look) if look.path is None else self._judge.verdict(look)
        process.program, process.path = look.program, look.path
        process.placed = look.path is None or verdict == OURS and self._judge.is_at_home(look)
        return (process, verdict, why) if process.exists() else None

    def _look(self, pid):
        """A Look at a process that has the name of one of the agent's programs, or None. path is None for a title."""
        try:
            executable = executable_of(pid)
            if executable in self._foreign:
                return None
            interprets = is_interpreter(executable)
            if not interprets and not self._may_be_named(executable):
                self._foreign.add(executable)
                return None
            program, path = self._script(pid, executable) if interprets else (
                program_named(executable) or self._comm(pid), executable)
            if program is None or not self._same_host(pid):
                return None
            image = None if path is None else image_of(path if interprets else "/proc/%d/exe" % pid)
            return Look(pid, os.stat("/proc/%d" % pid).st_uid, program, path, image)
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                self._note_hidden(pid)
            elif exc.errno not in GONE:
                raise
        return None

    def _may_be_named(self, executable):
        """Whether an executable lies in the home, or its name contains a program's, as it does after a renaming."""
        name = os.path.basename(executable)
        return self.home.holds(executable) or any(program in name for program in PROGRAMS)

    @staticmethod
    def _comm(pid):
        """The program that a process is named after. It keeps that name when its executable is renamed."""
        found = stat_or_none(pid)
        return found.comm if found and found.comm in PROGRAMS else None

    @staticmethod
    def _script(pid, interpreter):
        """The program that an interpreter runs, and the path of its script: None if only a process title is left."""
        arguments = arguments_of(pid)
        title = arguments[0].strip() if arguments else ""
        if len(arguments) == 1 and title in TITLED:
            return title, None
        path = script_of(os.path.basename(interpreter), arguments, lambda: os.readlink("/proc/%d/cwd" % pid))
        return program_named(path) if path else None, path

    def _of_title(self, look):
        """The verdict on an interpreter whose whole command line is the name of a program."""
        if self.home.recorded(look.program, look.pid, look.uid):
            return OURS, None
        if look.uid not in self._judge.trusted:
            return STRANGER, None
        return UNPROVEN, "pid %d calls itself %s, but no pid file in %s names it" % (
            look.pid, look.program, as_text(self.home.run))

    def _same_host(self, pid):
        """False for a process in a container, which can have the very same executable path."""
        pid = living_thread(pid) or pid  # a first thread that has ended has no namespaces any more
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
        except (IOError, OSError) as exc:  # the process may end meanwhile
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
    """A complete Survey. Raises AgentError if this user cannot see enough, or if there is no agent."""
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
    # Processes of an agent that was removed count. Processes in other folders below the home do not: a home that was
    # set too high would hold them all.
    if not generations and not any(process.placed and process.program not in GENERIC for process in survey.processes):
        survey.close()
        if not home.readable():
            raise no_access(home.path)
        below = ", although %s runs below it" % survey.processes[0] if survey.processes else ""
        if survey.unproven:
            below += ", although %s" % "; ".join(survey.unproven)
        raise AgentError("not_installed", "no OCP Agent at %s%s: set ocp_agent_home to its home" % (
            as_text(home.given), below))
    return survey, generations


def revived(how, processes, facts, **more):
    return AgentError("revived", "%s %s: %s; stop what revives it first" % (
        how, ", ".join(map(str, processes)), origin_of(processes[0])), processes=facts, **more)


def origin_of(process):
    """The origin of a process, for people, as its parent and its control group show it."""
    found = stat_or_none(process.pid)
    if found is None:
        return "it ended meanwhile"
    parent = stat_or_none(found.parent)
    text = "its parent is %s (pid %d)" % (parent.comm if parent else "unknown", found.parent)
    units = units_in(control_group(process.pid))
    return text + (" in %s" % ", ".join(units) if units else "")
