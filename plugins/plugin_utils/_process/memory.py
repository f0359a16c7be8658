# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A bound on the memory of a worker that listens to a host through Ansible, which keeps all that it is told."""

from __future__ import annotations

import contextlib
import resource
import typing as t
from pathlib import Path


@contextlib.contextmanager
def at_most(more: int) -> t.Iterator[None]:
    """Let this process have so many bytes more than it has now. What takes more raises MemoryError.

    What it starts meanwhile has the same bound. Where the kernel does not tell how much it has there is none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (_lower(pages * resource.getpagesize() + more, soft), hard))
    except (OSError, ValueError):
        pass
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _lower(wanted: int, limit: int) -> int:
    return wanted if limit == resource.RLIM_INFINITY else min(wanted, limit)
