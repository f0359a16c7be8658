# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.signature import authorization, message, path_and_query

# The example in OCP's documentation.
ACCESS_KEY = "cqammmxBpfGjFlto"
SECRET_KEY = "2fc0c299cc94c6be266f2ceece765d4d"
DATE = "Tue, 17 Jan 2023 09:13:57 GMT"
HOST = "ocp.alibaba.net:8080"


def test_the_documented_example_is_signed_as_documented():
    signed = message(
        "POST",
        "/api/v2/compute/idcs",
        host=HOST,
        date=DATE,
        body=b'{"name":"test01","description":"test","regionId":1}',
        content_type="application/json",
        ocp_headers={"x-ocp-data": "A,1"},
    )
    expected = f"OCP-ACCESS-KEY-HMACSHA1 {ACCESS_KEY}:XN8P+O+v3vUabB16ZCooq5wMJoY="
    assert authorization(ACCESS_KEY, SECRET_KEY, signed) == expected


def test_empty_fields_keep_their_lines():
    target = "/api/v2/compute/hosts"
    assert message("GET", target, host=HOST, date=DATE) == f"GET\n\n\n{DATE}\n{HOST}\n\n{target}"


def test_ocp_headers_are_sorted():
    signed = message("GET", "/", host=HOST, date=DATE, ocp_headers={"x-ocp-b": "2", "x-ocp-a": "1"})
    assert signed.endswith(f"\n{HOST}\nx-ocp-a:1\nx-ocp-b:2\n/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "/p"),
        ({"size": "10", "page": "1"}, "/p?page=1&size=10"),
        ({"status": ["ONLINE", "NEW"]}, "/p?status=NEW%2CONLINE"),
        ({"k y": "a b+c&d=e/~*"}, "/p?k%20y=a%20b%2Bc%26d%3De%2F~%2A"),
        ({"keyword": "主机"}, "/p?keyword=%E4%B8%BB%E6%9C%BA"),
    ],
)
def test_the_query_is_sorted_and_percent_encoded(query, expected):
    assert path_and_query("/p", query) == expected
