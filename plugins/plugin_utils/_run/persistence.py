# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The task of a run in the store: the choice of the store, the cancel, and the file for results without a database."""

from __future__ import annotations

import contextlib
import typing as t

from .._store.executor import Executor
from .._store.location import Location
from .._store.private_files import data_folder, goes_with_container, on_disk_of_container
from .._store.spool import spool
from .._store.store import Store, StoreError
from .._task.errors import UNEXPECTED, OcpError
from .._task.task import Task
from . import cancel
from .controller import in_awx

NONE = "none"

OPTION: dict[str, t.Any] = {"task_store": {"type": "str", "no_log": True}}


def chosen(task_store: str | None) -> str | None:
    """The store of a run: NONE, a URL, or None for the default one.

    The default is NONE in a job of AWX and in a container with its home on its own disk, whose files are lost for the
    next run.
    """
    if task_store == NONE or (not task_store and (in_awx() or goes_with_container())):
        return NONE
    return task_store or None


def shown(url: str | None) -> str:
    """The store as a text without secrets. url: from chosen()."""
    if url == NONE:
        return NONE
    try:
        return Location.of(url).shown
    except StoreError:
        return "not known"


def transient(url: str | None) -> str | None:
    """A message if a task is not available after its run, else None. url: from chosen()."""
    if url == NONE and not in_awx() and goes_with_container():
        return (
            "the task is not kept, the home of this container goes with it and there is no task store (ocp_task_store, "
            "a database or a file on a volume): it cannot be asked for later, nor be retried, rolled back or cancelled"
        )
    if url == NONE:
        return (
            "the task is not kept, there is no shared task store (ocp_task_store): it cannot be asked for later, nor "
            "be retried, rolled back or cancelled"
        )
    if in_awx() and (url or "sqlite").startswith("sqlite"):
        return (
            "the task is kept on the job's own disk only (ocp_task_store is a file): unless that is a volume which "
            "other jobs have, too, it cannot be asked for later, nor be retried, rolled back or cancelled"
        )
    return None


def made_new(url: str | None) -> str | None:
    """A message if storing a task now creates a new default store, else None. url: from chosen().

    With another HOME, as under sudo or cron, the store is another one. It has no tasks and no host locks of the usual
    one.
    """
    path = data_folder() / "tasks.db"
    if url is not None or path.exists():
        return None
    return (
        f"A new task store was made: {path}. Tasks of another user, or of another HOME, are in a store of their own: "
        "set ocp_task_store to have one for all"
    )


@contextlib.contextmanager
def open_store(url: str | None, *, read_only: bool = False) -> t.Iterator[Store]:
    """Open the store. url: from chosen(). Raises OcpError without a store, and for a store that fails meanwhile."""
    if url == NONE:
        raise OcpError(
            UNEXPECTED, "tasks are not kept here (ocp_task_store is none): give ocp_task_store the URL of a database"
        )
    try:
        with Store.open(url, create=not read_only) as store:
            yield store
    except StoreError as exc:
        raise OcpError(UNEXPECTED, str(exc)) from exc


def cancelled(url: str | None, executor: Executor | None, task_id: int) -> bool:
    """Whether a task was cancelled. Raises StoreError.

    url: from chosen(). executor: the run that executes the task, None if the task is not kept.
    """
    if cancel.asked() or not executor:
        return cancel.asked()
    with Store.open(url) as store:
        return bool(store.beat(task_id, executor))


def save(
    url: str | None, executor: Executor | None, task: Task, logs: t.Mapping[int, str], *, patient: bool = True
) -> str | None:
    """Store a task, with the logs of subtasks that have ended since the last time.

    url, executor: as in cancelled(). patient: whether to wait for a database that cannot be reached. Returns None for
    success, else a message with the reason and the place of the results.
    """
    if not executor:
        return None
    try:
        with Store.open(url, patient=patient) as store:
            store.save(task, executor, logs)
    except StoreError as exc:
        try:
            path = spool(url, task, executor, logs)
        except (OSError, StoreError) as error:
            return f"{exc}. Its results cannot be written to a file either ({error}): this response is all there is"
        if in_awx() or on_disk_of_container(path):
            return (
                f"{exc}. This response alone has the results: {path} is on the disk of this container and goes with "
                "it. Once no sign of life has come for a minute the task is FAILED, and can be retried"
            )
        return f"{exc}. Nothing is lost: the results are in {path}, and task_retry takes them from there"
    except BaseException:  # the timeout of the wait node
        with contextlib.suppress(OSError, StoreError):
            spool(url, task, executor, logs)
        raise
    return None
