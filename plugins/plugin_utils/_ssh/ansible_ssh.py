# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Asks Ansible how it would reach a host for a task, by the objects that a task would build.

So the command line, ansible.cfg, the environment, keywords and variables count as for a task. What is private in
ansible-core here is the same from 2.18 to 2.21. Where it is not as expected, the host goes by an ordinary task.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import os
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

import ansible
from ansible import constants as C
from ansible import context
from ansible.executor.task_executor import TaskExecutor
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader, shell_loader
from ansible.template import Templar

from .._files.document import plain
from .interpreter import discovered, interpreter, variable_names
from .route import Start
from .ssh_config import NotUnderstoodError
from .task_variables import TaskVariables

# Options of Ansible's plugins that are honoured: they are in ssh's command line, in become's command, or read below.
_HONOURED = {
    "connection": """
        host host_key_checking password password_mechanism port private_key_file remote_user ssh_args ssh_common_args
        ssh_extra_args timeout""",
    "shell": "",
    "become": "become_exe become_flags become_pass become_user sudo_chdir",
}
# Options that cannot matter. Any other has to have its default.
_WITHOUT_EFFECT = {
    "connection": """
        control_path control_path_dir pipelining scp_executable scp_extra_args sftp_batch_mode sftp_executable
        sftp_extra_args ssh_transfer_method use_tty verbosity""",  # no file is transferred, input goes to no terminal
    "shell": "admin_users async_dir common_remote_group remote_tmp system_tmpdirs world_readable_temp",  # no files
    "become": "",
}
_NAMES = {"connection": ("ssh", "smart"), "shell": ("sh",), "become": ("sudo",)}
_OTHER_VARIABLES = ("ansible_become", "ansible_become_method", "ansible_connection")
_PASSWORD = re.compile(r"ansible_\w*pass(word|wd)?")

Variables = t.Mapping[str, t.Any]
Command = t.Callable[[str], str]


@dataclass(frozen=True)
class Destination:
    """How Ansible would reach a host.

    ssh: command line of ssh, without the host. address: the host as ssh would be given it. password: for ssh, None
    without. start: what would be started there.
    """

    ssh: tuple[str, ...]
    address: str
    password: str | None
    start: Start

    def __repr__(self) -> str:
        return f"Destination(address={self.address!r})"  # options of ssh may hold secrets


@dataclass(frozen=True)
class Host:
    """A host, by its variables as far as they are about connections.

    address: as ssh would be given it. alike: equal for hosts that differ in nothing but the address.
    """

    name: str
    address: str
    alike: str


class AnsibleSsh:
    """Asks Ansible. action, task_vars: of a task of the play, on any host. variables: those of all hosts."""

    def __init__(self, action: ActionBase, task_vars: Variables, variables: TaskVariables) -> None:
        self._action = action
        self._task = action._task
        hostvars = task_vars["hostvars"]
        self._manager = hostvars._variable_manager
        self._inventory = hostvars._inventory
        self._own_variables = task_vars
        self._variables = variables
        for loader, kind in ((connection_loader, "connection"), (shell_loader, "shell"), (become_loader, "become")):
            loader.get(_NAMES[kind][0], class_only=True)  # Ansible knows the options of plugins that it has loaded
        self._address_variables = frozenset(_variables_of("connection", "ssh", "host"))
        self._names = frozenset(_names())

    def host(self, name: str) -> Host:
        """Raises NotUnderstoodError."""
        try:
            return self._host(name)
        except Exception as exc:  # a template that does not work, or an ansible-core that works differently
            raise _unresolved(exc) from exc

    def _host(self, name: str) -> Host:
        variables = self._variables.of(name)
        used = {variable: self._variables.value(name, variable) for variable in self._names.intersection(variables)}
        address = C.config.get_config_value("host", plugin_type="connection", plugin_name="ssh", variables=used)
        alike = sorted((variable, value) for variable, value in used.items() if variable not in self._address_variables)
        return Host(name, str(plain(address)), repr((alike, discovered(variables))))

    def destination(self, host: Host, command: Command) -> Destination:
        """Raises NotUnderstoodError.

        command: from what starts Python there, see interpreter.interpreter(), to a command for a shell.
        """
        try:
            return self._destination(host, command)
        except NotUnderstoodError:
            raise
        except Exception as exc:  # as above
            raise _unresolved(exc) from exc

    def _destination(self, host: Host, command: Command) -> Destination:
        if any(self._task.environment or ()) or self._task.delegate_to:
            raise NotUnderstoodError("the play or its task has the keyword environment or delegate_to")
        templar = self._variables.templar(host.name)
        play_context, connection = self._connect(host, templar)
        become = connection.become
        for kind, plugin in (("connection", connection), ("shell", connection._shell), ("become", become)):
            if plugin:
                _check_plugin(kind, plugin)
        password = connection.get_option("password") or play_context.password
        if password and not _may_give_password(connection):
            raise NotUnderstoodError("a password is given, and ansible_ssh_password_mechanism is disable")
        python = interpreter(self._variables.of(host.name), templar.template)
        start = self._start(play_context, connection, templar, command(python))
        return Destination(_ssh_command(connection), host.address, plain(password) or None, start)

    def _connect(self, host: Host, templar: Templar) -> tuple[PlayContext, t.Any]:
        """The connection of a task on this host, as TaskExecutor makes it: without connecting."""
        found = self._inventory.get_host(host.name)
        variables = dict(self._variables.of(host.name))
        play_context = PlayContext(play=None, passwords=self._passwords())
        play_context = play_context.set_task_and_variable_override(self._task, variables, templar)
        play_context.post_validate(templar)
        if not play_context.remote_addr:
            play_context.remote_addr = found.address
        name = variables.get("ansible_connection")
        # not the task's own keyword: since 2.21 that says how localhost was reached
        name = self._task.play.connection if name is None else templar.template(name)
        if str(name).rpartition(".")[2] not in _NAMES["connection"]:
            raise NotUnderstoodError(f"ansible_connection is {name}")
        executor = self._executor(found, variables, play_context)
        executor._connection = connection = executor._get_connection(variables, templar, name)
        executor._set_connection_options(variables, templar)
        if connection.get_option("host") != host.address:
            raise NotUnderstoodError("Ansible says two things about the address")
        return play_context, connection

    def _executor(self, host: t.Any, variables: Variables, play_context: PlayContext) -> TaskExecutor:
        values = {
            "host": host,
            "task": self._task,
            "job_vars": variables,
            "play_context": play_context,
            "new_stdin": None,
            "loader": self._action._loader,
            "shared_loader_obj": self._action._shared_loader_obj,
            "final_q": None,
            "variable_manager": self._manager,
        }
        # each ansible-core takes a part of them
        return TaskExecutor(**{name: values[name] for name in inspect.signature(TaskExecutor).parameters})

    def _passwords(self) -> dict[str, str]:
        """The passwords that were given to --ask-pass and --ask-become-pass.

        An action has them only from its own host, where variables may have taken their place.
        """
        own = {name for name in self._own_variables if _PASSWORD.fullmatch(name)}
        to_connect = {*_variables_of("connection", "ssh", "password"), *C.MAGIC_VARIABLE_MAPPING["password"]}
        found = {}
        for kind, what, options, variables in (
            ("conn_pass", "password", ("ask_pass", "connection_password_file"), own & to_connect),
            ("become_pass", "become_pass", ("become_ask_pass", "become_password_file"), own - to_connect),
        ):
            if any(context.CLIARGS.get(option) for option in options):
                if variables:
                    option, variable = options[0].replace("_", "-"), min(variables)
                    raise NotUnderstoodError(f"--{option} is given, and localhost has the variable {variable}")
                found[kind] = getattr(self._action._play_context, what)
        return found

    def _start(self, play_context: PlayContext, connection: t.Any, templar: Templar, command: str) -> Start:
        """The command, with become, that Ansible would have ssh run for a command."""
        said: list[str] = []

        def note(cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
            said.append(cmd)
            return 0, b"", b""

        connection.exec_command = note
        action = copy.copy(self._action)
        action._connection, action._play_context, action._templar = connection, play_context, templar
        # with the shell named, Ansible does without a sleep of its own behind the command
        action._low_level_execute_command(command, executable=play_context.executable or "")
        become = connection.become
        if not become or not become.success:  # also where it is the same user
            return Start(plain(said[0]))
        fixed = hashlib.sha256(f"{C.DEFAULT_LOCAL_TMP}\n{command}".encode()).hexdigest()[:32]
        command, prompt, success = (
            plain(text).replace(become._id, fixed) for text in (said[0], become.prompt or "", become.success)
        )
        return Start(command, prompt, success, plain(become.get_option("become_pass")) or None)


def _names() -> t.Iterator[str]:
    """The names of all variables that say how a host is reached."""
    yield from _OTHER_VARIABLES
    yield from variable_names()
    for kind, (plugin, *_others) in _NAMES.items():
        for option in C.config.get_configuration_definitions(kind, plugin):
            yield from _variables_of(kind, plugin, option)
    for variables in C.MAGIC_VARIABLE_MAPPING.values():
        yield from variables


def _variables_of(kind: str, plugin: str, option: str) -> list[str]:
    definition = C.config.get_configuration_definitions(kind, plugin)[option]
    return [variable["name"] for variable in definition.get("vars") or ()]


def _check_plugin(kind: str, plugin: t.Any) -> None:
    """Whether a plugin is Ansible's own, and all that is set for it is understood."""
    name = plugin._load_name.rpartition(".")[2]
    own = Path(ansible.__file__).parent / "plugins" / kind / f"{name}.py"
    if name not in _NAMES[kind] or not os.path.samefile(inspect.getfile(type(plugin)), own):
        raise NotUnderstoodError(f"the {kind} plugin is {plugin._load_name}")
    known = {*_HONOURED[kind].split(), *_WITHOUT_EFFECT[kind].split()}
    found = []
    for option, definition in plugin.option_definitions.items():
        if option not in known:
            value, default = plugin.get_option(option), definition.get("default")
            if value != default and (value or default):
                found.append(option)
    if found:
        raise NotUnderstoodError(f"of the {kind} plugin {name} is set: {', '.join(sorted(found))}")


def _may_give_password(connection: t.Any) -> bool:
    return not connection.has_option("password_mechanism") or connection.get_option("password_mechanism") != "disable"


def _ssh_command(connection: t.Any) -> tuple[str, ...]:
    program = connection.get_option("ssh_executable")
    words = [os.fsdecode(word) for word in connection._build_command(program, "ssh")]
    for descriptor in getattr(connection, "sshpass_pipe", None) or ():
        os.close(descriptor)
    return tuple(words[words.index(program) :])


def _unresolved(exc: Exception) -> NotUnderstoodError:
    # the message may show the value of a variable, and that of a password
    return NotUnderstoodError(f"Ansible does not resolve its connection settings: {type(exc).__name__}")
