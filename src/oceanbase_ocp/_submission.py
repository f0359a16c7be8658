# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in the background, as the handle that the caller gets."""

from __future__ import annotations

import atexit
import contextlib
import logging
import re
import shutil
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from ansible_runner import AnsibleRunnerException, Runner
from ansible_runner.interface import init_runner

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.journal import answers
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.persistence import NONE, chosen, save
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import PROGRAM_VARIABLE
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import TASK_STATE, OcpError

from ._arguments import CANCEL_FILE, EXTRA_VARS_FILE, LOCAL_TEMP, Settings, restore_environment, runner_arguments
from ._errors import OcpRunError
from ._events import why_it_ended
from ._leftovers import end_processes
from ._progress import Progress, progress_event
from ._streamed import StreamedRun
from ._tasks import task_cancel
from ._transmitted import process_arguments, transmit_arguments
from ._types import Response

_LOG = logging.getLogger(__name__)
_MARK = "OCEANBASE_OCP_RUN"
_LOOK_SECONDS = 0.5  # how often ansible-runner looks whether it shall cancel; its own default is 5
_SHOWN_LINES = 50
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Submission:
    """A task that was created. `submit` makes these; every method and property may be used from any thread.

    As a context manager it waits for the end of the task; when the block ends by an exception it cancels the task.
    A program that ends cancels what it has not waited for.
    """

    def __init__(self, settings: Settings, runner_kwargs: Mapping[str, Any]) -> None:
        """Start the run. Raises what `submit` raises before a run has begun."""
        self._progress = Progress()
        self._broken_off = threading.Event()
        self._answered = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._output: deque[str] = deque(maxlen=_SHOWN_LINES)
        self._keep_events = settings.keep_events
        # What is written on the worker's machine is of no use here.
        self._response_file = settings.response_file if settings.worker is not None else None
        self._event_handler = runner_kwargs.get("event_handler")
        self._cancel_callback = runner_kwargs.get("cancel_callback")
        self._progress_callback = settings.progress
        self._url = chosen(settings.task_store or settings.extravars.get("ocp_task_store"))
        self._mark = uuid.uuid4().hex
        self._folder = Path(tempfile.mkdtemp(prefix="oceanbase-ocp-"))
        try:
            self._runner = self._prepare(settings, runner_kwargs)
            # The interpreter does not wait for this thread by itself: _end_with_program ends the run first.
            self._thread = threading.Thread(target=self._run, name=f"oceanbase-ocp-{self._mark[:8]}", daemon=True)
            atexit.register(self._end_with_program)
            self._thread.start()
        except BaseException:
            atexit.unregister(self._end_with_program)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def answered(self) -> Submission:
        """Wait for the create response. Returns this submission. Raises what `submit` raises of a run that began."""
        try:
            self._answered.wait()
        except BaseException:  # Ctrl-C: nobody will ever have this handle
            self._end_with_program()
            raise
        if self._progress.created is None:
            self._thread.join()
            raise self._failure("the run ended before it had accepted the request") from self._error
        return self

    @property
    def create_response(self) -> Response:
        """OCP's answer to the request: the task RUNNING and its first subtasks READY, or an error."""
        return cast("Response", self._progress.created)

    @property
    def response(self) -> Response:
        """The latest response: at the end the final one.

        Before that the task as the store has it, which knows within two seconds what a host has come to. Without a
        store that can be reached from here it is the create response.
        """
        if not self.done:
            return self._as_it_stands() or self.create_response
        return cast("Response", self._progress.final) if self._progress.final else self.create_response

    @property
    def done(self) -> bool:
        """Whether the run has ended and the final response is there."""
        return self._ended.is_set()

    @property
    def settled(self) -> bool:
        """Whether the task has ended, or the request was refused. The run may take a moment more to end."""
        created = self._progress.created
        return self._progress.final is not None or (created is not None and not created["successful"])

    @property
    def runner(self) -> Runner | StreamedRun:
        """ansible-runner's object, or what stands for it (`status`) where a worker runs the playbook.

        Its files are gone after the end unless the caller gave a private_data_dir.
        """
        return self._runner

    def wait(self, timeout: float | None = None) -> Response:
        """Wait for the end of the task.

        timeout: seconds; None waits as long as it takes. The task goes on when they are over.

        Returns the final response, also of a task that has FAILED, was cancelled or took too long.

        Raises TimeoutError when the task is still running, OcpRunError when a handler or callback of the caller's has
        raised: that ends the run, and `response` tells how far it came.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"the task is still running after {timeout} s")
        if self._error is not None:
            raise self._failure("the run was ended by an error") from self._error
        return self.response

    def cancel(self, *, force: bool = False) -> None:
        """Cancel the task, and return at once. Without effect on one that has ended.

        No host is begun any more, and `wait` returns when the hosts at work have ended what they do. force: break the
        run off; `wait` returns within seconds, and what the hosts at work have come to is not known.

        Raises OcpRunError, where a worker runs the playbook, when it cannot be asked to end: without force that goes
        through a task store which both reach.
        """
        if force:
            self._broken_off.set()
        elif not self.done and isinstance(self._runner, StreamedRun):
            self._cancel_elsewhere()
        elif not self.done:
            with contextlib.suppress(FileNotFoundError):  # it has ended just now
                (self._folder / CANCEL_FILE).touch()

    def _cancel_elsewhere(self) -> None:
        task_id = self._progress.task_id
        if not self._store_is_shared or task_id is None:
            raise self._failure(
                "the run is elsewhere, and is asked to end through a task store that both reach: give task_store its "
                "URL, or break it off by cancel(force=True)"
            )
        answer = task_cancel(task_id, task_store=self._url)
        if not answer["successful"] and answer["error"]["code"] != TASK_STATE.code:  # it has ended just now
            raise self._failure(f"task {task_id} cannot be cancelled: {answer['error']['message']}")

    @property
    def _store_is_shared(self) -> bool:
        """Whether the store of the run is one that can be reached from here."""
        return not isinstance(self._runner, StreamedRun) or self._url not in (None, NONE)

    def __enter__(self) -> Submission:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.wait()
        else:
            self._end_with_program()

    def _as_it_stands(self) -> Response | None:
        """The response that the store has; None where it cannot be asked, or is that of another user."""
        run = self._progress.run
        if run is None or run.task is None or run.executor is None or not self._store_is_shared:
            return None
        try:
            with Store.open(self._url, create=False) as store:
                task = store.load(run.task.id)
        except (OcpError, StoreError):
            return None
        same = (task.created, task.executor) == (run.task.created, run.task.executor)
        return cast("Response", run.request.respond(task)) if same else None

    def _prepare(self, settings: Settings, given: Mapping[str, Any]) -> Runner | StreamedRun:
        if settings.worker is not None:
            return self._prepare_streamed(settings, given)
        arguments = runner_arguments(settings, given, self._folder)
        arguments["envvars"].update(self._envvars())
        arguments.update(event_handler=self._take_event, cancel_callback=self._is_cancelled)
        try:
            runner = init_runner(**arguments)
        except AnsibleRunnerException as exc:
            raise OcpRunError(f"ansible-runner refuses to start: {exc}") from exc
        restore_environment(runner.config.env)
        if "pexpect_timeout" not in runner.config.settings:
            runner.config.pexpect_timeout = _LOOK_SECONDS
        return runner

    def _prepare_streamed(self, settings: Settings, given: Mapping[str, Any]) -> StreamedRun:
        transmit = transmit_arguments(replace(settings, response_file=None), given, self._folder, _LOOK_SECONDS)
        transmit["envvars"].update(self._envvars())
        process = {**process_arguments(given, self._folder), "event_handler": self._take_event}
        try:
            return StreamedRun(cast("Any", settings.worker), transmit, process, self._is_cancelled, self._folder)
        except OSError as exc:
            raise OcpRunError(f"the worker cannot be started: {exc}") from exc

    def _envvars(self) -> dict[str, str]:
        return {_MARK: self._mark, **({PROGRAM_VARIABLE: "1"} if self._progress_callback else {})}

    def _take_event(self, event: dict[str, Any]) -> bool:
        told = progress_event(event) if self._progress_callback else None
        if told and self._progress_callback:  # this line of the output is for us alone
            self._progress_callback(told)
            return False
        self._progress.take(event)
        if event.get("stdout"):
            self._output.extend(_ESCAPES.sub("", event["stdout"]).splitlines())
        if self._progress.created is not None and not self._answered.is_set():
            # The store's URL is in there. It has been read, and a program that is killed now would leave it.
            (self._folder / EXTRA_VARS_FILE).unlink(missing_ok=True)
            if self._response_file and not self._progress.in_check_mode:
                write(str(self._response_file), self._progress.created)
            self._answered.set()
        kept = True if self._event_handler is None else bool(self._event_handler(event))
        return kept and self._keep_events

    def _is_cancelled(self) -> bool:
        return self._broken_off.is_set() or bool(self._cancel_callback and self._cancel_callback())

    def _run(self) -> None:
        try:
            self._runner.run()
        except BaseException as exc:
            # ansible-runner may fail to read to the end after it has killed ansible-playbook: that is no news.
            if not (self._runner.canceled or self._runner.timed_out):
                self._error = exc
        if isinstance(self._runner, StreamedRun):
            self._output.extend(self._runner.words)
        try:
            self._conclude()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._ended.set()
            self._answered.set()
            atexit.unregister(self._end_with_program)

    def _conclude(self) -> None:
        """See to it that nothing is left of the run, and that there is a final response when there was a first one."""
        if self._progress.final is not None and self._error is None:
            if self._response_file:
                self._write_response()
            return
        end_processes(f"{_MARK}={self._mark}")
        for folder in self._folder.glob(f"{LOCAL_TEMP}/*"):
            for answer in answers(folder):
                self._progress.take_answer(*answer)
        early = "canceled" if self._runner.canceled else "timeout" if self._runner.timed_out else "failed"
        ending, run = self._progress.end(*why_it_ended(early)), self._progress.run
        self._write_response()
        if ending and run and self._store_is_shared and getattr(self._runner, "ended", True):
            problem = save(self._url, run.executor, ending.task, ending.logs)
            if problem:
                _LOG.warning("The task could not be stored: %s", problem)

    def _write_response(self) -> None:
        """Bring the response file up to date: who watches it must not wait for ever."""
        path = self._response_file or self._progress.response_file
        if path and self._progress.final is not None and not self._progress.in_check_mode:
            try:
                write(str(path), self._progress.final)
            except OSError as exc:
                _LOG.warning("The response cannot be written to %s: %s", path, exc.strerror)

    def _end_with_program(self) -> None:
        self.cancel(force=True)
        self._thread.join()

    def _failure(self, message: str) -> OcpRunError:
        return OcpRunError(message, self._runner.status, self._runner.rc, "\n".join(self._output))
