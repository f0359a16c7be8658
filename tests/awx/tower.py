# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches of templates: single jobs, sliced ones, relaunches, workflows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.cores import Core

from . import extravars
from .configuration import PROJECT, workflow
from .inventory import Inventory
from .job import Job, lay_out
from .template import Template

HOST = "https://awx.example.org"


@dataclass(frozen=True)
class Launch:
    """The arguments of a launch, for a relaunch."""

    template: Template
    inventory: Inventory
    counts: dict[str, Any]
    slice: tuple[int, int]


class Awx:
    """One AWX. folder: for the files of its jobs, one folder each. core: of its execution environment.

    user: name and number of the launching user. credential: variables that a credential gives to every job.
    """

    def __init__(
        self,
        folder: Path,
        core: Core,
        user: tuple[str, int] = ("alice", 42),
        credential: dict[str, Any] | None = None,
    ) -> None:
        self.jobs: list[Job] = []
        self.user = user
        self._folder = folder
        self._core = core
        self._credential = credential or {}
        self._launches: dict[int, Launch] = {}

    # Actions of people and workflows

    def launch(
        self, template: Template, inventory: Inventory, given: dict[str, Any] | None = None, *, limit: str = ""
    ) -> Job:
        """Launch an unsliced template. given: the variables of the launch."""
        counts, ignored = template.accepted(given or {})
        return self._start(Launch(template, inventory, counts, (1, 1)), "manual", limit, ignored=ignored)

    def relaunch(self, job: Job, *, limit: str = "") -> Job:
        """Launch a job again, with its variables. limit: the hosts to take."""
        return self._start(self._launches[job.id], "relaunch", limit)

    def run_workflow(
        self,
        name: str,
        inventory: Inventory,
        given: dict[str, Any],
        *,
        slices: int,
        during: dict[str, Callable[[list[Job]], None]] | None = None,
    ) -> dict[str, list[Job]]:
        """Launch a workflow of the project, and run its nodes to the end. given: the answers to its survey.

        slices: the number of jobs of a sliced node. during: by node, a function called once its jobs have started.
        Returns the jobs by node, without the nodes that were not reached.
        """
        number = 70000 + len(self.jobs)
        nodes = workflow(name)
        variables = dict(given)
        artifacts: dict[str, Any] = {}
        done: dict[str, list[Job]] = {}
        waiting = [next(iter(nodes))]
        while waiting:
            identifier = waiting.pop(0)
            node = nodes[identifier]
            # Artifacts of the nodes before it, then the workflow's own, independent of what the template prompts for.
            counts = {**node.template.accepted(node.variables)[0], **artifacts, **variables}
            count = max(1, min(slices if node.template.slices > 1 else 1, len(inventory.hosts)))
            jobs = [
                self._start(Launch(node.template, inventory, counts, (piece, count)), "workflow", "", number)
                for piece in range(1, count + 1)
            ]
            done[identifier] = jobs
            if during and identifier in during:
                during[identifier](jobs)
            for job in jobs:
                artifacts.update(job.wait().artifacts)
            waiting += node.next(all(job.status == "successful" for job in jobs))
        return done

    def close(self) -> None:
        """Kill the jobs that still run."""
        for job in self.jobs:
            if job.running:
                job.kill()
                job.wait()

    # Starting a job

    def _start(
        self,
        launch: Launch,
        kind: str,
        limit: str,
        workflow_job: int | None = None,
        ignored: dict[str, Any] | None = None,
    ) -> Job:
        number = 1000 + len(self.jobs)
        folder = self._folder / f"job{number}"
        home = folder / "home"
        home.mkdir(parents=True)
        template = launch.template
        variables = {**template.variables, **launch.counts, **self._magic(number, kind, launch, workflow_job)}
        arguments = [
            *(["--limit", limit] if limit else []),
            *(["--check"] if template.check else []),
            *(["-e", f"@{folder / 'runner/env/credential'}"] if self._credential else []),
        ]
        private = lay_out(
            folder,
            PROJECT,
            extravars.dump(variables, template.variables),
            extravars.dump(self._credential, {}),
            arguments,
            self._job_environment(number, folder, launch.inventory),
        )
        launch.inventory.slice(*launch.slice).write(private / "inventory/hosts")
        # The container sees only its image: the ansible-core, and ansible-runner beside it.
        container = {
            "PATH": os.pathsep.join((str(self._core.bin), str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(home),
        }
        job = Job(number, folder, f"{template.playbook}.yml", container, ignored or {})
        self._launches[number] = launch
        self.jobs.append(job)
        return job

    def _magic(self, number: int, kind: str, launch: Launch, workflow_job: int | None) -> dict[str, Any]:
        """The variables that AWX adds to every job. A launch cannot override them."""
        name, user = self.user
        values: dict[str, Any] = {
            "job_id": number,
            "job_launch_type": kind,
            "job_template_id": launch.template.id,
            "job_template_name": launch.template.playbook,
            "user_id": user,
            "user_name": name,
            "user_email": f"{name}@example.org",
            "user_first_name": "",
            "user_last_name": "",
            "inventory_id": launch.inventory.id,
            "inventory_name": launch.inventory.name,
            "project_revision": "0" * 40,
            "execution_node": f"node{launch.slice[0]}",
        }
        if workflow_job is not None:
            values |= {
                "workflow_job_id": workflow_job,
                "workflow_job_name": "Stop agents",
                "workflow_job_launch_type": "manual",
            }
        return {f"{prefix}_{key}": value for key, value in values.items() for prefix in ("awx", "tower")}

    def _job_environment(self, number: int, folder: Path, inventory: Inventory) -> dict[str, str]:
        return {
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "runner/cp"),
            "AWX_HOST": HOST,
            "AWX_PRIVATE_DATA_DIR": str(folder / "runner"),
            "HOME": str(folder / "home"),
            "INVENTORY_ID": str(inventory.id),
            "JOB_ID": str(number),
            "MAX_EVENT_RES": "700000",
            "PROJECT_REVISION": "0" * 40,
        }
