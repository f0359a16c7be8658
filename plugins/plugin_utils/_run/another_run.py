# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Another run of ansible-playbook, like the one that begins it: the same inventory, options, variables and passwords.

It prompts for nothing. It gets passwords and extra variables through named pipes, which leave nothing on a disk. It has
a session of its own, so the signals of a terminal reach it through the run that has begun it. That run shows its
output.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils import color

from .._files.document import plain
from . import at_exit, invocation, screen

LOOK_EVERY = 0.5  # seconds
# A prompt would have no terminal. The passwords are passed on.
_ASKS_NOTHING = dict.fromkeys(("ANSIBLE_ASK_PASS", "ANSIBLE_BECOME_ASK_PASS", "ANSIBLE_ASK_VAULT_PASS"), "false")
_RUNNERS = "awx_display"  # the callback of ansible-runner, whose output only ansible-runner can read


def carry_out(
    action: ActionBase,
    playbook: str,
    extra_vars: t.Mapping[str, t.Any],
    folder: Path,
    environment: t.Mapping[str, str],
    look: t.Callable[[subprocess.Popen[bytes]], None],
) -> int:
    """Run a playbook, show its output, and wait for its end. To be called in a worker. Returns its exit status.

    action: of this run, which has the passwords. extra_vars: all extra variables, as Ansible has them here. folder: for
    the pipes. environment: additions to that of this process. look: is called every LOOK_EVERY seconds with the
    process, for the first time at its begin. Raises OSError.
    """
    for_people = str(C.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in at_exit.FOR_PEOPLE
    given = {**os.environ, **_ASKS_NOTHING, **environment}
    if not for_people or C.DEFAULT_STDOUT_CALLBACK == _RUNNERS:
        given["ANSIBLE_STDOUT_CALLBACK"] = "default"
    if color.ANSIBLE_COLOR:
        given["ANSIBLE_FORCE_COLOR"] = "true"
    options = invocation.options(context.CLIARGS)
    secrets = [(name or "default", secret.bytes) for name, secret in action._loader._vault.secrets]
    if secrets:
        pipes = [f"{name}@{_pipe(folder, f'vault{index}', text)}" for index, (name, text) in enumerate(secrets)]
        given["ANSIBLE_VAULT_IDENTITY_LIST"] = ",".join(pipes)
    for option, password in (
        ("--connection-password-file", action._play_context.password),
        ("--become-password-file", action._play_context.become_pass),
    ):
        if password:
            options += [option, _pipe(folder, option.strip("-"), str(password).encode())]
    variables = _pipe(folder, "extra_vars", json.dumps(_encoded(extra_vars)).encode())
    command = [sys.executable, "-P", "-m", "ansible", "playbook", *options, f"--extra-vars=@{variables}", playbook]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=given,
        start_new_session=True,
    ) as process:
        _show(process, for_people, look)
        return process.wait()


def _show(
    process: subprocess.Popen[bytes], for_people: bool, look: t.Callable[[subprocess.Popen[bytes]], None]
) -> None:
    """Show the output of a process line by line to its end."""
    with selectors.DefaultSelector() as selector:
        for stream, on_stderr in ((process.stdout, not for_people), (process.stderr, True)):
            if stream:
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ, on_stderr)
        rest: dict[t.Any, bytes] = {}
        while selector.get_map():
            look(process)
            for key, dummy in selector.select(LOOK_EVERY):
                stream = t.cast("t.BinaryIO", key.fileobj)
                part = os.read(stream.fileno(), 1 << 16)
                *lines, rest[stream] = (rest.get(stream, b"") + part).split(b"\n")
                if not part:
                    selector.unregister(stream)
                    lines = [rest[stream]] if rest[stream] else []
                for line in lines:
                    screen.display().display(line.decode(errors="replace"), stderr=key.data)


def _pipe(folder: Path, name: str, content: bytes) -> str:
    """Make a named pipe that gives its content to one reader. Returns its path."""
    path = folder / name
    os.mkfifo(path, 0o600)

    def write() -> None:
        with open(path, "wb") as stream:
            stream.write(content)

    threading.Thread(target=write, daemon=True).start()
    return str(path)


def _encoded(value: t.Any) -> t.Any:
    """The value for JSON from which Ansible reads the same value. A text that is no template here is none there."""
    if isinstance(value, t.Mapping):
        return {str(key): _encoded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encoded(item) for item in value]
    found = plain(value)
    if isinstance(found, str) and "{" in found and not _is_template(value):
        return {"__ansible_unsafe": found}
    return found


def _is_template(value: object) -> bool:
    """Whether Ansible would evaluate a text."""
    try:
        from ansible.template import is_trusted_as_template  # since 2.19
    except ImportError:
        return not hasattr(value, "__UNSAFE__")
    return bool(is_trusted_as_template(value))
