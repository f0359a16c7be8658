# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the caller's arguments to those of ansible-runner."""

from __future__ import annotations

import difflib
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_runner import Runner, RunnerConfig
from ansible_runner.config._base import BaseConfig

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.cancel import PATH_VARIABLE

from ._errors import OcpRunError
from ._types import HostOptions, ProgressEvent, RunnerOptions
from ._wire import Worker

CANCEL_FILE = "cancel"
EXTRA_VARS_FILE = "extravars.json"
LOCAL_TEMP = "tmp"

_KEPT_FROM_CALLERS = {
    **dict.fromkeys(
        ("binary", "host_pattern", "module", "module_args", "playbook", "role"),
        "what is run is the operation's own playbook",
    ),
    **dict.fromkeys(("streamer", "_input", "_output"), "give worker, and the run is streamed"),
    **dict.fromkeys(("omit_event_data", "only_failed_event_data"), "the response is read from the events"),
    **dict.fromkeys(("process_isolation",), "the collection is that of this very Python environment"),
    "suppress_env_files": "nothing but settings is ever written to the folder env",
}

# ansible-runner drops an event's result that is larger; a task of 500 hosts is.
LARGEST_RESULT = str(2**30)
_HOST_KEY_CHECKING = "ANSIBLE_HOST_KEY_CHECKING"
_UNSET = "left to Ansible"


@dataclass(frozen=True)
class Settings:
    """A request as the caller gave it: see `oceanbase_ocp.submit`. request: its variables, such as `host_ids`."""

    playbook: str
    request: Mapping[str, Any]
    inventory: Any
    extravars: Mapping[str, Any]
    response_file: str | os.PathLike[str] | None
    max_fail_percentage: float | None
    task_store: str | None = None
    worker: Worker | None = None
    keep_events: bool = True
    progress: Callable[[ProgressEvent], object] | None = None
    report_file: str | os.PathLike[str] | None = None


def runner_arguments(settings: Settings, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The keywords for ansible-runner.

    given: the caller's own ones. folder: an empty folder for what belongs to this one run.

    Raises TypeError for a keyword that cannot be given, OcpRunError for an inventory that does not exist.
    """
    check_keywords(given)
    private_data_dir = Path(given.get("private_data_dir") or folder).absolute()
    arguments: dict[str, Any] = {
        "quiet": True,
        **given,
        "private_data_dir": str(private_data_dir),
        "playbook": settings.playbook,
        # ansible-runner would leave this run's variables in env/extravars, and a later run in the same folder would
        # read them: they go into a file of the run's own.
        "extravars": write_json(folder / EXTRA_VARS_FILE, extravars(settings)),
        "suppress_env_files": True,
        "envvars": environment(given.get("envvars") or {}, folder),
    }
    if settings.inventory is not None:
        arguments["inventory"] = inventory(settings.inventory, private_data_dir, folder)
    if given.get("settings"):
        # With suppress_env_files ansible-runner takes settings from this file only.
        path = private_data_dir / "env" / "settings"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_json(path, given["settings"])
    return arguments


def check_keywords(given: Mapping[str, Any]) -> None:
    """Raises TypeError for a keyword of ansible-runner's that cannot be given, and for one that there is none of."""
    for name in given:
        if name in _KEPT_FROM_CALLERS:
            raise TypeError(f"{name} cannot be given: {_KEPT_FROM_CALLERS[name]}")
        if name not in _of_runner():
            own = {*HostOptions.__optional_keys__, "host_ids", "task_id", "subtask_id", "operation"}
            nearest = difflib.get_close_matches(name, sorted(own), 1)
            hint = f": did you mean {nearest[0]}?" if nearest else ""
            raise TypeError(f"{name} is no keyword of oceanbase_ocp or of ansible_runner.run{hint}")


@functools.cache
def _of_runner() -> frozenset[str]:
    """The keywords of ansible_runner.run: those that are known, and those that the installed one has besides."""
    parameters = [inspect.signature(kind.__init__).parameters for kind in (BaseConfig, RunnerConfig, Runner)]
    return RunnerOptions.__optional_keys__.union(*parameters) - {"self", "config", "kwargs"}


def extravars(settings: Settings) -> dict[str, Any]:
    """The playbook's variables, ready for JSON. What comes by an argument is data: a template in it stays a text."""
    variables = {**settings.extravars, **{name: _data(_listed(value)) for name, value in settings.request.items()}}
    files = {"ocp_response_file": settings.response_file, "ocp_report_file": settings.report_file}
    variables.update({name: _data(os.path.abspath(path)) for name, path in files.items() if path is not None})
    if settings.max_fail_percentage is not None:
        variables["ocp_max_fail_percentage"] = _data(settings.max_fail_percentage)
    if settings.task_store is not None:
        variables["ocp_task_store"] = _data(settings.task_store)
    return variables


def _listed(value: Any) -> Any:
    """Any iterable of ids as a list."""
    several = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    return list(value) if several else value


def _data(value: Any) -> Any:
    """The value as JSON in which Ansible takes no text for a template."""
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {str(key): _data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(item) for item in value]
    return value


def environment(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The environment variables of a run, beside those of the process.

    given: the caller's, which win. folder: the run's own.
    """
    defaults = {
        # Kept where it goes with the run: a run that is cancelled cannot clear up.
        "ANSIBLE_LOCAL_TEMP": str(folder / LOCAL_TEMP),
        "MAX_EVENT_RES": LARGEST_RESULT,
        # ansible-runner would switch the checking of host keys off. See restore_environment.
        _HOST_KEY_CHECKING: _UNSET,
    }
    result = {**{name: value for name, value in defaults.items() if name not in os.environ}, **given}
    result[PATH_VARIABLE] = str(folder / CANCEL_FILE)  # where it looks whether it is to be cancelled
    beside = os.path.dirname(sys.executable)
    if "PATH" not in given and os.access(os.path.join(beside, "ansible-playbook"), os.X_OK):
        result["PATH"] = os.pathsep.join(filter(None, (beside, os.environ.get("PATH"))))
    return result


def restore_environment(variables: dict[str, str]) -> None:
    """Take out of a prepared environment what stands for "as Ansible is configured"."""
    if variables.get(_HOST_KEY_CHECKING) == _UNSET:
        del variables[_HOST_KEY_CHECKING]


def inventory(given: Any, private_data_dir: Path, folder: Path) -> str | list[str]:
    """An inventory as ansible-runner takes it, independent of the working directory.

    Raises OcpRunError for a path that does not exist: ansible-playbook would go on without it.
    """
    if isinstance(given, (list, tuple)):
        return [_source(source, private_data_dir, folder, number) for number, source in enumerate(given)]
    return _source(given, private_data_dir, folder, 0)


def _source(given: Any, private_data_dir: Path, folder: Path, number: int) -> str:
    if isinstance(given, Mapping):
        return write_json(folder / f"inventory{number}.json", given)
    text = str(os.fspath(given))
    if "\n" in text or (isinstance(given, str) and "=" in text and not os.path.exists(text)):
        path = folder / f"inventory{number}.ini"
        path.write_text(text, encoding="utf-8")
        return str(path)
    for path in (Path(text), private_data_dir / "inventory" / text):  # the latter is ansible-runner's own rule
        if path.exists():
            return str(path.absolute())
    if "," in text:  # a list of host names
        return text
    raise OcpRunError(f"there is no inventory {text!r}")


def write_json(path: Path, document: Any) -> str:
    """Write a new file that nobody else can read. Returns its path."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    return str(path)
