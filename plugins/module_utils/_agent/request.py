# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""A request to the host program: its options, and how it is carried out."""

import os
import sys

from .home import DEFAULT_HOME, Home
from .host import AgentError, Interrupted, as_text, signal, this_boot, uptime
from .log import Log, shortened
from .process_clock import seconds_until_we_began
from .wire import answer_line, as_json, value_of

# The end of the whole operation. A restart stops and starts, and its Prepare looks at both.
GOALS = ("stopped", "running", "restarted")
DAEMON_GRACE = 20  # seconds: the daemon gives each of up to three children 5 s, one after another
GRACE = 10  # seconds between SIGTERM and SIGKILL for everything else
SETTLE = 3  # seconds: the daemon looks after its children every second


class Request(object):
    """A request for one run of the program.

    phase: see processes.py. home: absolute path. goal: one of GOALS. timeout: seconds that the phase may take in all;
    the program ends itself some seconds earlier. grace, daemon_grace, settle: seconds. check_mode: change nothing.
    stopped_at: stamp() at the end of Stop, with boot_id of that boot; without them the settle time starts now.
    ready_at: the same of Start. ran_as: how the agent ran before the Stop of the same task, as Stop tells it, or None.
    protect_unit: whether a unit that holds others may get a Protection. log: the Log of this run.
    """

    def __init__(self, phase, home=DEFAULT_HOME, goal="stopped", timeout=60, grace=GRACE, daemon_grace=DAEMON_GRACE,
                 settle=SETTLE, stopped_at=None, ready_at=None, boot_id=None, ran_as=None, protect_unit=False,
                 check_mode=False, log=None):
        if goal not in GOALS:
            raise AgentError("invalid", "goal must be one of %s, not %r" % (", ".join(GOALS), goal))
        self.phase = phase
        self.goal = goal
        self.home = Home(home)
        self.home.refuse_unknown_folders()
        # Before the controller gives up, this program must have ended and its answer must be on its way.
        self.seconds = timeout - min(timeout / 2.0, max(2.0, min(15.0, timeout / 10.0)))
        self.deadline = uptime() + self.seconds
        self.grace = grace
        self.daemon_grace = daemon_grace
        self.settle = settle
        same_boot = boot_id == this_boot()
        self.stopped_at = stopped_at if same_boot else None
        self.ready_at = ready_at if same_boot else None
        self.ran_as = _checked_ran_as(ran_as)
        self.protect_unit = protect_unit
        self.check_mode = check_mode
        self.log = log or Log()

    def settled_at(self, since):
        """The moment of uptime() when the settle time is over that began at a moment of moment_now(), or now.

        What this process has taken so far does not count: that makes the settle time a bit longer, never shorter.
        """
        gone = seconds_until_we_began(since)
        left = self.settle if gone is None else min(self.settle, self.settle - gone)
        return uptime() + left

    def within(self, seconds, share):
        """The moment that is seconds from now, or sooner: never beyond share of the time that is left."""
        now = uptime()
        return now + max(0.0, min(seconds, (self.deadline - now) * share))


def _checked_ran_as(ran_as):
    """As whom and by what the agent shall be started: a guess in place of a value of another type could be wrong."""
    found = {} if ran_as is None else ran_as
    texts = isinstance(found, dict) and [found.get(name) for name in ("generation", "user", "unit", "attributes")]
    if texts is False or not all(value is None or isinstance(value, (str, type(u""))) for value in texts):
        raise AgentError("invalid", "ran_as is not what Stop or Prepare tells, a mapping with texts: leave it out to "
                         "start the agent with what the host knows itself")
    return found


def run_phase(options, function, tell=None):
    """Run one phase.

    options: the arguments of Request, as a dict. function: what carries such a Request out. tell: as of Log.
    Returns a dict that JSON can carry: C(changed), C(home), C(log), C(processes) (program, pid, user, executable; from
    Stop also signal and seconds), C(warnings), and by phase C(generations), C(ran_as), C(stopped_at), C(ready_at),
    C(boot_id), C(removed). A failure has C(failed), C(reason) and C(msg) besides what was found until then. Raises what
    no phase foresees, such as the error of a disk.
    """
    previous, log, told = {}, Log(tell), {}
    try:
        request = Request(log=log, **options)
        told["home"] = as_text(request.home.given)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            previous[number] = signal.signal(number, _interrupt)
        if request.phase in ("stop", "start"):  # a lost terminal must not leave the work half done
            previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.alarm(max(1, int(request.seconds)))
        result = function(request)
    except AgentError as exc:
        result = dict({"changed": False}, failed=True, reason=exc.reason, msg=exc.args[0], **exc.facts)
    except Interrupted as exc:
        result = {"changed": False, "failed": True, "reason": exc.reason, "msg": "the phase %s" % exc}
    finally:
        signal.alarm(0)
        for number, handler in previous.items():
            signal.signal(number, handler)
    if result.get("failed"):
        result["msg"] = shortened(result["msg"])
        log.add("failed: %s" % result["msg"])
    result["warnings"] = [shortened(warning) for warning in result.get("warnings", [])]
    return dict(result, log=log.entries, **told)


def _interrupt(number, dummy):
    raise Interrupted(number)


def main(function):
    """Take request and id of the call from the arguments, write the answer to standard output, and exit with 0 or 1."""
    result = run_phase(value_of(sys.argv[1]), function)
    sys.stdout.write(answer_line(sys.argv[2].encode("ascii"), as_json(result).encode("ascii")).decode("ascii"))
    sys.stdout.flush()
    os._exit(1 if result.get("failed") else 0)  # to take the interpreter apart costs a tenth of a short phase
