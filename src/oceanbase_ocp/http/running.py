# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that run: a bounded number at a time, each an ansible-playbook of its own, and how they end."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller import ASKED_VARIABLE
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import UNEXPECTED, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User

from .._api import submit
from .._errors import OcpRunError
from .._submission import Submission
from .errors import ENDING, ThrottledError
from .metrics import Metrics
from .settings import Settings

_LOG = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = 5


class Running:
    """The operations of a service."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._changed = threading.Condition()
        self._runs: dict[object, Submission | None] = {}
        self._ending = False
        self._cancelling = False

    def begin(
        self, operation: str, asked: Asked, user: User, *, one_host: bool = False, **request: Any
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
        arguments = {"operation": operation, **request, **self._keywords(asked, user, one_host)}
        context = contextvars.copy_context()  # it has the trace id of the log
        name = f"operation-{asked.trace_id}"
        threading.Thread(target=context.run, args=(self._run, run, arguments, answered), name=name, daemon=True).start()
        return answered.result()

    def end(self) -> None:
        """Begin nothing any more, and wait for what runs. After the grace it is cancelled, after another broken off."""
        with self._changed:
            self._ending = True
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

    def _keywords(self, asked: Asked, user: User, one_host: bool) -> dict[str, Any]:
        settings = self._settings
        passed = {
            "trace_id": asked.trace_id,
            "creator": user.name,
            "creator_id": user.number,
            "one_host": one_host,
        }
        return {
            "inventory": list(settings.inventory),
            "extravars": {**settings.extravars, "ocp_error_codes": settings.error_codes},
            "task_store": settings.task_store,
            "keep_events": False,
            "envvars": {ASKED_VARIABLE: json.dumps(passed)},
        }

    def _run(self, run: object, arguments: Mapping[str, Any], answered: Future[dict[str, Any]]) -> None:
        begun = time.monotonic()
        try:
            submission = submit(**arguments)
            with self._changed:
                self._runs[run] = submission
                if self._cancelling:
                    submission.cancel()
            answered.set_result(dict(submission.create_response))
            response = submission.wait()
            self._metrics.count_operation(arguments["operation"], response, time.monotonic() - begun)
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
