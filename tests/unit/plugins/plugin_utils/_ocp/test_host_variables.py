# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.host_variables import Names, from_api
from tests.ocp_server import host


def test_the_documented_fields_become_variables():
    assert from_api(host(3000002, name="OceanBase152105.et15sqa", innerIpAddress="192.0.2.5")) == {
        "ansible_host": "192.0.2.5",
        "ansible_port": 22,
        "ocp_agent_status": "AVAILABLE",
        "ocp_agent_version": "3.1.2-20210812221645",
        "ocp_host_alias": None,
        "ocp_host_architecture": "x86_64",
        "ocp_host_id": 3000002,
        "ocp_host_kind": "DEDICATED_PHYSICAL_MACHINE",
        "ocp_host_name": "OceanBase152105.et15sqa",
        "ocp_host_os": "alios7",
        "ocp_host_status": "ONLINE",
        "ocp_host_type": "bigdisk",
        "ocp_idc": "bejing1",
        "ocp_region": "beijing",
        "ocp_services": [{"name": "cluster01:1", "type": "OB_CLUSTER", "version": "2.2.76"}],
    }


def test_what_ocp_does_not_say_is_null_and_the_port_is_missing():
    variables = from_api({"id": 1, "innerIpAddress": "192.0.2.1"})
    known = {key: value for key, value in variables.items() if value is not None}
    assert known == {"ocp_host_id": 1, "ansible_host": "192.0.2.1", "ocp_services": []}
    assert "ansible_port" not in variables


def test_values_of_an_unexpected_kind_do_not_get_in():
    strange = from_api(host(1, regionName={"a": 1}, status=["x"], services=["x", {"name": {"y": 1}}, None]))
    assert strange["ocp_region"] is None
    assert strange["ocp_host_status"] is None
    assert strange["ocp_services"] == [{"name": None, "type": None, "version": None}]
    assert json.loads(json.dumps(strange)) == strange


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "db001", "db001.example.com", "xx.xx.xx.xx"])
def test_addresses_and_dns_names_are_taken(address):
    assert from_api(host(1, innerIpAddress=address))["ansible_host"] == address


@pytest.mark.parametrize(
    "address",
    [None, "", " ", 5, "-oProxyCommand=x", "a b", "a;b", "$(a)", "{{ 7*7 }}", "fe80::1%$(a)", "a\nb", "a" * 300],
)
def test_nothing_else_reaches_the_command_line_of_ssh(address):
    with pytest.raises(ValueError, match="its address is"):
        from_api(host(1, innerIpAddress=address))


@pytest.mark.parametrize("port", [0, 65536, -1, "x", True, 22.0, [22]])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ValueError, match="its SSH port is"):
        from_api(host(1, sshPort=port))


@pytest.mark.parametrize("host_id", [0, -1, 2**63, True])
def test_what_is_no_host_id_is_refused(host_id):
    with pytest.raises(ValueError, match="which is no host id"):
        from_api(host(1, id=host_id))


PLAIN = re.compile(r"\w[\w.@+-]*")  # the operation accepts this as a host name


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("db001", "db001"),
        ("OceanBase152105.et15sqa", "OceanBase152105.et15sqa"),
        ("主机01", "主机01"),
        ("2001:db8::1", "2001:db8::1"),
        ("{{ 7*7 }}", "___7_7___"),
        ("a:b", "a_b"),
        ("web[1:3]", "web_1_3_"),
        ("~regex.*", "_regex._"),
        ("!x", "_x"),
        ("&x", "_x"),
        ("a,b", "a_b"),
        ("../../etc/passwd", "_.._.._etc_passwd"),
        ("-oX", "_-oX"),
        ("a\nb\x1b[2J", "a_b__2J"),
        ("  db 1 ", "db_1"),
        ("", "host-7"),
        ("all", "all-7"),
        ("ungrouped", "ungrouped-7"),
        ("localhost", "localhost-7"),
        ("127.0.0.1", "127.0.0.1-7"),
        ("::1", "::1-7"),
        ("databases", "databases-7"),
    ],
)
def test_names_are_no_pattern_no_group_and_not_the_controller(wanted, expected):
    assert Names(["databases"]).name(wanted, 7) == expected


def test_a_name_is_given_once():
    names = Names()
    wanted = ["a", "a", "a b", "a:b", "a-2", "a"]
    given = [names.name(each, host_id) for host_id, each in enumerate(wanted, start=1)]
    assert given == ["a", "a-2", "a_b", "a_b-4", "a-2-5", "a-6"]


def test_long_names_are_cut():
    name = Names().name("x" * 5000, 7)
    assert PLAIN.fullmatch(name)
    assert len(name) == 128
