# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The systemd services that a stop has to deal with. A host compiles the code for them only where it has a use for it.

That code is a quarter of what a stop needs, and compiling takes most of the time that the host program takes.
"""

import os

SYSTEMD = os.path.isdir("/run/systemd/system")
if SYSTEMD:  # once for all phases of a resident
    from .units import Units


class NoUnits(object):
    """The Units of a host without systemd."""

    def of(self, dummy):
        return None

    def to_stop(self, dummy=False):
        return [], []

    def still_active(self):
        return []


class NoProtection(object):
    """The Protection of no services: it does nothing."""

    def __init__(self):
        self.signalled = False
        self.warnings = []

    def drop_ins(self):
        return []

    def __enter__(self):
        return self

    def __exit__(self, *dummy):
        pass

    def end_waiting(self):
        pass

    def let_rest(self):
        pass


def units_of(request, processes):
    """The Units of an agent with these processes, see there. request: a Request."""
    return Units(request.home, request.log, processes) if SYSTEMD else NoUnits()


def protection_of(request, units, services):
    """The Protection of these services, see there."""
    if not services:
        return NoProtection()
    from .protection import Protection  # pylint: disable=import-outside-toplevel; rarely needed

    return Protection(request, units, services)
