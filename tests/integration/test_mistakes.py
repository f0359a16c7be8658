# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of whoever types a request: refused before any host is contacted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.integration.cores import Core
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory


def test_misspelled_extra_variables(each_core: Core, listener: Listener, tmp_path: Path) -> None:
    """However they are given: in JSON, as key=value, in a file."""
    file = tmp_path / "extra.yml"
    file.write_text("ocp_max_fail_percent: 10\n")
    options = ["-e", "ocp_agnet_home=/data/agent OCP_AGENT_GRACE=1", "-e", f"@{file}"]
    hosts = inventory(tmp_path, listener, HOSTS)
    extra = {"host_ids": [1001], "ocp-agent-home": "/data/agent"}
    run = each_core.stop_agents(hosts, tmp_path / "response.json", extra, *options)
    nearest = {
        "OCP_AGENT_GRACE": "ocp_agent_grace",
        "ocp-agent-home": "ocp_agent_home",
        "ocp_agnet_home": "ocp_agent_home",
        "ocp_max_fail_percent": "ocp_max_fail_percentage",
    }
    named = ", ".join(f"{name} (did you mean {right}?)" for name, right in nearest.items())
    check_refusal(run, 400, "COM10001", [f"{named} are no variables of this collection"])
    assert [found["field"] for found in run.error["subErrors"]] == list(nearest)
    assert not listener.contacted()


def test_other_playbooks_refuse_them_too(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    hosts, response_file = inventory(tmp_path, listener, HOSTS), tmp_path / "response.json"
    for playbook in ("task_retry", "task_cancel", "workflow_phase", "workflow_barrier"):
        extra = {"task_id": 1, "ocp_task_id": 1, "ocp_task_stroe": "none"}
        run = newest_core.stop_agents(hosts, response_file, extra, playbook=playbook)
        assert run.status == 2, run.output
        assert run.says("400 COM10001: ocp_task_stroe (did you mean ocp_task_store?)"), run.output
    assert not listener.contacted()


def test_variables_of_hosts(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    """Those of hosts that are not asked for, and a site's own, are nobody's business."""
    path = inventory(tmp_path, listener, HOSTS)
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    content["all"]["vars"] = {"ocp_console": "https://ocp.example.com", "base": "data"}
    content["all"]["children"] = {
        "moved": {"hosts": {"db1": {}, "db2": {}}, "vars": {"ocp_agnet_home": "/data/agent"}},
        "wrong": {"hosts": {"db3": {}}, "vars": {"ocp_agent_home": "{{ base }}/agent", "ocp_agent_grace": "soon"}},
    }
    path.write_text(yaml.safe_dump(content))
    response_file = tmp_path / "response.json"
    run = newest_core.stop_agents(path, response_file, {"host_ids": [1001, 1002, 1003]})
    check_refusal(run, 400, "COM10001", ["ocp_agnet_home of db1, db2 (did you mean ocp_agent_home?)"])
    run = newest_core.stop_agents(path, response_file, {"host_ids": [1003]})
    named = [
        "ocp_agent_home of db3 must be an absolute path, not 'data/agent'",
        "ocp_agent_grace of db3 must be a number of seconds",
    ]
    check_refusal(run, 400, "COM10001", named)
    assert not listener.contacted()


def test_a_template_with_an_undefined_variable(core: Core, listener: Listener, tmp_path: Path) -> None:
    """To Ansible's default() it is a variable that is not given: the agent of the default home would be stopped."""
    path = inventory(tmp_path, listener, HOSTS)
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    content["all"]["vars"] = {"ocp_agent_home": "{{ nowhere }}/agent"}
    path.write_text(yaml.safe_dump(content))
    response_file = tmp_path / "response.json"
    run = core.stop_agents(path, response_file, {"host_ids": [1001, 1002]})
    check_refusal(run, 400, "COM10001", ["ocp_agent_home of db1, db2 cannot be evaluated: ", "'nowhere' is undefined"])
    settings = {"ocp_role_bindings": "{{ folder }}/roles.yml", "ocp_stop_timeout": "{{ seconds }}"}
    run = core.stop_agents(path, response_file, {"host_ids": [1001], **settings})
    named = ["ocp_role_bindings cannot be evaluated: 'folder' is undefined", "ocp_stop_timeout cannot be evaluated: "]
    check_refusal(run, 400, "COM10001", named)
    run = core.stop_agents(path, response_file, {"task_id": 1, **settings}, playbook="task_cancel")
    assert run.status == 2, run.output
    assert run.says("400 COM10001: ocp_role_bindings cannot be evaluated: "), run.output
    assert not listener.contacted()


def test_variables_of_a_playbook_around_it(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    book, response_file = tmp_path / "book.yml", tmp_path / "response.json"
    variables = {"host_ids": [1001], "ocp_agnet_home": "/data/agent", "ocp_response_file": str(response_file)}
    play = {"name": "Stop", "ansible.builtin.import_playbook": "oceanbase.ocp.batch_stop_agents", "vars": variables}
    book.write_text(json.dumps([play]))
    run = newest_core.play(book, inventory(tmp_path, listener, HOSTS))
    assert run.status == 2, run.output
    assert "ocp_agnet_home (did you mean ocp_agent_home?) is no variable" in response_file.read_text()
    assert not listener.contacted()


def test_hosts_by_pattern_and_by_file(each_core: Core, listener: Listener, tmp_path: Path) -> None:
    listener.close()  # who is accepted is contacted, and refused there
    hosts, response_file, ids = inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", tmp_path / "ids"
    ids.write_text("1003\n1001\n")
    for extra, said, expected in (
        ({"ocp_hosts": "all:!db[2:2]"}, "ocp_hosts all:!db[2:2]", ["1001", "1003"]),
        ({"ocp_host_ids_file": str(ids)}, f"ocp_host_ids_file {ids}", ["1003", "1001"]),
    ):
        run = each_core.stop_agents(hosts, response_file, extra)
        assert run.task["context"]["listMap"]["host_ids"] == expected
        assert f"{said}: 2 hosts: {', '.join(expected)}" in run.output


def test_a_task_that_is_taken_up_goes_on_with_its_own_hosts(
    newest_core: Core, listener: Listener, tmp_path: Path
) -> None:
    """A file of variables that named the hosts may be given again; fewer hosts would not be what is done."""
    listener.close()
    hosts, response_file = inventory(tmp_path, listener, HOSTS), tmp_path / "response.json"
    task_id = newest_core.stop_agents(hosts, response_file, {"ocp_hosts": "db1,db2"}).task["id"]
    fewer = {"task_id": task_id, "ocp_hosts": "db1"}
    run = newest_core.stop_agents(hosts, response_file, fewer, playbook="task_retry")
    check_refusal(run, 400, "COM10001", ["the request leaves out db2 (host id 1002)"])
    same = {"task_id": task_id, "host_ids": [1002, 1001]}
    run = newest_core.stop_agents(hosts, response_file, same, playbook="task_retry")
    assert run.task["operation"] == "RETRY", run.output


def test_patterns_that_are_refused(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    hosts, response_file = inventory(tmp_path, listener, {**HOSTS, "spare": None}), tmp_path / "response.json"
    witness = tmp_path / "evaluated"
    for extra, options, named in (
        ({"ocp_hosts": "all:!spare:!db4"}, [], "!db4 names no host and no group"),
        ({"ocp_hosts": "db1,spare"}, [], "spare has no ocp_host_id"),
        ({"ocp_hosts": f"{{{{ lookup('ansible.builtin.pipe', 'touch {witness}') }}}}"}, [], "names no host"),
        ({"ocp_hosts": "db1", "host_ids": [1001]}, [], "host_ids and ocp_hosts are given"),
        ({"ocp_hosts": "db1,db2"}, ["--limit", "localhost,db1"], "leaves out db2 (host id 1002)"),
        ({"host_id": 1001}, [], "did you mean host_ids?"),
    ):
        run = newest_core.stop_agents(hosts, response_file, extra, *options)
        check_refusal(run, 400, "COM10001", [named])
    assert not witness.exists()
    assert not listener.contacted()
