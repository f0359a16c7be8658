# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The host program: finds, identifies, signals, starts and verifies the basic OCP Agent processes of one home.

It is made of the files in this folder, on the standard library alone, and runs under every Python from 2.7 to 3.14. The
action plugin oceanbase.ocp.agent_processes sends those that a phase needs as one text to a host's Python on standard
input, with the request as its argument; the module of that name is made of them where that cannot be done. For the
action plugin oceanbase.ocp.agent_fan_out those that an operation needs stay on the host (C(resident.py)). In one
text all share one name space: a global name exists once.
"""

from .home import DAEMONS, DEFAULT_HOME, GENERATIONS
from .host import AgentError
from .request import DAEMON_GRACE, GOALS, GRACE, SETTLE, run_phase

__all__ = ["DAEMONS", "argument_spec", "difference", "diffs", "function_of", "info_spec", "perform", "run"]

# By phase, and for Prepare and Finish by what the operation is heading for: file and name. The controller needs no more
# than these names. Ansible compiles a collection's Python files anew in every run.
_FUNCTIONS = {
    "prepare": {
        "stopped": ("prepare", "prepare_stopped"),
        "running": ("prepare_start", "prepare_running"),
        "restarted": ("prepare_start", "prepare_restarted"),
    },
    "stop": ("stop", "stop"),
    "start": ("start", "start"),
    "restart_pos_proxy": ("pos_proxy", "restart_pos_proxy"),
    "finish": {
        "stopped": ("finish", "finish_stopped"),
        "running": ("finish_start", "finish_running"),
        "restarted": ("finish_start", "finish_running"),
    },
    "info": ("info", "info"),
}


def function_of(options):
    """File and name of the function that carries a request out; None for a request that is not valid."""
    found = _FUNCTIONS.get(options.get("phase"))
    return found.get(options.get("goal") or "stopped") if isinstance(found, dict) else found


def argument_spec():
    """The options of a run as Ansible's argument spec, for the module and its action plugin."""
    return {
        "phase": {
            "type": "str",
            "required": True,
            "choices": sorted(phase for phase in _FUNCTIONS if phase != "info"),  # has a module of its own
        },
        "goal": {"type": "str", "default": "stopped", "choices": list(GOALS)},
        "home": {"type": "str", "default": DEFAULT_HOME},
        "timeout": {"type": "int", "default": 60},
        "daemon_grace": {"type": "float", "default": DAEMON_GRACE},
        "grace": {"type": "float", "default": GRACE},
        "settle": {"type": "float", "default": SETTLE},
        "stopped_at": {"type": "float"},
        "ready_at": {"type": "float"},
        "boot_id": {"type": "str"},
        "protect_unit": {"type": "bool", "default": False},
        "ran_as": {
            "type": "dict",
            "options": {
                "generation": {"type": "str", "choices": [generation["name"] for generation in GENERATIONS]},
                "user": {"type": "str"},
                "unit": {"type": "str"},
                "programs": {"type": "list", "elements": "str"},
                "attributes": {"type": "str"},
            },
        },
    }


def info_spec():
    """The options of C(info) alone."""
    options = argument_spec()
    return dict((name, options[name]) for name in ("home", "timeout", "protect_unit"))


def perform(request):
    """Carry out a Request of any phase. Raises AgentError for one that is unknown."""
    if request.phase not in _FUNCTIONS:
        raise AgentError("invalid", "phase must be one of %s, not %r" % (", ".join(sorted(_FUNCTIONS)), request.phase))
    # pylint: disable=import-outside-toplevel; see _FUNCTIONS
    from .finish import finish_stopped
    from .finish_start import finish_running
    from .info import info
    from .pos_proxy import restart_pos_proxy
    from .prepare import prepare_stopped
    from .prepare_start import prepare_restarted, prepare_running
    from .start import start
    from .stop import stop

    functions = (finish_stopped, finish_running, info, restart_pos_proxy, prepare_stopped, prepare_restarted,
                 prepare_running, start, stop)
    name = function_of({"phase": request.phase, "goal": request.goal})[1]
    return dict((function.__name__, function) for function in functions)[name](request)


def run(options):
    """Run the phase that the options ask for. See run_phase."""
    return run_phase(options, perform)


def diffs(phase, result):
    """Ansible's diffs of what a phase changed, or would in check mode: drop-ins of systemd that are there for the time
    of the phase, and processes, or the removed files of Finish."""
    return [{
        "before_header": phase,
        "after_header": "%s: %s (removed when the phase ends)" % (phase, drop_in["path"]),
        "before": "",
        "after": drop_in["content"],
    } for drop_in in result.get("drop_ins", [])] + [difference(phase, result)]


def difference(phase, result):
    """Ansible's diff of the processes, or of the removed files of Finish."""
    lines = ["%(program)s %(pid)d" % process for process in result.get("processes", [])]
    before, after = lines, []
    if phase == "start" and not result["changed"]:
        after = lines
    elif phase == "start":
        before, after = [], lines or [name for generation in GENERATIONS if generation["name"] in result["generations"]
                                      for name in (generation["daemon"],) + generation["children"]]
    elif phase == "finish":
        before = result.get("removed", [])
    return {
        "before_header": phase,
        "after_header": phase,
        "before": "".join("%s\n" % line for line in before),
        "after": "".join("%s\n" % line for line in after),
    }
