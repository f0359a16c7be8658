# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.registry import RegistryError, read_registry

CSV = "ocp_host_id,ansible_host,ansible_port,ocp_host_name,ocp_region\n"


@pytest.fixture
def write(tmp_path):
    def _write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return _write


def test_csv(write):
    path = write("hosts.csv", f'{CSV}1002,192.0.2.2,,"db, two",\n\n1001, db001 ,2222,db001,beijing\n')
    first, second = read_registry(path)
    assert (first["ocp_host_id"], first["ansible_host"], first["ansible_port"]) == (1001, "db001", 2222)
    assert (first["ocp_region"], first["ocp_idc"]) == ("beijing", None)
    assert second["ocp_host_name"] == "db, two"
    assert second["ocp_region"] is None
    assert "ansible_port" not in second


def test_csv_of_a_spreadsheet(write):
    (host,) = read_registry(write("hosts.csv", b"\xef\xbb\xbfocp_host_id,ansible_host\r\n1001,192.0.2.1\r\n"))
    assert host["ocp_host_id"] == 1001


@pytest.mark.parametrize("name", ["hosts.yml", "hosts.yaml"])
def test_yaml_has_the_same_columns(write, name):
    text = """
- ocp_host_id: 1001
  ansible_host: 192.0.2.1
  ansible_port: 2222
  ocp_agent_version: 3.10
  ocp_region: ~
- {ocp_host_id: '1002', ansible_host: db002, ocp_idc: no}
"""
    first, second = read_registry(write(name, text))
    assert (first["ocp_host_id"], first["ansible_port"], first["ocp_agent_version"]) == (1001, 2222, "3.10")
    assert first["ocp_region"] is None
    assert (second["ocp_host_id"], second["ocp_idc"]) == (1002, "no")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.csv", "", "line 1: missing columns: 'ocp_host_id', 'ansible_host'"),
        ("x.csv", "ocp_host_id,ansible_host,ansible_connection\n", "line 1: unknown columns: 'ansible_connection'"),
        ("x.csv", "ocp_host_id,ansible_host,ansible_host\n", "line 1: repeated columns: 'ansible_host'"),
        ("x.csv", f"{CSV}1001,192.0.2.1\n", "line 2: 2 cells for 5 columns"),
        ("x.csv", f"{CSV}1001,192.0.2.1,22,a,b\n1001,192.0.2.2,22,a,b\n", "line 3: ocp_host_id 1001 is there already"),
        ("x.csv", f"{CSV}010,192.0.2.1,22,a,b\n", "line 2: ocp_host_id is '010', which is no host id"),
        ("x.csv", f"{CSV}1,-oProxyCommand=x,22,a,b\n", "line 2: its address is '-oProxyCommand=x'"),
        ("x.csv", f"{CSV}1,192.0.2.1,port,a,b\n", "line 2: its SSH port is 'port'"),
        ("x.csv", f'{CSV}1,"192.0.2.1', "unexpected end of data"),
        ("x.csv", b"\xff\xfe", "is not UTF-8"),
        ("x.yml", "a: b\n", "must be a list"),
        ("x.yml", "- x\n", "host 1: it must be a mapping"),
        ("x.yml", "- {ocp_host_id: 1}\n", "host 1: missing columns: 'ansible_host'"),
        ("x.yml", "- {ocp_host_id: 010, ansible_host: a}\n", "host 1: ocp_host_id is '010'"),
        ("x.yml", "- {ocp_host_id: [1], ansible_host: a}\n", "host 1: ocp_host_id must be a single value"),
        ("x.yml", "- {ocp_host_id: 1, ansible_host: a\n- b\n", "line 3: did not find"),
        ("x.yml", "- !!python/object/apply:os.system ['touch x']\n", "host 1: it must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, name, text, message):
    with pytest.raises(RegistryError) as raised:
        read_registry(write(name, text))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RegistryError, match=r"none\.csv cannot be read: No such file or directory"):
        read_registry(str(tmp_path / "none.csv"))
