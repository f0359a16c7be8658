# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OCP's side of AK/SK: whether a request was signed with this secret key.

It follows the published rules from the bytes that arrived, and shares no line with the plugin's own signature.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

SCHEME = "OCP-ACCESS-KEY-HMACSHA1 "
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def is_signed(
    method: str, target: str, headers: Mapping[str, str], body: bytes, access_key: str, secret_key: str
) -> bool:
    """Check the headers Authorization and Date. target: path and query as they arrived."""
    date = headers.get("Date", "")
    try:
        if abs(datetime.now(UTC) - parsedate_to_datetime(date)) > timedelta(minutes=15):
            return False
    except (TypeError, ValueError):
        return False
    digest = hashlib.md5(body).hexdigest().upper() if body else ""
    own = sorted(f"{name.lower()}:{value}" for name, value in headers.items() if name.lower().startswith("x-ocp-"))
    content_type = headers.get("Content-Type", "")
    signed = "\n".join([method, digest, content_type, date, headers["Host"], "\n".join(own), _canonical(target)])
    signature = b64encode(hmac.digest(secret_key.encode(), signed.encode(), "sha1")).decode()
    return headers.get("Authorization", "") == f"{SCHEME}{access_key}:{signature}"


def _canonical(target: str) -> str:
    path, question, query = target.partition("?")
    if not question:
        return path
    values: dict[bytes, list[bytes]] = {}
    for pair in query.split("&"):
        key, dummy, value = pair.partition("=")
        values.setdefault(unquote_to_bytes(key), []).append(unquote_to_bytes(value))
    pairs = [f"{_encoded(key)}={_encoded(b','.join(sorted(values[key])))}" for key in sorted(values)]
    return f"{path}?{'&'.join(pairs)}"


def _encoded(octets: bytes) -> str:
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)
