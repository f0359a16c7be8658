# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as a process: its listener, TLS, and how it ends."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import persistence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError

from . import extravars, logs
from .app import make_app
from .protocol import Protocol
from .settings import Settings
from .users import UsersError

_KEEP_ALIVE_SECONDS = 30
_LAST_ANSWERS_SECONDS = 10


class StartError(Exception):
    """The service does not start; says why, and what to do."""


@dataclass(frozen=True)
class Listener:
    """Where the service listens: at a Unix socket, or at an address. certificate, key: files in PEM, for TLS.

    proxies: addresses whose X-Forwarded-For tells the client's.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    unix_socket: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    plain_http: bool = False
    proxies: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.unix_socket is not None or is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check(settings: Settings, listener: Listener) -> None:
    """Raises StartError for variables that are not for a service, and where more are let in than it was told to."""
    wrong = extravars.problems(settings.extravars)
    if wrong:
        raise StartError(f"extra variables that are not for a service, leave them out: {'; '.join(wrong)}")
    if settings.users is None and not settings.loopback_only:
        raise StartError(
            "there are no users: make some with `ocp-agents user add`, and give --users. Without users everybody is "
            "let in: --insecure-loopback does that on this machine only"
        )
    if settings.users is None and not listener.is_loopback:
        raise StartError(f"without users the service listens to this machine only, and {listener.host} is more")
    if not listener.is_loopback and listener.certificate is None and not listener.plain_http:
        raise StartError(
            f"{listener.host} is reached from other machines, and passwords would cross the network readable: give "
            "--certificate and --key, or listen on a loopback address or --unix-socket behind a proxy that has TLS. "
            "--plain-http allows it"
        )


def serve(settings: Settings, listener: Listener) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartError."""
    check(settings, listener)
    logs.configure()
    try:
        with persistence.open_store(persistence.chosen(settings.task_store)):
            pass  # its tables are there from now on
        app = make_app(settings)
        config = uvicorn.Config(
            app,
            host=listener.host,
            port=listener.port,
            uds=str(listener.unix_socket) if listener.unix_socket else None,
            http=Protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(listener.proxies),
            forwarded_allow_ips=list(listener.proxies),
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
            ssl_certfile=listener.certificate,
            ssl_keyfile=listener.key,
        )
        config.load()
    except (OcpError, UsersError) as exc:
        raise StartError(str(exc)) from None
    except (OSError, ssl.SSLError) as exc:
        raise StartError(f"the certificate or its key cannot be used: {exc}") from None
    _Server(config).run()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _tell_systemd("READY=1")


def _tell_systemd(state: str) -> None:
    """Tell systemd, where it has started the service and wants to know (Type=notify)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")  # not for playbooks
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
