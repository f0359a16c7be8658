# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""What the agent's own logs name as the cause of a failure."""

import os
import stat

from .host import as_text

_TAIL = 65536  # bytes of a log that are looked at
_LINE = 300  # characters of a line that are told
_TELLS = ("error", "fatal", "panic", "fail", "traceback", "denied", "refused", "in use", "exists", "cannot", "no such")


class Logs(object):
    """The logs of the agent of a Home, as long as they are at this moment: what they say later is since then."""

    def __init__(self, home):
        self._folder = os.path.join(home.path, "log")
        self._began = dict((name, (status.st_ino, status.st_size)) for name, status in self._files())

    def causes(self, programs):
        """The last line about an error that each of these programs has written since, as one text; empty without any.

        programs: names. Their logs are C(ob_monagent.log), C(monagent.log), C(ob_monagent.error.log) and the like.
        """
        found = []
        for program in programs:
            short = program.split("_", 1)[-1]
            names = [name for name, dummy in self._files() if name.startswith((program + ".", short + "."))]
            lines = [(name, line) for name, line in [(name, self._last_error(name)) for name in names] if line]
            found += ["log/%s says: %s" % (as_text(name), line) for name, line in lines[:1]]
        return "; ".join(found)

    def _files(self):
        """Pairs of name and status of the logs, the one that was written last first."""
        found = []
        try:
            for name in os.listdir(self._folder):
                status = os.lstat(os.path.join(self._folder, name))
                if name.endswith(".log") and stat.S_ISREG(status.st_mode):
                    found.append((name, status))
        except OSError:  # what cannot be read tells nothing
            pass
        return sorted(found, key=lambda pair: -pair[1].st_mtime)

    def _last_error(self, name):
        try:
            lines = self._new_lines(name)
        except (IOError, OSError):
            return None
        lines = [line.strip() for line in lines if any(word in line.lower() for word in _TELLS)]
        return as_printable(lines[-1], _LINE) if lines else None

    def _new_lines(self, name):
        descriptor = os.open(os.path.join(self._folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            inode, size = self._began.get(name, (None, 0))
            begin = size if inode == status.st_ino and size <= status.st_size else 0  # else it is another file by now
            os.lseek(descriptor, max(begin, status.st_size - _TAIL), os.SEEK_SET)
            return as_text(os.read(descriptor, _TAIL)).splitlines()
        finally:
            os.close(descriptor)


def as_printable(value, limit):
    """A value as a text of at most so many characters that a terminal can only show."""
    text = value if isinstance(value, type(u"")) else as_text("%s" % (value,))
    return "".join(letter if _is_printable(ord(letter)) else "?" for letter in text[:limit])


def _is_printable(code):
    """Whether a terminal only shows a character: no control character, nothing that turns the writing direction."""
    return 0x20 <= code < 0x7F or code >= 0xA0 and not 0x2028 <= code <= 0x202E and not 0x2066 <= code <= 0x2069
