# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records a night on 60 hosts of tests.fleet as docs/recording.cast, in the format of asciinema (asciicast v2).

A real bash on a real terminal runs every command. The recorder types, and repairs hosts where it says so. Commands that
go on are taken from the screen, as an operator would copy them. The record has real times; players cut pauses short.
Exit status: 1 when the night did not go as docs/recording.md tells it. Then no record is written.
"""

from __future__ import annotations

import codecs
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, HostSpec  # noqa: E402 the checkout is no package

RECORD = ROOT / "docs" / "recording.cast"
REPORT = ROOT / "docs" / "images" / "recording-report.png"
COLUMNS, ROWS = 120, 36
TITLE = "A night on 60 hosts"
LONGEST_PAUSE = 2  # seconds; players cut longer ones
AT_ONCE = 0.02  # seconds
PATIENCE = 600  # seconds for one command
PROMPT = "\x1b]133;A\x07"  # as shells tell terminals where a prompt begins
PLAY = "ansible-playbook -i inventory.yml oceanbase.ocp."

DOWN = ("db007", "db023")
OTHER_HOME, REVIVED, NOT_PERMITTED = "db031", "db042", "db055"
FIVE = (*DOWN, OTHER_HOME, REVIVED, NOT_PERMITTED)
STUBBORN = "db020"  # it needs SIGKILL
HOME = "/home/admin/agent_4.2"


def specification(name: str) -> HostSpec:
    """The specification of one of the hosts."""
    if name == STUBBORN:
        return HostSpec(behaviour="ignores_sigterm", bystanders=False)
    if name in DOWN:
        return HostSpec(behaviour="sshd_down", bystanders=False)
    if name == OTHER_HOME:
        return HostSpec(home=HOME, bystanders=False)
    if name == REVIVED:
        return HostSpec(behaviour="watchdog", stop_seconds=3, bystanders=False)
    if name == NOT_PERMITTED:
        return HostSpec(behaviour="no_privilege", bystanders=False)
    return HostSpec(stop_seconds=3, bystanders=False)


class Terminal:
    """A bash on a terminal of its own, and all that it shows.

    folder: its working directory and home. events: as the format has them.
    """

    def __init__(self, folder: Path) -> None:
        self.events: list[list[Any]] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._began = time.monotonic()
        environment = {
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "PS1": r"\[\e]133;A\a\]$ ",  # with PROMPT
            "PS2": "> ",
            "TERM": "xterm-256color",
            "XDG_DATA_HOME": str(folder / "data"),  # in a container a home alone is not believed to stay
        }
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        termios.tcsetwinsize(self._terminal, (ROWS, COLUMNS))
        self._until_prompt()

    def say(self, text: str) -> None:
        """Type a comment."""
        self.run(f"# {text}")

    def run(self, command: str) -> str:
        """Type a command, and wait for the next prompt. Returns what was shown meanwhile, without colours."""
        print(f"recording: {command}", file=sys.stderr, flush=True)
        for letter in command:
            os.write(self._terminal, letter.encode())
            self._read(0.03)
        return self._finish()

    def paste(self, command: str) -> str:
        """As run(), with a command that is pasted."""
        print(f"recording: {command}", file=sys.stderr, flush=True)
        os.write(self._terminal, f"\x1b[200~{command}\x1b[201~".encode())
        self._read(1)
        return self._finish()

    def mark(self, label: str) -> None:
        """Give the present screen a name."""
        self._read(2)
        self.events.append([self._time(), "m", label])

    def close(self) -> None:
        os.write(self._terminal, b"exit\n")
        os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def _finish(self) -> str:
        self._read(0.5)
        os.write(self._terminal, b"\n")
        shown = self._until_prompt()
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).replace("\r", "")

    def _until_prompt(self) -> str:
        shown, end = "", time.monotonic() + PATIENCE
        while PROMPT not in shown:
            if time.monotonic() > end:
                raise SystemExit(f"recording: no prompt for {PATIENCE} s after: {shown[-2000:]}")
            shown += self._read(1)
        return shown.partition(PROMPT)[0]

    def _read(self, seconds: float) -> str:
        """What the terminal shows within so many seconds; at once when it shows something in a longer wait."""
        end, shown = time.monotonic() + seconds, ""
        while (left := end - time.monotonic()) > 0 and PROMPT not in shown:
            if not select.select([self._terminal], [], [], left)[0]:
                break
            text = self._decoder.decode(os.read(self._terminal, 65536))
            if text:
                self.events.append([self._time(), "o", text])
                shown += text
        return shown

    def _time(self) -> float:
        return round(time.monotonic() - self._began, 3)


def offered(shown: str, label: str) -> str:
    """The command that the last screen offers under a label, as it stands there."""
    found = re.search(rf"^{label}: +((?:.*\\\n)*.*)$", shown, re.MULTILINE)
    if not found:
        raise SystemExit(f"recording: the last screen offers no {label}:\n{shown[-3000:]}")
    return found[1]


def need(shown: str, *texts: str) -> str:
    """Raises SystemExit where something is not on the screen."""
    missing = [text for text in texts if text not in shown]
    if missing:
        raise SystemExit(f"recording: the screen does not show {', '.join(missing)}:\n{shown[-4000:]}")
    return shown


def draw(report: Path) -> None:
    """Check that the report names the five, and draw it, where there is a browser."""
    need(report.read_text(encoding="utf-8"), *FIVE)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        print(f"recording: no Chromium, so {REPORT.name} stays as it is", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="ocp-browser-") as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,900"]
        command = [browser, *options, f"--user-data-dir={profile}", f"--screenshot={REPORT}", report.as_uri()]
        subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)


def night(terminal: Terminal, fleet: Fleet, folder: Path) -> None:
    """All that is recorded."""
    terminal.say("What runs? This changes nothing.")
    need(terminal.run(f"{PLAY}agent_status"), *FIVE)
    terminal.mark("status")
    terminal.say("A typing mistake does not stop the agents of the default home.")
    mistake = f"{PLAY}batch_stop_agents -e ocp_hosts=all -e ocp_agnet_home={HOME}"
    need(terminal.run(mistake), "did you mean ocp_agent_home")
    terminal.mark("mistake")
    terminal.say("What would a stop do?")
    need(terminal.run(f"{PLAY}batch_stop_agents -e ocp_hosts=all --check"), *DOWN, OTHER_HOME, NOT_PERMITTED)
    terminal.mark("check")
    terminal.say("Stop them. Up to a tenth of the hosts may fail.")
    operation = f"{PLAY}batch_stop_agents -e ocp_hosts=all -e ocp_max_fail_percentage=10"
    stop = need(terminal.run(f"{operation} -e ocp_report_file=report.html"), *FIVE)
    draw(folder / "report.html")
    terminal.mark("stop")
    terminal.say("What happened there? This command is from the screen.")
    terminal.paste(offered(stop, "Log"))
    terminal.mark("log")
    terminal.say("Hosts are up again, the watchdog is off. One has its home now, another its user.")
    for name in DOWN:
        fleet.host(name).start_sshd()
    revived = fleet.host(REVIVED)
    if revived.watchdog:
        revived.send(revived.watchdog, signal.SIGKILL)
    terminal.run("mkdir host_vars")
    terminal.run(f"echo 'ocp_agent_home: {HOME}' > host_vars/{OTHER_HOME}.yml")
    terminal.run(f"echo 'ansible_user: root' > host_vars/{NOT_PERMITTED}.yml")
    terminal.paste(offered(stop, "First"))  # what the commands below it have in common
    need(terminal.paste(offered(stop, "Stop again")), "SUCCESSFUL")
    terminal.mark("again")
    terminal.say("What came back is stopped. The retry does what is left on the five.")
    need(terminal.paste(offered(stop, "Retry")), "SUCCESSFUL")
    terminal.mark("retry")
    need(terminal.paste(offered(stop, "Status")), "5 stopped")
    terminal.mark("after")


def main() -> None:
    """Make the record."""
    with tempfile.TemporaryDirectory(prefix="ocp-night-") as name:
        folder = Path(name)
        specs = [specification(f"db{number:03}") for number in range(1, 61)]
        with Fleet.start(specs, folder / "fleet") as fleet:
            (folder / "inventory.yml").write_text(fleet.inventory.read_text())
            fleet.host(REVIVED).kill_daemon()  # its watchdog has a new one at once, the children have none
            terminal = Terminal(folder)
            try:
                night(terminal, fleet, folder)
            finally:
                terminal.close()
            write(terminal.events)


def write(events: list[list[Any]]) -> None:
    """Write the record, with what is shown at once as one event. The checkout's environment is shown as ~/ocp."""
    merged: list[list[Any]] = []
    for moment, kind, text in events:
        if kind == "o" and merged and merged[-1][1] == "o" and moment - merged[-1][0] < AT_ONCE:
            merged[-1][2] += text
        else:
            merged.append([moment, kind, text])
    for event in merged:
        event[2] = event[2].replace(sys.prefix, "~/ocp")
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "idle_time_limit": LONGEST_PAUSE, "title": TITLE}
    record = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [head, *merged])
    if str(ROOT) in record:
        raise SystemExit(f"recording: {ROOT} is in the record")
    RECORD.write_text(record)


if __name__ == "__main__":
    main()
