# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.invocation import caller, options
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.layout import Shell
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller

DEFAULTS = {"inventory": ["/etc/ansible/hosts"], "forks": 5, "timeout": 10, "connection": "ssh", "become": False}


def called(*extra_vars: str, store: bool = False, **arguments: Any) -> Caller:
    given = {**DEFAULTS, "args": ["oceanbase.ocp.batch_stop_agents"], "extra_vars": extra_vars, **arguments}
    return caller(given, DEFAULTS, store=store, folder="/home/ops")


def test_what_was_not_given_is_not_repeated() -> None:
    found = called()
    assert (found.options, found.module_options, found.asked, found.request) == ([], [], [], [])
    assert found.called == "oceanbase.ocp.batch_stop_agents"


def test_options_are_as_they_were_given() -> None:
    found = called(
        inventory=("/home/ops/site/hosts.yml", "db001,db002", "/etc/ocp.yml"),
        become=True,
        become_ask_pass=True,
        remote_user="admin",
        subset="all,localhost",
        vault_password_files=["/home/ops/vault"],
        forks=50,
    )
    assert found.options == [
        *("-i", "site/hosts.yml", "-i", "db001,db002", "-i", "/etc/ocp.yml", "-b", "-K", "--limit", "all,localhost"),
        *("-u", "admin", "-f", "50", "--vault-password-file", "/home/ops/vault"),
    ]
    assert found.module_options == ["-i", "site/hosts.yml", "-i", "db001,db002", "-i", "/etc/ocp.yml"]


def test_what_is_of_the_request_is_kept_apart() -> None:
    given = ['{"host_ids": [1001, 1002], "ocp_agent_grace": 5}', "ocp_force=true task_id=7 subtask_id=71", "@x.yml"]
    found = called(*given)
    assert found.options == ["-e", '{"ocp_agent_grace": 5}', "-e", "ocp_force=true", "-e", "@x.yml"]
    assert found.request == ["-e", "host_ids=1001,1002", "-e", "task_id=7", "-e", "subtask_id=71"]


def test_a_value_that_has_blanks_is_json() -> None:
    assert called("a='b c'").options == ["-e", '{"a": "b c"}']


STORE = "postgresql+psycopg://ocp:s3cret@db/ocp"
SECRETS = [
    f"ocp_task_store={STORE}",
    json.dumps({"ocp_task_store": STORE}),
    f"{{ocp_task_store: '{STORE}'}}",
    "ocp_task_store=mysql://ocp@db/ocp?password=s3cret",
    "ocp_task_store=postgresql://ocp:a@s3cret@db/ocp",
    "ansible_become_password=s3cret",
    "ansible_become_pass=s3cret ansible_password=s3cret",
    "ansible_ssh_pass='s3cret'",
    "db_password=s3cret",
    "api_token=s3cret access_key=s3cret",
    '{"db": {"user": "x", "passwd": "s3cret"}}',
    '{"logins": [{"pwd": "s3cret"}]}',
    "ansible_ssh_common_args='-o ProxyCommand=\"sshpass -p s3cret ssh -W %h:%p jump\"'",
    "ansible_ssh_private_key=s3cret",
    "backup_path=sftp://ocp:s3cret@backup/ocp",
    json.dumps({"ansible_ssh_private_key_file": "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret"}),
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_secret_is_not_shown(text: str) -> None:
    found = called(text, "ocp_force=true", store=True, ssh_common_args="-o ProxyCommand='sshpass -p s3cret ssh jump'")
    assert "s3cret" not in repr(found)
    assert "ocp_force=true" in found.options


def test_passwords_of_ansible_are_asked_for() -> None:
    found = called("ansible_become_password=x ansible_user=admin", "ansible_ssh_pass=y", become_ask_pass=False)
    assert found.options == ["-K", "-k", "-e", "ansible_user=admin"]
    assert found.asked == []


def test_another_secret_is_a_variable_of_the_shell() -> None:
    found = called(f"ocp_task_store={STORE}", store=True, inventory=("/home/ops/hosts",))
    word = Shell('ocp_task_store="$ocp_task_store"')
    assert found.options == ["-i", "hosts", "-e", word]
    assert isinstance(found.options[3], Shell)
    assert found.module_options == ["-i", "hosts", "-e", word]
    assert (found.asked, found.store) == (["ocp_task_store"], "{{ ocp_task_store }}")


def test_where_the_store_is() -> None:
    assert called("ocp_task_store=sqlite:////x.db", store=True).store == "sqlite:////x.db"
    of_file = called("@secret.yml", store=True)
    assert (of_file.store, of_file.module_options) == ("{{ ocp_task_store }}", ["-e", "@secret.yml"])
    assert called("@secret.yml").store == ""


def test_files_of_keys_are_no_secrets() -> None:
    given = "ansible_ssh_private_key_file=~/.ssh/ocp"
    assert called(given).options == ["-e", given]


def test_another_run_gets_the_options_but_no_variables_and_no_passwords() -> None:
    given = {
        **DEFAULTS,
        "inventory": ("/home/ops/site/hosts.yml", "db001,db002"),
        "become": True,
        "become_ask_pass": True,
        "ask_pass": True,
        "connection_password_file": "/home/ops/password",
        "vault_ids": ["a@prompt"],
        "verbosity": 2,
        "diff": True,
        "subset": "all,localhost",
        "ssh_common_args": "-o ControlPath=none",
        "extra_vars": ["host_ids=1001", "ansible_password=secret"],
        "args": ["site.yml"],
    }
    assert options(given) == [
        *("-i", "/home/ops/site/hosts.yml", "-i", "db001,db002", "-b", "-D", "-vv", "--limit=all,localhost"),
        *("-c", "ssh", "-T", "10", "--ssh-common-args=-o ControlPath=none", "-f", "5"),
    ]
