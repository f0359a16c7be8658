# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that a worker of ansible-runner carries out elsewhere: transmitted and processed here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_runner.interface import init_runner

from ._wire import Wire, Worker, connect

_LOOK_SECONDS = 0.5
# Seconds of patience beyond the timeout, which the worker enforces itself.
_GRACE = 30.0
_ENDED = ("successful", "failed", "canceled", "timeout")  # the worker's last status; with any other it may still run


class StreamedRun:
    """The part of `ansible_runner.Runner` that this package uses.

    status: ansible-runner's. rc: None, since the wire does not carry it. canceled, timed_out: the reason of an early
    end. ended: whether the worker has said that ansible-playbook has ended.
    """

    rc = None

    def __init__(
        self,
        worker: Worker,
        transmit: Mapping[str, Any],
        process: Mapping[str, Any],
        is_cancelled: Callable[[], bool],
        folder: Path,
    ) -> None:
        """transmit, process: keywords of ansible-runner. folder: the run's own. Raises OSError without a worker."""
        self.status = "unstarted"
        self._transmit = transmit
        self._process = {**process, "status_handler": self._take_status}
        self._status_handler = process.get("status_handler")
        self._is_cancelled = is_cancelled
        self._timeout = transmit.get("timeout")
        self._cut: str | None = None
        self._said: list[str] = []
        self._error: BaseException | None = None
        self._wire: Wire = connect(worker, folder)

    @property
    def canceled(self) -> bool:
        return "canceled" in (self._cut, self.status)

    @property
    def timed_out(self) -> bool:
        return "timeout" in (self._cut, self.status)

    @property
    def ended(self) -> bool:
        return self.status in _ENDED

    @property
    def words(self) -> list[str]:
        """The messages of ansible-runner and the worker outside the events."""
        return [*self._said, *self._wire.said().splitlines()]

    def run(self) -> None:
        """Transmit, then process until the worker has ended. Raises the exceptions of the caller's handlers."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            with contextlib.suppress(OSError):  # the worker is gone, which process reports
                init_runner(streamer="transmit", _output=self._wire.output, **self._transmit).run()
            init_runner(streamer="process", _input=self._wire.input, **self._process).run()
        except BaseException:
            self._wire.cut()
            raise
        finally:
            over.set()
            watcher.join()
            self._wire.close()
        if self._error is not None:
            raise self._error

    def _watch(self, over: threading.Event) -> None:
        """Cut the wire on a cancel or after the timeout."""
        deadline = time.monotonic() + float(self._timeout) + _GRACE if self._timeout else None
        while not over.wait(_LOOK_SECONDS):
            try:
                if self._is_cancelled():
                    self._cut = "canceled"
                elif deadline and time.monotonic() > deadline:
                    self._cut = "timeout"
            except BaseException as exc:  # the caller's callback
                self._error = exc
                self._cut = "error"
            if self._cut:
                self._wire.cut()
                return

    def _take_status(self, status: dict[str, Any], runner_config: Any) -> None:
        self.status = status["status"]
        self._said += [str(status[key]) for key in ("job_explanation", "result_traceback") if status.get(key)]
        if self._status_handler is not None:
            self._status_handler(status, runner_config=runner_config)
