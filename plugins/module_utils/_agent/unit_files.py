# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The systemd services that start the agent of a home.

Their files only tell which services to check: a comment, a longer path or a monitor's argument may name the agent, too.
The property ExecStart decides, which systemd makes of the file and its drop-ins.
"""

import os

from .home import CONTROLS, DAEMONS, program_named
from .host import DIGITS, LETTERS, names_in, read_regular
from .identity import Judge
from .scripts import is_interpreter

UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_IN_NAMES = LETTERS + LETTERS.upper() + DIGITS + ":_.@\\-"
_LAUNCHERS = ("env", "sudo", "su", "runuser", "setpriv", "nice", "ionice", "chrt", "taskset", "numactl", "prlimit",
              "setsid", "nohup", "stdbuf", "timeout", "systemd-cat", "cgexec")
_STARTING = ("start", "restart")  # commands of a control program; a service may also call it for its status
_LINKS = 10  # links of one path that are followed


def is_service(name):
    """Whether it is the name of a service, and no option of systemctl."""
    return name.endswith(".service") and name[:1] != "-" and len(name) > len(".service") and not name.strip(_IN_NAMES)


def services_to_ask():
    """Names of the services whose file or drop-ins contain the name of a control program or a daemon of any agent."""
    needles = [name.encode("ascii") for name in sorted(CONTROLS.union(DAEMONS))]
    found = []
    for folder in UNIT_FOLDERS:
        for name in names_in(folder):
            service = name[:-len(".d")] if name.endswith(".d") else name
            if not is_service(service) or service.endswith("@.service") or service in found:
                continue
            path = os.path.join(folder, name)
            files = [path] if service == name else [os.path.join(path, drop_in) for drop_in in names_in(path)]
            if any(needle in _content_of(each) for each in files for needle in needles):
                found.append(service)
    return found


def starts_agent(home, exec_start):
    """Whether a service starts the agent of a home.

    exec_start: the values of its property ExecStart, one per command, as systemctl shows them.
    """
    judge = Judge(home)
    return any(_is_start(judge, *_command(value)) for value in exec_start)


def _command(value):
    """The path and the arguments from a text like { path=/x ; argv[]=/x start ; ignore_errors=no ...

    systemd joins the words by blanks, without quoting them.
    """
    if not isinstance(value, str):  # Python 2.7, which has bytes for paths
        value = value.encode("utf-8")
    path, dummy, rest = value.partition("path=")[2].partition(" ; argv[]=")
    words = rest.partition(" ; ignore_errors=")[0].replace("\"", " ").replace("'", " ").split()
    return path, words[1:]


def _is_start(judge, path, words):
    name = os.path.basename(path)
    if is_interpreter(path) or name in _LAUNCHERS:
        # It runs the first word that is a path. A shell may have a whole text, of which the first command counts.
        while words and not words[0].startswith("/") and (
                name in _LAUNCHERS or words[0] == "exec" or words[0].startswith("-")):
            words = words[1:]
        path, words = (words[0].rstrip(";"), words[1:]) if words else ("", [])
    for each in _chain(path):
        name = os.path.basename(each)
        control = name in CONTROLS
        if (control or program_named(name) in DAEMONS) and judge.is_path_of_home(each):
            return not control or any(word.rstrip(";") in _STARTING for word in words[:1])
    return False


def _chain(path):
    """A path and its targets, link by link, since the home may be a link, and its programs links out of it."""
    found = []
    while path and path not in found and len(found) < _LINKS:
        found.append(path)
        try:
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        except OSError:
            break
    return found


def _content_of(path):
    try:
        return read_regular(os.path.realpath(path), limit=65536) or b""
    except (IOError, OSError):
        return b""
