# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second process that works on a store, like another run of ansible-playbook.

Run as a program it reads one command per line and answers each with one line, both in JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from tests.store.tasks import END, START, STOP, builder

DONE = Outcome(started=START, finished=END, changed=False)
ROOT = Path(__file__).resolve().parent.parent.parent


class Actor:
    """The process, seen from outside."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.actor", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            bufsize=1,
        )
        self.answer()

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, command: str, *arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")

    def answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, command: str, *arguments: Any) -> Any:
        self.tell(command, *arguments)
        return self.answer()

    def wait(self) -> None:
        """Wait until it has ended by itself."""
        self._process.wait(timeout=30)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.communicate()


class _Commands:
    def __init__(self, url: str) -> None:
        self._url = url
        self._executor = Executor.of(os.getpid(), "192.0.2.8")

    def executor(self) -> Any:
        return asdict(self._executor)

    def open(self) -> Any:
        with Store.open(self._url):
            return "opened"

    def create(self, host_ids: list[int]) -> Any:
        """Create a task. Answers its id and those of its subtasks, or the code and the sub-errors of the refusal."""
        with Store.open(self._url) as store:
            try:
                task = store.create(host_ids, STOP, builder(host_ids), self._executor)
            except OcpError as exc:
                return {"code": exc.code.code, "sub_errors": exc.sub_errors}
            return {"id": task.id, "subtasks": [subtask.id for subtask in task.subtasks]}

    def retry(self, task_id: int) -> Any:
        """Retry a task. Answers its id, or the code of the refusal."""
        with Store.open(self._url) as store:
            try:
                return {"id": store.take(task_id, retry, self._executor).id}
            except OcpError as exc:
                return {"code": exc.code.code}

    def load(self, task_id: int) -> Any:
        with Store.open(self._url) as store:
            return store.load(task_id).status

    def save_until_cancelled(self, task_id: int) -> Any:
        """Save a task whose value is never cancelled, until the store says that the task is."""
        with Store.open(self._url) as store:
            task = store.load(task_id)
            task.begin()
            print(json.dumps("going"), flush=True)
            while not store.save(task, self._executor):
                task.subtasks[0].run_time += 1
            store.save(task, self._executor)
        return "cancelled"

    def end(self, task_id: int) -> Any:
        with Store.open(self._url) as store:
            task = store.load(task_id)
            task.close(END)
            return store.save(task, self._executor)

    def save_for_ever(self, task_id: int) -> Any:
        """Save the task in a loop, with one number in all its rows and its log. Answers once the loop runs."""
        with Store.open(self._url) as store:
            task = store.load(task_id)
            number = 1
            while True:
                number += 1
                for subtask in task.subtasks:
                    subtask.run_time = number
                for record in task.records:
                    record.home = f"/{number}"
                store.save(task, self._executor, {subtask.id: str(number) for subtask in task.subtasks})
                if number == 3:
                    print(json.dumps("going"), flush=True)

    def hold(self, task_id: int) -> Any:
        with Store.open(self._url) as store:
            return store.hold(task_id, self._executor).status

    def take_share(self, task_id: int, host_ids: list[int]) -> Any:
        with Store.open(self._url) as store:
            return [target.host_id for target in self._take(store, task_id, host_ids, self._executor).targets]

    def work_in_slices(self, task_id: int, shares: list[list[int]]) -> Any:
        """Be several slices at once, each with these hosts in its inventory. Answers the hosts that they took."""
        taken: list[int] = []
        with Store.open(self._url) as store:
            for host_ids in shares:
                executor = Executor.of(os.getpid(), "192.0.2.8")
                share = self._take(store, task_id, host_ids, executor)
                outcomes = {subtask.id: DONE for _phase, subtask in share.due()}
                assert not store.slices.hand_in(task_id, executor.token, outcomes)
                store.slices.end(task_id, executor.token)
                taken += [target.host_id for target in share.targets]
        return taken

    def hand_in_one_by_one(self, task_id: int, host_ids: list[int]) -> Any:
        """Be a slice that hands in each outcome separately. Answers the hosts whose outcome was accepted."""
        accepted = []
        with Store.open(self._url) as store:
            try:
                share = self._take(store, task_id, host_ids, self._executor)
            except OcpError:
                return []
            for _phase, subtask in share.due():
                if not store.slices.hand_in(task_id, self._executor.token, {subtask.id: DONE}):
                    accepted.append(share.targets[subtask.parallel_idx].host_id)
        return accepted

    def hand_in_so_far(self, task_id: int, subtask_ids: list[int]) -> None:
        """As a single run, hand in what these subtasks have come to."""
        with Store.open(self._url) as store:
            store.hand_in(task_id, self._executor, dict.fromkeys(subtask_ids, DONE))

    @staticmethod
    def _take(store: Store, task_id: int, host_ids: list[int], executor: Executor) -> Task:
        targets = [Target(number, f"db{number}") for number in host_ids]
        return store.slices.take(task_id, PHASES, targets, executor, "").task

    def die_while_writing(self, task_id: int) -> None:
        """Be killed after SQLite has begun to change its file, before the transaction has ended."""
        path = Location.of(self._url).path
        assert path is not None
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")  # SQLite writes pages that do not fit to the file early
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"UPDATE ocp_subtask SET phase = 'torn' WHERE task_id = {task_id}")
        for number in range(1000):
            values = (task_id, 1, 1000 + number, "x" * 1000)
            connection.execute("INSERT INTO ocp_subtask_log VALUES (?, ?, ?, ?)", values)
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    commands = _Commands(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command, arguments = json.loads(line)
        try:
            answer = getattr(commands, command)(*arguments)
        except StoreError as exc:
            answer = {"error": str(exc)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
