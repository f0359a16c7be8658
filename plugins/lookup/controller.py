# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = """
name: controller
author: OceanBase OCP collection contributors (@oceanbase)
short_description: Hosts of a play that makes a request
version_added: 0.1.0
description:
  - Gives the hosts of a play on the controller that makes, takes up or cancels a task, for its keyword C(hosts).
  - Fails where the command line, the environment or C(ansible.cfg) leave out a part of the playbook
    (C(--tags), C(--skip-tags) of all or of untagged tasks, C(--start-at-task), C(--step)). Ansible evaluates the hosts
    of a play whatever it skips in it. A run without a part of its plays would end with success and not have done its
    work.
  - The playbooks of this collection use it. There is no need to use it elsewhere.
options:
  response_file:
    description: Path of a file on the controller that gets OCP's answer to a request that is refused here.
    type: path
  report_file:
    description: Path of a file on the controller that gets the report of a request that is refused here.
    type: path
  error_codes:
    description: Version of OCP whose spelling the error code has.
    type: str
    default: 4.x
    choices: [4.x, "3.1"]
"""

EXAMPLES = """
- name: Accept the request
  hosts: "{{ lookup('oceanbase.ocp.controller') }}"
"""

RETURN = """
_raw:
  description:
    - C(localhost). Under a limit all hosts that the limit leaves, too. Under a limit without localhost the play would
      be skipped in silence.
  type: list
  elements: str
"""

import contextlib
import gc
import os
import typing as t

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import action_loader
from ansible.plugins.lookup import LookupBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    at_exit,
    caller,
    controller,
    report_file,
    response_files,
    supervisor,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.command_line import leaves_out
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request, in_words

_REQUEST = "oceanbase.ocp.task_create"


class LookupModule(LookupBase):
    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[str]:
        del terms
        if caller.is_awaited():  # until it is there, a signal ends ansible-playbook
            _await_request()
        # Ansible evaluates the hosts of a play in ansible-playbook's own process. What that does at a signal and at its
        # exit is put in place here, for a run with a play of this collection only.
        supervisor.attend()
        at_exit.attend()
        # What is loaded by now is there to the end. Workers need neither look it through nor copy it for that.
        gc.freeze()
        self.set_options(var_options=variables, direct=kwargs)
        found = leaves_out(context.CLIARGS)
        if found:
            self._refuse(
                OcpError(
                    INVALID,
                    f"{found} may leave out a part of the playbook, so no host is contacted: run the whole playbook, "
                    "without such options on the command line, in ANSIBLE_RUN_TAGS and ANSIBLE_SKIP_TAGS, and in the "
                    "section tags of ansible.cfg",
                )
            )
        return ["localhost,all" if context.CLIARGS.get("subset") is not None else "localhost"]

    def _refuse(self, error: OcpError) -> t.NoReturn:
        request = Request(controller.trace_id(), controller.address(), now_ms(), self.get_option("error_codes"))
        response = request.refuse(error)
        path = self._own("response_file")
        report = self._own("report_file")
        with contextlib.suppress(OSError):  # what is to be told comes from here in any case
            if path:
                write(path, response)
            if report and report != path:
                report_file.write_refused(report, request, response)
        raise AnsibleLookupError(in_words(response))

    def _own(self, option: str) -> str | None:
        """The file that an option names, where this run is to write it: not in check mode, nor another run's."""
        path: str | None = self.get_option(option)
        if not path or context.CLIARGS.get("check") or response_files.claim(path, Executor.of(os.getpid(), "")):
            return None
        return path


def _await_request() -> None:
    """Wait for the request, with everything loaded that its action needs. Raises AnsibleLookupError without one."""
    action_loader.get(_REQUEST, class_only=True)
    try:
        caller.receive()
    except OSError as exc:
        raise AnsibleLookupError(str(exc)) from exc
