# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin as users see it: through Ansible's commands, over real sockets, from an OCP that can fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import PATIENCE, Core
from tests.ocp_server import Answer, Certificate, OcpServer, error, host

PLUGIN = "oceanbase.ocp.hosts"
JSONFILE = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}


@dataclass(frozen=True)
class Outcome:
    """The output of a command. Its messages are wrapped at any place, so compare with said()."""

    stdout: str
    stderr: str

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The hosts and their variables, from --list."""
        found: dict[str, dict[str, Any]] = self._list()["_meta"].get("hostvars", {})
        return found

    @property
    def names(self) -> list[str]:
        """The hosts in the order of their ids."""
        return sorted(self.hosts, key=lambda name: int(self.hosts[name]["ocp_host_id"]))

    def members(self, group: str) -> list[str]:
        """The hosts of a group, from --list."""
        return list(self._list()[group]["hosts"])

    def said(self, text: str) -> bool:
        return _squeezed(text) in _squeezed(self.stdout + self.stderr)

    def _list(self) -> dict[str, Any]:
        listed: dict[str, Any] = _plain(json.loads(self.stdout[re.search("^{", self.stdout, re.MULTILINE).start() :]))
        return listed


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _plain(value: Any) -> Any:
    """Since ansible-core 2.19, --list marks every text as no template: {"__ansible_unsafe": text}."""
    if isinstance(value, dict):
        if list(value) == ["__ansible_unsafe"]:
            return value["__ansible_unsafe"]
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Site:
    """A folder with an inventory file, and the commands that read it with one ansible-core."""

    core: Core
    folder: Path
    ocp: OcpServer

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def inventory(self) -> Path:
        return self.folder / "site.ocp_hosts.yml"

    def write(self, **options: Any) -> None:
        """Write the inventory file, without the options that are None."""
        content = {"plugin": PLUGIN, "url": self.ocp.url, "retries": 0, **options}
        text = yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False)
        self.inventory.write_text(text)

    def read(self, *arguments: str, **variables: str) -> Outcome:
        """Run ansible-inventory --list, or with other arguments."""
        return self.run("ansible-inventory", *(arguments or ["--list"]), **variables)

    def run(self, command: str, *arguments: str, **variables: str) -> Outcome:
        login = {"OCP_USERNAME": self.ocp.user, "OCP_PASSWORD": self.ocp.password}
        environment = {
            "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(self.cache),
            **(variables if "OCP_ACCESS_KEY" in variables else {**login, **variables}),
        }
        result = subprocess.run(
            [self.core.bin / command, "-i", self.inventory, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=self.folder,
            env=self.core.environment(**{key: value for key, value in environment.items() if value}),
        )
        return Outcome(result.stdout, result.stderr)


@pytest.fixture
def ocp() -> Iterator[OcpServer]:
    with OcpServer([host(number) for number in range(1, 6)]) as server:
        yield server


@pytest.fixture
def site(core: Core, tmp_path: Path, ocp: OcpServer) -> Site:
    made = Site(core, tmp_path, ocp)
    made.write()
    return made


@pytest.fixture
def each_site(each_core: Core, tmp_path: Path, ocp: OcpServer) -> Site:
    """For behaviour that changed when Ansible began to tag data."""
    made = Site(each_core, tmp_path, ocp)
    made.write()
    return made


@pytest.fixture
def newest_site(newest_core: Core, tmp_path: Path, ocp: OcpServer) -> Site:
    """For behaviour of our own that is the same with every ansible-core."""
    made = Site(newest_core, tmp_path, ocp)
    made.write()
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("certificate"))


# Contents


def test_the_hosts_of_all_pages_are_listed_with_their_variables(site: Site) -> None:
    site.write(page_size=2)
    outcome = site.read()
    assert list(outcome.hosts) == ["db001", "db002", "db003", "db004", "db005"]
    assert outcome.hosts["db002"] == {
        "ansible_host": "192.0.2.2",
        "ansible_port": 22,
        "ocp_agent_status": "AVAILABLE",
        "ocp_agent_version": "3.1.2-20210812221645",
        "ocp_host_alias": None,
        "ocp_host_architecture": "x86_64",
        "ocp_host_id": 2,
        "ocp_host_kind": "DEDICATED_PHYSICAL_MACHINE",
        "ocp_host_name": "db002",
        "ocp_host_os": "alios7",
        "ocp_host_status": "ONLINE",
        "ocp_host_type": "bigdisk",
        "ocp_idc": "bejing1",
        "ocp_region": "beijing",
        "ocp_services": [{"name": "cluster01:1", "type": "OB_CLUSTER", "version": "2.2.76"}],
    }
    assert [request.query for request in site.ocp.requests] == [
        {"page": page, "size": "2", "sort": "id,asc"} for page in ("1", "2", "3")
    ]
    assert outcome.stderr == ""


def test_groups_and_variables_are_constructed(each_site: Site) -> None:
    each_site.ocp.hosts[0].update(regionName="hang zhou", hostAgentStatus="OFFLINE")
    each_site.write(
        keyed_groups=[
            {"key": "ocp_region", "prefix": "region"},
            {"key": "ocp_services | map(attribute='name')", "prefix": "service"},
        ],
        groups={"agent_down": "ocp_agent_status != 'AVAILABLE'"},
        compose={"ansible_user": "'admin'", "shown": "ocp_idc ~ '/' ~ ocp_host_name"},
        strict=True,
    )
    outcome = each_site.read()
    assert outcome.members("region_hang_zhou") == outcome.members("agent_down") == ["db001"]
    assert outcome.members("region_beijing") == ["db002", "db003", "db004", "db005"]
    assert len(outcome.members("service_cluster01_1")) == 5
    assert outcome.hosts["db001"]["ansible_user"] == "admin"
    assert outcome.hosts["db001"]["shown"] == "bejing1/db001"
    graph = each_site.read("--graph").stdout
    assert "|--@agent_down:\n  |  |--db001\n" in graph


def test_filters_are_ocps(newest_site: Site) -> None:
    newest_site.ocp.hosts[0].update(status="OFFLINE", name="a b&c=d+é")
    newest_site.ocp.hosts[1].update(status="NEW")
    newest_site.write(status=["NEW", "OFFLINE"])
    assert [host["ocp_host_id"] for host in newest_site.read().hosts.values()] == [1, 2]
    newest_site.write(keyword="a b&c=d+é")
    assert [host["ocp_host_id"] for host in newest_site.read().hosts.values()] == [1]


def test_names_in_the_inventory_can_be_chosen(site: Site) -> None:
    site.ocp.hosts[0]["alias"] = "primary"
    site.write(hostnames=["ocp_host_alias", "'host-' ~ ocp_host_id if ocp_host_id < 3", "ansible_host"])
    assert site.read().names == ["primary", "host-2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]


def test_names_are_no_patterns_no_groups_and_unique(newest_site: Site) -> None:
    for each, name in zip(newest_site.ocp.hosts, ["all", "localhost", "web[1:3]", "twin", "twin"], strict=True):
        each["name"] = name
    assert newest_site.read().names == ["all-1", "localhost-2", "web_1_3_", "twin", "twin-5"]


def test_a_host_that_cannot_be_contacted_is_left_out_with_a_warning(newest_site: Site) -> None:
    newest_site.ocp.hosts[0]["innerIpAddress"] = "-oProxyCommand=touch /tmp/x"
    outcome = newest_site.read()
    assert "db001" not in outcome.hosts
    assert len(outcome.hosts) == 4
    left_out = f"the host 1 of {newest_site.ocp.url} is left out: its address is '-oProxyCommand=touch /tmp/x'"
    assert outcome.said(left_out)


def test_five_thousand_hosts(site: Site) -> None:
    site.ocp.hosts = [host(number, name=f"db{number}") for number in range(1, 5001)]
    outcome = site.read()
    assert len(outcome.hosts) == 5000
    assert {each["ocp_host_id"] for each in outcome.hosts.values()} == set(range(1, 5001))
    assert len(site.ocp.requests) == 10
    assert outcome.stderr == ""


def test_templates_from_ocp_are_never_evaluated(each_site: Site) -> None:
    proof = each_site.folder / "evaluated"
    evil = f"{{{{ lookup('ansible.builtin.pipe', 'touch {proof}') }}}}"
    fields = ("name", "alias", "regionName", "idcName", "typeName", "hostAgentVersion", "status")
    service = {"name": evil, "type": "x", "version": "{% raw %}"}
    each_site.ocp.hosts = [host(1, **dict.fromkeys(fields, evil), services=[service])]
    each_site.write(
        hostnames=["'h-' ~ ocp_host_name"],
        keyed_groups=[{"key": "ocp_region", "prefix": "region"}, {"key": "ocp_services | map(attribute='name')"}],
        groups={"evil": "'lookup' in ocp_host_name"},
        compose={
            "copied": "ocp_host_name",
            "joined": "ocp_idc ~ ' and ' ~ ocp_region",
            "upper": "ocp_host_type | upper",
        },
        strict=True,
        **JSONFILE,
    )
    for _from in ("OCP", "the cache"):
        outcome = each_site.read()
        (name,) = outcome.hosts
        assert re.fullmatch(r"[\w.@+-]+", name)
        variables = outcome.hosts[name]
        assert variables["ocp_host_name"] == variables["copied"] == evil
        assert variables["joined"] == f"{evil} and {evil}"
        assert outcome.members("evil") == [name]
        shown = "{{ [inventory_hostname, ocp_host_name, ocp_services, copied, joined, upper, group_names] }}"
        used = each_site.run("ansible", "all", "-m", "ansible.builtin.debug", "-a", f"msg='{shown}'")
        assert "SUCCESS" in used.stdout, used
        assert used.stdout.count("lookup(") >= 5
        each_site.read("--graph")
        assert not proof.exists()
    assert len(each_site.ocp.requests) == 1


# Authentication


def test_signed_requests_over_tls(core: Core, tmp_path: Path, certificate: Certificate) -> None:
    with OcpServer([host(1, name="a b&c=d+é/*~", status="NEW"), host(2, name="x")], certificate) as ocp:
        site = Site(core, tmp_path, ocp)
        keys = {"OCP_ACCESS_KEY": ocp.access_key, "OCP_SECRET_KEY": ocp.secret_key}
        site.write(ca_path="ca.pem", keyword="a b&c=d+é/*~", status=["ONLINE", "NEW"])
        (tmp_path / "ca.pem").write_bytes(certificate.authority.read_bytes())
        assert list(site.read(**keys).hosts) == ["a_b_c_d+é___"]
        outcome = site.read("--list", "-vvvv", **{**keys, "OCP_SECRET_KEY": "wrong"})
        assert outcome.said(f"{ocp.url} refused the login of 'cqammmxBpfGjFlto' (HTTP 401 IAM10000: User is not logged")
        assert outcome.said("check access_key and secret_key, and that this machine's clock is at most 15 minutes from")


def test_a_certificate_must_be_trusted(core: Core, tmp_path: Path, certificate: Certificate) -> None:
    with OcpServer([host(1)], certificate) as ocp:
        site = Site(core, tmp_path, ocp)
        site.write()
        outcome = site.read()
        assert outcome.said(f"the certificate of {ocp.url} is not trusted (")
        assert ocp.requests == []
        site.write(validate_certs=False)
        assert list(site.read().hosts) == ["db001"]
        site.write(url=ocp.url.replace("https", "http"))
        assert site.read().hosts == {}


def test_a_wrong_password_is_said_and_not_shown(site: Site) -> None:
    outcome = site.read("--list", "-vvvv", OCP_PASSWORD="hunter2", ANSIBLE_DEBUG="1", ANSIBLE_LOG_PATH="ansible.log")
    assert outcome.said(f"{site.ocp.url} refused the login of 'ansible' (HTTP 401 IAM10000: User is not logged in.")
    assert outcome.said("check username and password")
    log = (site.folder / "ansible.log").read_text()
    assert "hunter2" not in outcome.stdout + outcome.stderr + log
    assert len(site.ocp.requests) == 1


@pytest.mark.parametrize("source", ["environment", "lookup", "vault", "file"])
def test_secrets_come_from_anywhere_and_are_seen_nowhere(each_site: Site, source: str) -> None:
    arguments = ["--list", "-vvvv"]
    variables = {"ANSIBLE_LOG_PATH": "ansible.log", "ANSIBLE_DEBUG": "1"}
    each_site.write(**JSONFILE, keyed_groups=[{"key": "ocp_region"}])
    kept = {"OCP_PASSWORD": ""}
    if source == "environment":
        kept = {}
    elif source == "lookup":
        secret_file = each_site.folder / "secret"
        secret_file.write_text(each_site.ocp.password + "\n")
        each_site.write(**JSONFILE, password=f"{{{{ lookup('ansible.builtin.file', '{secret_file}') }}}}")
    elif source == "vault":
        (each_site.folder / "key").write_text("vault password")
        arguments.append("--vault-password-file=key")
        encrypt = [each_site.core.bin / "ansible-vault", "encrypt_string", arguments[-1], "--name=password"]
        encrypted = subprocess.check_output(
            [*encrypt, each_site.ocp.password], text=True, cwd=each_site.folder, env=each_site.core.environment()
        )
        with each_site.inventory.open("a") as file:
            file.write(encrypted)
    else:
        with each_site.inventory.open("a") as file:
            file.write(f"password: !unsafe {json.dumps(each_site.ocp.password)}\n")
    outcome = each_site.read(*arguments, **variables, **kept)
    assert len(re.findall(r'"ocp_host_id": ', outcome.stdout)) == 5, outcome
    (cached,) = each_site.cache.iterdir()
    seen = outcome.stdout + outcome.stderr + cached.read_text() + (each_site.folder / "ansible.log").read_text()
    for secret in each_site.ocp.secrets:
        assert secret not in seen


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        ({}, {"OCP_PASSWORD": ""}, "needs username and password, or access_key and secret_key, one pair and not both"),
        ({"access_key": "AK", "secret_key": "SK"}, {}, "one pair and not both"),
        ({"url": None}, {}, "needs url (of OCP) or registry (a file) and not both: neither is given"),
        ({"registry": "hosts.csv"}, {}, "needs url (of OCP) or registry (a file) and not both: both are given"),
        ({"url": "https://user:hunter2@ocp"}, {}, "url must be the address of OCP"),
        ({"url": "ocp.example.com"}, {}, "and not ocp.example.com"),
        ({"password": {"hunter2": None}}, {}, "must be a text: put quotes around it"),
        ({"page_size": 2001}, {}, "must be a number from 1 to 2000, not 2001"),
        ({"ca_path": "none.pem"}, {}, "there is no file"),
        ({"status": ["UP"]}, {}, "UP"),
        ({"keyword": "{{ nothing }}"}, {}, "the template of keyword in"),
    ],
)
def test_mistakes_in_the_file_are_named(
    site: Site, options: dict[str, Any], variables: dict[str, str], message: str
) -> None:
    site.write(**options)
    outcome = site.read("--list", "-vvvv", **variables)
    assert outcome.said(message)
    assert "hunter2" not in outcome.stdout + outcome.stderr
    assert outcome.hosts == {}
    assert site.ocp.requests == []


# A slow, busy or broken OCP


def test_throttling_is_waited_out_as_ocp_says(newest_site: Site) -> None:
    newest_site.ocp.script.append(error(429, 0, "Excessive number of requests.", headers={"RateLimit-Reset": "2"}))
    newest_site.write(retries=1)
    outcome = newest_site.read()
    assert len(outcome.hosts) == 5
    first, second = newest_site.ocp.requests
    assert second.time - first.time >= 2


def test_a_long_throttling_is_said_at_once(newest_site: Site) -> None:
    newest_site.ocp.script.append(error(429, 0, "Excessive number of requests.", headers={"RateLimit-Reset": "3600"}))
    newest_site.write(retries=5)
    outcome = newest_site.read()
    assert outcome.said("refuses more requests for now (HTTP 429: Excessive number of requests.")
    assert outcome.said("it asks to wait 3600 seconds")
    assert len(newest_site.ocp.requests) == 1


def test_a_failure_that_passes_is_not_noticed(newest_site: Site) -> None:
    newest_site.ocp.script.extend([
        error(500, "COM10000", "broken"),
        Answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
    ])
    newest_site.write(retries=2)
    outcome = newest_site.read()
    assert (len(outcome.hosts), outcome.stderr) == (5, "")


def test_the_secret_does_not_follow_a_redirect(site: Site) -> None:
    with OcpServer([host(9)]) as other:
        site.ocp.script.append(Answer(302, headers={"Location": f"{other.url}/api/v2/compute/hosts"}))
        outcome = site.read()
        assert outcome.said(f"{site.ocp.url} redirects to {other.url}/api/v2/compute/hosts (HTTP 302)")
        assert outcome.hosts == {}
        assert other.requests == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(200, b'{"data": {"contents": ['), "is not OCP's JSON (23 bytes, no Content-Type)"),
        (Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"}), "is not OCP's JSON (19 bytes, text/html)"),
        (Answer(200, b"x" * 1000, sent=500), "the answer broke off after 500 of 1000 bytes"),
        (Answer(200, b"x" * 1000, delay=5), "within 1 seconds: is OCP up, or timeout too low?"),
        (Answer(200, b"x" * 1000, pause=0.3), "within 1 seconds: is OCP up, or timeout too low?"),
        (error(403, "IAM11000", "Not authorized."), "does not let 'ansible' do this (HTTP 403 IAM11000: Not"),
        (error(500, "COM1", "Broken.\n\x1b[31mred"), "failed (HTTP 500 COM1: Broken.  [31mred; traceId 45d7"),
    ],
    ids=["invalid JSON", "HTML", "truncated", "slow", "dribbling", "forbidden", "broken"],
)
def test_what_is_no_answer_is_said_in_one_line(newest_site: Site, answer: Answer, message: str) -> None:
    newest_site.ocp.script.append(answer)
    newest_site.write(timeout=1)
    outcome = newest_site.read()
    assert outcome.said(message)
    assert "Traceback" not in outcome.stderr
    assert outcome.hosts == {}


# The cache


def _age(site: Site, seconds: int) -> None:
    """Make the cache older, including the time of its file, by which Ansible's own plugins judge."""
    (path,) = site.cache.iterdir()
    entry = json.loads(path.read_text())
    found = entry.get("__payload__", entry)
    entry = json.loads(found) if isinstance(found, str) else found
    assert isinstance(entry["fetched"], float)
    text = path.read_text()
    older = text.replace(str(entry["fetched"]), str(entry["fetched"] - seconds))
    assert older != text
    path.write_text(older)
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_fresh_cache_answers_alone(site: Site) -> None:
    site.write(**JSONFILE, cache_timeout=600)
    first = site.read()
    site.ocp.hosts.clear()
    assert site.read().hosts == first.hosts
    assert len(site.ocp.requests) == 1
    _age(site, 601)
    assert site.read().hosts == {}
    assert len(site.ocp.requests) == 2


@pytest.mark.parametrize("failure", ["down", "slow", "busy", "broken", "truncated"])
def test_an_old_cache_serves_when_ocp_does_not_answer(site: Site, failure: str) -> None:
    site.write(**JSONFILE, cache_timeout=600, timeout=1)
    first = site.read()
    _age(site, 7500)
    site.ocp.script.extend({
        "down": [],
        "slow": [Answer(200, delay=3)],
        "busy": [error(429, 0, "Excessive number of requests.", headers={"RateLimit-Reset": "600"})],
        "broken": [error(503, "COM10000", "Starting.")],
        "truncated": [Answer(200, b"x" * 100, sent=50)],
    }[failure])
    if failure == "down":
        site.ocp.stop()
    outcome = site.read()
    assert outcome.hosts == first.hosts
    assert outcome.said("goes on with the hosts as OCP knew them 2 hours 5 minutes ago")
    assert outcome.said(site.ocp.url)


def test_an_old_cache_serves_when_something_else_answers(newest_site: Site, certificate: Certificate) -> None:
    html = {"Content-Type": "text/html"}
    answers = {
        "answered HTTP 404 with something": Answer(404, b"<html>no backend</html>", html),
        "answered HTTP 403 with something": Answer(403, b"<html>maintenance</html>", html),
        "answered HTTP 200 with something": Answer(200, b"<html>Log in</html>", html),
        "redirects to https://sso.example.com/login (HTTP 302)": Answer(
            302, headers={"Location": "https://sso.example.com/login"}
        ),
        "(0 bytes, no Content-Type)": Answer(200),
        "(15 bytes, application/json)": Answer(404, b'{"status": 404}', {"Content-Type": "application/json"}),
    }
    newest_site.write(**JSONFILE, cache_timeout=600)
    first = newest_site.read()
    _age(newest_site, 7500)
    for words, answer in answers.items():
        newest_site.ocp.script.append(answer)
        outcome = newest_site.read()
        assert outcome.hosts == first.hosts
        assert outcome.said(words)
        assert outcome.said("goes on with the hosts as OCP knew them 2 hours 5 minutes ago")
    with OcpServer([host(9)], certificate) as other:  # a balancer's answer when it has no OCP
        newest_site.write(**JSONFILE, cache_timeout=600, url=other.url)
        assert newest_site.read(OCP_CA_PATH=str(certificate.authority)).hosts
        _age(newest_site, 7500)
        assert newest_site.read().said("is not trusted")
        assert newest_site.read().said("goes on with the hosts as OCP knew them 2 hours 5 minutes ago")
        assert other.requests[1:] == []


@pytest.mark.parametrize(
    "answer",
    [error(401, "IAM10000", "Not logged in."), error(403, "IAM11000", "Not authorized.")],
    ids=["401", "403"],
)
def test_an_old_cache_does_not_serve_who_is_refused(newest_site: Site, answer: Answer) -> None:
    newest_site.write(**JSONFILE, cache_timeout=600)
    newest_site.read()
    _age(newest_site, 7500)
    newest_site.ocp.script.append(answer)
    outcome = newest_site.read()
    assert outcome.hosts == {}
    assert not outcome.said("goes on with the hosts")


def test_hosts_of_another_ocp_or_user_do_not_serve(newest_site: Site) -> None:
    newest_site.write(**JSONFILE)
    assert len(newest_site.read().hosts) == 5
    newest_site.ocp.stop()
    assert len(newest_site.read().hosts) == 5
    newest_site.write(**JSONFILE, status=["ONLINE"])
    assert newest_site.read().hosts == {}
    newest_site.write(**JSONFILE)
    assert newest_site.read(OCP_USERNAME="other").hosts == {}


def test_without_a_cache_the_message_tells_of_it(site: Site) -> None:
    site.ocp.stop()
    outcome = site.read()
    assert outcome.said(f"no answer from {site.ocp.url} (Connection refused)")
    assert outcome.said("set cache: true, cache_plugin: ansible.builtin.jsonfile and cache_connection to have one")


def test_a_broken_cache_is_replaced(site: Site) -> None:
    site.write(**JSONFILE)
    site.read()
    (path,) = site.cache.iterdir()
    path.write_text(path.read_text()[:100])
    assert len(site.read().hosts) == 5
    assert len(site.read().hosts) == 5
    assert len(site.ocp.requests) == 2


def test_flush_cache_asks_ocp_again_and_keeps_the_copy(site: Site) -> None:
    site.write(**JSONFILE)
    site.read()
    site.ocp.hosts.pop()
    assert len(site.read().hosts) == 5
    playbook = site.folder / "playbook.yml"
    playbook.write_text("- hosts: all\n")
    flush = ["ansible-playbook", str(playbook), "--list-hosts", "--flush-cache"]
    assert site.run(*flush).said("hosts (4):")
    site.ocp.stop()
    outcome = site.run(*flush)
    assert outcome.said("hosts (4):")
    assert outcome.said("goes on with the hosts as OCP knew them")


# Sites without OCP


@pytest.mark.parametrize("kind", ["csv", "yml"])
def test_a_registry_file_takes_ocps_place(site: Site, kind: str) -> None:
    evil = "{{ 7*7 }}"
    columns = ["ocp_host_id", "ansible_host", "ansible_port", "ocp_host_name", "ocp_region"]
    rows: list[list[Any]] = [[1001, "192.0.2.1", 2222, "db001", evil], [1002, "192.0.2.2", 22, "", "beijing"]]
    registry = site.folder / f"hosts.{kind}"
    if kind == "csv":
        registry.write_text("".join(",".join(map(str, row)) + "\n" for row in [columns, *rows]))
    else:
        registry.write_text(yaml.safe_dump([dict(zip(columns, row, strict=True)) for row in rows]))
    site.write(url=None, registry=registry.name, keyed_groups=[{"key": "ocp_region", "prefix": "region"}])
    outcome = site.read(OCP_PASSWORD="", OCP_USERNAME="")
    assert outcome.names == ["db001", "192.0.2.2"]
    variables = outcome.hosts["db001"]
    assert (variables["ocp_host_id"], variables["ansible_port"], variables["ocp_region"]) == (1001, 2222, evil)
    assert outcome.members("region_beijing") == ["192.0.2.2"]
    assert site.ocp.requests == []


def test_a_mistake_in_a_registry_is_said_with_its_line(newest_site: Site) -> None:
    (newest_site.folder / "hosts.csv").write_text("ocp_host_id,ansible_host\n1001,192.0.2.1\n1001,192.0.2.2\n")
    newest_site.write(url=None, registry="hosts.csv")
    outcome = newest_site.read()
    assert outcome.said("hosts.csv, line 3: ocp_host_id 1001 is there already")
    assert outcome.hosts == {}


def test_files_of_other_names_are_not_taken(newest_site: Site) -> None:
    other = newest_site.folder / "site.yml"
    other.write_text(newest_site.inventory.read_text())
    assert newest_site.ocp.requests == []
    outcome = newest_site.run("ansible-inventory", "-i", str(other), "--list")
    assert len(outcome.hosts) == 5  # only from the right file
    assert len(newest_site.ocp.requests) == 1


# The operation


def test_agents_are_stopped_while_ocp_is_down(
    newest_core: Core, tmp_path: Path, start_fleet: Callable[[Sequence[HostSpec]], Fleet]
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])
    described = [
        host(each.host_id, name=each.name, innerIpAddress=each.address, sshPort=each.port) for each in fleet.hosts
    ]
    with OcpServer(described) as ocp:
        site = Site(newest_core, tmp_path, ocp)
        site.write(**JSONFILE, username=ocp.user, cache_timeout=600, cache_connection=str(site.cache))
        # Values that OCP does not know are in group_vars, as in any inventory.
        known = yaml.safe_load(fleet.inventory.read_text())["ocp_hosts"]
        (tmp_path / "group_vars").mkdir()
        login = {"ansible_user": fleet.hosts[0].user, "ansible_python_interpreter": fleet.hosts[0].spec.python}
        (tmp_path / "group_vars" / "all.yml").write_text(yaml.safe_dump({**known["vars"], **login}))
        assert len(site.read().hosts) == 2
        _age(site, 7500)
        ocp.stop()
        ids = [each.host_id for each in fleet.hosts]
        run = newest_core.stop_agents(
            site.inventory, tmp_path / "response.json", {"host_ids": ids}, OCP_PASSWORD=ocp.password
        )
    assert run.status == 0, run.output
    assert run.task["status"] == "SUCCESSFUL"
    assert _squeezed("goes on with the hosts as OCP knew them 2 hours 5 minutes ago") in _squeezed(run.output)
    assert fleet.agent_processes() == {each.name: [] for each in fleet.hosts}
