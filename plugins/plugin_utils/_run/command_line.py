# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Options of ansible-playbook that leave out a part of a playbook."""

from __future__ import annotations

import typing as t

_LISTINGS = ("listhosts", "listtags", "listtasks", "syntax")
# The tasks of the playbooks have no tags, so skipping any other tag leaves out none of them. Molecule skips two.
_OF_UNTAGGED_TASKS = {"all", "untagged"}


def leaves_out(arguments: t.Mapping[str, t.Any]) -> str | None:
    """The options that may leave out a part of the plays, as on a command line; None if there are none.

    arguments: those of ansible-core, which include tags from the environment and ansible.cfg. A command that only lists
    or checks the syntax leaves nothing out.
    """
    if any(arguments.get(listing) for listing in _LISTINGS):
        return None
    found = []
    tags = sorted(arguments.get("tags") or ["all"])
    if "all" not in tags:
        found.append(f"--tags {','.join(tags)}")
    skipped = sorted(arguments.get("skip_tags") or ())
    if not _OF_UNTAGGED_TASKS.isdisjoint(skipped):
        found.append(f"--skip-tags {','.join(skipped)}")
    if arguments.get("start_at_task"):
        found.append(f"--start-at-task {arguments['start_at_task']!r}")
    if arguments.get("step"):
        found.append("--step")
    return " ".join(found) or None
