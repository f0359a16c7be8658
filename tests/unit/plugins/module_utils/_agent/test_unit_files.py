# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services that start the agent. Tests on hosts with systemd check how systemd reads the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import unit_files as agent_unit_files
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.home import Home
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.unit_files import services_to_ask, starts_agent

UNIT = "ocp_agent.service"


@pytest.mark.parametrize(
    ("name", "text", "asked"),
    [
        (UNIT, "ExecStart=HOME/bin/ocp_agentctl start", True),
        (UNIT, "ExecStart=%h/ocp_agent/agent/ocp_agent_ctl.py start", True),
        (UNIT, "# starts ocp_agentd", True),
        (f"{UNIT}.d/override.conf", "ExecStart=HOME/bin/ob_agentd", True),
        (UNIT, "ExecStart=HOME/bin/observer", False),
        (UNIT, "", False),
        ("agent@.service", "ExecStart=HOME/bin/ocp_agentctl start", False),
        ("-x.service", "ExecStart=HOME/bin/ocp_agentctl start", False),
        ("agent.timer", "ExecStart=HOME/bin/ocp_agentctl start", False),
        ("agent.timer.d/x.conf", "ExecStart=HOME/bin/ocp_agentctl start", False),
    ],
)
def test_services_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, asked: bool) -> None:
    path = tmp_path / "units" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    monkeypatch.setattr(agent_unit_files, "UNIT_FOLDERS", (str(tmp_path / "none"), str(tmp_path / "units")))
    assert services_to_ask() == ([UNIT] if asked else [])


@pytest.mark.parametrize(
    ("command", "starts"),
    [
        ("HOME/bin/ocp_agentctl start", True),
        ("HOME/bin/ocp_agentctl restart", True),
        ("HOME/bin/ocp_agentd -c HOME/conf/agentd.yaml", True),
        ("LINK/bin/ocp_agentctl start", True),
        ("BIN/ctl start", True),
        ("/usr/bin/python2.7 HOME/agent/ocp_agent_ctl.py start", True),
        ("/bin/sh -c HOME/bin/ocp_agentctl start", True),
        ("/bin/bash -lc 'exec HOME/bin/ocp_agentctl start'", True),
        ("/usr/bin/sudo -u admin HOME/bin/ocp_agentctl start", True),
        ("/usr/bin/env TZ=UTC HOME/bin/ocp_agentctl start", True),
        ("HOME/bin/ocp_agentctl status", False),
        ("HOME/bin/ocp_agentctl stop", False),
        ("HOME/bin/ocp_agentctl service start ocp_mgragent", False),
        ("HOME/bin/ocp_agentctl-exporter start", False),
        ("HOME/bin/ocp_mgragent", False),
        ("HOME2/bin/ocp_agentctl start", False),
        ("HOME/old/bin/ocp_agentctl start", False),
        ("OTHER/bin/ocp_agentctl start", False),
        ("/usr/bin/tail -F HOME/bin/ocp_agentd", False),
        ("/bin/sh -c pgrep -f HOME/bin/ocp_agentd", False),
        ("/bin/sh -c", False),
        ("", False),
    ],
)
def test_what_starts_the_agent_of_a_home(tmp_path: Path, command: str, starts: bool) -> None:
    """The home's programs are links into a repository. Another home has links to the same files."""
    repository, home, other = tmp_path / "repository", tmp_path / "real/ocp_agent", tmp_path / "real/other"
    for folder in (repository / "bin", home / "bin", home / "old/bin", other / "bin", other / "run"):
        folder.mkdir(parents=True)
    (repository / "bin/ocp_agentctl").touch()
    for folder in (home, other):
        (folder / "bin/ocp_agentctl").symlink_to(repository / "bin/ocp_agentctl")
    (tmp_path / "current").symlink_to(home)
    (tmp_path / "ctl").symlink_to(tmp_path / "current/bin/ocp_agentctl")
    words = {"HOME": str(home), "LINK": f"{tmp_path}/current", "BIN": str(tmp_path), "OTHER": str(other)}
    for word in words:
        command = command.replace(word, words[word])
    path = command.partition(" ")[0]
    shown = f"{{ path={path} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; status=0/0 }}"
    assert starts_agent(Home(str(home)), [shown]) is starts
    before = "{ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; pid=0 }"
    assert starts_agent(Home(str(tmp_path / "current")), [before, shown]) is starts
    assert starts_agent(Home(str(home)), []) is False
