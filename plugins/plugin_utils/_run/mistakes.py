# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Refuses variables with misspelled names or wrong values before any host is contacted.

Ansible ignores an unknown variable. With ocp_agnet_home the agent of the default home would be stopped.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import typing as t

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec

from .._files.document import plain
from .._task.errors import INVALID, OcpError, join, sub_error
from .._task.operation import BY_PHASE, MAX_TIMEOUT
from .variables import KNOWN, OF_HOSTS, OF_REQUESTS, PATTERN, PREFIX, SETTINGS

IGNORED = "ocp_ignore_variables"

# Names that are close to the variables of a field, in lower case and without dashes.
_OF_FIELDS = {
    "hostIds": {"hostids": "host_ids", "hosts": PATTERN},
    "taskId": {"taskid": "task_id"},
    "subtaskId": {"subtaskid": "subtask_id"},
}

# The least similarity of two names after the prefix; 1 for equal ones.
_ALIKE = 0.81  # one is the other, misspelled
_SOMEWHAT = 0.5  # a suggestion for a name that must be wrong
# The prefix itself, misspelled or in the wrong case.
_HEADS = frozenset({"ocp", "opc", "cop", "pco", "cpo", "oc", "op", "cp", "occp", "oocp", "ocpp", "0cp", "ocb"})


@functools.cache
def concerns(name: str) -> bool:
    """Whether a variable has the prefix of this collection, or a misspelled one."""
    return re.split("[_-]", name, maxsplit=1)[0].lower() in _HEADS and len(name) > len(PREFIX)


@functools.cache
def meant(name: str, among: frozenset[str], alike: float = _ALIKE) -> str | None:
    """The variable that an unknown name stands for; None if no variable is similar."""
    rest = re.split("[_-]", name, maxsplit=1)[-1].lower().replace("-", "_")
    by_rest = {known.removeprefix(PREFIX): known for known in sorted(among)}
    found = difflib.get_close_matches(rest, by_rest, 1, alike)
    return by_rest[found[0]] if found else None


def has_prefix(name: str) -> bool:
    return name.lower().replace("-", "_").startswith(PREFIX)


def check_extra(variables: t.Mapping[str, t.Any]) -> None:
    """Check the names of extra variables, and of the variables of the controller.

    variables: of the task on the controller. Raises OcpError (400) for an unknown extra variable with the prefix of
    this collection, and for a misspelled setting of a run.
    """
    ignored = _ignored(variables)
    extra = variables["hostvars"]._variable_manager.extra_vars
    wrong = {
        name: meant(name, SETTINGS | OF_HOSTS | OF_REQUESTS, _SOMEWHAT)
        for name in map(str, extra)
        if name not in KNOWN | ignored and concerns(name) and (has_prefix(name) or meant(name, KNOWN))
    }
    wrong.update(_misspelled(variables, ignored, SETTINGS | OF_HOSTS))
    if wrong:
        _refuse(wrong)


def check_missing(wanted: str, variables: t.Mapping[str, t.Any]) -> None:
    """Suggest the right name for an extra variable that is similar to a missing one.

    wanted: the missing field of OCP's API. variables: of the task on the controller. Raises OcpError (400).
    """
    rights = _OF_FIELDS[wanted]
    for name in map(str, variables["hostvars"]._variable_manager.extra_vars):
        near = difflib.get_close_matches(re.sub("[^a-z]", "", name.lower()), rights, 1, _ALIKE)
        right = rights[near[0]] if near else name
        if name != right and name not in KNOWN:
            raise OcpError(
                INVALID,
                f"{wanted} is required, and {name} is not looked at: did you mean {right}?",
                [sub_error(wanted, None, "must not be empty")],
            )


def check_hosts(hosts: t.Mapping[str, t.Mapping[str, t.Any]], variables: t.Mapping[str, t.Any]) -> None:
    """Check the names of the variables that hosts have.

    hosts: the variables of each host by its name. variables: of the task on the controller. Raises OcpError (400) for
    misspelled variables of this collection. Other variables with its prefix may be the site's own.
    """
    wrong: dict[str, str] = {}
    having: dict[str, list[str]] = {}
    ignored = _ignored(variables)
    for host, there in hosts.items():
        for name, right in _misspelled(there, ignored | _ignored(there), SETTINGS | OF_HOSTS).items():
            wrong[name] = right
            having.setdefault(name, []).append(host)
    if wrong:
        _refuse(wrong, having)


def check_settings(variables: t.Mapping[str, t.Any], evaluate: t.Callable[[t.Any], t.Any]) -> None:
    """Check that the settings of a run have a value.

    Ansible's filter default() treats a template with an undefined variable like a variable that is not given. So
    without this check such a template for the role bindings would let every user in.

    variables: of the task on the controller, with templates as they are. evaluate: gives the value of a template.
    Raises OcpError (400).
    """
    wrong = {}
    for name in sorted(SETTINGS & variables.keys()):
        try:
            evaluate(variables[name])
        except AnsibleUndefinedVariable as exc:
            wrong[name] = _undefined(exc)
        except AnsibleError:
            pass  # Ansible fails the task for it, or omits the argument as the template says
    if wrong:
        raise OcpError(
            INVALID,
            f"{'; '.join(f'{name} {problem}' for name, problem in wrong.items())}: define what is missing",
            [sub_error(name, None, problem) for name, problem in wrong.items()],
        )


def check_values(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]], evaluate: t.Callable[[str, str], t.Any]
) -> None:
    """Check the values of the variables that control the work on a host.

    A template that fails is left to the phase, which fails then. A template with an undefined variable is refused,
    since the phase would use the default, such as another home.

    hosts: the variables of each host by its name, with templates as they are. evaluate: gives the value of a variable
    by the names of host and variable. Raises OcpError (400) that names variables and hosts.
    """
    problems: dict[tuple[str, str], list[str]] = {}
    found: dict[tuple[str, str], str | None] = {}
    for host, there in hosts.items():
        for name in OF_HOSTS & there.keys():
            value = there[name]
            if isinstance(value, str) and "{" in value:
                try:
                    value = evaluate(host, name)
                except AnsibleUndefinedVariable as exc:
                    problems.setdefault((name, _undefined(exc)), []).append(host)
                    continue
                except (AnsibleError, KeyError):
                    continue
            value = plain(value)
            key = name, repr(value)
            if key not in found:
                found[key] = _problem(name, value)
            problem = found[key]
            if problem:
                problems.setdefault((name, f"{problem}, not {value!r}"), []).append(host)
    if problems:
        raise OcpError(
            INVALID,
            "; ".join(f"{name} of {join(having, 10)} {problem}" for (name, problem), having in problems.items()),
            [sub_error(name, host, problem) for (name, problem), having in problems.items() for host in having],
        )


def _undefined(error: AnsibleUndefinedVariable) -> str:
    """The problem of a template, the first line of Ansible's message. The others locate the template."""
    return f"cannot be evaluated: {str(error).splitlines()[0]}"


def _problem(name: str, value: t.Any) -> str | None:
    """The requirement that a value of a variable of a host does not meet; None for a right value."""
    option = next(key for phase in BY_PHASE.values() for key, known in phase.options.items() if known == name)
    if value is None:
        return None  # as the roles take it: the default
    spec = argument_spec()[option]
    checked = ArgumentSpecValidator({option: {"type": spec["type"]}}).validate({option: value})
    right = checked.validated_parameters.get(option)
    if spec["type"] == "float":
        usable = not isinstance(value, bool) and not checked.error_messages and math.isfinite(right)
        return None if usable and 0 <= right <= MAX_TIMEOUT else f"must be a number of seconds from 0 to {MAX_TIMEOUT}"
    if option == "home":
        return None if isinstance(value, str) and value.startswith("/") else "must be an absolute path"
    return f"must be of the type {spec['type']}" if checked.error_messages else None


def _misspelled(there: t.Mapping[str, t.Any], ignored: t.Container[str], among: frozenset[str]) -> dict[str, str]:
    """The misspelled variables, each with the right name."""
    found = {}
    for name in there:
        if isinstance(name, str) and concerns(name) and name not in KNOWN and name not in ignored:
            right = meant(name, among)
            if right:
                found[name] = right
    return found


def _ignored(variables: t.Mapping[str, t.Any]) -> frozenset[str]:
    """The names of the site's own variables. Raises OcpError (400) for a value that is no list of names."""
    given = plain(variables.get(IGNORED))
    names = re.split(r"[\s,]+", given.strip()) if isinstance(given, str) else given or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise OcpError(INVALID, f"{IGNORED} must be a list of names of variables, not {given!r}")
    return frozenset(names)


def _refuse(wrong: t.Mapping[str, str | None], having: t.Mapping[str, list[str]] | None = None) -> t.NoReturn:
    def said(name: str) -> str:
        hosts = having.get(name, []) if having else []
        place = f" of {join(hosts, 10)}" if hosts else ""
        return f"{name}{place}" + (f" (did you mean {wrong[name]}?)" if wrong[name] else "")

    names = sorted(wrong)
    noun = "is no variable" if len(names) == 1 else "are no variables"
    raise OcpError(
        INVALID,
        f"{join([said(name) for name in names])} {noun} of this collection, so no host is contacted: correct the name, "
        f"or give names that are your own in {IGNORED}",
        [
            sub_error(name, name, "no such variable" + (f"; {wrong[name]} is the nearest" if wrong[name] else ""))
            for name in names
        ],
    )
