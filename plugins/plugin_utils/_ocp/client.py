# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""GET requests to OCP's API over HTTP: credentials, valid answers, and retries."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
import typing as t
import urllib.error
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from . import signature

_Answer: t.TypeAlias = tuple[int, t.Mapping[str, str], bytes]  # status, headers, body

PREFIX = "/api/v2"
MAX_WAIT = 60  # seconds; a longer wait asked for by OCP is an error
MAX_BODY = 64 * 1024 * 1024  # bytes; a page of 2,000 hosts has about 3 MB


class ClientError(Exception):
    """A request to OCP failed. The message has the failure, the address, the reason and the remedy, and no secrets."""


class UnavailableError(ClientError):
    """OCP did not answer, another server answered in its place, or OCP answered that it cannot serve now.

    wait: seconds that OCP wants until the next request.
    """

    def __init__(self, message: str, wait: int | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Password:
    """HTTP Basic."""

    user: str
    password: str = field(repr=False)

    remedy = "check username and password"

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ClientError("username must not contain a colon: HTTP Basic ends the name there")

    @property
    def secrets(self) -> list[str]:
        """Texts that no message may have."""
        return [self._token(), self.password]

    def authorization(self, target: str, host: str, date: str) -> str:
        """The header Authorization of a GET request."""
        del target, host, date
        return f"Basic {self._token()}"

    def _token(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password}".encode(errors="surrogateescape")).decode()


@dataclass(frozen=True)
class AccessKey:
    """OCP's AK/SK signatures."""

    user: str
    secret_key: str = field(repr=False)

    remedy = (
        "check access_key and secret_key, and that this machine's clock is at most 15 minutes from OCP's; "
        "a proxy in between must not change the header Host"
    )

    def __post_init__(self) -> None:
        if not (self.user.isascii() and self.user.isalnum()):
            raise ClientError("access_key must consist of ASCII letters and digits")

    @property
    def secrets(self) -> list[str]:
        """Texts that no message may have."""
        return [self.secret_key]

    def authorization(self, target: str, host: str, date: str) -> str:
        """The header Authorization of a GET request."""
        signed = signature.message("GET", target, host=host, date=date)
        return signature.authorization(self.user, self.secret_key, signed)


class OcpClient:
    """Reads from one OCP.

    url: its address, as in https://ocp.example.com:8443; a path in it is that of a reverse proxy.
    ca_path: PEM file of trusted authorities, instead of the system's. timeout: seconds for a whole request. retries:
    the number of repetitions of a request without an answer, or with 429 or 5xx. Raises ClientError for an unusable
    address.
    """

    def __init__(
        self,
        url: str,
        credentials: Password | AccessKey,
        *,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: int = 20,
        retries: int = 2,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = normalize_url(url)
        parts = urlsplit(self.url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._base = parts.path
        self._credentials = credentials
        self._validate_certs = validate_certs
        self._ca_path = ca_path
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep

    def get(self, path: str, query: t.Mapping[str, str | t.Sequence[str]]) -> t.Any:
        """The data of OCP's answer to GET path.

        path: below /api/v2. Raises UnavailableError if there is none after all retries, else ClientError.
        """
        target = signature.path_and_query(f"{self._base}{PREFIX}{path}", query)
        attempt = 0
        while True:
            try:
                return self._attempt(target)
            except UnavailableError as error:
                wait = error.wait if error.wait is not None else min(2**attempt, MAX_WAIT)
                if attempt == self._retries or wait > MAX_WAIT:
                    raise
            self._sleep(wait)
            attempt += 1

    def _attempt(self, target: str) -> t.Any:
        status, headers, body = self._exchange(target)
        try:
            envelope = json.loads(body)
        except (ValueError, RecursionError):
            envelope = None
        answer = envelope if isinstance(envelope, dict) else {}
        if not _is_ocps(answer) and status < 500 and status != 429:
            raise self._stranger(status, headers, len(body))
        if status == 200 and answer["successful"]:
            return answer.get("data")
        if status == 200 and isinstance(answer.get("status"), int):
            status = answer["status"]
        raise self._failure(status, headers, answer)

    def _exchange(self, target: str) -> _Answer:
        """The answer, with one time limit from the look-up of the name to the last byte.

        The timeout of a socket is for one byte, and a look-up has none. So this waits for a thread instead.
        """
        found: list[_Answer | Exception] = []

        def ask() -> None:
            try:
                found.append(self._ask(target))
            except Exception as exc:
                found.append(exc)

        thread = threading.Thread(target=ask, name="ocp-request", daemon=True)
        thread.start()
        thread.join(self._timeout)
        answer = found[0] if found else self._no_answer(TimeoutError())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask(self, target: str) -> _Answer:
        date = formatdate(usegmt=True)
        headers = {
            "Accept": "application/json",
            "Authorization": self._credentials.authorization(target, self._host, date),
            "Date": date,
            "Host": self._host,
        }
        deadline = time.monotonic() + self._timeout
        try:
            try:
                response = open_url(
                    self._origin + target,
                    headers=headers,
                    http_agent="oceanbase.ocp",
                    validate_certs=self._validate_certs,
                    ca_path=self._ca_path,
                    timeout=self._timeout,
                    # A redirect could send the credentials elsewhere, and OCP's API has none.
                    follow_redirects="no",
                    use_netrc=False,
                    decompress=False,
                )
            except urllib.error.HTTPError as error:
                response = error
            with response:
                return response.code, response.headers, self._body(response, deadline)
        except (OSError, http.client.HTTPException) as exc:
            raise self._no_answer(getattr(exc, "reason", exc)) from None
        except ValueError as exc:
            raise ClientError(f"{self.url} cannot be used as an address: {exc}: correct url") from None

    def _body(self, response: t.Any, deadline: float) -> bytes:
        """The whole body. Raises OSError if it is cut short or takes too long."""
        body = bytearray()
        while chunk := response.read1(65536):
            body += chunk
            if len(body) > MAX_BODY:
                raise ClientError(f"{self.url} answered with more than {MAX_BODY} bytes: lower page_size")
            if time.monotonic() > deadline:
                raise TimeoutError
        length = response.headers.get("Content-Length") or ""
        if length.isdigit() and len(body) < int(length):
            raise ConnectionError(f"the answer broke off after {len(body)} of {length} bytes")
        return bytes(body)

    def _no_answer(self, reason: object) -> ClientError:
        ended = isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if isinstance(reason, ssl.SSLCertVerificationError):
            return UnavailableError(
                f"the certificate of {self.url} is not trusted ({reason.verify_message}): let ca_path name a PEM file "
                "with the authority that signed it"
            )
        if isinstance(reason, ssl.SSLError) and not ended:
            what = reason.reason or reason
            return UnavailableError(f"no TLS connection to {self.url} ({what}): check url and ca_path")
        if isinstance(reason, TimeoutError):
            return UnavailableError(
                f"no answer from {self.url} within {self._timeout} seconds: is OCP up, or timeout too low?"
            )
        if isinstance(reason, http.client.IncompleteRead):
            reason = f"the answer broke off after {len(reason.partial)} bytes"
        text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return UnavailableError(f"no answer from {self.url} ({self._cleaned(text)}): is OCP up, and url right?")

    def _stranger(self, status: int, headers: t.Mapping[str, str], length: int) -> UnavailableError:
        """The error for an answer without OCP's envelope, for example from a load balancer or a login page."""
        if 300 <= status < 400:
            where = self._cleaned(headers.get("Location") or "nowhere")
            return UnavailableError(
                f"{self.url} redirects to {where} (HTTP {status}), and redirects are not followed, for they could take "
                "the credentials elsewhere: is OCP up behind its load balancer? Let url name the address that answers "
                "itself"
            )
        kind = self._cleaned(headers.get("Content-Type") or "no Content-Type")
        return UnavailableError(
            f"{self.url} answered HTTP {status} with something that is not OCP's JSON ({length} bytes, {kind}): is OCP "
            "up behind its load balancer? Check that url is OCP's address"
        )

    def _failure(self, status: int, headers: t.Mapping[str, str], envelope: t.Mapping[str, t.Any]) -> ClientError:
        said = f"HTTP {status}{self._explanation(envelope)}"
        who = f"{self._credentials.user!r}"
        if status == 401:
            return ClientError(f"{self.url} refused the login of {who} ({said}): {self._credentials.remedy}")
        if status == 403:
            return ClientError(
                f"{self.url} does not let {who} do this ({said}): give this user OCP's role HOST_VIEWER"
            )
        if status == 404:
            return ClientError(f"{self.url} has no such API ({said}): check that url is OCP's address")
        if status == 429:
            reset = (headers.get("RateLimit-Reset") or "").strip()
            wait = int(reset) if reset.isascii() and reset.isdigit() and len(reset) < 10 else None
            later = f"; it asks to wait {wait} seconds" if wait is not None else ""
            return UnavailableError(f"{self.url} refuses more requests for now ({said}{later}): try again later", wait)
        if status >= 500:
            return UnavailableError(f"{self.url} failed ({said}): look into OCP's own log, or try again later")
        return ClientError(f"{self.url} refused the request ({said})")

    def _explanation(self, envelope: t.Mapping[str, t.Any]) -> str:
        """The error code, message, wrong fields and trace id of OCP, as far as the envelope has them."""
        error = envelope.get("error")
        error = error if isinstance(error, dict) else {}
        parts = [f" {error['code']}"] if error.get("code") else []
        parts += [f": {error['message']}"] if error.get("message") else []
        sub_errors = error.get("subErrors")
        for sub_error in sub_errors[:3] if isinstance(sub_errors, list) else []:
            if isinstance(sub_error, dict):
                parts.append(f"; {sub_error.get('field')}: {sub_error.get('message')}")
        if envelope.get("traceId"):
            parts.append(f"; traceId {envelope['traceId']}")
        return self._cleaned("".join(parts))

    def _cleaned(self, text: object) -> str:
        """A text of a server for one line on a terminal, without secrets and control characters, and not too long."""
        shown = str(text)
        for secret in self._credentials.secrets:
            shown = shown.replace(secret, "********")
        shown = "".join(character if character.isprintable() else " " for character in shown)
        return shown if len(shown) <= 300 else shown[:297] + "..."


def _is_ocps(answer: t.Mapping[str, t.Any]) -> bool:
    """Whether an answer is OCP's envelope, whose other fields differ by version."""
    successful = answer.get("successful")
    return successful is True or (successful is False and isinstance(answer.get("error"), dict))


def normalize_url(url: str) -> str:
    """The address of OCP without the path of the API. Raises ClientError for an unusable one."""
    shown = url if "@" not in url else "what was given (not shown, it may hold a password)"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or any(character in url for character in " ?#@\\"):
        raise ClientError(
            f"url must be the address of OCP, as in https://ocp.example.com:8443, without a user name, and not {shown}"
        )
    path = parts.path.rstrip("/").removesuffix(PREFIX).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"
