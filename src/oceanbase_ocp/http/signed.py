# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are signed with an access key (AK) and its secret key (SK), as they arrive."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp import signature

from .errors import NotLoggedOnError

SCHEME = "OCP-ACCESS-KEY-HMACSHA1"
SKEW_SECONDS = 15 * 60
# A client that asks twice within a second signs the same text twice, since the header Date has no fractions.
_ASKED_AGAIN_SECONDS = 5
_READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Arrived:
    """A request as its bytes arrived. path: with its percent-encoding. headers: by names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def message(self, host: str) -> str:
        """What its client has signed, where it knows the service by this value of the header Host."""
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        return signature.message(
            self.method,
            signature.path_and_query(self.path, query),
            host=host,
            date=self.headers.get("date", ""),
            body=self.body,
            content_type=self.headers.get("content-type", ""),
            ocp_headers={name: value for name, value in self.headers.items() if name.startswith("x-ocp-")},
        )


class Signatures:
    """Checks signatures, and remembers them for as long as they would be good.

    Those of queries are remembered here, by this service alone. use_up: notes the signature of a request to change
    something, by its SHA-256, for so many seconds; returns whether it is the first with this signature. clock: seconds
    since the epoch.
    """

    def __init__(
        self,
        use_up: Callable[[str, int], bool],
        public_hosts: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._use_up_change = use_up
        self._public_hosts = tuple(public_hosts)
        self._clock = clock
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, arrived: Arrived, secret_keys: Mapping[str, str]) -> str:
        """The access key that has signed a request. secret_keys: by access key.

        Raises NotLoggedOnError, and what use_up() raises.
        """
        dummy, dummy, given = arrived.headers["authorization"].partition(" ")
        access_key = given.strip().partition(":")[0]
        dated = self._dated(arrived.headers.get("date", ""))
        secret_key = secret_keys.get(access_key) or secrets.token_hex(16)
        sound = False
        for host in (arrived.headers.get("host", ""), *self._public_hosts):
            expected = signature.authorization(access_key, secret_key, arrived.message(host))
            sound |= hmac.compare_digest(expected.encode(), f"{SCHEME} {given.strip()}".encode())
        if not sound or access_key not in secret_keys:
            raise NotLoggedOnError("the access key is unknown, or the signature is not that of this request")
        if not self._is_first(arrived.method, given.strip(), dated):
            raise NotLoggedOnError("the request is a repeated one: each is signed with the time of its own")
        return access_key

    def _dated(self, text: str) -> float:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            moment = None
        if moment is None:
            raise NotLoggedOnError("a signed request has the header Date, as in Tue, 17 Jan 2023 09:13:57 GMT")
        # A zone -0000, which Python's formatdate() writes, is UTC, and so is HTTP's third form, which names no zone.
        dated = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if abs(self._clock() - dated) > SKEW_SECONDS:
            raise NotLoggedOnError("the header Date is more than 15 minutes off: set the clock, and sign it again")
        return dated

    def _is_first(self, method: str, given: str, dated: float) -> bool:
        if method not in _READS:
            # It is good from 15 minutes before its date to 15 minutes after it.
            return self._use_up_change(hashlib.sha256(given.encode()).hexdigest(), 2 * SKEW_SECONDS)
        now = self._clock()
        with self._lock:
            for old in [old for old, until in self._used.items() if until < now]:
                del self._used[old]
            if given in self._used and abs(now - dated) > _ASKED_AGAIN_SECONDS:
                return False
            self._used[given] = dated + SKEW_SECONDS
        return True
