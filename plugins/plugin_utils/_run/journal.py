# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The journal of a run: its state at the last barrier, and what hosts have answered since.

Actions run in workers and pass the state on in a registered variable, which is lost when ansible-playbook is killed. So
they also write it here, in the folder that ansible-playbook shares with its workers. ansible-core removes that folder
at its exit. While there is a journal, the run has a task that its report has not closed. A full disk costs the run its
last word and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible import constants as C

from .._process import playbook
from .._process.waiting import wait_until
from . import screen
from .run import Run

TO_WRITE = 2  # seconds that a worker which writes the task gets when ansible-playbook has ended
_ANSWERS = "ocp_answers.jsonl"
_LOOK_EVERY = 0.05

Answer = tuple[str, str, dict[str, t.Any]]  # phase, host and result


def note(run: Run) -> None:
    """Write the state of a run, which also shows that there is a task to cancel."""
    if not run.check_mode:
        kept = json.dumps(replace(run, response=None).dump())
        # document.write() would fsync at every barrier, and hosts would wait for the disk. The supervisor, which reads
        # this file, does not survive a crash of the machine, so the file need not either.
        temporary = _state().with_suffix(".new")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(kept)
            temporary.replace(_state())
        except OSError as exc:
            # The present content is outdated. An empty file still shows that there is a task to cancel.
            temporary.unlink(missing_ok=True)
            _state().unlink(missing_ok=True)
            _state().touch(0o600)
            screen.display().warning(
                f"{_state()} cannot be written ({exc.strerror}): make room there. The task goes on, but if this run is "
                "ended before its report, it does not tell how far it came"
            )
    _answers().unlink(missing_ok=True)


def note_answer(phase: str, host: str, result: t.Mapping[str, t.Any]) -> None:
    """Write the result of a host in the present phase, whose barrier may never come."""
    with contextlib.suppress(OSError):  # a full disk must not break the phase
        descriptor = os.open(_answers(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # In one write, since workers of other hosts write, too. The line before may have been cut off.
            os.write(descriptor, f"\n{json.dumps([phase, host, result])}\n".encode())
        finally:
            os.close(descriptor)


def exists() -> bool:
    """Whether there is a run with a task that its report has not closed."""
    return _state().exists()


def edition() -> tuple[int, int] | None:
    """Identifies the state that note() has written last; None without a journal."""
    try:
        found = os.stat(_state())
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def read() -> Run | None:
    """The run that note() has written, None if the disk was full. Raises FileNotFoundError without a journal."""
    text = _state().read_text(encoding="utf-8")
    return Run.load(json.loads(text)) if text else None


def answers(folder: Path | None = None) -> list[Answer]:
    """The results that note_answer() has written. folder: the temporary folder of a run, None for that of this run."""
    path = folder / _ANSWERS if folder else _answers()
    return _parsed(path.read_bytes()) if path.exists() else []


class Follower:
    """Reads the answers of a run as they come."""

    def __init__(self) -> None:
        self._stream: t.BinaryIO | None = None
        self._rest = b""  # of a line whose end has not come

    def new(self) -> list[Answer]:
        """The answers of the present phase since the last call. A barrier removes them."""
        try:
            there = os.stat(_answers())
        except FileNotFoundError:
            return []
        # An open file keeps its number, which a new one may have otherwise.
        if self._stream is None or os.fstat(self._stream.fileno()).st_ino != there.st_ino:
            if self._stream:
                self._stream.close()
            self._stream, self._rest = None, b""
            try:
                self._stream = _answers().open("rb")
            except FileNotFoundError:
                return []
        whole, end, self._rest = (self._rest + self._stream.read()).rpartition(b"\n")
        return _parsed(whole + end)


def _parsed(content: bytes) -> list[Answer]:
    found = []
    for line in content.decode(errors="replace").splitlines():
        with contextlib.suppress(ValueError):  # one may be cut off
            phase, host, result = json.loads(line)
            found.append((phase, host, result))
    return found


def forget() -> None:
    """Remove the journal at the end of the run."""
    _state().unlink(missing_ok=True)
    _answers().unlink(missing_ok=True)


def clear(pid: int) -> None:
    """Remove the files of a process of ansible-playbook that was killed. pid: its process id."""
    folder = Path(C.DEFAULT_LOCAL_TMP)
    if folder.name.startswith(f"ansible-local-{pid}"):  # ansible-core has made it for this process alone
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.glob("ocp_*"):
        path.unlink(missing_ok=True)


# Workers that write the task. One of them may be at work when ansible-playbook is killed.


def join(patience: float | None = None) -> None:
    """Make the last word wait for this worker, which does a part of the run. To be called once in a worker.

    patience: seconds from the end of ansible-playbook after which the worker ends with its children; None for a worker
    that ends by itself then. The lock ends with the worker. Raises ProcessLookupError for an orphan.
    """
    with contextlib.suppress(OSError):  # without locks the last word does not wait, and nothing else is different
        fcntl.flock(_open(), fcntl.LOCK_SH)
    if patience is not None:
        playbook.end_with_it(patience)


def wait_for_workers(seconds: float) -> None:
    """Wait until no worker does a part of the run any more. seconds: at most."""
    with contextlib.suppress(OSError):
        descriptor = _open()

        def is_locked() -> bool:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            return False

        wait_until(is_locked, seconds, _LOOK_EVERY)


def _open() -> int:
    return os.open(Path(C.DEFAULT_LOCAL_TMP) / "ocp_workers.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _state() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / "ocp_run.json"


def _answers() -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / _ANSWERS
