# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that run: a bounded number at a time, each an ansible-playbook of its own, and how they end."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import UNEXPECTED, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User

from .._errors import OcpRunError
from .._submission import Submission
from .._types import OperationName
from .errors import ENDING, ThrottledError
from .metrics import Metrics
from .settings import Settings
from .standby import Starter

_LOG = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = 5


class Running:
    """The operations of a service."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._starter = Starter(settings)
        self._changed = threading.Condition()
        self._runs: dict[object, Submission | None] = {}
        self._ending = False
        self._cancelling = False

    def prepare(self) -> None:
        """Make the first operation begin sooner."""
        self._starter.prepare("batch_stop_agents")

    def begin(
        self, operation: OperationName, asked: Asked, user: User, *, one_host: bool = False, **request: Any
    ) -> dict[str, Any]:
        """Begin an operation. Returns the answer to its request, before any host is contacted.

        operation, request: as `oceanbase_ocp.submit` takes them. one_host: whether OCP's form for one host is wanted.
        Raises OcpError: 429 where as many run as may, 503 where the service ends, 500 where the run fails before it has
        answered.
        """
        run = object()
        with self._changed:
            if self._ending:
                raise OcpError(ENDING, "the service ends, and begins nothing any more")
            if self._at_work() >= self._settings.max_operations:
                raise ThrottledError(_RETRY_AFTER_SECONDS)
            self._runs[run] = None
            self._metrics.count_running(len(self._runs))
        answered: Future[dict[str, Any]] = Future()
        about = {
            "trace_id": asked.trace_id,
            "creator": user.name,
            "creator_id": user.number,
            "one_host": one_host,
        }
        arguments = (run, answered, operation, about, request)
        context = contextvars.copy_context()  # it has the trace id of the log
        name = f"operation-{asked.trace_id}"
        threading.Thread(target=context.run, args=(self._run, *arguments), name=name, daemon=True).start()
        return answered.result()

    def end(self) -> None:
        """Begin nothing any more, and wait for what runs. After the grace it is cancelled, after another broken off."""
        with self._changed:
            self._ending = True
        self._starter.end()
        with self._changed:
            if self._wait(self._settings.grace):
                return
            self._cancelling = True
            for submission in self._submissions():
                submission.cancel()
            if self._wait(self._settings.grace):
                return
            for submission in self._submissions():
                submission.cancel(force=True)
            self._wait(None)

    def _wait(self, seconds: float | None) -> bool:
        """Wait until nothing runs. Returns whether that is so."""
        if self._runs:
            patience = "until they have ended" if seconds is None else f"{seconds:g} seconds"
            _LOG.warning("%d operations run: the service waits %s", len(self._runs), patience)
        return self._changed.wait_for(lambda: not self._runs, seconds)

    def _at_work(self) -> int:
        """How many operations run. A client that has seen the end of its task may begin the next, which is a retry."""
        return sum(submission is None or not submission.settled for submission in self._runs.values())

    def _submissions(self) -> list[Submission]:
        return [submission for submission in self._runs.values() if submission]

    def _run(
        self,
        run: object,
        answered: Future[dict[str, Any]],
        operation: OperationName,
        about: Mapping[str, Any],
        request: Mapping[str, Any],
    ) -> None:
        begun = time.monotonic()
        try:
            submission = self._starter.start(operation, about, request)
            with self._changed:
                self._runs[run] = submission
                if self._cancelling:
                    submission.cancel()
            answered.set_result(dict(submission.create_response))
            self._starter.prepare(operation)
            response = submission.wait()
            self._metrics.count_operation(operation, response, time.monotonic() - begun)
            self._log_end(response)
        except Exception as exc:
            _LOG.exception("an operation has failed as a program")
            if not answered.done():
                words = exc.message if isinstance(exc, OcpRunError) else "it could not be begun"
                answered.set_exception(OcpError(UNEXPECTED, f"{words}: the service's log has the cause"))
        finally:
            with self._changed:
                del self._runs[run]
                self._metrics.count_running(len(self._runs))
                self._changed.notify_all()

    def _log_end(self, response: Mapping[str, Any]) -> None:
        task = response.get("data")
        if task:
            _LOG.info("task %s: %s", task["id"], task["status"], extra={"task": task["id"]})
        else:
            _LOG.info("refused: %s", response["error"]["code"])
