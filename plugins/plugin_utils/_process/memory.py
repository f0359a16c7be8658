# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A memory limit for a worker that listens to a host through Ansible, which keeps all output."""

from __future__ import annotations

import contextlib
import resource
import typing as t
from pathlib import Path


@contextlib.contextmanager
def at_most(more: int) -> t.Iterator[None]:
    """Let this process use at most so many more bytes during the block. Beyond that it gets MemoryError.

    Its children get the same limit. There is no limit if the kernel does not tell the current size.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        wanted = pages * resource.getpagesize() + more
        limit = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (OSError, ValueError):
        pass
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
