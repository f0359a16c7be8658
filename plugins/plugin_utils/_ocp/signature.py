# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Signatures of requests to OCP with an access key (AK) and its secret key (SK)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from urllib.parse import quote


def path_and_query(path: str, query: t.Mapping[str, str | t.Sequence[str]]) -> str:
    """The path with its query as OCP signs it, which the request must send unchanged.

    path: percent-encoded as needed. query: texts, or a list of texts for one key.
    Keys are sorted, the values of one key are sorted and joined by commas, and both are percent-encoded (RFC 3986).
    """
    pairs = []
    for key in sorted(query):
        given = query[key]
        value = given if isinstance(given, str) else ",".join(sorted(given))
        pairs.append(f"{quote(key, safe='')}={quote(value, safe='')}")
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def message(
    method: str,
    target: str,
    *,
    host: str,
    date: str,
    body: bytes = b"",
    content_type: str = "",
    ocp_headers: t.Mapping[str, str] | None = None,
) -> str:
    """The text to sign.

    method: as in GET. target: from path_and_query. host, date, content_type: the headers Host, Date (RFC 1123) and
    Content-Type (empty if it is not sent). ocp_headers: the headers whose names begin with x-ocp-.
    """
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest().upper() if body else ""
    headers = "\n".join(f"{key}:{value}" for key, value in sorted((ocp_headers or {}).items()))
    return "\n".join([method, digest, content_type, date, host, headers, target])


def authorization(access_key: str, secret_key: str, signed: str) -> str:
    """The header Authorization of a request. signed: from message."""
    signature = hmac.new(secret_key.encode(errors="surrogateescape"), signed.encode(), hashlib.sha1).digest()
    return f"OCP-ACCESS-KEY-HMACSHA1 {access_key}:{base64.b64encode(signature).decode()}"
