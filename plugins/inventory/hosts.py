# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts
short_description: Get the hosts of OCP
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Reads the hosts from the API of OceanBase Cloud Platform (OCP), or from a registry file at sites without OCP.
  - The name of the inventory file must end in C(ocp_hosts.yml) or C(ocp_hosts.yaml).
  - Each host gets the variables C(ansible_host), C(ansible_port), C(ocp_host_id), C(ocp_host_name), C(ocp_host_alias),
    C(ocp_host_status), C(ocp_host_type), C(ocp_host_kind), C(ocp_host_architecture), C(ocp_host_os),
    C(ocp_agent_status), C(ocp_agent_version), C(ocp_region) and C(ocp_idc), and from OCP also C(ocp_services).
    Unknown values are null; an unknown C(ansible_port) is missing.
  - With O(cache), hosts that were read before are used while OCP does not answer, at any age. See the notes.
options:
  plugin:
    description: Token that makes the file an inventory of this plugin.
    type: str
    required: true
    choices: [oceanbase.ocp.hosts]
  url:
    description:
      - Address of OCP, such as V(https://ocp.example.com:8443). C(/api/v2) is added.
      - Exactly one of O(url) and O(registry) is required.
    type: str
    env:
      - name: OCP_URL
    ini:
      - section: oceanbase_ocp
        key: url
  username:
    description:
      - User of OCP for HTTP Basic authentication, who needs OCP's role HOST_VIEWER.
      - Over plain HTTP the password crosses the network in clear text.
    type: str
    env:
      - name: OCP_USERNAME
  password:
    description: Password of O(username), as a text.
    type: raw  # with type str, the error about a value of another type would show it
    env:
      - name: OCP_PASSWORD
  access_key:
    description:
      - AccessKey ID of an OCP user, instead of O(username).
      - Requests are signed with O(secret_key), which never leaves this machine.
    type: str
    env:
      - name: OCP_ACCESS_KEY
  secret_key:
    description: AccessKey secret of O(access_key), as a text.
    type: raw
    env:
      - name: OCP_SECRET_KEY
  validate_certs:
    description: Whether to check the TLS certificate of OCP.
    type: bool
    default: true
    env:
      - name: OCP_VALIDATE_CERTS
    ini:
      - section: oceanbase_ocp
        key: validate_certs
  ca_path:
    description:
      - Path of a PEM file with the certificates of trusted authorities, instead of those of the system.
      - A relative path begins at the folder of the inventory file.
    type: str
    env:
      - name: OCP_CA_PATH
    ini:
      - section: oceanbase_ocp
        key: ca_path
  timeout:
    description: Time limit in seconds for a page, from the look-up of OCP's name to the last byte.
    type: int
    default: 20
    env:
      - name: OCP_TIMEOUT
    ini:
      - section: oceanbase_ocp
        key: timeout
  retries:
    description:
      - Number of retries for a page without an answer, with HTTP status 429 or 5xx, or with an answer that is not
        OCP's.
      - The waits are 1, 2, 4 seconds and so on. After 429 OCP's C(RateLimit-Reset) applies; if it is more
        than 60 seconds, there is no retry.
    type: int
    default: 2
    env:
      - name: OCP_RETRIES
    ini:
      - section: oceanbase_ocp
        key: retries
  page_size:
    description: Number of hosts per request, from 1 to 2000.
    type: int
    default: 500
  status:
    description: Read only hosts in one of these states. By default all hosts are read.
    type: list
    elements: str
    choices: [NEW, AVAILABLE, ONLINE, OFFLINE, DELETING]
    default: []
  keyword:
    description: Read only hosts whose name, address or service contains this text, by OCP's rules.
    type: str
  registry:
    description:
      - Path of a file with the list of hosts, for sites without OCP.
      - CSV with the names of the columns in the first row, or YAML (C(.yml), C(.yaml), C(.json)) with a list of
        mappings.
      - The columns are the variables above, without C(ocp_services). C(ocp_host_id) and C(ansible_host) are required.
      - A relative path begins at the folder of the inventory file.
    type: str
    env:
      - name: OCP_REGISTRY
    ini:
      - section: oceanbase_ocp
        key: registry
  hostnames:
    description:
      - List of variables or Jinja2 expressions for the name of a host in the inventory. The first one that yields a
        text is used.
      - Characters that Ansible would read as a pattern become underscores. A name that is taken, that is a group of
        this inventory, or that means the controller, such as V(localhost), gets the host's id appended.
    type: list
    elements: str
    default: [ocp_host_name, ansible_host]
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - O(url), O(username), O(password), O(access_key), O(secret_key), O(ca_path), O(keyword) and O(registry) may be
    templates in the inventory file, with lookups. Values from the environment and from OCP are never templates.
  - O(cache) needs a persistent cache plugin, such as P(ansible.builtin.jsonfile#cache). The default,
    P(ansible.builtin.memory#cache), forgets the hosts at the end of the run.
  - Hosts older than O(cache_timeout) are still used when OCP cannot be reached, does not answer in time, breaks off its
    answer, or returns only HTTP status 429 or 5xx after all retries. They are also used when a load balancer or a login
    page answers in its place, with any HTTP status, or when its certificate is not trusted. A warning gives the reason
    and their age. They are not used after any other answer of OCP itself, such as a refused login.
  - Put C(plugin) first in the inventory file. If this plugin fails, Ansible tries to read the file as an INI
    inventory, and shows the line where it gives up.
seealso:
  - module: oceanbase.ocp.task_create
"""

EXAMPLES = r"""
# production.ocp_hosts.yml: all hosts, cached for times when OCP is down; OCP_PASSWORD has the password
---
plugin: oceanbase.ocp.hosts
url: https://ocp.example.com:8443
ca_path: ocp-ca.pem
username: ansible
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/oceanbase_ocp
cache_timeout: 600

# Signed requests, the secret from a vault or any lookup; only online hosts, in groups
---
plugin: oceanbase.ocp.hosts
url: https://ocp.example.com:8443
access_key: cqammmxBpfGjFlto
secret_key: "{{ lookup('ansible.builtin.file', '/run/secrets/ocp_secret_key') }}"
status: [ONLINE]
keyed_groups:
  - key: ocp_region
    prefix: region
  - key: ocp_services | map(attribute='name')
    prefix: service
groups:
  agent_down: ocp_agent_status != 'AVAILABLE'
compose:
  ansible_user: "'admin'"

# A site without OCP; hosts.csv is beside this file
#   ocp_host_id,ansible_host,ansible_port,ocp_host_name,ocp_region
#   1001,192.0.2.11,22,db001,beijing
---
plugin: oceanbase.ocp.hosts
registry: hosts.csv
"""

import os
import time
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, get_cache_plugin
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp import cache as _host_cache
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.client import (
    AccessKey,
    ClientError,
    OcpClient,
    Password,
    UnavailableError,
    normalize_url,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.host_variables import Names, Variables, from_api
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.hosts import MAX_PAGE_SIZE, read_hosts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.registry import RegistryError, read_registry

_NO_COPY = (
    "; there is no earlier copy of the hosts to go on with: set cache: true, cache_plugin: ansible.builtin.jsonfile "
    "and cache_connection to have one next time"
)


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "oceanbase.ocp.hosts"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(("ocp_hosts.yml", "ocp_hosts.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._path = path
        self._config = self._read_config_data(path)
        try:
            hosts = self._registry_hosts() if self._has_registry() else self._ocp_hosts(cache)
        except (ClientError, RegistryError) as exc:
            raise AnsibleParserError(str(exc)) from None
        self._add(hosts)

    def _has_registry(self) -> bool:
        given = [name for name in ("url", "registry") if self._text(name)]
        if len(given) != 1:
            found = "both are given" if given else "neither is given"
            raise AnsibleParserError(f"{self._path} needs url (of OCP) or registry (a file) and not both: {found}")
        return given == ["registry"]

    def _registry_hosts(self) -> list[Variables]:
        return read_registry(t.cast(str, self._file("registry")))

    def _ocp_hosts(self, use_cache: bool) -> list[Variables]:
        """The hosts from the cache if it is fresh, else from OCP, else from the cache whatever its age."""
        credentials = self._credentials()
        status = self.get_option("status")
        keyword = self._text("keyword")
        url = normalize_url(t.cast(str, self._text("url")))
        source = {"url": url, "user": credentials.user, "status": sorted(status), "keyword": keyword}
        cached = self._load_cache(source) if self.get_option("cache") else None
        if use_cache and cached and cached.is_fresh(self.get_option("cache_timeout")):
            return cached.hosts
        client = OcpClient(
            url,
            credentials,
            validate_certs=self.get_option("validate_certs"),
            ca_path=self._file("ca_path"),
            timeout=self._number("timeout", 1, 3600),
            retries=self._number("retries", 0, 10),
        )
        page_size = self._number("page_size", 1, MAX_PAGE_SIZE)
        try:
            items, warnings = read_hosts(client, page_size=page_size, status=status, keyword=keyword)
        except UnavailableError as exc:
            if not cached:
                raise ClientError(f"{exc}{_NO_COPY}") from None
            self.display.warning(
                f"{exc} The inventory {self._path} goes on with the hosts as OCP knew them "
                f"{_host_cache.duration(cached.age)} ago; hosts and states may have changed since."
            )
            return cached.hosts
        hosts = []
        for item in items:
            try:
                hosts.append(from_api(item))
            except ValueError as exc:
                warnings.append(f"the host {item['id']} of {url} is left out: {exc}: correct it in OCP")
        for warning in warnings:
            self.display.warning(warning)
        if self.get_option("cache"):
            self._cache[self.get_cache_key(self._path)] = _host_cache.dump(hosts, source, time.time())
        return hosts

    def _load_cache(self, source: dict[str, t.Any]) -> _host_cache.CachedHosts | None:
        options = {"_uri": self.get_option("cache_connection"), "_prefix": self.get_option("cache_prefix")}
        given = {name: value for name, value in options.items() if value is not None}
        self._cache = get_cache_plugin(self.get_option("cache_plugin"), _timeout=0, **given)
        try:
            entry = self._cache.get(self.get_cache_key(self._path))
        except AnsibleError as exc:
            self.display.warning(f"the cache of the inventory {self._path} cannot be read and is not used: {exc}")
            return None
        return _host_cache.load(entry, source, time.time())

    def _credentials(self) -> Password | AccessKey:
        username, password = self._text("username"), self._text("password")
        access_key, secret_key = self._text("access_key"), self._text("secret_key")
        if access_key and secret_key and not (username or password):
            return AccessKey(access_key, secret_key)
        if username and password and not (access_key or secret_key):
            return Password(username, password)
        raise AnsibleParserError(
            f"{self._path} needs username and password, or access_key and secret_key, one pair and not both, in the "
            "file or as the environment variables OCP_USERNAME and OCP_PASSWORD, or OCP_ACCESS_KEY and OCP_SECRET_KEY"
        )

    def _text(self, name: str) -> str | None:
        """The text of an option, None if it is empty. Only values in the inventory file may be templates."""
        value = self.get_option(name)
        if isinstance(self._config.get(name), str):  # an encrypted value is no template
            # Without the keyword, ansible-core 2.18 turns a text like [1] into a list.
            options = {} if hasattr(self.templar, "evaluate_expression") else {"convert_data": False}
            try:
                value = self.templar.template(value, **options)
            except AnsibleError as exc:
                raise AnsibleParserError(f"the template of {name} in {self._path} failed: {exc}") from None
        if isinstance(value, (dict, list)):
            raise AnsibleParserError(f"{name} in {self._path} must be a text: put quotes around it")
        return None if value is None or str(value) == "" else str(value)

    def _file(self, name: str) -> str | None:
        """The path of an option. A relative one begins at the folder of the inventory file."""
        text = self._text(name)
        if text is None:
            return None
        path = os.path.join(os.path.dirname(self._path), os.path.expanduser(os.path.expandvars(text)))
        if not os.path.isfile(path):
            raise AnsibleParserError(f"{name} of {self._path}: there is no file {path}")
        return path

    def _number(self, name: str, least: int, most: int) -> int:
        value = int(self.get_option(name))
        if not least <= value <= most:
            raise AnsibleParserError(f"{name} of {self._path} must be a number from {least} to {most}, not {value}")
        return value

    def _add(self, hosts: list[Variables]) -> None:
        strict = self.get_option("strict")
        groups = self.get_option("groups")
        names = Names([*self.inventory.groups, *(self._sanitize_group_name(group) for group in groups)])
        for host in hosts:
            variables = {key: _untrusted(value) for key, value in host.items()}
            name = names.name(self._called(variables, strict), host["ocp_host_id"])
            self.inventory.add_host(name)
            for key, value in variables.items():
                self.inventory.set_variable(name, key, value)
            self._set_composite_vars(self.get_option("compose"), variables, name, strict)
            self._add_host_to_composed_groups(groups, {}, name, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, name, strict)

    def _called(self, variables: Variables, strict: bool) -> str:
        for expression in self.get_option("hostnames"):
            if expression in variables:
                value = variables[expression]
            else:
                try:
                    value = self._compose(expression, variables)
                except Exception as exc:  # an expression may raise anything
                    if strict:
                        raise AnsibleParserError(f"the expression {expression!r} of hostnames failed: {exc}") from None
                    continue
            if value not in (None, ""):
                return str(value)
        return ""


def _untrusted(value: t.Any) -> t.Any:
    """Keep ansible-core 2.18 from evaluating templates in a value. Later versions do not without being told to.

    Only texts that could be templates are marked, since ansible-inventory of 2.18 shows the mark.
    """
    if isinstance(value, list):
        return [_untrusted(item) for item in value]
    if isinstance(value, dict):
        return {key: _untrusted(item) for key, item in value.items()}
    return wrap_var(value) if isinstance(value, str) and "{" in value else value
