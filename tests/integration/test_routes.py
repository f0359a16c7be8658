# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fan-out would reach hosts: by the real settings of Ansible, and by what the real ssh makes of them."""

from __future__ import annotations

import getpass
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh import ssh_config
from tests.integration.cores import Core

Ways = dict[str, Any]
Ask = Callable[..., Ways]

# ~/.ssh/config is the developer's own.
CLEAN = "-F none"
SECRET = "se-cr-et"

# Options whose value cannot matter, because no file is transferred and what has input gets no terminal; the command of
# a phase has its input in any case. How a password is given matters where there is one: see test_passwords.
INDIFFERENT = {
    "connection": {
        "control_path",
        "control_path_dir",
        "password_mechanism",
        "pipelining",
        "scp_executable",
        "scp_extra_args",
        "sftp_batch_mode",
        "sftp_executable",
        "sftp_extra_args",
        "ssh_transfer_method",
        "use_tty",
        "verbosity",
    },
    "become": set(),
    "shell": {
        "admin_users",
        "async_dir",
        "common_remote_group",
        "remote_tmp",
        "system_tmpdirs",
        "world_readable_temp",
    },
}
# Values for options that do not take any text.
VALUES = {
    "host": "other.example",
    "ssh_args": "-F none -o ServerAliveInterval=7",
    "ssh_common_args": "-F none -o ServerAliveInterval=7",
    "ssh_extra_args": "-o ServerAliveInterval=7",
    "become_flags": "-H",
    "sudo_chdir": "/tmp",
}


@pytest.fixture
def core(each_core: Core) -> Core:
    """What is looked at is Ansible's own."""
    return each_core


@pytest.fixture
def ask(core: Core, tmp_path: Path) -> Ask:
    """Asks for the ways to hosts.

    hosts: variables by inventory name. arguments: of ansible-playbook. variables: of all hosts. environment: variables
    of the process. play_variables: those that import_playbook gives to our plays. keywords: of the play.
    """

    def ask(
        hosts: dict[str, dict[str, Any]],
        *arguments: str,
        variables: dict[str, Any] | None = None,
        play_variables: dict[str, Any] | None = None,
        keywords: dict[str, Any] | None = None,
        **environment: str,
    ) -> Ways:
        inventory, book, found = (tmp_path / name for name in ("inventory.yml", "book.yml", "found.json"))
        common = {"ansible_ssh_common_args": CLEAN, **(variables or {})}
        common = {name: value for name, value in common.items() if value is not None}
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))
        play = {"hosts": "localhost", "gather_facts": False, "vars": play_variables or {}, **(keywords or {})}
        book.write_text(json.dumps([{**play, "tasks": [{"ways": {"hosts": list(hosts), "to": str(found)}}]}]))
        run = subprocess.run(
            [core.bin / "ansible-playbook", f"--inventory={inventory}", book, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=core.environment(ANSIBLE_ACTION_PLUGINS=str(Path(__file__).with_name("ways")), **environment),
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert SECRET not in run.stdout + run.stderr
        ways: dict[str, Ways] = json.loads(found.read_text())
        # That hosts are looked at in groups saves time, and changes nothing.
        assert ways["together"] == ways["alone"]
        return ways["together"]

    return ask


def _understood(ways: Ways) -> None:
    assert {name: way for name, way in ways.items() if isinstance(way, str)} == {}


def test_a_host_of_which_nothing_is_said(ask: Ask) -> None:
    ways = ask({"DB1.example": {}})
    _understood(ways)
    route, start = ways["DB1.example"]["route"], ways["DB1.example"]["start"]
    assert (route["address"], route["port"], route["user"], route["name"]) == (
        "db1.example",
        22,
        getpass.getuser(),
        "db1.example",
    )
    assert (route["checked"], route["connect_timeout"], route["compression"]) == (True, 10, True)
    assert (route["password"], route["jump"], route["alias"]) == (None, None, False)
    assert "curve25519-sha256" in route["key_exchanges"]
    assert start == {
        "command": "/bin/sh -c 'python3 -c pass'",
        "prompt": "",
        "success": "",
        "password": None,
        "environment": [],
    }


def test_each_host_has_its_own_settings(ask: Ask, tmp_path: Path) -> None:
    key, known_hosts = tmp_path / "a key", tmp_path / "known_hosts"
    key.touch()
    known_hosts.touch()
    ways = ask(
        {
            "address": {"ansible_host": "192.0.2.1"},
            "same": {"ansible_host": "192.0.2.2"},
            "old": {"ansible_ssh_host": "192.0.2.3", "ansible_ssh_port": 2222, "ansible_ssh_user": "joe"},
            "template": {
                "ansible_host": "192.0.2.{{ number }}",
                "number": 4,
                "ansible_user": "{{ inventory_hostname }}",
            },
            "ipv6": {"ansible_host": "2001:db8::1"},
            "user": {"ansible_host": "joe@192.0.2.5"},
            "key": {"ansible_ssh_private_key_file": str(key)},
            "no key": {"ansible_host": "x", "ansible_ssh_private_key_file": f"{key}.not"},
            "known": {
                "ansible_host": "y",
                "ansible_ssh_extra_args": f"-o UserKnownHostsFile={known_hosts} -o GlobalKnownHostsFile=/dev/null",
            },
            "unchecked": {"ansible_host": "y", "ansible_host_key_checking": False},
            "python": {"ansible_host": "y", "ansible_python_interpreter": "/usr/bin/{{ 'python3' }}"},
            "discovery": {"ansible_host": "y", "ansible_python_interpreter": "auto"},
        },
        variables={"ansible_user": "admin"},
    )
    _understood(ways)
    routes = {name: way["route"] for name, way in ways.items()}
    assert {name: route["address"] for name, route in routes.items()} == {
        "address": "192.0.2.1",
        "same": "192.0.2.2",
        "old": "192.0.2.3",
        "template": "192.0.2.4",
        "ipv6": "2001:db8::1",
        "user": "192.0.2.5",
        "key": "key",
        "no key": "x",
        "known": "y",
        "unchecked": "y",
        "python": "y",
        "discovery": "y",
    }
    assert {**routes["same"], "address": "192.0.2.1", "name": "192.0.2.1"} == routes["address"]
    assert (routes["old"]["port"], routes["old"]["user"]) == (2222, "joe")
    assert routes["template"]["user"] == "template"
    assert routes["user"]["user"] == "admin"  # ssh's -o User goes before the user in the address
    assert routes["key"]["keys"] == [str(key)]
    assert routes["no key"]["keys"] == []
    assert routes["known"]["known_hosts"] == [str(known_hosts), "/dev/null"]
    assert (routes["known"]["checked"], routes["unchecked"]["checked"]) == (True, False)
    assert ways["python"]["start"]["command"] == "/bin/sh -c '/usr/bin/python3 -c pass'"
    assert ways["discovery"]["start"]["command"] == ways["address"]["start"]["command"]


def test_become(ask: Ask) -> None:
    ways = ask(
        {
            "plain": {},
            "again": {"ansible_host": "192.0.2.1"},
            "password": {"ansible_become_password": f"{SECRET}1"},
            "old": {"ansible_sudo_pass": f"{SECRET}2", "ansible_become_user": "ocp"},
            "not": {"ansible_become": False},
            "same user": {"ansible_host": "x", "ansible_user": "root"},
            "su": {"ansible_become_method": "su"},
        },
        "-vvvvv",  # shows no password either
        variables={"ansible_become": True, "ansible_user": "admin"},
    )
    assert ways.pop("su") == "the become plugin is su"
    _understood(ways)
    starts = {name: way["start"] for name, way in ways.items()}
    plain = starts["plain"]
    assert plain["success"].startswith("BECOME-SUCCESS-")
    assert plain["command"].startswith("/bin/sh -c 'sudo -H -S -n  -u root /bin/sh -c ")
    assert f"echo {plain['success']} ; python3 -c pass" in plain["command"]
    assert (plain["prompt"], plain["password"]) == ("", None)
    # what runs already is known by it
    assert starts["again"] == plain
    assert starts["password"]["password"] == f"{SECRET}1"
    assert starts["password"]["prompt"].startswith("[sudo via ansible, key=")
    assert f'-p "{starts["password"]["prompt"]}"' in starts["password"]["command"]
    assert " -n " not in starts["password"]["command"]
    assert starts["old"]["password"] == f"{SECRET}2"
    assert "-u ocp " in starts["old"]["command"]
    for name in ("not", "same user"):
        assert starts[name]["command"] == "/bin/sh -c 'python3 -c pass'"
        assert (starts[name]["success"], starts[name]["prompt"], starts[name]["password"]) == ("", "", None)


def test_passwords(ask: Ask, core: Core) -> None:
    ways = ask(
        {
            "yes": {"ansible_password": SECRET},
            "other": {"ansible_ssh_pass": "{{ inventory_hostname }}"},
            "batch": {"ansible_password": SECRET, "ansible_ssh_extra_args": "-o BatchMode=yes"},
            "no password": {"ansible_password": SECRET, "ansible_ssh_extra_args": "-o PasswordAuthentication=no"},
            "order": {
                "ansible_password": SECRET,
                "ansible_ssh_extra_args": "-o PreferredAuthentications=password,publickey",
            },
            "disabled": {"ansible_password": SECRET, "ansible_ssh_password_mechanism": "disable"},
            "broken": {"ansible_password": f"{{{{ '{SECRET}' | no_such_filter }}}}"},
        },
        "-vvvvv",
        variables={"ansible_host": "db.example"},
    )
    broken = ways.pop("broken")
    assert broken.startswith("Ansible does not resolve its connection settings: ")
    if ways["yes"] == "Ansible does not resolve its connection settings: AnsibleError":
        assert core.line == "2.18"  # where a password needs the program sshpass, also for a task
        return
    assert ways["yes"]["route"]["password"] == SECRET
    assert ways["other"]["route"]["password"] == "other"
    assert ways["batch"] == "a password is given, and ssh option batchmode or numberofpasswordprompts forbids it"
    assert ways["no password"] == "a password is given, and ssh option passwordauthentication=no"
    assert ways["disabled"] == "a password is given, and ansible_ssh_password_mechanism is disable"
    assert ways["order"] == "ssh option preferredauthentications=password,publickey"


def test_what_keeps_a_host_out(ask: Ask, tmp_path: Path) -> None:
    """Each of these would be laxer or other than ssh, were it overlooked."""
    options = {
        "proxy command": (f"-o ProxyCommand='nc {SECRET} %h %p'", "ssh option proxycommand"),
        "dns": ("-o VerifyHostKeyDNS=yes", "ssh option verifyhostkeydns=true"),
        "command of keys": ("-o KnownHostsCommand='/bin/cat /x'", "ssh option knownhostscommand"),
        "revoked": ("-o RevokedHostKeys=/x", "ssh option revokedhostkeys"),
        "check ip": ("-o CheckHostIP=yes", "ssh option checkhostip=yes"),
        "agent forwarding": ("-A", "ssh option forwardagent=yes"),
        "tty": ("-tt", "ssh option requesttty=force"),
        "local command": ("-o PermitLocalCommand=yes -o LocalCommand=x", "ssh option localcommand"),
        "no input": ("-n", "ssh option stdinnull=yes"),
        "localhost": ("-o NoHostAuthenticationForLocalhost=yes", "ssh option nohostauthenticationforlocalhost=yes"),
        "pkcs11": ("-o PKCS11Provider=/x", "ssh option pkcs11provider"),
        "bind": ("-b 127.0.0.1", "ssh option bindaddress"),
        "forward": ("-L 1:x:2", "ssh option localforward"),
        "rekey": ("-o RekeyLimit=1M", "ssh option rekeylimit=1048576 0"),
        "delegation": (
            "-o GSSAPIAuthentication=yes -o GSSAPIDelegateCredentials=yes",
            "ssh option gssapidelegatecredentials=yes",
        ),
        "certificate": ("-o CertificateFile=/x", "ssh option certificatefile"),
        "canonical": ("-o CanonicalizeHostname=yes", "ssh option canonicalizehostname=true"),
        "token": ("-o IdentityFile=/%C", "a path in the configuration of ssh has %C in it"),
        "blank": ('-o UserKnownHostsFile="\\"/a b\\""', "ssh option userknownhostsfile has a path that is relative"),
        "blank before a slash": (
            '-o UserKnownHostsFile="\\"/a /b\\""',
            "ssh option userknownhostsfile has a path with a blank in it",
        ),
        "blank for all": (
            "-o 'GlobalKnownHostsFile \"/a /b\" /c'",
            "ssh option globalknownhostsfile has a path with a blank in it",
        ),
        "nonsense": ("-o NoSuchThing=1", "ssh -G fails with exit status 255"),
    }
    hosts: dict[str, dict[str, Any]] = {
        name: {"ansible_ssh_extra_args": value, "ansible_host": "db.example"} for name, (value, _why) in options.items()
    }
    more = {
        "local": ({"ansible_connection": "local"}, "ansible_connection is local"),
        "docker": ({"ansible_connection": "community.docker.docker"}, "ansible_connection is community.docker.docker"),
        "shell": ({"ansible_shell_type": "powershell"}, "the shell plugin is powershell"),
        "executable": (
            {"ansible_ssh_executable": "/opt/ssh"},
            "of the connection plugin ssh is set: ssh_executable",
        ),
        "retries": ({"ansible_ssh_retries": 3}, "of the connection plugin ssh is set: reconnection_retries"),
        "undefined": ({"ansible_host": "{{ nothing }}"}, "Ansible does not resolve its connection settings"),
        "option": ({"ansible_host": "-oProxyCommand=x"}, "ssh would take the address for an option"),
        "port": ({"ansible_host": "[::1]:22"}, "the address is no name and no address"),
    }
    hosts |= {name: variables for name, (variables, _why) in more.items()}
    ways = ask(hosts)
    expected = {name: why for name, (_value, why) in [*options.items(), *more.items()]}
    assert {name: way if isinstance(way, str) else "understood" for name, way in ways.items()} == {
        name: ways[name] if str(ways[name]).startswith(why) else why for name, why in expected.items()
    }


def test_what_makes_no_difference(ask: Ask, tmp_path: Path) -> None:
    """Settings that many sites have, which must not cost them the fan-out."""
    mac, old = tmp_path / "mac", tmp_path / "old"
    mac.write_text(
        "IgnoreUnknown UseKeychain,AddKeysToAgent\nHost *\n  UseKeychain yes\n  AddKeysToAgent yes\n  IPQoS none\n"
        "  StreamLocalBindUnlink yes\n  RequestTTY yes\n  PubkeyAuthentication unbound\n"
    )
    old.write_text(
        "Host *\n  TCPKeepAlive no\n  HostbasedAuthentication yes\n  EnableSSHKeysign yes\n  ProxyUseFdpass yes\n"
        "  PermitLocalCommand yes\n  GSSAPIDelegateCredentials yes\n  PermitRemoteOpen none\n"
    )
    ways = ask(
        {
            "none": {},
            "debian": {"ansible_ssh_extra_args": "-o GSSAPIAuthentication=yes -o HashKnownHosts=yes"},
            "people": {"ansible_ssh_extra_args": "-o AddKeysToAgent=yes -o ForwardX11=yes -o LogLevel=ERROR -v -q"},
            "no tty": {"ansible_ssh_extra_args": "-T"},
            "stig": {"ansible_ssh_extra_args": "-o 'RekeyLimit=1G 1h'"},
            "mac": {"ansible_ssh_common_args": f"-F {mac}"},
            "old": {"ansible_ssh_common_args": f"-F {old}"},
            "certificates": {"ansible_ssh_extra_args": "-o CASignatureAlgorithms=rsa-sha2-512"},
        },
        variables={"ansible_host": "db.example"},
    )
    _understood(ways)
    routes = {name: way["route"] for name, way in ways.items()}
    assert routes.pop("certificates") == {**routes["none"], "ca_signatures": ["rsa-sha2-512"]}
    assert [name for name, route in routes.items() if route != routes["none"]] == []


def test_what_ssh_makes_of_its_options(ask: Ask, tmp_path: Path) -> None:
    for name in ("id_a", "id_b", "known"):
        (tmp_path / name).touch()
    agent = {"SSH_AUTH_SOCK": str(tmp_path / "agent"), "OCP_TEST_SENT": "a b", "OCP_TEST_KEPT": "x"}
    ways = ask(
        {
            "many": {
                "ansible_ssh_extra_args": f"-i {tmp_path}/id_b -i {tmp_path}/id_a -o IdentitiesOnly=yes"
                f" -o Compression=no -o HostKeyAlias=db -o UserKnownHostsFile='{tmp_path}/known {tmp_path}/absent'"
                " -o GlobalKnownHostsFile=none -o Ciphers=aes256-ctr -o MACs=hmac-sha2-512"
                " -o KexAlgorithms=curve25519-sha256"
                " -o HostKeyAlgorithms=ssh-ed25519 -o PubkeyAcceptedAlgorithms=rsa-sha2-512 -o ServerAliveInterval=9"
                " -o ServerAliveCountMax=2 -o StrictHostKeyChecking=accept-new -o RequiredRSASize=2048"
                " -o CASignatureAlgorithms=ssh-ed25519 -o ConnectionAttempts=4 -o AddressFamily=inet"
                " -o SendEnv=OCP_TEST_S* -o 'SetEnv=OCP_TEST_A=1'"
            },
            "agent": {},
            "no agent": {"ansible_ssh_extra_args": "-o IdentityAgent=none"},
            "other agent": {"ansible_ssh_extra_args": "-o IdentityAgent=/%r.sock", "ansible_user": "joe"},
            "no keys": {"ansible_ssh_extra_args": f"-o PubkeyAuthentication=no -i {tmp_path}/id_a"},
            "token": {"ansible_ssh_extra_args": f"-o IdentityFile={tmp_path}/id_%n", "ansible_host": "a"},
            "from template": {"ansible_ssh_extra_args": f"-i {tmp_path}/{{{{ inventory_hostname }}}}"},
        },
        variables={"ansible_host": "db.example"},
        **agent,
    )
    _understood(ways)
    assert dict(ways["many"]["start"]["environment"]) == {"OCP_TEST_SENT": "a b", "OCP_TEST_A": "1"}
    routes = {name: way["route"] for name, way in ways.items()}
    assert {name: value for name, value in routes["many"].items() if name not in ("address", "user", "port")} == {
        "name": "db",
        "alias": True,
        "keys": [f"{tmp_path}/id_b", f"{tmp_path}/id_a"],
        "agent": agent["SSH_AUTH_SOCK"],
        "only_keys": True,
        "password": None,
        "known_hosts": [f"{tmp_path}/known"],
        "checked": True,
        "key_exchanges": ["curve25519-sha256"],
        "ciphers": ["aes256-ctr"],
        "macs": ["hmac-sha2-512"],
        "server_keys": ["ssh-ed25519"],
        "ca_signatures": ["ssh-ed25519"],
        "user_keys": ["rsa-sha2-512"],
        "connect_timeout": 10,
        "attempts": 4,
        "family": "inet",
        "alive_interval": 9,
        "alive_count": 2,
        "compression": True,  # -C of ssh_args comes first
        "jump": None,
        "rsa_bits": 2048,
        "interactive": False,  # Ansible forbids it where no password is given
    }
    assert routes["agent"]["agent"] == agent["SSH_AUTH_SOCK"]
    assert routes["no agent"]["agent"] is None
    assert routes["other agent"]["agent"] == "/joe.sock"
    assert (routes["no keys"]["keys"], routes["no keys"]["agent"]) == ([], None)
    assert routes["token"]["keys"] == [f"{tmp_path}/id_a"]
    assert routes["from template"]["keys"] == []


def test_a_configuration_file(ask: Ask, tmp_path: Path) -> None:
    """As on a controller of a Red Hat system, and with settings that differ by host and with jump hosts."""
    common, hosts = tmp_path / "common", tmp_path / "hosts"
    included = tmp_path / "included"
    included.write_text("Ciphers aes256-ctr\nControlPath ~/%r@%h:%p\n")
    common.write_text(
        f"# Host x\nMatch final all\n  Include {included}\n  GSSAPIAuthentication yes\nHost *\n  User all\n"
    )
    hosts.write_text(
        "Host db1\n  HostName 192.0.2.1\n  Port 2201\n"
        "Host db2\n  ProxyJump joe@inner:23\n"
        "Host inner\n  ProxyJump outer\n  HostKeyAlias inside\n"
        "Host db3\n  ProxyJump outer\n  ProxyCommand none\n"
        "Host db4\n  ProxyJump strange,outer\n"
        "Host strange\n  ProxyCommand x\n"
        "Host outer\n  User out\n"
        "Match exec true\n  ServerAliveInterval 5\n"
    )
    ways = ask(
        {
            **{f"c{number}": {"ansible_ssh_common_args": f"-F {common}"} for number in range(3)},
            **{f"db{number}": {"ansible_ssh_common_args": f"-F {hosts}"} for number in range(6)},
        }
    )
    assert ways.pop("db4") == "jump host outer: jump host strange: ssh option proxycommand"
    _understood(ways)
    routes = {name: way["route"] for name, way in ways.items()}
    for number in range(3):
        route = routes[f"c{number}"]
        assert (route["address"], route["user"], route["ciphers"]) == (f"c{number}", "all", ["aes256-ctr"])
    assert {name: routes[name]["alive_interval"] for name in ("db0", "db5")} == {"db0": 5, "db5": 5}
    assert (routes["db1"]["address"], routes["db1"]["name"], routes["db1"]["port"]) == ("192.0.2.1", "192.0.2.1", 2201)
    inner = routes["db2"]["jump"]
    assert (inner["address"], inner["user"], inner["port"], inner["name"]) == ("inner", "joe", 23, "inside")
    outer = inner["jump"]
    assert (outer["address"], outer["user"], outer["port"], outer["jump"]) == ("outer", "out", 22, None)
    # what Ansible says on the command line is not for jump hosts
    assert (routes["db2"]["connect_timeout"], outer["connect_timeout"]) == (10, None)
    assert routes["db3"]["jump"] == outer


@pytest.mark.parametrize(
    ("text", "for_all"),
    [
        ("", True),
        ("# Host x\n\n  # %h\nUser joe\n", True),
        ("Host *\n  User joe\n", True),
        ('Host "*"\nMatch all\nMatch final all\nMatch canonical\n', True),
        ("ControlPath ~/%r@%h:%p\n", True),
        ("Host db*\n", False),
        ("Host * !db1\n", False),
        ("host=db1\n", False),
        ("Match host db1\n", False),
        ("Match exec true\n", False),
        ("Match !all\n", False),
        ("IdentityFile ~/%h\n", False),
        ("UserKnownHostsFile ~/known_hosts.d/%k\n", False),
        ("Include included\n", False),
        ("Host nobody\n  Include included\n", False),
    ],
)
def test_when_ssh_is_asked_about_every_host(tmp_path: Path, text: str, for_all: bool) -> None:
    file, included = tmp_path / "config", tmp_path / "included"
    file.write_text(text.replace("included", str(included)))
    included.write_text("Host db2\n")
    assert ssh_config.ask(["ssh", "-F", str(file)], "db1").for_all is for_all


@pytest.mark.parametrize(
    ("options", "for_all"),
    [
        (["-F", "none"], True),
        (["-F", "none", "-q", "-o", "ControlPath=/%h", "-o", "LogLevel=QUIET"], True),
        (["-F", "none", "-o", "UserKnownHostsFile=/%h"], False),
        (["-F", "none", "-J", "joe@%h"], False),
        (["-F", "none", "-E", "/dev/null"], False),  # where ssh does not tell which files it reads
    ],
)
def test_when_ssh_is_asked_because_of_its_options(options: list[str], for_all: bool) -> None:
    assert ssh_config.ask(["ssh", *options], "db1").for_all is for_all


def test_a_command_that_hangs_in_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text('Match exec "sleep 3"\n')
    monkeypatch.setattr(ssh_config, "_PATIENCE", 0.5)
    with pytest.raises(ssh_config.NotUnderstoodError, match="ssh -G fails: TimeoutExpired"):
        ssh_config.ask(["ssh", "-F", str(file)], "db1")


def test_the_command_line_and_the_environment(ask: Ask, tmp_path: Path) -> None:
    key, password, become_password = (tmp_path / name for name in ("key", "password", "become"))
    key.touch()
    password.write_text(f"{SECRET}1\n")
    become_password.write_text(f"{SECRET}2\n")
    ways = ask(
        {"db1": {}, "db2": {"ansible_user": "own", "ansible_become_user": "ocp", "ansible_become_pass": "mine"}},
        "--user=admin",
        "--become",
        "--become-user=boss",
        f"--private-key={key}",
        "--ssh-extra-args=-o ServerAliveInterval=11",
        "--timeout=42",
        f"--become-password-file={become_password}",
        ANSIBLE_HOST_KEY_CHECKING="false",
        ANSIBLE_REMOTE_PORT="2222",
    )
    _understood(ways)
    for name, user, become_user, secret in (("db1", "admin", "boss", f"{SECRET}2"), ("db2", "own", "ocp", "mine")):
        route, start = ways[name]["route"], ways[name]["start"]
        assert (route["user"], route["port"], route["keys"]) == (user, 2222, [str(key)])
        assert (route["checked"], route["alive_interval"], route["connect_timeout"]) == (False, 11, 42)
        assert start["password"] == secret
        assert f"-u {become_user} " in start["command"]


def test_a_password_of_localhost_goes_nowhere_else(ask: Ask, tmp_path: Path) -> None:
    """An action gets --ask-become-pass by its own host, where a variable may have taken its place."""
    file = tmp_path / "become"
    file.write_text("given\n")
    hosts = {"db1": {}, "localhost": {"ansible_connection": "local", "ansible_become_password": SECRET}}
    ways = ask(hosts, "--become", variables={"ansible_host": "db"})
    assert ways["db1"]["start"]["password"] is None
    ways = ask(hosts, "--become", f"--become-password-file={file}", variables={"ansible_host": "db"})
    assert ways["db1"] == "--become-ask-pass is given, and localhost has the variable ansible_become_password"


def test_variables_of_the_play(ask: Ask) -> None:
    ways = ask({"db1": {}, "db2": {}}, play_variables={"ansible_user": "{{ inventory_hostname }}"})
    assert {name: way["route"]["user"] for name, way in ways.items()} == {"db1": "db1", "db2": "db2"}
    assert set(ask({"db1": {}}, "--connection=local").values()) == {"ansible_connection is local"}


@pytest.mark.parametrize(
    ("kind", "plugin"), [("connection", "ssh"), ("become", "sudo"), ("shell", "sh")], ids=("ssh", "sudo", "sh")
)
def test_no_option_of_a_plugin_is_overlooked(ask: Ask, core: Core, kind: str, plugin: str) -> None:
    """Every option that this ansible-core has, away from its default, shows in the way or keeps the host out."""
    document = subprocess.run(
        [core.bin / "ansible-doc", "--json", f"--type={kind}", f"ansible.builtin.{plugin}"],
        capture_output=True,
        env=core.environment(),
        check=True,
    ).stdout
    (found,) = json.loads(document).values()
    options = found["doc"]["options"]
    hosts = {name: {_variable(option): _another(name, option)} for name, option in options.items()}
    ways = ask({"untouched": {}, **hosts}, variables={"ansible_become": True, "ansible_user": "admin"})
    _understood({"untouched": ways["untouched"]})
    untouched = _but_for_address(ways.pop("untouched"), kind)
    same = {name for name, way in ways.items() if _but_for_address(way, kind, name) == untouched}
    assert same == INDIFFERENT[kind] & options.keys()
    assert "host" not in ways or ways["host"]["route"]["address"] == "other.example"


# Settings of ansible-core itself, not of a plugin, and the variable that means the same.
OF_CORE = {
    "INTERPRETER_PYTHON": ("ansible_python_interpreter", "/opt/python"),
    "DEFAULT_EXECUTABLE": ("ansible_shell_executable", "/bin/other"),
    "DEFAULT_BECOME": ("ansible_become", True),
}
# Tells all settings that concern the way to a host, with each way to give them.
DEFINITIONS = """
import json
from ansible import constants as C
from ansible.plugins.loader import become_loader, connection_loader, init_plugin_loader, shell_loader
init_plugin_loader()
found = [{**C.config.get_configuration_definitions()[name], "kind": "core", "name": name} for name in %s]
for loader, kind, plugin in (
    (connection_loader, "connection", "ssh"), (become_loader, "become", %r), (shell_loader, "shell", "sh")
):
    loader.get(plugin, class_only=True)
    options = C.config.get_configuration_definitions(kind, plugin)
    found += [{**option, "kind": kind, "name": name} for name, option in options.items()]
print(json.dumps(found, default=str))
"""
FLAGS = {"private_key_file": "private-key"}
# Ansible does not heed them itself: --timeout has a default, which goes before them.
HEEDED_BY_NOBODY = {"ANSIBLE_SSH_TIMEOUT", "ssh_connection.timeout"}


def _settings(core: Core, become: str = "sudo") -> list[dict[str, Any]]:
    command = [core.bin / "python", "-c", DEFINITIONS % (list(OF_CORE), become)]
    found: list[dict[str, Any]] = json.loads(subprocess.check_output(command, env=core.environment()))
    return [setting for setting in found if (setting["kind"], setting["name"]) != ("connection", "host")]


def _value_of(setting: dict[str, Any], key: Path) -> Any:
    values = {
        "private_key_file": str(key),
        "ssh_args": "-F none -o ServerAliveInterval=7",
        "ssh_common_args": "-F none -o ServerAliveCountMax=5",
        "ssh_extra_args": "-o SetEnv=OCP=1",
        "port": 2222,
        "remote_user": "joe",
    }
    if setting["kind"] == "core":
        return OF_CORE[setting["name"]][1]
    return values.get(setting["name"]) or _another(setting["name"], setting)


def _same_variable(setting: dict[str, Any]) -> str:
    return OF_CORE[setting["name"]][0] if setting["kind"] == "core" else _variable(setting)


def _in_each_way(
    settings: list[dict[str, Any]], refused: set[str], key: Path
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Runs, by name: the way in which settings are given, and by their names in it the variable that means the same
    and the value. What is refused is given in runs of its own: it hides all others.
    """
    runs: dict[str, tuple[str, dict[str, Any]]] = {}
    for setting in settings:
        kind = "refused" if setting["name"] in refused else "understood"
        for how in ("env", "ini", "cli", "keyword"):
            for number, one in enumerate(setting.get(how) or ()):
                name = f"{one['section']}.{one['key']}" if how == "ini" else one["name"]
                if name in HEEDED_BY_NOBODY:
                    continue
                _how, given = runs.setdefault(f"{kind} {how} {number}", (how, {}))
                given[name] = (_same_variable(setting), _value_of(setting, key))
    return runs


def test_each_setting_counts_in_each_way_in_which_it_can_be_given(ask: Ask, core: Core, tmp_path: Path) -> None:
    """The environment, ansible.cfg, the command line and keywords count as variables do, for all there is to set."""
    key = tmp_path / "key"
    key.touch()
    settings = _settings(core)
    common = {"ansible_host": "db.example", "ansible_become": True, "ansible_user": "admin"}
    by_variable = ask(
        {setting["name"]: {_same_variable(setting): _value_of(setting, key)} for setting in settings}, variables=common
    )
    refused = {name for name, way in by_variable.items() if isinstance(way, str)}
    runs = _in_each_way(settings, refused, key)
    assert {how for how, _given in runs.values()} == {"env", "ini", "cli", "keyword"}

    plain = {"ansible_host": "db.example", "ansible_ssh_common_args": None}
    always = {"ansible_ssh_args": "-F none", "ansible_become": True}  # where the run does not say anything else
    as_variables = {
        name: {**_without(always, given), **dict(given.values())} for name, (_how, given) in runs.items()
    }
    expected = ask(as_variables, variables=plain)
    for name, (how, given) in runs.items():
        arguments, environment, keywords = [], {}, {}
        values = {called: value for called, (_variable, value) in given.items()}
        if how == "env":
            environment = {called: str(value) for called, value in values.items()}
        elif how == "ini":
            environment = {"ANSIBLE_CONFIG": str(_ini(tmp_path, values))}
        elif how == "cli":
            arguments = [f"--{FLAGS.get(called, called).replace('_', '-')}={value}" for called, value in values.items()]
        else:
            keywords = values
        variables = {**plain, **_without(always, given)}
        found = ask({name: {}}, *arguments, variables=variables, keywords=keywords, **environment)
        assert _without_key(found[name]) == _without_key(expected[name]), f"{name}: {values}"


def test_settings_of_su(ask: Ask, core: Core, tmp_path: Path) -> None:
    """With su, whatever is set of it in whatever way, a host goes by its task. With sudo, what is su's alone is not
    heeded, as Ansible does not either."""
    settings = [setting for setting in _settings(core, "su") if setting["kind"] == "become"]
    given: dict[str, dict[str, Any]] = {how: {} for how in ("vars", "env", "ini")}
    for setting in settings:
        for how, values in given.items():
            for one in setting.get(how) or ():
                name = f"{one['section']}.{one['key']}" if how == "ini" else one["name"]
                values[name] = _value_of(setting, tmp_path)
    assert {"ansible_su_flags", "ANSIBLE_SU_USER", "su_become_plugin.executable"} <= set().union(*given.values())
    own = {
        how: {name: value for name, value in values.items() if re.match(r"(?i)ansible_su_|su_become_plugin", name)}
        for how, values in given.items()
    }
    common = {"ansible_host": "db.example", "ansible_become": True, "ansible_user": "admin"}
    su = {"ansible_become_method": "su"}
    hosts: dict[str, dict[str, Any]] = {f"su {name}": {**su, name: value} for name, value in given["vars"].items()}
    hosts |= {f"sudo {name}": {name: value} for name, value in own["vars"].items()}
    found = ask({"sudo": {}, "su": su, **hosts}, variables=common)
    plain = _without_key(found["sudo"])
    _understood({"sudo": plain})
    for how in ("env", "ini"):
        environment = {name: str(value) for name, value in own[how].items()}
        if how == "ini":
            environment = {"ANSIBLE_CONFIG": str(_ini(tmp_path, own[how]))}
        ways = ask({"sudo": {}, "su": su}, variables=common, **environment)
        found |= {f"{name} by {how}": way for name, way in ways.items()}
    for name, way in found.items():
        expected = "the become plugin is su" if name.split()[0] == "su" else plain
        assert (way if isinstance(way, str) else _without_key(way)) == expected, name


def _without_key(way: Any) -> Any:
    """The key in become's prompt is another one in each run."""
    return json.loads(re.sub(r"[0-9a-f]{32}", "", json.dumps(way)))


def _without(variables: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    named = {variable for variable, _value in given.values()}
    return {name: value for name, value in variables.items() if name not in named}


def _ini(folder: Path, values: dict[str, Any]) -> Path:
    sections: dict[str, list[str]] = {}
    for called, value in values.items():
        section, _dot, key = called.partition(".")
        sections.setdefault(section, []).append(f"{key} = {value}")
    text = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
    path = folder / "ansible.cfg"
    path.write_text(text)
    return path


@pytest.mark.parametrize("how", ["env", "ini"])
def test_other_ways_to_connect_are_noticed(ask: Ask, core: Core, tmp_path: Path, how: str) -> None:
    values = {"defaults.transport": "local"}, {"privilege_escalation.become_method": "su"}
    names = ("ANSIBLE_TRANSPORT", "ANSIBLE_BECOME_METHOD")
    whys = ("ansible_connection is local", "the become plugin is su")
    for value, name, why in zip(values, names, whys, strict=True):
        given = {name: next(iter(value.values()))} if how == "env" else {"ANSIBLE_CONFIG": str(_ini(tmp_path, value))}
        assert ask({"db1": {}}, variables={"ansible_become": True, "ansible_user": "joe"}, **given) == {"db1": why}


def test_which_python(ask: Ask, tmp_path: Path) -> None:
    """As for a module: what Ansible is told, else what it has found, else the first that it would look for."""
    config = _ini(tmp_path, {"defaults.interpreter_python": "/opt/ini"})
    hosts = {
        "none": {},
        "variable": {"ansible_python_interpreter": " /opt/{{ 'own' }} "},
        "auto": {"ansible_python_interpreter": "auto_silent"},
        "empty": {"ansible_python_interpreter": ""},
        "list": {"ansible_python_interpreter": "auto", "ansible_interpreter_python_fallback": ["/opt/a", "b c"]},
    }

    def pythons(**environment: str) -> dict[str, str]:
        ways = ask(hosts, variables={"ansible_host": "db"}, **environment)
        _understood(ways)
        return {name: way["start"]["command"].removeprefix("/bin/sh -c ") for name, way in ways.items()}

    found = pythons(ANSIBLE_CONFIG=str(config))
    assert found["none"] == "'/opt/ini -c pass'"
    assert found["variable"] == "'/opt/own -c pass'"
    assert found["auto"] == found["empty"] == "'python3 -c pass'"
    assert "for p in /opt/a" in found["list"]
    assert "b c" in found["list"]
    assert "/usr/bin/python3 python3 /usr/libexec/platform-python python2 python" in found["list"]
    assert pythons(ANSIBLE_CONFIG=str(config), ANSIBLE_PYTHON_INTERPRETER="/opt/env")["none"] == "'/opt/env -c pass'"


def _but_for_address(way: Any, kind: str, option: str = "") -> Any:
    if isinstance(way, str) or (kind, option) == ("connection", "host"):
        return way
    return {**way, "route": {**way["route"], "address": "", "name": ""}}


def _variable(option: dict[str, Any]) -> str:
    assert option.get("vars"), f"no variable for it; set it some other way: {option}"
    names = [variable["name"] for variable in option["vars"] if variable["name"].startswith("ansible_")]
    return str(names[-1])


def _another(name: str, option: dict[str, Any]) -> Any:
    """A value that is not the default."""
    default = option.get("default")
    if name in VALUES:
        return VALUES[name]
    if option.get("choices"):
        return next(choice for choice in option["choices"] if choice != default)
    kind = option.get("type", "str")
    if kind.startswith("bool"):
        return not default
    if kind.startswith("int"):
        return int(default or 0) + 7
    return "/other"
