# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import asyncssh.connection
import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.ssh_config import NotUnderstoodError, Settings, parse
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.ssh_route import (
    REKEY_BYTES,
    REKEY_SECONDS,
    Surroundings,
    environment,
    route,
)


def _recorded(path: Path) -> Settings:
    return parse("".join(line for line in path.open() if not line.startswith("#")))


# ssh -G -F none host
RECORDED = {path.stem: _recorded(path) for path in sorted(Path(__file__).with_name("ssh_g").glob("*.txt"))}
DEFAULT = RECORDED["openssh-9.2"]
INDIFFERENT = """
addkeystoagent canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames
challengeresponseauthentication clearallforwardings controlmaster controlpath controlpersist enableescapecommandline
escapechar exitonforwardfailure fingerprinthash forwardx11 forwardx11timeout forwardx11trusted gatewayports
gssapiauthentication gssapikexalgorithms gssapirenewalforcesrekey gssapitrustdns hashknownhosts host
enablesshkeysign hostbasedacceptedalgorithms hostbasedauthentication hostbasedkeytypes ipqos loglevel logverbose
obscurekeystroketiming permitremoteopen proxyusefdpass securitykeyprovider streamlocalbindmask streamlocalbindunlink
syslogfacility tcpkeepalive tunneldevice updatehostkeys visualhostkey warnweakcrypto xauthlocation
"""
NOWHERE = Surroundings(exists=lambda path: False, environment={}, home="/home/joe")
EVERYWHERE = Surroundings(exists=lambda path: True, environment={"SSH_AUTH_SOCK": "/agent"}, home="/home/joe")


def _with(**settings: str | list[str]) -> Settings:
    changed = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in settings.items()}
    return {**DEFAULT, **changed}


def _route(
    settings: Settings, *, asked: str = "host", password: str | None = None, around: Surroundings = NOWHERE
) -> Route:
    return route(settings, DEFAULT, asked, password, around=around)


def _why_not(settings: Settings, *, password: str | None = None) -> str:
    with pytest.raises(NotUnderstoodError) as error:
        _route(settings, password=password)
    return str(error.value)


@pytest.mark.parametrize("settings", RECORDED.values(), ids=RECORDED.keys())
def test_what_ssh_does_by_itself(settings: Settings) -> None:
    found = route(settings, settings, "host", around=NOWHERE)
    assert (found.address, found.name, found.port) == ("host", "host", 22)
    assert (found.checked, found.compression, found.only_keys, found.alias) == (True, False, False, False)
    assert (found.connect_timeout, found.alive_interval, found.alive_count) == (None, 0, 3)
    assert "curve25519-sha256" in found.key_exchanges
    assert "aes256-ctr" in found.ciphers
    assert "hmac-sha2-256" in found.macs
    assert "ssh-ed25519" in found.server_keys
    assert "ssh-ed25519" in found.user_keys


@pytest.mark.parametrize("settings", RECORDED.values(), ids=RECORDED.keys())
def test_every_setting_matters_unless_it_cannot(settings: Settings) -> None:
    """A new value of each setting shows in the route, or keeps the host out. Exceptions are on the list."""
    # relevant only with a password, with another setting, or for a host that is given by its name
    sometimes = ["batchmode", "gssapidelegatecredentials", "numberofpasswordprompts", "passwordauthentication"]
    sometimes += ["permitlocalcommand"]  # with LocalCommand
    before = route(settings, settings, "host", around=EVERYWHERE)
    overlooked = []
    for name in [*settings, "nobodyknowsthis"]:
        try:
            after = route({**settings, name: ("/other",)}, settings, "host", around=EVERYWHERE)
        except NotUnderstoodError:
            continue
        if after == before:
            overlooked.append(name)
    expected = {name for name in [*INDIFFERENT.split(), *sometimes] if name in settings}
    assert set(overlooked) == expected


def test_a_secret_is_in_no_reason_and_no_repr() -> None:
    for name in ("proxycommand", "remotecommand", "knownhostscommand"):
        assert _why_not(_with(**{name: "se-cr-et"})) == f"ssh option {name}"
    assert _why_not(_with(localcommand="se-cr-et", permitlocalcommand="yes")) == "ssh option localcommand"
    assert _why_not(_with(verifyhostkeydns="true")) == "ssh option verifyhostkeydns=true"
    for order in ("publickey", "password,publickey", "keyboard-interactive,password,publickey"):
        assert "se-cr-et" not in _why_not(_with(preferredauthentications=order), password="se-cr-et")
    assert "se-cr-et" not in repr(_route(DEFAULT, password="se-cr-et"))
    assert "se-cr-et" not in repr(Start("command", password="se-cr-et"))


@pytest.mark.parametrize(
    ("value", "checked"), [("ask", True), ("true", True), ("yes", True), ("accept-new", True), ("false", False)]
)
def test_the_key_of_the_host_is_checked(value: str, checked: bool) -> None:
    assert _route(_with(stricthostkeychecking=value)).checked is checked


def test_a_way_to_check_keys_that_is_new_is_not_understood() -> None:
    assert _why_not(_with(stricthostkeychecking="sometimes")) == "ssh option stricthostkeychecking=sometimes"


def test_known_hosts() -> None:
    files = _with(userknownhostsfile="~/a /%h/${X}", globalknownhostsfile="none", hostname="db")
    around = Surroundings(exists=lambda path: path != "/absent", environment={"X": "b"}, home="/home/joe")
    assert _route(files, around=around).known_hosts == ("/home/joe/a", "/db/b")
    assert _route(
        _with(userknownhostsfile="/absent /there", globalknownhostsfile="/too"), around=around
    ).known_hosts == (
        "/there",
        "/too",
    )
    for wrong in ("/a b/c", "known_hosts", "/%C", "/${NOT_SET}", "~other/x"):
        assert _why_not(_with(userknownhostsfile=wrong))


def test_names() -> None:
    found = _route(_with(hostname="10.0.0.1", hostkeyalias="db1", port="2222", user="joe"), asked="db")
    assert (found.address, found.name, found.alias, found.port, found.user) == ("10.0.0.1", "db1", True, 2222, "joe")
    found = _route(_with(hostname="fe80::1%eth0"))
    assert (found.address, found.name, found.alias) == ("fe80::1%eth0", "fe80::1%eth0", False)
    for settings in (
        _with(hostname="a/b"),
        _with(hostname=""),
        _with(user="%r"),
        _with(hostkeyalias="%h"),
        _with(port="x"),
    ):
        assert _why_not(settings)


def test_whether_a_known_address_is_checked_too() -> None:
    """OpenSSH up to 8.4 has CheckHostIP by default, so that default is not good enough."""
    old = {**DEFAULT, "checkhostip": ("yes",)}
    with pytest.raises(NotUnderstoodError, match="checkhostip"):
        route(old, old, "host", around=NOWHERE)
    for settings in ({"hostname": ("192.0.2.1",)}, {"hostkeyalias": ("db",)}):
        route({**old, **settings}, old, "host", around=NOWHERE)


def test_the_family_of_an_address() -> None:
    _route(_with(addressfamily="inet", hostname="192.0.2.1"))
    _route(_with(addressfamily="inet6", hostname="2001:db8::1"))
    for family in ("any", "inet", "inet6"):
        assert _route(_with(addressfamily=family)).family == family
    for settings in (
        _with(addressfamily="inet6", hostname="192.0.2.1"),
        _with(addressfamily="inet", hostname="2001:db8::1"),
    ):
        assert _why_not(settings).startswith("ssh option addressfamily")


@pytest.mark.parametrize(
    ("value", "understood"),
    [
        ("0 0", True),
        ("1073741824 3600", True),
        ("2147483648 7200", True),
        ("1048576 0", False),
        ("0 60", False),
        ("0", False),
        ("x y", False),
    ],
)
def test_new_keys_are_made_often_enough(value: str, understood: bool) -> None:
    if understood:
        _route(_with(rekeylimit=value))
    else:
        assert _why_not(_with(rekeylimit=value)) == f"ssh option rekeylimit={value}"


def test_asyncssh_makes_new_keys_as_often_as_is_relied_on() -> None:
    assert asyncssh.connection._DEFAULT_REKEY_BYTES <= REKEY_BYTES
    assert asyncssh.connection._DEFAULT_REKEY_SECONDS <= REKEY_SECONDS


def test_keys_and_agents() -> None:
    keys = _with(identityfile=["~/.ssh/a", "/%r", "none", "relative"], user="joe")
    assert _route(keys, around=EVERYWHERE).keys == ("/home/joe/.ssh/a", "/joe", str(Path("relative").absolute()))
    assert _route(keys, around=NOWHERE).keys == ()
    assert _route(DEFAULT, around=EVERYWHERE).agent == "/agent"
    assert _route(DEFAULT, around=NOWHERE).agent is None
    agents: Mapping[str, str | None] = {"none": None, "SSH_AUTH_SOCK": "/agent", "$X": "/x", "$Y": None, "~/s": "/h/s"}
    around = Surroundings(exists=lambda path: True, environment={"SSH_AUTH_SOCK": "/agent", "X": "/x"}, home="/h")
    assert {name: _route(_with(identityagent=name), around=around).agent for name in agents} == agents
    assert _route(_with(identitiesonly="yes")).only_keys


@pytest.mark.parametrize(
    "settings", [{"pubkeyauthentication": "false"}, {"preferredauthentications": "keyboard-interactive,password"}]
)
def test_no_keys_where_they_are_not_wanted(settings: dict[str, str]) -> None:
    found = _route(_with(identityfile="/a", **settings), password="x", around=EVERYWHERE)
    assert (found.keys, found.agent, found.password) == ((), None, "x")


def test_a_password_is_sent_only_where_ssh_would_send_it() -> None:
    assert _route(DEFAULT, password="x").password == "x"
    assert (
        _route(_with(preferredauthentications="publickey,keyboard-interactive,password"), password="x").password == "x"
    )
    for name, value in {
        "passwordauthentication": "no",
        "batchmode": "yes",
        "numberofpasswordprompts": "0",
        "preferredauthentications": "publickey",
    }.items():
        assert name in _why_not(_with(**{name: value}), password="x")
        assert _route(_with(**{name: value})).password is None


def test_whether_a_password_may_be_asked_for_interactively() -> None:
    for settings, interactive in (
        ({}, True),
        ({"kbdinteractiveauthentication": "no"}, False),
        ({"preferredauthentications": "password"}, False),
        ({"preferredauthentications": "hostbased,publickey,password"}, False),
        ({"preferredauthentications": "keyboard-interactive,password"}, True),
    ):
        found = _route(_with(**settings), password="x")
        assert (found.password, found.interactive) == ("x", interactive)


def test_what_authorities_may_sign_certificates_with() -> None:
    assert "ssh-ed25519" in _route(DEFAULT).ca_signatures
    assert _route(_with(casignaturealgorithms="rsa-sha2-512,ssh-ed25519")).ca_signatures == (
        "rsa-sha2-512",
        "ssh-ed25519",
    )


def test_a_jump_host_that_ssh_does_not_speak_of() -> None:
    jump = _route(_with(hostname="jump"))
    assert route(_with(proxyjump="jump"), DEFAULT, "host", jump=jump, around=NOWHERE).jump == jump
    assert _why_not(_with(proxyjump="jump")) == "ssh does not say how it reaches the jump host"


def test_variables_for_the_session() -> None:
    around = Surroundings(environment={"LANG": "C", "LC_ALL": "x", "LC": "no", "A[b]": "no", "Ab": "no"})
    settings = _with(sendenv=["LANG", "LC_*", "A[b]?"], setenv=["LC_ALL=set", "B=c=d e"])
    assert environment(settings, around) == (("B", "c=d e"), ("LANG", "C"), ("LC_ALL", "set"))
    assert environment(DEFAULT, around) == ()
    with pytest.raises(NotUnderstoodError):
        environment(settings, Surroundings(environment={"LANG": "\udcff"}))


def test_a_line_for_each_value() -> None:
    assert parse("host a\nidentityfile /a b\nidentityfile /c\nsetenv A=b c\ncanonicalizePermittedcnames none\nx\n") == {
        "host": ("a",),
        "identityfile": ("/a b", "/c"),
        "setenv": ("A=b c",),
        "canonicalizepermittedcnames": ("none",),
        "x": ("",),
    }
