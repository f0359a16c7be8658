# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The status of the agent of a host, as a value and in OCP's form."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from ipaddress import ip_address

from .clock import iso
from .errors import AGENT_STATE, BY_REASON, NO_CONNECTION, Code

READY, NOT_READY, RUNNING, STOPPED = "ready", "not ready", "running", "stopped"
NO_AGENT, UNREACHABLE, UNKNOWN = "no agent", "unreachable", "unknown"
STATES = (UNREACHABLE, UNKNOWN, NO_AGENT, NOT_READY, RUNNING, STOPPED, READY)  # the worst first

_MANAGERS, _MONITORS = ("ocp_mgragent", "ob_mgragent", "pos_proxy"), ("ocp_monagent", "ob_monagent", "ocp_exporter")
_OPERABLE = ("node_exporter", "ocp_exporter")  # OCP lets its users stop these of gen 1 one by one
_FAILS = "a stop fails before it signals anybody, and holds the other hosts unless ocp_max_fail_percentage lets them go"
_UNTOLD = ("hidden", "not_permitted", "unproven", "unseen_listener")  # with these it is not certain that nothing runs

# Fields of whole() that OCP does not have.
_OURS = frozenset({"findings", "generation", "generations", "host", "lock", "plan", "ready", "state", "units"})
_OURS_OF_PROCESS = frozenset({"executable", "memory", "parentPid", "state", "unit"})


@dataclass(frozen=True)
class Finding:
    """A finding. kind: a word. text: a description. stop: the action of a stop."""

    kind: str
    text: str
    stop: str


@dataclass(frozen=True)
class AgentStatus:
    """The status of the agent of a host.

    host: its name in the inventory. host_id, address: None if the inventory has none. at: the time of the look, in
    milliseconds since the epoch. answer: of the host program to C(info), or a failure (C(failed) or C(unreachable), and
    C(msg)), as an action registers it.
    """

    host: str
    host_id: int | None
    address: str | None
    at: int
    answer: t.Mapping[str, t.Any]

    @property
    def told(self) -> bool:
        """Whether there is an answer of the host program."""
        return not (self.answer.get("failed") or self.answer.get("unreachable")) and "plan" in self.answer

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.answer.get("unreachable"):
            return UNREACHABLE
        if not self.told:
            return UNKNOWN
        if self.processes:
            return {True: READY, False: NOT_READY, None: RUNNING}[self.answer["ready"]]
        if self.answer["plan"]["reason"] == "not_installed":
            return NO_AGENT
        kinds = {finding.kind for finding in self.findings}
        return UNKNOWN if self.answer["plan"]["reason"] == "not_permitted" or kinds.intersection(_UNTOLD) else STOPPED

    @property
    def processes(self) -> list[dict[str, t.Any]]:
        return list(self.answer.get("processes") or ()) if self.told else []

    @property
    def findings(self) -> list[Finding]:
        if self.told:
            return [Finding(one["kind"], one["text"], one["stop"]) for one in self.answer["findings"]]
        kind = "unreachable" if self.answer.get("unreachable") else str(self.answer.get("reason") or "no_answer")
        return [Finding(kind, str(self.answer.get("msg") or "there is no answer"), _FAILS)]

    @property
    def refusal(self) -> str | None:
        """The reason for which a stop would fail here, None if it would not."""
        if not self.told:
            return self.findings[0].kind
        reason = self.answer["plan"]["reason"]
        return None if reason is None and self.answer["lock"] is None else str(reason or "locked")

    @property
    def home(self) -> str | None:
        return self.answer.get("home")

    # As OCP shows it

    def detail(self) -> dict[str, t.Any]:
        """The data of OCP's answer to C(GET /compute/hosts/{id}/agent), with null for fields of OCP's database."""
        home, now = self.home, iso(self.at)
        daemon = next(iter(self.processes), None)
        return {
            "createTime": self._begin(daemon) if daemon else None,
            "hostId": self.host_id,
            "hostInnerIpAddress": self.address if _is_address(self.address) else None,
            "id": None,
            "installHome": home,
            "lastAvailableTime": now if self.state == READY else None,
            "logHome": f"{home}/log" if home else None,
            "managerPort": self._port(_MANAGERS),
            "monitorPort": self._port(_MONITORS),
            "processes": self.shown_processes(),
            "status": "AVAILABLE" if self.state == READY else "OFFLINE",
            "updateTime": now,
            "version": self.answer.get("version") if self.told else None,
        }

    def shown_processes(self) -> list[dict[str, t.Any]]:
        """The contents of OCP's answer to C(GET /compute/hosts/{id}/agent/processes)."""
        return [
            {
                "alias": process["program"],
                "createTime": self._begin(process),
                "elapsedTime": process["elapsed"],
                "hostId": self.host_id,
                "id": None,
                "lastActiveTime": iso(self.at),
                "logFilePattern": _log_files(self.home, process["program"], self.answer["generation"]),
                "operable": process["program"] in _OPERABLE,
                "pid": process["pid"],
                "ports": ",".join(map(str, process["ports"])) or ("" if self.answer["generation"] == "gen1" else None),
                "startCommand": process["command"],
                "status": "STARTED",
                "updateTime": self._begin(process),
                "user": process["user"],
            }
            for process in self.processes
        ]

    def whole(self) -> dict[str, t.Any]:
        """The detail, and the fields that OCP does not have."""
        told = self.answer if self.told else {}
        return {
            **self.detail(),
            "findings": [vars(finding) for finding in self.findings],
            "generation": told.get("generation"),
            "generations": told.get("generations", []),
            "host": self.host,
            "lock": told.get("lock"),
            "plan": told.get("plan"),
            "processes": [
                {
                    **shown,
                    "executable": process["executable"],
                    "memory": process["memory"],
                    "parentPid": process["parent"],
                    "state": process["state"],
                    "unit": process["unit"],
                }
                for shown, process in zip(self.shown_processes(), self.processes, strict=True)
            ],
            "ready": told.get("ready"),
            "state": self.state,
            "units": told.get("units", []),
        }

    def _begin(self, process: t.Mapping[str, t.Any]) -> str | None:
        """The start of a process by the controller's clock, since the clocks of hosts differ."""
        return None if process["elapsed"] is None else iso((self.at // 1000 - process["elapsed"]) * 1000)

    def _port(self, programs: t.Collection[str]) -> str | None:
        ports = [str(port) for process in self.processes if process["program"] in programs for port in process["ports"]]
        return ports[0] if ports else None


def ocp_part(shown: t.Mapping[str, t.Any], programs: t.Mapping[str, t.Sequence[str]]) -> dict[str, t.Any]:
    """The detail, as OCP has it, with the programs that do not run as well.

    shown: from whole(). programs: of each generation, by its name.
    """
    processes = [
        {key: value for key, value in process.items() if key not in _OURS_OF_PROCESS} for process in shown["processes"]
    ]
    processes += [_stopped(shown, program) for program in _absent(shown, programs)]
    return {**{key: value for key, value in shown.items() if key not in _OURS}, "processes": processes}


def _absent(shown: t.Mapping[str, t.Any], programs: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    """The programs of the agent that do not run; none where some may run unseen, or it is not clear which it has."""
    if any(finding["kind"] in _UNTOLD for finding in shown["findings"]):
        return []
    generations = [shown["generation"]] if shown["generation"] else shown["generations"]
    running = {process["alias"] for process in shown["processes"]}
    return [name for name in programs[generations[0]] if name not in running] if len(generations) == 1 else []


def _stopped(shown: t.Mapping[str, t.Any], program: str) -> dict[str, t.Any]:
    generation = shown["generation"] or shown["generations"][0]
    return {
        "alias": program,
        "createTime": None,
        "elapsedTime": 0,
        "hostId": shown["hostId"],
        "id": None,
        "lastActiveTime": None,
        "logFilePattern": _log_files(shown["installHome"], program, generation),
        "operable": program in _OPERABLE,
        "pid": None,
        "ports": None,
        "startCommand": None,
        "status": "STOPPED",
        "updateTime": shown["updateTime"],
        "user": None,
    }


def _log_files(home: str | None, program: str, generation: str | None) -> str:
    """The names of a program's logs. Those of gen 1 have its whole name."""
    return f"{home}/log/{program if generation == 'gen1' else program.partition('_')[2]}.log*"


def problem(shown: t.Mapping[str, t.Any]) -> tuple[Code, str] | None:
    """The error of OCP for a host without an agent to be shown, else None. shown: from whole()."""
    if shown["state"] not in (UNREACHABLE, UNKNOWN, NO_AGENT):
        return None
    plan = shown["plan"]
    if plan and plan["reason"]:
        kind, text = plan["reason"], plan["text"]
    else:  # without a plan, or if a part of the agent may be hidden, there is a finding
        kind, text = shown["findings"][0]["kind"], shown["findings"][0]["text"]
    code = NO_CONNECTION if shown["state"] == UNREACHABLE else BY_REASON.get(kind, AGENT_STATE)
    return code, f"{shown['host']}: {text}"


def counted(statuses: t.Iterable[AgentStatus]) -> dict[str, int]:
    """The number of hosts in each state, the best state first, without states of no host."""
    states = [status.state for status in statuses]
    return {state: states.count(state) for state in reversed(STATES) if state in states}


def is_odd(status: AgentStatus) -> bool:
    """Whether a host needs attention, since it has a finding or is neither ready nor stopped."""
    return bool(status.findings) or status.state not in (READY, STOPPED)


def _is_address(text: str | None) -> bool:
    try:
        return bool(text and ip_address(text))
    except ValueError:
        return False
