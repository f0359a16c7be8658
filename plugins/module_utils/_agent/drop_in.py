# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The drop-in file that keeps systemd from ending the other processes of a service.

It is written whole, under a name that systemd does not read, and renamed. It is also removed by a rename. The renamed
file means that systemd still has to reload, and is deleted after that. So a run that is killed at any step leaves a
file that the next run finds.
"""

import errno
import os
import stat

from .host import AgentError, as_text, names_in, read_regular
from .wire import as_json

UNITS_FOLDER = "/run/systemd/system"
# systemd reads drop-ins in the order of their names, and the last one counts.
DROP_IN = "zzzz-oceanbase-ocp-protect.conf"
_MARK = "# Written by the Ansible collection oceanbase.ocp"
_NEW, _REMOVED = DROP_IN + ".new", DROP_IN + ".removed"
# Settings that keep the others alive when the main process ends and when a start fails. ExecStop and ExecStopPost are a
# site's own commands and may end anything; stopping the agent does not need them.
SETTINGS = """\
[Unit]
FailureAction=none
SuccessAction=none
StartLimitAction=none
JobTimeoutAction=none

[Service]
KillMode=process
SendSIGKILL=no
Restart=no
RestartForceExitStatus=
ExecStop=
ExecStopPost=
RemoveIPC=no
RuntimeDirectoryPreserve=yes
"""


def path_of_drop_in(service):
    return "%s/%s.d/%s" % (UNITS_FOLDER, service, DROP_IN)


def content_of_drop_in(home):
    """The content. home: the agent's, as text."""
    return "%s for the agent in\n# %s\n# while it is stopped or started. The next run removes it.\n%s" % (
        _MARK, as_json(home), SETTINGS)


def has_drop_in(service):
    """Whether there is a file of ours, in force or half removed."""
    folder = os.path.dirname(path_of_drop_in(service))
    return any(os.path.lexists(os.path.join(folder, name)) for name in (DROP_IN, _REMOVED))


def services_with_drop_in(home):
    """Names of the services that have a file of ours for the agent of that home, or an unfinished one."""
    found = []
    for name in names_in(UNITS_FOLDER):
        folder = os.path.join(UNITS_FOLDER, name)
        if name.endswith(".service.d") and (os.path.lexists(os.path.join(folder, _NEW)) or any(
                _is_of(_text_in(os.path.join(folder, each)), home) for each in (DROP_IN, _REMOVED))):
            found.append(name[:-len(".d")])
    return sorted(found)


def write_drop_in(service, home):
    """Write the drop-in of a service. Raises AgentError if a file with its name is not ours."""
    path = path_of_drop_in(service)
    folder = os.path.dirname(path)
    if os.path.lexists(path) and not _text_in(path).startswith(_MARK):
        raise AgentError("foreign_in_unit", "nothing was signalled: %s is not of this collection: remove it" % path)
    try:
        os.mkdir(folder)
        os.chmod(folder, 0o755)
    except OSError as exc:
        if exc.errno != errno.EEXIST or not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise
    new = os.path.join(folder, _NEW)
    _unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        os.fchmod(descriptor, 0o644)
        os.write(descriptor, content_of_drop_in(home).encode("ascii"))
    finally:
        os.close(descriptor)
    os.rename(new, path)


def take_drop_in_away(service, home):
    """Hide it from systemd, which then has to reload. After that forget_drop_in() removes the rest."""
    path = path_of_drop_in(service)
    if _is_of(_text_in(path), home):
        os.rename(path, os.path.join(os.path.dirname(path), _REMOVED))


def forget_drop_in(service):
    folder = os.path.dirname(path_of_drop_in(service))
    for name in (_NEW, _REMOVED):
        _unlink(os.path.join(folder, name))
    try:
        os.rmdir(folder)
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise


def _text_in(path):
    """The text of a file; empty for anything else."""
    try:
        return as_text(read_regular(path, limit=65536) or b"")
    except (IOError, OSError):
        return ""


def _is_of(text, home):
    return text.startswith(_MARK) and text.splitlines()[1:2] == ["# %s" % as_json(home)]


def _unlink(path):
    try:
        os.unlink(path)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
