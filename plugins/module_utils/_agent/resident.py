# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The host program as a resident. It stays on its host through the phases of an operation, and forks for each.

A phase runs in a process of its own, so it leaves nothing behind for the next one, and can be ended separately.
"""

import errno
import os
import select

from .host import signal, uptime
from .log import STEP_HELD, shortened
from .request import run_phase
from .wire import answer_line, as_json, step_line, value_of

IDLE = 3600  # seconds without a call, after which the connection is taken for dead
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(calls, functions):
    """Carry out one call after the other, until the end of the input or an ending signal, and exit. Never returns.

    calls: a binary stream. Each line is a call: its id, a blank, and the expression of a function's name and the
    options of its Request. functions: by name. Each call has one answer with the same id, see answer_line: the result
    of run_phase, or after an unforeseen failure C(failed), C(msg) and C(exception), the traceback. Before that it may
    have lines that tell its steps, see step_line.
    """
    os.chdir("/")  # so that every file system can be unmounted
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # with SIG_IGN a child cannot be waited for
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    told = []
    while not told:
        signal.alarm(IDLE)
        line = calls.readline()
        signal.alarm(0)
        if not line.endswith(b"\n"):  # the end, or a connection lost in the middle of a call
            break
        call_id, dummy, call = line.partition(b" ")
        answer = _carry_out(call_id, call, functions, told)
        try:
            _write(1, answer_line(call_id, answer))
        except OSError:  # the controller has gone
            break
    os._exit(0)  # a regular exit of the interpreter would cost as much as a phase


def _carry_out(call_id, call, functions, told):
    """Carry a call out in a child, and return its answer. told: receives ending signals that arrive meanwhile."""
    readable, writable = os.pipe()
    with _PassedOn(told) as signals:
        pid = os.fork()
        if pid == 0:
            signals.leave()
            _work(call, functions, writable)
        os.close(writable)
        signals.pass_on_to(pid)
        answer = _passed_on_steps(call_id, readable)
        signals.pass_on_to(None)  # before it is reaped, since its pid may be reused after that
        status = _again(os.waitpid, pid, 0)[1]
    os.close(readable)
    if status == 0:
        return answer
    how = "was ended by signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else (
        "ended with status %d" % os.WEXITSTATUS(status))
    return _line({"failed": True, "reason": "interrupted", "msg": "the host program %s before it could answer; how far "
                  "it came is not known: look at the host, or run it again, which is safe" % how})


def _passed_on_steps(call_id, readable):
    """The answer of a child, which is the last line that it writes. Each line before that is a step.

    Each step costs the controller about as much as a host's answer, so it hears only of those that take their time.
    """
    parts, step, until = [], None, None
    while True:
        if step is not None and not _is_ready(readable, select.POLLIN, until - uptime()):
            _offer(1, step_line(call_id, step))
            step = None
        part = _again(os.read, readable, 65536)
        if not part:
            return b"".join(parts)
        lines, end, rest = part.rpartition(b"\n")
        if end:
            step, until = b"".join(parts + [lines]).rpartition(b"\n")[2], uptime() + STEP_HELD
            parts = []
        parts.append(rest)


def _work(call, functions, writable):
    """In the child: carry the call out, write the answer, and exit. Never returns."""
    status = 1
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1):  # the parent alone reads calls and writes answers
            os.dup2(null, descriptor)
        try:
            name, options = value_of(call)
            answer = _line(run_phase(options, functions[name], lambda step: _offer(writable, step + b"\n")))
        except Exception as exc:  # pylint: disable=broad-except; the controller waits for an answer
            import traceback  # pylint: disable=import-outside-toplevel; slow, and rarely needed

            answer = _line({"failed": True, "msg": shortened("the host program failed: %s: %s" % (
                type(exc).__name__, exc)), "exception": shortened(traceback.format_exc())})
        _write(writable, answer)
        status = 0
    finally:
        os._exit(status)


class _PassedOn(object):
    """Passes ending signals on to a child while it is at work, as if it were the only process. A context manager."""

    def __init__(self, told):
        self._told = told
        self._came = []  # before there was a child: pairs of the receiving process and the signal
        self._child = None

    def __enter__(self):
        self._handlers = dict((number, signal.signal(number, self._take)) for number in _PASSED_ON)
        return self

    def __exit__(self, *dummy):
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _take(self, number, dummy):
        self._told.append(number)
        if self._child is None:
            self._came.append((os.getpid(), number))
        else:
            os.kill(self._child, number)

    def pass_on_to(self, child):
        """child: a pid, or None to stop passing signals on."""
        self._child = child
        for number in self._of_this_process() if child else ():
            os.kill(child, number)

    def leave(self):
        """In the child: handle signals like any process, including those that came since the fork."""
        self.__exit__()
        for number in self._of_this_process():
            os.kill(os.getpid(), number)

    def _of_this_process(self):
        return [number for pid, number in self._came if pid == os.getpid()]


def _line(answer):
    return as_json(answer).encode("ascii")


def _again(function, *arguments):
    """Call a system function, again after a signal, since Python 2.7 does not retry by itself."""
    while True:
        try:
            return function(*arguments)
        except OSError as exc:
            if exc.errno != errno.EINTR:
                raise


def _write(descriptor, content):
    while content:
        content = content[_again(os.write, descriptor, content):]


def _offer(descriptor, line):
    """Write a short line, unless that would have to wait or cannot be done: the work does not wait for its watchers."""
    try:
        if _is_ready(descriptor, select.POLLOUT, 0):
            os.write(descriptor, line)
    except (IOError, OSError):
        pass


def _is_ready(descriptor, event, seconds):
    """Whether a descriptor is ready for an event, or has come to its end, in so many seconds or until a signal."""
    poll = select.poll()
    poll.register(descriptor, event)
    try:
        return bool(poll.poll(max(0, int(seconds * 1000))))
    except (IOError, OSError, select.error):
        return False
