# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""A program's own status on its socket in run/, by which the agent itself decides whether it is ready.

A living program may not serve. If its port is taken, it runs on without it, and has no socket then.
"""

import errno
import os

from .host import DENIED, GONE, as_text, no_access, uptime
from .sockets import connect_to, socket_error

RUNNING = "running"
ANSWER_LIMIT = 1048576  # bytes
_REQUEST = b"GET /api/v1/status HTTP/1.0\r\nHost: socket\r\n\r\n"  # 1.0: an unchunked answer, followed by the end


class Status(object):
    """The answer of one program.

    home: a Home. process: a Process of it. seconds: time limit of the answer.
    state: C(running), C(starting), C(stopping), C(stopped) or C(unknown) as the program says; None without one.
    told: its data, a dict. problem: a text about why there is no state; else None. answers: whether it speaks HTTP
    and reports no failure of its own.
    Raises AgentError if this user may not ask.
    """

    def __init__(self, home, process, seconds):
        self.state, self.told, self.problem, self.answers = None, {}, None, False
        folder, name = home.run_of(process.program), "%s.%d.sock" % (process.program, process.pid)
        shown = as_text(os.path.join(folder, name))
        if folder == os.path.join(home.path, "run"):
            shown = "run/%s" % name
        try:
            answer = _ask(folder, name, uptime() + seconds)
        except (IOError, OSError) as exc:
            if exc.errno in DENIED:
                raise no_access(os.path.join(folder, name))
            self.problem = "there is no %s" % shown if exc.errno in GONE else (
                "nobody listens on %s" % shown if exc.errno == errno.ECONNREFUSED else "no answer on %s" % shown)
            return
        head, dummy, body = answer.partition(b"\r\n\r\n")
        words = head.split(None, 2)
        code = words[1].decode("ascii", "replace") if len(words) > 1 and words[0].startswith(b"HTTP/1.") else ""
        self.answers = code[:1] in ("2", "3", "4")
        self.told = _data_of(body) if code == "200" else {}
        state = self.told.get("state")
        if isinstance(state, type(u"")):
            self.state = str(state) if state in ("starting", RUNNING, "stopping", "stopped") else "unknown"
        else:
            self.problem = "%s answers with %s and tells no state" % (
                shown, "HTTP status %s" % code[:3] if code else "something else than HTTP")


def _ask(folder, name, until):
    """The whole answer of a socket, until its program closes the connection. Raises OSError without one."""
    connection = connect_to(folder, name, _left(until))
    try:
        connection.sendall(_REQUEST)
        answer = b""
        while len(answer) < ANSWER_LIMIT:
            connection.settimeout(_left(until))
            part = connection.recv(65536)
            if not part:
                return answer
            answer += part
    except (IOError, OSError) as exc:
        raise socket_error(exc)
    finally:
        connection.close()
    raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))


def _left(until):
    left = until - uptime()
    if left <= 0:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    return left


def _data_of(body):
    """The data in the envelope of an answer, as a dict."""
    import json  # pylint: disable=import-outside-toplevel; slow, and only a start needs it

    try:
        data = json.loads(body.decode("utf-8"))["data"]
    except (ValueError, KeyError, TypeError, RuntimeError):  # RuntimeError: nested too deep
        data = None
    return data if isinstance(data, dict) else {}
