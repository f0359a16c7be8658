# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The attributes that a process has from its start: user, limits, umask, control groups, environment and so on."""

import os

from .host import DIGITS, LETTERS, as_text, read_proc, system_call

# In the order of the kernel's numbers, which is that of the lines of /proc/PID/limits.
LIMITS = ("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
          "msgqueue", "nice", "rtprio", "rttime")
LIMIT = "limit_"  # begins the keys of limits
# Variables that belong to a login or to one run of a systemd service, and to no process that is started later.
_OF_SESSION = ("SSH_", "XDG_SESSION_", "SUDO_", "LISTEN_", "WATCHDOG_")
_ONE_SESSION = frozenset((
    "XDG_RUNTIME_DIR", "XDG_SEAT", "XDG_VTNR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
    "WINDOWID", "TMUX", "TMUX_PANE", "STY", "_", "PWD", "OLDPWD", "SHLVL", "NOTIFY_SOCKET", "INVOCATION_ID",
    "JOURNAL_STREAM", "MAINPID", "MANAGERPID", "SYSTEMD_EXEC_PID", "CREDENTIALS_DIRECTORY", "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE"))
_PLAIN = LETTERS + LETTERS.upper() + DIGITS + "/:,.-_+@"
_LONGEST = 1280  # characters of one value in a text, so that all fit into what a controller takes
_IOPRIO_GET = {"x86_64": 252, "aarch64": 31, "riscv64": 31, "loongarch64": 31, "ppc64le": 274, "s390x": 283}


def attributes_of(pid, ionice=False):
    """The attributes of a process, as a dict of texts; one that cannot be read is left out.

    ionice: whether to read that, too, which takes a library.

    uid, gid, groups: numbers, with blanks. umask: octal. cpus: a list as of taskset. oom_score_adj, nice.
    scheduling: numbers of policy and priority. ionice: the kernel's number.
    directory: the working directory. cgroup: lines of /proc/PID/cgroup. limit_NAME: soft and hard limit, -1 for none.
    """
    found = {}
    status = dict(line.partition(":")[::2] for line in _proc_text(pid, "status").splitlines())
    for key, name, field in (("uid", "Uid", 1), ("gid", "Gid", 1), ("umask", "Umask", 0),
                             ("cpus", "Cpus_allowed_list", 0)):
        words = status.get(name, "").split()
        if len(words) > field:
            found[key] = words[field]
    if "Groups" in status:
        found["groups"] = " ".join(status["Groups"].split())
    fields = _proc_text(pid, "stat").rpartition(")")[2].split()
    if len(fields) > 38:
        found["nice"] = fields[16]
        found["scheduling"] = "%s %s" % (fields[38], fields[37])
    for name in ("oom_score_adj", "cgroup"):
        content = _proc_text(pid, name).strip()
        if content:
            found[name] = content
    for number, line in enumerate(_proc_text(pid, "limits").splitlines()[1:len(LIMITS) + 1]):
        found[LIMIT + LIMITS[number]] = " ".join(line[26:].replace("unlimited", "-1").split()[:2])
    try:
        found["directory"] = as_text(os.readlink("/proc/%d/cwd" % pid))
    except OSError:
        pass
    priority = io_priority(pid) if ionice else None
    if priority is not None:
        found["ionice"] = str(priority)
    return found


def environment_of(pid):
    """The variables that a process was started with, as bytes by name, without those of its session.

    None where they cannot be told: the program may have written something else over them.
    """
    try:
        entries = read_proc(pid, "environ").split(b"\0")
    except (IOError, OSError):
        return None
    found = dict(entry.split(b"=", 1) for entry in entries if entry.find(b"=") > 0)
    return dict((name, value) for name, value in found.items() if not _is_of_session(as_text(name))) if found else None


def _proc_text(pid, name):
    try:
        return as_text(read_proc(pid, name))
    except (IOError, OSError):
        return ""


def _is_of_session(name):
    return name.startswith(_OF_SESSION) or name in _ONE_SESSION


def io_priority(pid):
    """The I/O priority of ionice, as the kernel's number; None where that cannot be told."""
    number = _IOPRIO_GET.get(os.uname()[4])
    try:
        return system_call(number, 1, pid) if number is not None else None
    except (ImportError, OSError):
        return None


def set_io_priority(value):
    system_call(_IOPRIO_GET[os.uname()[4]] - 1, 1, 0, value)


def custom_groups(attributes):
    """The control groups of a process that are not systemd's: paths by controllers."""
    lines = [line.split(":", 2)[1:] for line in attributes.get("cgroup", "").splitlines() if line.count(":") > 1]
    return dict((controllers, path) for controllers, path in lines if path != "/" and not any(
        part.endswith((".slice", ".scope", ".service")) or part == "init.scope" for part in path.split("/")))


def attributes_changed(before, after):
    """Texts about the attributes that are not as they were. before, after: as of attributes_of."""
    found = []
    for key in sorted(before):
        if key == "cgroup":
            now = custom_groups(after)
            found += ["the control group of %s was %s and is %s" % (
                controllers or "version 2", path, now.get(controllers, "another")) for controllers, path in sorted(
                    custom_groups(before).items()) if now.get(controllers) != path]
        elif after.get(key, before[key]) != before[key]:
            found.append("%s was %s and is %s" % (key, before[key] or "empty", after[key] or "empty"))
    return found


def as_words(attributes):
    """The attributes as a text of one line, for from_words. A very long one is left out, and named in "left_out"."""
    words = dict((key, _escaped_word(attributes[key])) for key in attributes)
    if "environment" in words:  # of its names as many as there is room for
        words["environment"] = _cut(words["environment"])
    long = [key for key in sorted(words) if len(words[key]) > _LONGEST]
    if long:
        words["left_out"] = ",".join(long)
    return " ".join("%s=%s" % (key, words[key]) for key in sorted(words) if key not in long)


def _cut(names):
    """As many of the names of a list with commas as a word has room for."""
    return names if len(names) <= _LONGEST else names[:_LONGEST - len(",...")].rpartition(",")[0] + ",..."


def _escaped_word(value):
    return "".join(letter if letter in _PLAIN else "".join(
        "%%%02x" % byte for byte in bytearray(letter.encode("utf-8"))) for letter in as_text(value))


def from_words(text):
    """The attributes of a text that as_words has made. Raises ValueError for another text."""
    return dict((key, _unescaped_word(value)) for key, equals, value in (
        word.partition("=") for word in text.split()) if equals)


def _unescaped_word(value):
    first, escaped = value.split("%")[0], value.split("%")[1:]
    content = bytearray(first.encode("ascii"))
    for part in escaped:
        if len(part) < 2:
            raise ValueError("%s is cut off" % part)
        content.append(int(part[:2], 16))
        content.extend(part[2:].encode("ascii"))
    return bytes(content).decode("utf-8", "replace")
