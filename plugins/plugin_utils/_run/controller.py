# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What a response says about the controller: its address, its user, and numbers that no other request has."""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import secrets
import socket
import syslog
import time
import typing as t

import yaml  # type: ignore[import-untyped,unused-ignore]

from .._files.document import plain
from .._task.errors import NOT_AUTHORIZED, OcpError
from .._task.host_ids import parse
from .._task.roles import User
from .._task.roles import authorize as check_role
from . import caller

_TRACE_ID = re.compile("[0-9a-f]{16}")

_OF_THE_JOB = ("job_id", "inventory_id", "inventory_name", "execution_node", "workflow_job_id")


def address() -> str:
    """The controller's own address, as its route to other machines has it; loopback where it has no such route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks the kernel for the route (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def in_awx() -> bool:
    """Whether this is a job of AWX, which sets this variable."""
    return bool(os.environ.get("AWX_PRIVATE_DATA_DIR"))


def read_ids(value: object, field: str = "hostIds", most: int | None = None) -> list[int]:
    """The ids that a request is given, see host_ids.parse(). Raises OcpError (400)."""
    return parse(value, field, most, by_survey=in_awx())


def user(variables: t.Mapping[str, t.Any]) -> User:
    """Who asked: the user who launched the job, where AWX runs it, else the login user, the one behind sudo.

    AWX keeps a launch from setting its variables; elsewhere they are anybody's extra variables and count for nothing.
    """
    if in_awx():
        for name in ("awx_user_name", "tower_user_name"):
            if variables.get(name):
                number = str(variables.get(name.replace("_name", "_id"), ""))
                return User(str(variables[name]), number=int(number) if number.isdecimal() else 0)
    behind_sudo = os.environ.get("SUDO_USER") if os.getuid() == 0 else None
    try:
        entry = pwd.getpwnam(behind_sudo) if behind_sudo else pwd.getpwuid(os.getuid())
    except KeyError:  # a container's user without a name
        return User(behind_sudo or str(os.getuid()), number=os.getuid())
    groups = frozenset(map(_group_name, os.getgrouplist(entry.pw_name, entry.pw_gid)))
    return User(entry.pw_name, groups, entry.pw_uid)


def creator(variables: t.Mapping[str, t.Any]) -> User:
    """Who a task is said to be created by: the user whom the program that runs the playbook names, else its own user.

    What a user may is another question, see user(): this name is anybody's environment.
    """
    asked = caller.asked()
    name, number = asked.get("creator"), asked.get("creator_id")
    if in_awx() or not isinstance(name, str) or not name:
        return user(variables)
    return User(name, number=number if isinstance(number, int) else 0)


def asked_for_one_host() -> bool:
    """Whether the run is for a request in OCP's form for one host."""
    return caller.asked().get("one_host") is True


def asked_with(trace_id: str) -> dict[str, str]:
    """The environment of another run that belongs to the request with this trace id, in the form for several hosts."""
    of_user = {name: value for name, value in caller.asked().items() if name in ("creator", "creator_id")}
    return {caller.ASKED_VARIABLE: json.dumps({**of_user, "trace_id": trace_id})}


def job(variables: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The job of AWX that runs this, as texts for the context of its task; empty outside of AWX.

    AWX keeps a launch from setting these variables, and names itself in AWX_HOST (its setting TOWER_URL_BASE).
    """
    if not in_awx():
        return {}
    found = {}
    for name in _OF_THE_JOB:
        value = variables.get(f"awx_{name}", variables.get(f"tower_{name}"))
        if value not in (None, ""):
            found[f"awx_{name}"] = str(plain(value))
    address = os.environ.get("AWX_HOST", "").rstrip("/")
    if address and "awx_job_id" in found:
        found["awx_job_url"] = f"{address}/#/jobs/playbook/{found['awx_job_id']}"
    return dict(sorted(found.items()))


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def authorize(user: User, role: str, path: str, what: str) -> None:
    """Check a user's role against a file of role bindings. what: the name of what is asked for.

    Raises OcpError (403), and tells the controller's system log, also when the file is unusable.
    """
    try:
        _authorize(user, role, path)
    except OcpError as error:
        syslog.openlog("oceanbase.ocp", syslog.LOG_PID, syslog.LOG_AUTH)
        syslog.syslog(syslog.LOG_WARNING, f"{what} by {user.name}: {error.message}")
        raise


def has_role(user: User, role: str, path: str) -> bool:
    """Whether a file of role bindings gives a user a role. For what is left out without it, and no refusal."""
    try:
        _authorize(user, role, path)
    except OcpError:
        return False
    return True


def _authorize(user: User, role: str, path: str) -> None:
    try:
        with open(path, encoding="utf-8") as stream:
            bindings = yaml.safe_load(stream)
    except (OSError, UnicodeError, yaml.YAMLError) as exc:
        reason = " ".join(str(exc).split())
        raise OcpError(NOT_AUTHORIZED, f"the role bindings cannot be read: {reason}: no user has a role") from exc
    check_role(user, role, bindings)


def trace_id() -> str:
    """16 hex digits, as OCP's: those of the request that the run is for, or new ones."""
    given = caller.asked().get("trace_id")
    return given if isinstance(given, str) and _TRACE_ID.fullmatch(given) else secrets.token_hex(8)


def first_id() -> int:
    """A task id, which also starts the row of its subtasks' ids.

    Microseconds since the epoch: they grow from run to run on any controller, also one that keeps nothing on its disk,
    are far more than a task has subtasks apart, and fit into the 53 bits that every JSON reader keeps.
    """
    return time.time_ns() // 1000
