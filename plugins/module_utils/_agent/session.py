# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The login session of this program, which a started agent has to outlive.

With KillUserProcesses, systemd-logind ends all processes in the scope of a session when the session ends. The
connection, and with it the session, may last longer than the task. So the control group is the proof: the end
of a session does not touch processes in another group.
"""

import os
import time

from .command import run_command
from .control_group import control_group, units_in
from .host import AgentError, uptime, user_name

_BUSCTL = ("/usr/bin/busctl", "/bin/busctl")
_ASK_SECONDS = 10
_LOGIN = "/org/freedesktop/login1"
_LOGIN_USER = _LOGIN + "/user/_"
_NO_LIMIT = str(2 ** 64 - 1)
# An agent starts databases. Older versions of systemd know fewer of these. The last entry keeps the defaults.
_PROPERTIES = (
    ("TasksMax", "t", _NO_LIMIT, "OOMPolicy", "s", "continue"),
    ("TasksMax", "t", _NO_LIMIT),
    (),
)


def session_of(pid):
    """The scope of a process's login session, such as session-7.scope; None without one."""
    return next((part for part in control_group(pid).split("/")
                 if part.startswith("session-") and part.endswith(".scope")), None)


def end_with_session(pid):
    """A text about a process that systemd-logind will end together with its login session; None for others."""
    scope = session_of(pid)
    uids = [part[len("user-"):-len(".slice")] for part in control_group(pid).split("/")
            if part.startswith("user-") and part.endswith(".slice")] if scope else []
    if not uids:
        return None
    killing, only, excluded = (_properties_of_login(_LOGIN, "KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
                               or ["b false", "", ""])
    names = _properties_of_login(_LOGIN_USER + uids[0], "Name") or [""]
    name = names[0].partition(" ")[2]
    users, spared = only.split()[2:], excluded.split()[2:] or ["\"root\""]  # logind's own default
    if killing != "b true" or name in spared or users and name not in users:
        return None
    return "the login session %s, with which systemd-logind will end it (KillUserProcesses=yes)" % scope


def refuse_to_start_in_session():
    """Raise AgentError if an agent started from here would inevitably end with our session."""
    found = end_with_session(os.getpid()) if os.geteuid() != 0 and not _lingers() else None
    if found:
        raise AgentError("not_permitted", "an agent that is started here would be part of %s: run with become "
                         "(ansible_become: true), let root do loginctl enable-linger for the user %s, or start the "
                         "agent by hand" % (found, user_name(os.geteuid())))


def _lingers():
    """Whether this user's service manager lives on without a session."""
    return _properties_of_login("%s%d" % (_LOGIN_USER, os.geteuid()), "Linger") == ["b true"]


def _properties_of_login(path, *names):
    """Properties of an object of systemd-logind as busctl shows them; None if it has none."""
    kind = "org.freedesktop.login1.%s" % ("Manager" if path == _LOGIN else "User")
    ended = _busctl([], ["get-property", "org.freedesktop.login1", path, kind] + list(names))
    lines = ended.output.splitlines()
    return lines if ended.status == 0 and len(lines) == len(names) else None


def leave_session(log):
    """Move this program, and so all its children, out of its systemd unit.

    It gets a scope of its own: of the system's manager for root, of the user's manager for any other user who lingers.
    Without systemd, or without a unit, it stays where it is. Returns a warning, or None.
    """
    group = control_group(os.getpid())
    parts = units_in(group)
    root = os.geteuid() == 0
    if not parts or not os.path.isdir("/run/systemd/system") or not (root or _lingers()):
        return None
    name = "ocp-agent-%d-%d.scope" % (os.getpid(), int(uptime() * 100))
    manager = [] if root else ["--user"]
    for properties in _PROPERTIES:
        ended = _busctl(manager, [
            "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
            "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", str(2 + len(properties) // 3),
            "Description", "s", "OCP Agent, started by oceanbase.ocp", "PIDs", "au", "1", str(os.getpid())]
            + list(properties) + ["0"])
        if ended.status == 0:
            break
    until = uptime() + _ASK_SECONDS
    while ended.status == 0 and control_group(os.getpid()) == group and uptime() < until:
        time.sleep(0.01)
    now = control_group(os.getpid())
    if now != group:
        log.add("systemd: %s, outside of %s" % (name, parts[-1]))
        return None
    if root and _move_to_root():
        log.add("systemd gives no scope (%s): in no unit of it, outside of %s" % (ended.words(), parts[-1]))
        return None
    return "the agent was started within %s, because systemd gives no scope for it: %s" % (parts[-1], ended.words())


def _move_to_root():
    """Move this program into the control group above all units."""
    for folder in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        try:
            with open(os.path.join(folder, "cgroup.procs"), "w") as stream:
                stream.write("0")
            return True
        except (IOError, OSError):
            continue
    return False


def _busctl(manager, arguments):
    """Call a D-Bus service. manager: options that choose the bus."""
    program = next((path for path in _BUSCTL if os.access(path, os.X_OK)), _BUSCTL[0])
    command = [program, "--no-pager"] + manager + arguments
    if manager:
        command = ["/usr/bin/env", "XDG_RUNTIME_DIR=/run/user/%d" % os.geteuid()] + command
    return run_command(command, _ASK_SECONDS)
