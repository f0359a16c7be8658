# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The record of how a stopped agent ran, in a file on its host that only the owner of the file can read.

The environment of an agent may hold secrets. So it does not leave the host: neither the task's store nor a log has it.
Root keeps it in memory, in /run, and any other user beside the agent's pid files. It is there from the stop until a
started agent has proved itself, or until the next boot where it is root's.
"""

import binascii
import os
import stat

from .attributes import attributes_of
from .host import as_text
from .wire import as_json

RUN_FOLDER = "/run/oceanbase_ocp"
_OWN_FILE = ".ocp_agent_ran_as"
_NAME_LIMIT = 200


def memory_path(home):
    """The path of the file for a Home. Root's is in a folder of root's: the agent's user can write to the home."""
    if os.geteuid() != 0:
        return os.path.join(home.run, _OWN_FILE)
    given = as_text(home.given).encode("utf-8")
    name = binascii.hexlify(given).decode("ascii")
    if len(name) > _NAME_LIMIT:
        name = "%s-%08x" % (name[-_NAME_LIMIT:], binascii.crc32(given) & 0xffffffff)
    return os.path.join(RUN_FOLDER, name)


def owner_of(home):
    """The user id that owns the home, None where that cannot be told. With another owner it is another installation."""
    try:
        return os.stat(home.given).st_uid
    except OSError:
        return None


def remember(home, processes, ran_as, runs):
    """Keep how the agent runs. processes: the agent's, daemons first. ran_as: as Stop tells it, or None.
    runs: as of how_it_runs.

    What is left of an agent without its daemon says less than what is kept already. Returns warnings.
    """
    path = memory_path(home)
    if not processes or not processes[0].is_daemon and os.path.lexists(path):
        return []
    attributes, environment = runs
    kept = {
        "owner": owner_of(home),
        "user": ran_as["user"],
        "unit": ran_as["unit"],
        "attributes": attributes,
        "environment": environment and [
            [binascii.hexlify(name).decode("ascii"), binascii.hexlify(environment[name]).decode("ascii")]
            for name in sorted(environment)],
        "children": dict((process.program, attributes_of(process.pid)) for process in processes
                         if not process.is_daemon),
    }
    try:
        _write_privately(path, as_json(kept).encode("ascii"))
    except (IOError, OSError) as exc:
        forget(home)  # what is there is of a run before
        return ["how the agent ran cannot be kept in %s: %s. A start brings back its limits and the like, and not its "
                "environment" % (as_text(path), exc.strerror)]
    return []


def forget(home):
    """Remove what is kept. A user who may not has nothing there."""
    try:
        os.unlink(memory_path(home))
    except OSError:
        pass


def _write_privately(path, content):
    folder = os.path.dirname(path)
    if folder == RUN_FOLDER:
        if not os.path.lexists(folder):
            os.mkdir(folder, 0o700)
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise OSError(0, "%s is no folder of root's alone" % folder)
    new = "%s.%d" % (path, os.getpid())
    if os.path.lexists(new):  # from a killed run with our pid
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        while content:
            content = content[os.write(descriptor, content):]
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise
    finally:
        os.close(descriptor)
