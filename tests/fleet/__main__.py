# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `python -m tests.fleet up N`, `down`, `ps`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from . import takedown
from .behaviours import BEHAVIOURS
from .fleet import DEFAULT_STATE_DIR, FIRST_ID, Fleet
from .spec import GENERATIONS, FleetError, HostSpec

BYSTANDERS_UP_TO = 20  # hosts; a larger fleet is for speed tests, not for safety tests


def main() -> int:
    """Run one command. Returns the exit status: 0, 1 for an error, 2 for a wrong command line."""
    options = _parser().parse_args()
    if os.geteuid() != 0:
        return _with_sudo()
    try:
        options.action(options)
    except FleetError as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description="Hosts for tests, on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state",
        type=Path,
        default=DEFAULT_STATE_DIR,
        metavar="DIR",
        help="the folder of the fleet (default: %(default)s)",
    )
    up = commands.add_parser("up", parents=[common], help="start hosts, print the path of the inventory")
    up.add_argument("count", type=int, metavar="N", help="how many hosts")
    up.add_argument(
        "--behaviour",
        action="append",
        default=[],
        metavar="NAME[=COUNT|=i,j]",
        help="all hosts, the next COUNT hosts, or hosts number i and j (the first is 1; '3,' is host 3 "
        f"alone): {', '.join(BEHAVIOURS)}",
    )
    up.add_argument("--generation", choices=sorted(GENERATIONS), default="gen2")
    up.add_argument("--first-id", type=int, default=FIRST_ID, help="ocp_host_id of the first host")
    up.add_argument("--python", help="ansible_python_interpreter of the hosts")
    up.add_argument("--stop-seconds", type=float, default=0.2, help="how long the monitor agent takes to leave")
    up.add_argument(
        "--bystanders",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"innocent processes beside the agent (default: in fleets of up to {BYSTANDERS_UP_TO})",
    )
    up.set_defaults(action=_up)
    commands.add_parser("down", parents=[common], help="take the hosts down").set_defaults(action=_down)
    commands.add_parser("ps", parents=[common], help="the hosts' process tables").set_defaults(action=_ps)
    return parser


def _with_sudo() -> int:
    if not shutil.which("sudo"):
        print("fleet: hosts need root, and there is no sudo", file=sys.stderr)
        return 1
    root = Path(__file__).resolve().parents[2]
    command = ["sudo", "--", "env", f"PYTHONPATH={root}", sys.executable, "-m", __package__ or "tests.fleet"]
    os.execvp("sudo", [*command, *sys.argv[1:]])


def _up(options: argparse.Namespace) -> None:
    bystanders = options.count <= BYSTANDERS_UP_TO if options.bystanders is None else options.bystanders
    common = {"generation": options.generation, "stop_seconds": options.stop_seconds, "bystanders": bystanders}
    if options.python:
        common["python"] = options.python
    specs = [HostSpec(behaviour=name, **common) for name in behaviour_of_each(options.count, options.behaviour)]
    print(Fleet.start(specs, options.state, options.first_id).inventory)


def behaviour_of_each(count: int, choices: list[str]) -> list[str]:
    """The behaviour of each of *count* hosts; *choices* are the values of `--behaviour`.

    Raises FleetError if they do not fit.
    """
    chosen: dict[int, str] = {}
    for choice in sorted(choices, key=lambda choice: "," not in choice):  # those with host numbers come first
        name, _equals, which = choice.partition("=")
        free = [number for number in range(1, count + 1) if number not in chosen]
        try:
            numbers = [int(text) for text in which.split(",") if text]
        except ValueError:
            raise FleetError(f"--behaviour {choice}: no number and no list of numbers") from None
        if "," not in which:
            wanted = numbers[0] if numbers else len(free)
            if wanted > len(free):
                raise FleetError(f"--behaviour {choice}: only {len(free)} hosts are left")
            numbers = free[:wanted]
        if not set(numbers) <= set(free):
            raise FleetError(f"--behaviour {choice}: there is no such host, or it has a behaviour already")
        chosen.update(dict.fromkeys(numbers, name))
    return [chosen.get(number, "normal") for number in range(1, count + 1)]


def _down(options: argparse.Namespace) -> None:
    left = takedown.take_down(options.state.absolute())
    if left:
        raise FleetError("\n".join(left))


def _ps(options: argparse.Namespace) -> None:
    fleet = Fleet.load(options.state)
    print(f"{'HOST':8} {'PID':>7} {'HOSTPID':>7} {'S'} {'UID':>5} {'EXE':45} COMMAND")
    for name, table in fleet.processes().items():
        for process in table:
            command = " ".join(process.cmdline) or f"[{process.comm}]"
            print(
                f"{name:8} {process.pid:7} {process.ns_pid:7} {process.state} {process.uid:5} "
                f"{process.exe:45} {command[:120]}"
            )


if __name__ == "__main__":
    sys.exit(main())
