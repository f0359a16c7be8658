# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The control group in which systemd has a process."""

from .host import as_text, read_proc


def control_group(pid):
    """The path of the control group in which systemd has a process; empty if it has none."""
    try:
        lines = as_text(read_proc(pid, "cgroup")).splitlines()
    except (IOError, OSError):
        return ""
    paths = dict(line.split(":", 2)[1:] for line in lines if line.count(":") > 1)
    return paths.get("name=systemd", paths.get("", ""))


def units_in(group):
    """Names of the services and scopes in the path of a control group, the outermost first."""
    return [part for part in group.split("/") if part.endswith((".service", ".scope"))]
