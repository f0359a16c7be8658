# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Finds the cause of a failure in the agent's own logs."""

import os
import stat

from .host import as_text, names_in, read_regular

_TAIL = 65536  # bytes that are read from the end of a log
_LINE = 300  # characters of a quoted line
_LEVELS = ("ERROR", "FATAL", "PANIC", "panic: ", "Traceback")  # lines with these are preferred to mere warnings
_TELLS = ("error", "fatal", "panic", "fail", "traceback", "denied", "refused", "in use", "exists", "cannot", "no such")


class Logs(object):
    """The logs of a Home's agent. It remembers their current sizes, to find later lines."""

    def __init__(self, home):
        self._folders = home.folders.logs + [folder for folder in _folders_of_modules(home) if (
            folder not in home.folders.logs)]
        self._outputs = home.folders.outputs
        self._home = home.path
        self._began = dict((path, (status.st_ino, status.st_size)) for path, status in self._files())

    def causes(self, programs, pids=()):
        """The last error line of each of these programs since then, as one text; empty without any.

        programs: names. Their logs are C(ob_monagent.log), C(monagent.log), C(ob_monagent.error.log) and the like.
        pids: of processes that ran before. Their earlier lines, which contain C([PID,]), count, too.
        """
        found = []
        for program in programs:
            short = program.split("_", 1)[-1]
            paths = [path for path, dummy in self._files() if (program, path) in self._outputs
                     or os.path.basename(path).startswith((program + ".", short + "."))]
            lines = [(path, line) for path, line in [(path, self._last_error(path, pids)) for path in paths] if line]
            found += ["%s says: %s" % (self._shown(path), line) for path, line in lines[:1]]
        return "; ".join(found)

    def _shown(self, path):
        return as_text(path[len(self._home) + 1:] if path.startswith(self._home + "/") else path)

    def _files(self):
        """Pairs of path and status of the logs, the newest first."""
        paths = [path for dummy, path in self._outputs]
        for folder in self._folders:
            paths += [os.path.join(folder, name) for name in names_in(folder) if name.endswith(".log")]
        found = []
        for path in set(paths):
            try:
                status = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                found.append((path, status))
        return sorted(found, key=lambda pair: -pair[1].st_mtime)

    def _last_error(self, path, pids):
        try:
            lines = self._lines(path, tuple("[%d," % pid for pid in pids))
        except (IOError, OSError):
            return None
        found = [line for line in lines if any(word in line for word in _LEVELS)] or [
            line for line in lines if any(word in line.lower() for word in _TELLS)]
        return as_printable(found[-1].strip(), _LINE) if found else None

    def _lines(self, path, marks):
        """The later lines, and those of the earlier ones that contain one of these marks."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            tail = max(0, status.st_size - _TAIL)
            inode, size = self._began.get(path, (None, 0))
            begin = size if inode == status.st_ino and size <= status.st_size else 0  # otherwise the file was replaced
            os.lseek(descriptor, tail, os.SEEK_SET)
            content = os.read(descriptor, _TAIL)
            earlier = as_text(content[:max(0, begin - tail)]).splitlines()
            return [line for line in earlier if any(mark in line for mark in marks)] + as_text(
                content[max(0, begin - tail):]).splitlines()
        finally:
            os.close(descriptor)


def _folders_of_modules(home):
    """The folders of the logs that the daemon's children write themselves, from conf/module_config."""
    found = []
    conf = os.path.join(home.path, "conf", "module_config")
    try:
        contents = [read_regular(os.path.join(conf, name), limit=_TAIL) for name in sorted(os.listdir(conf))]
    except (IOError, OSError):  # logs only help people, so a failure here does not matter
        return []
    for line in b"\n".join(content for content in contents if content).splitlines():
        key, dummy, value = line.strip().partition(b":")
        path = home.folders.expanded(as_text(value.strip().strip(b"'\"")))
        folder = os.path.dirname(path)
        if key == b"filename" and path.endswith(".log") and os.path.isabs(path) and folder not in found:
            found.append(folder)
    return found


def as_printable(value, limit):
    """A value as a printable text of at most so many characters."""
    text = value if isinstance(value, type(u"")) else as_text("%s" % (value,))
    return "".join(letter if _is_printable(ord(letter)) else "?" for letter in text[:limit])


def _is_printable(code):
    """Whether a terminal just shows the character: it is no control character and does not change the direction."""
    return 0x20 <= code < 0x7F or code >= 0xA0 and not 0x2028 <= code <= 0x202E and not 0x2066 <= code <= 0x2069
