# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The places of a home's files, from the configuration of its control program and its daemon.

The control program reads C(conf/agentctl.yaml) for its lock (C(runDir)) and for the daemon's configuration
(C(confDir)). The daemon reads C(agentd.yaml) there for its own files (C(runDir)) and those of each child.
"""

import errno
import os

from .host import DENIED, as_text, native, read_regular
from .settings import SettingsError, settings_in

_CONFIGURATION = 1048576  # bytes
# Placeholders for the home, in obagent and, by its sources, in the OCP Agent. Nothing else is replaced there.
_HOMES = (u"${obagent.home.path}", u"${ocp.agent.home.path}")
_OF_CONTROL = (("runDir",), ("confDir",), ("logDir",), ("log", "filename"))
_OF_DAEMON = (("runDir",), ("services", "*", "runDir"), ("services", "*", "stdout"), ("services", "*", "stderr"))


class Folders(object):
    """The folders of a home's agent, from its configuration. Places that are not set are below the home.

    home: the home's path, with links followed.
    run: the folder of the daemon's pid file and socket. run_of: the folder by program, for children with another
    one. lock: the folder of admin.lock. logs: folders, the home's own first. outputs: pairs of program and path of a
    log with any name.
    problem: why they are unknown, as a text; else None. denied: whether this user may not read the configuration.
    """

    def __init__(self, home):
        self.run = self.lock = os.path.join(home, "run")
        self.run_of, self.logs, self.outputs = {}, [os.path.join(home, "log")], []
        self.problem, self.denied = None, False
        self._home = home
        try:
            self._read()
        except SettingsError as exc:
            self.problem = "%s" % exc
        except (IOError, OSError) as exc:
            self.problem, self.denied = "%s: %s" % (as_text(exc.filename or home), exc.strerror), exc.errno in DENIED

    def _read(self):
        path = os.path.join(self._home, "conf", "agentctl.yaml")
        control = self._settings(path, _OF_CONTROL)
        conf = self._folder(path, control or {}, ("confDir",)) or os.path.join(self._home, "conf")
        daemons = os.path.join(conf, "agentd.yaml")
        daemon = self._settings(daemons, _OF_DAEMON) or {}
        self.run = self._folder(daemons, daemon, ("runDir",)) or self.run
        self.lock = self.run if control is None else self._folder(path, control, ("runDir",)) or self.lock
        for keys in sorted(daemon):
            if keys[-1] == "runDir" and len(keys) == 3:
                folder = self._folder(daemons, daemon, keys)
                if folder != self.run:
                    self.run_of[str(keys[1])] = folder
            elif keys[-1] in ("stdout", "stderr"):
                self.outputs.append((str(keys[1]), self.expanded(daemon[keys])))
        named = [self.expanded((control or {}).get(("logDir",), u"")) + "/x",
                 self.expanded((control or {}).get(("log", "filename"), u""))]
        for path in named + [path for dummy, path in self.outputs]:
            folder = os.path.dirname(path)
            if os.path.isabs(folder) and folder != "/" and folder not in self.logs:
                self.logs.append(folder)

    def _settings(self, path, wanted):
        """The settings in a file; None if there is no such file."""
        real = os.path.realpath(path)
        try:
            os.stat(real)
            content = read_regular(real, limit=_CONFIGURATION)
        except (IOError, OSError) as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise
        try:
            if content is None:
                raise SettingsError("it is no file of at most %d bytes" % _CONFIGURATION)
            return settings_in(content, wanted)
        except SettingsError as exc:
            raise SettingsError("%s: %s" % (as_text(path), exc))

    def _folder(self, path, settings, keys):
        """The folder in a setting, with links followed; None if it is not set."""
        if keys not in settings:
            return None
        folder = self.expanded(settings[keys])
        if not os.path.isabs(folder) or "${" in folder or "\0" in folder:
            raise SettingsError("%s: %s is %s, which is no absolute path" % (
                as_text(path), ".".join(map(str, keys)), as_text(folder)))
        return os.path.realpath(folder)

    def expanded(self, text):
        """A path as the agent reads it, with the home in place of its placeholder. text: of settings_in, or a path."""
        path = native(text.encode("utf-8")) if isinstance(text, type(u"")) else text
        for name in _HOMES:
            path = path.replace(native(name.encode("utf-8")), self._home)
        return path
