# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""How the agent ran before it was stopped: for a start that brings back the same agent."""

import binascii
import os

from .attribute_forms import ATTRIBUTES_LIMIT, checked_attributes
from .attributes import (
    LIMIT,
    LIMITS,
    attributes_changed,
    attributes_of,
    custom_groups,
    environment_of,
    from_words,
    set_io_priority,
)
from .command import Account
from .host import AgentError, as_text, native, read_regular, user_name
from .memory import memory_path, owner_of

_FILE_LIMIT = 4194304  # bytes


def recall(request):
    """How the agent ran, as a Former, or None where it is not known; and warnings about what cannot be used of that.

    request: a Request to start. Where it has no ran_as, it gets what is known of user and unit.
    """
    warnings = []
    kept = _attempt_to_know(_kept, memory_path(request.home), request.home, warnings)
    told = request.ran_as.get("user")
    if kept is not None and told in (None, kept["user"]):
        if not request.ran_as:
            request.ran_as = {"user": kept["user"], "unit": kept["unit"]}
        return Former(kept["attributes"], kept["environment"], kept["children"]), warnings
    attributes = _attempt_to_know(_told, "the task", request.ran_as.get("attributes"), warnings)
    return Former(attributes, None, {}) if attributes else None, warnings


def _attempt_to_know(function, source, argument, warnings):
    """The result of function(argument); None and one more warning where that cannot be used."""
    try:
        return function(argument)
    except (IOError, OSError) as exc:
        problem = exc.strerror
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as exc:  # JSON of any other kind
        problem = "%s: %s" % (type(exc).__name__, exc)
    warnings.append("what %s knows of how the agent ran cannot be used (%s): a start does not bring it back" % (
        as_text(source), problem))
    return None


def _told(text):
    if text and len(text) > ATTRIBUTES_LIMIT:
        raise ValueError("it has more than %d characters" % ATTRIBUTES_LIMIT)
    return checked_attributes(from_words(text)) if text else None


def _kept(home):
    """The content of the file of a stop; None where there is none, or where the home has another owner since then.

    Raises OSError, and errors of many kinds for what no stop has written.
    """
    import json  # pylint: disable=import-outside-toplevel; slow, and only a start needs it

    path = memory_path(home)
    if not os.path.lexists(path):
        return None
    content = read_regular(path, limit=_FILE_LIMIT, writers=(os.geteuid(),))
    if content is None:
        raise ValueError("it is no file that %s alone can have written" % user_name(os.geteuid()))
    kept = json.loads(content.decode("ascii"))
    if kept["owner"] != owner_of(home):
        return None
    environment = kept["environment"]
    return {
        "user": _name(kept["user"]),
        "unit": kept["unit"] and _name(kept["unit"]),
        "attributes": checked_attributes(kept["attributes"]),
        "environment": environment and dict(_variable(*pair) for pair in environment),
        "children": dict((program, checked_attributes(found)) for program, found in kept["children"].items()),
    }


def _name(value):
    if not isinstance(value, type(u"")) or not value:
        raise ValueError("a name is missing")
    return value


def _variable(name, value):
    name, value = binascii.unhexlify(name.encode("ascii")), binascii.unhexlify(value.encode("ascii"))
    if not name or b"=" in name or b"\0" in name + value:
        raise ValueError("a variable is none")
    return name, value


class Former(object):
    """How the agent ran. As a user of run_command it becomes what the agent was.

    attributes: of the daemon, as of attributes_of. environment: bytes by name, or None where it is not known; then
    attributes may have the names of its variables, as "environment", and those of attributes that are not known, as
    "left_out". children: attributes by program.
    """

    def __init__(self, attributes, environment, children):
        self.attributes = dict(attributes)
        self._lost = self.attributes.pop("environment", "")
        self._left_out = self.attributes.pop("left_out", "")
        self._environment = environment
        self._children = children
        self.uid, self.gid = [int(attributes[key]) if key in attributes else None for key in ("uid", "gid")]

    def is_of(self, name):
        """Whether it ran as the user of that name."""
        return self.uid is not None and self.gid is not None and user_name(self.uid) == name

    def differences(self, processes):
        """Texts about what is not as it was. processes: those of the agent that runs now."""
        daemon = processes[0]
        found = attributes_changed(self.attributes, attributes_of(daemon.pid, ionice="ionice" in self.attributes))
        known = set(found)
        for process in processes[1:]:
            found += ["%s: %s" % (process.program, text) for text in attributes_changed(
                self._children.get(process.program, {}), attributes_of(process.pid)) if text not in known]
        if self._lost:
            found.append("its environment (%s) is not known any more" % self._lost)
        if self._left_out:
            found.append("too long to be known: %s" % self._left_out)
        now = environment_of(daemon.pid) or {}
        names = [as_text(name) for name, value in sorted((self._environment or {}).items()) if now.get(name) != value]
        if names:
            found.append("other values or none for the variables %s" % ", ".join(names))
        return found

    # As a user of run_command

    def environment(self, login):
        if self._environment is not None:
            return self._environment
        try:
            return Account(user_name(self.uid), "/").environment(login)
        except AgentError:  # not in /etc/passwd
            return dict((name, login[name]) for name in login if name in ("PATH", "LANG"))

    def enter(self):
        """Become what the agent was, as far as this host allows it. differences() tells the rest."""
        for controllers, path in custom_groups(self.attributes).items():
            _attempt(_join, controllers, path)
        mine = attributes_of(os.getpid(), ionice="ionice" in self.attributes)
        for key, apply in (("oom_score_adj", _set_oom_score_adj), ("scheduling", _set_scheduling), ("nice", _set_nice),
                           ("ionice", _set_ionice), ("cpus", _set_cpus)):
            if self.attributes.get(key, mine.get(key)) != mine.get(key):
                _attempt(apply, self.attributes[key], mine.get(key))
        for number, name in enumerate(LIMITS):
            wanted = self.attributes.get(LIMIT + name)
            if wanted is not None and wanted != mine.get(LIMIT + name):
                _attempt(_limit, number, *[int(word) for word in wanted.split()])
        if os.geteuid() == 0:
            os.setgroups([int(word) for word in self.attributes.get("groups", "").split()])
            os.setgid(self.gid)
            os.setuid(self.uid)
        os.umask(int(self.attributes.get("umask", "22"), 8))

    @property
    def directory(self):
        found = self.attributes.get("directory")
        return found and native(found.encode("utf-8"))


def _attempt(function, *arguments):
    try:
        function(*arguments)
    except Exception:  # pylint: disable=broad-except; of many kinds; differences() tells afterwards
        pass


def _join(controllers, path):
    """Move this process into a control group, below the place where its hierarchy is mounted."""
    with open("/proc/self/mountinfo") as stream:
        mounts = [line.split() for line in stream]
    for fields in mounts:
        kind, dummy, options = fields[fields.index("-") + 1:][:3]
        ours = kind == "cgroup2" if not controllers else kind == "cgroup" and set(controllers.split(",")) <= set(
            options.split(","))
        root = fields[3].rstrip("/")
        if ours and (path + "/").startswith(root + "/"):
            with open("%s%s/cgroup.procs" % (fields[4], path[len(root):]), "w") as stream:
                stream.write("0")
            return


def _set_oom_score_adj(value, dummy):
    with open("/proc/self/oom_score_adj", "w") as stream:
        stream.write(value)


def _set_nice(value, now):
    os.nice(int(value) - int(now))


def _set_ionice(value, dummy):
    set_io_priority(int(value))


def _set_scheduling(value, dummy):
    policy, priority = [int(word) for word in value.split()]
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, policy, os.sched_param(priority))
        return
    import ctypes  # pylint: disable=import-outside-toplevel; only Python 2.7 pays for it

    ctypes.CDLL(None).sched_setscheduler(0, policy, ctypes.byref(ctypes.c_int(priority)))


def _set_cpus(value, dummy):
    found = []
    for part in value.split(","):
        first, dash, last = part.partition("-")
        found += range(int(first), int(last if dash else first) + 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, found)
        return
    import ctypes  # pylint: disable=import-outside-toplevel; only Python 2.7 pays for it

    width = 8 * ctypes.sizeof(ctypes.c_ulong)
    mask = (ctypes.c_ulong * (max(found) // width + 1))()
    for cpu in found:
        mask[cpu // width] |= 1 << cpu % width
    ctypes.CDLL(None).sched_setaffinity(0, ctypes.sizeof(mask), mask)


def _limit(number, soft, hard):
    """Set a limit of this process; where the hard one may not be raised, the soft one as far as that lets it."""
    import resource  # pylint: disable=import-outside-toplevel; only a start needs it

    try:
        resource.setrlimit(number, (soft, hard))
    except (ValueError, OSError, resource.error):
        most = resource.getrlimit(number)[1]
        _attempt(resource.setrlimit, number, (soft if most == -1 or 0 <= soft <= most else most, most))
