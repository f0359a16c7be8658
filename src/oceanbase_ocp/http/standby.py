# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ansible-playbook that is started before its request: a request does not have to wait for the start."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import unix_socket
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.caller import ASKED_VARIABLE, SOCKET_VARIABLE

from .._api import BY_HOST_IDS, submit
from .._arguments import Settings as Run
from .._errors import OcpRunError
from .._submission import Submission
from .._types import OperationName
from .inventory_files import Stamp, stamp
from .settings import Settings

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
_PATIENCE = 10
_OLDEST_SECONDS = 3600


class Starter:
    """Starts the runs of a service. One playbook is on standby, for the operation that was asked for last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._standby: Standby | None = None
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="standby", daemon=True)

    def prepare(self, operation: OperationName) -> None:
        """Have a playbook of an operation on standby, where that is possible: see Settings.standby, and stamp()."""
        if not self._settings.standby or operation not in BY_HOST_IDS:
            return
        with self._lock:
            if self._over.is_set():
                return
            if self._keeper.ident is None:
                self._keeper.start()
            if not (self._standby and self._standby.is_for(operation)):
                self._renew(operation)

    def _keep(self) -> None:
        """Have no old playbook on standby: the next operation would have to start another one."""
        while not self._over.wait(max(_LOOK_SECONDS, self._settings.inventory_seconds)):
            with self._lock:
                if self._standby and self._standby.is_old and not self._over.is_set():
                    self._renew(self._standby.operation)

    def _renew(self, operation: OperationName) -> None:
        inventory = stamp(self._settings.inventory)
        self._replace(None)
        if inventory is not None:
            try:
                self._replace(Standby(operation, self._settings, inventory))
            except (OSError, OcpRunError) as exc:
                _LOG.warning("no playbook is on standby, so the next operation begins later: %s", exc)

    def start(self, operation: OperationName, asked: Mapping[str, Any], request: Mapping[str, Any]) -> Submission:
        """Start a run. Returns its submission, which is answered.

        asked: who asks, and how, see the module caller of the collection. request: as `oceanbase_ocp.submit` takes it.
        Raises OcpRunError.
        """
        with self._lock:
            standby = self._standby if self._standby and self._standby.is_for(operation) else None
            if standby:
                self._standby = None
        submission = standby.ask({**asked, **request}) if standby else None
        if submission:
            return submission.answered()
        environment = {ASKED_VARIABLE: json.dumps(asked)}
        return submit(operation=operation, envvars=environment, **request, **_keywords(self._settings))

    def end(self) -> None:
        """Have no playbook on standby any more."""
        self._over.set()
        with self._lock:
            standby = self._standby
            self._replace(None)
        if standby:
            standby.wait()

    def _replace(self, standby: Standby | None) -> None:
        if self._standby:
            self._standby.end()
        self._standby = standby


class Standby:
    """A playbook that has read the inventory, and waits for the ids of the hosts that it is to work on."""

    def __init__(self, operation: OperationName, settings: Settings, inventory: Stamp) -> None:
        """Start it. inventory: the state of the inventory at the latest now. Raises OSError, OcpRunError."""
        self.operation = operation
        self._begun = time.monotonic()
        self._sources = settings.inventory
        self._inventory = inventory
        self._folder = Path(tempfile.mkdtemp(prefix="ocp-agents-"))
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            with unix_socket.address(self._folder, "request") as address:
                self._socket.bind(address)
            self._socket.listen(1)
            self._socket.settimeout(_LOOK_SECONDS)
            run = Run(
                f"oceanbase.ocp.{operation}",
                request={},
                response_file=None,
                max_fail_percentage=None,
                **_keywords(settings),
            )
            self._submission = Submission(run, {"envvars": {SOCKET_VARIABLE: str(self._folder / "request")}})
        except BaseException:
            self._close()
            raise

    @property
    def is_old(self) -> bool:
        """Whether the inventory has changed since, or whatever clears temporary folders may soon take its own."""
        return stamp(self._sources) != self._inventory or time.monotonic() - self._begun > _OLDEST_SECONDS

    def is_for(self, operation: OperationName) -> bool:
        """Whether it waits for a request for this operation, and may have it."""
        return self.operation == operation and not self._submission.done and not self.is_old

    def ask(self, request: Mapping[str, Any]) -> Submission | None:
        """Hand it the request.

        Returns its submission, which is not answered yet; None, with nothing begun, where the playbook has ended. Call
        it once.
        """
        connection = self._connection()
        if connection is None:
            self.end()
            return None
        try:
            with connection:
                connection.sendall(json.dumps(request).encode())
        except OSError:  # it has ended before it was asked
            self.end()
            return None
        self._close()
        return self._submission

    def end(self) -> None:
        """End it without a request."""
        self._close()
        self._submission.cancel(force=True)

    def wait(self) -> None:
        """Wait for its end, a few seconds at most."""
        with contextlib.suppress(TimeoutError, OcpRunError):
            self._submission.wait(_PATIENCE)

    def _connection(self) -> socket.socket | None:
        """Its connection, once it has read the inventory; None where it ends before."""
        while not self._submission.done:
            with contextlib.suppress(TimeoutError):
                return self._socket.accept()[0]
        return None

    def _close(self) -> None:
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _keywords(settings: Settings) -> dict[str, Any]:
    """What the runs of a service have in common, as `oceanbase_ocp.submit` takes it."""
    return {
        "inventory": list(settings.inventory),
        "extravars": settings.variables,
        "task_store": settings.task_store,
        "keep_events": False,
    }
