# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for ansible-playbook: a process that lives through all phases, and forks a worker for each.

Standard input: a line of JSON for each phase. Standard output: lines of JSON, {"worker": process id} at the start of
the phase, {"answer": Answer.dump()} for each host, {"end": the error that ended the phase, or null}.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import hosts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Work, engine
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start


def say(document: object) -> None:
    os.write(1, json.dumps(document).encode() + b"\n")


def carry_out_phase(phase: dict[str, t.Any]) -> None:
    say({"worker": os.getpid()})
    if "kept" in phase:
        hosts.KEPT = phase["kept"]
    works = [
        Work(
            work["host"],
            work["call"],
            Route.load(work["route"]) if "route" in work else None,
            Start(**work["start"]) if "start" in work else None,
            work.get("note"),
        )
        for work in phase["works"]
    ]
    try:
        with engine(Path(phase["folder"])) as found:
            if "notes" in phase:
                say({"notes": found.notes()})
            answers = found.carry_out(
                works,
                library=phase["library"].encode(),
                at_once=phase["at_once"],
                timeout=phase["timeout"],
                keep=phase["keep"],
                begun=lambda host: say({"begun": host}),
                cancelled=Path(phase["cancel"]).exists,
            )
            for _host, answer in answers:
                say({"answer": answer.dump()})
        say({"end": None})
    except Exception as error:
        say({"end": f"{type(error).__name__}: {error}"})


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                carry_out_phase(json.loads(line))
            finally:
                os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if status:
            say({"end": f"the worker has ended with {status}"})


if __name__ == "__main__":
    main()
