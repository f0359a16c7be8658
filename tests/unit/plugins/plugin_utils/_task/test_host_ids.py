# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible.inventory.manager import split_host_pattern

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CONFLICT,
    INVALID,
    UNKNOWN_HOST,
    Code,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import MAX_ID, Target, known, parse, resolve


class TaggedText(str):
    """Like ansible-core's tagged strings, a subclass."""


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ([1001, 1002], [1001, 1002]),
        ((1002, 1001), [1002, 1001]),
        (["1001", " 1002 "], [1001, 1002]),
        ([1001, "1002"], [1001, 1002]),
        (1001, [1001]),
        ("1001", [1001]),
        (TaggedText("1001"), [1001]),
        ("[1001, 1002]", [1001, 1002]),
        (' [1001,"1002"]\n', [1001, 1002]),
        ("1001,1002", [1001, 1002]),
        ("1001, 1002,", [1001, 1002]),
        ("1001\n1002", [1001, 1002]),
        ("\n1001\r\n\r\n 1002 \n", [1001, 1002]),
        ("1001,1002\n1003\n", [1001, 1002, 1003]),
        ("1001,\n1002,\n", [1001, 1002]),
        ([1], [1]),
        ([MAX_ID], [MAX_ID]),
        (str(MAX_ID), [MAX_ID]),
    ],
)
def test_accepted(value: object, ids: list[int]) -> None:
    parsed = parse(value)
    assert parsed == ids
    assert {type(host_id) for host_id in parsed} == {int}


@pytest.mark.parametrize("value", [None, "", [], (), "[]", " [ ] ", "  ", "\n\n"], ids=repr)
def test_empty(value: object) -> None:
    with pytest.raises(OcpError) as caught:
        parse(value)
    assert caught.value.code is INVALID
    assert [error["message"] for error in caught.value.sub_errors] == ["must not be empty"]
    assert "hostIds" in caught.value.message


REFUSED = [
    0,
    -1,
    MAX_ID + 1,
    10**30,
    True,
    False,
    1.0,
    1001.5,
    float("nan"),
    float("inf"),
    "x",
    "1x",
    "0",
    "-1",
    "+5",
    "007",
    "0x10",
    "1_0",
    "1e3",
    "1001.0",
    "\u0661\u0662",
    "\uff11",
    "\u00b2",
    str(MAX_ID + 1),
    "9" * 30,
    "true",
    "null",
    "{{ 1001 }}",
    "{% x %}",
    b"1001",
    None,
    "",
    [1001],
    {"id": 1001},
    {1001},
]


@pytest.mark.parametrize("item", REFUSED, ids=lambda value: ascii(value)[:30])
def test_refused(item: object) -> None:
    with pytest.raises(OcpError) as caught:
        parse([1001, item, 1002])
    assert caught.value.code is INVALID
    (error,) = caught.value.sub_errors
    assert (error["object"], error["field"]) == ("request", "hostIds")
    assert str(MAX_ID) in error["message"]


@pytest.mark.parametrize(
    "value", [item for item in REFUSED if item not in (None, "") and not isinstance(item, list)], ids=ascii
)
def test_refused_alone(value: object) -> None:
    with pytest.raises(OcpError) as caught:
        parse(value)
    assert caught.value.code is INVALID


@pytest.mark.parametrize(
    "value", ["[1001,", "[", "[1001 1002]", "[1001,]", "[1001]]", "['1001']", '[1001, "x]', "[{{ ids }}]"]
)
def test_a_list_that_was_cut_is_told(value: str) -> None:
    """-e 'host_ids=[1, 2]' arrives as '[1,'."""
    with pytest.raises(OcpError, match="not a complete JSON list") as caught:
        parse(value)
    assert caught.value.code is INVALID
    assert "-e '{" in caught.value.message, "it shows what to write"


@pytest.mark.parametrize(
    "value", ["[true]", "[1.0]", "[NaN]", "[Infinity]", "[1e400]", "[null]", "[[1]]", '[{"a": 1}]', '["a"]']
)
def test_json_lists_of_something_else(value: str) -> None:
    with pytest.raises(OcpError, match="must be an integer"):
        parse(value)


@pytest.mark.parametrize("value", ["1,,2", ",1", "1 2", "1;2", "1001 and 1002", "{{ [1001, 1002] }}"])
def test_texts_that_are_no_list(value: str) -> None:
    with pytest.raises(OcpError, match="must be an integer"):
        parse(value)


@pytest.mark.parametrize(
    "value",
    [
        "[" * 100_000,
        [10**5000],
        10**5000,
        "9" * 5000,
        "[" + "9" * 5000 + "]",
        ["x" * 10**6],
        "x" * 10**6,
        '["' + "x" * 10**6 + '"]',
    ],
    ids=[
        "brackets",
        "integer in a list",
        "integer",
        "digits",
        "digits in JSON",
        "text in a list",
        "text",
        "text in JSON",
    ],
)
def test_huge(value: object) -> None:
    with pytest.raises(OcpError) as caught:
        parse(value)
    assert caught.value.code is INVALID
    assert len(caught.value.message) < 1000
    assert len(str(caught.value.sub_errors)) < 1000


def test_every_refused_value_is_named() -> None:
    with pytest.raises(OcpError) as caught:
        parse(["a", 1001, 0, True, float("nan")])
    assert [error["rejectedValue"] for error in caught.value.sub_errors] == ["a", 0, True, "nan"]
    assert all(shown in caught.value.message for shown in ("'a'", "0", "True", "nan"))


def test_duplicates_are_all_named() -> None:
    with pytest.raises(OcpError, match=r"more than once: 7, 9$") as caught:
        parse([9, 7, 8, "7", 9, 9])
    assert caught.value.code is INVALID
    assert [error["rejectedValue"] for error in caught.value.sub_errors] == [7, 9]


def test_many_ids() -> None:
    ids = list(range(1, 20_001))
    assert parse(ids) == ids
    assert parse("\n".join(map(str, ids))) == ids


# Other ids of OCP


@pytest.mark.parametrize(
    ("field", "variable"),
    [("hostIds", "host_ids"), ("taskId", "task_id"), ("subtaskId", "subtask_id"), ("hostId", "host_id")],
)
def test_other_fields_are_named_as_the_api_names_them_and_told_how_to_give(field: str, variable: str) -> None:
    assert parse("31173, 31174", field) == [31173, 31174]
    with pytest.raises(OcpError) as caught:
        parse(["x"], field)
    assert caught.value.sub_errors[0]["field"] == field
    assert caught.value.message.startswith(f"{field}: 'x' must be an integer")
    assert f"""-e '{{"{variable}": [""" in caught.value.message
    with pytest.raises(OcpError, match=f"{field} is required: give one, as in -e {variable}=[0-9]+$"):
        parse("", field, most=1)


@pytest.mark.parametrize("value", [31173, "31173", " 31173 ", [31173], ["31173"], "[31173]"], ids=repr)
def test_one_id(value: object) -> None:
    assert parse(value, "taskId", most=1) == [31173]


@pytest.mark.parametrize("value", [[1, 2, 3], "1,2,3", "[1, 2, 3]", "1\n2\n3"], ids=repr)
def test_more_than_may_be(value: object) -> None:
    with pytest.raises(OcpError, match="taskId must be no more than 1: give one, as in -e task_id=") as caught:
        parse(value, "taskId", most=1)
    assert caught.value.code is INVALID
    assert [(error["field"], error["rejectedValue"]) for error in caught.value.sub_errors] == [
        ("taskId", 2),
        ("taskId", 3),
    ]
    assert parse(value, "taskId", most=3) == [1, 2, 3]


# resolve


def refused(
    code: Code, ids: list[int], inventory: dict[str, object], groups: tuple[str, ...] = ("all", "ungrouped")
) -> OcpError:
    with pytest.raises(OcpError) as caught:
        resolve(ids, inventory, groups)
    assert caught.value.code is code
    return caught.value


def test_targets_are_in_the_order_of_the_request() -> None:
    inventory = {"a": 1, "b": "2", "c": TaggedText("3"), "d": 4, "localhost": None}
    assert resolve([3, 1, 2], inventory, ()) == [Target(3, "c"), Target(1, "a"), Target(2, "b")]


def test_unknown_ids_are_all_named() -> None:
    error = refused(UNKNOWN_HOST, [1, 2, 3], {"a": 2})
    assert "1, 3" in error.message
    assert [sub_error["rejectedValue"] for sub_error in error.sub_errors] == [1, 3]


def test_500_unknown_ids_are_all_named_in_the_sub_errors() -> None:
    error = refused(UNKNOWN_HOST, list(range(1, 501)), {})
    assert [sub_error["rejectedValue"] for sub_error in error.sub_errors] == list(range(1, 501))
    assert "and 400 more" in error.message


@pytest.mark.parametrize("value", ["x", 1.0, True, "{{ 1 }}", ["x"], {}], ids=repr)
def test_an_unusable_ocp_host_id_is_no_host_and_hinted_at(value: object) -> None:
    error = refused(UNKNOWN_HOST, [1], {"a": value})
    if not isinstance(value, list):
        assert "ocp_host_id of a is no host id" in error.message


def test_two_hosts_of_one_id() -> None:
    error = refused(CONFLICT, [1, 2], {"a": 1, "b": "1", "c": 2})
    assert "1 is a and b" in error.message
    assert [sub_error["rejectedValue"] for sub_error in error.sub_errors] == [1]


@pytest.mark.parametrize("value", [[1, 2], ["1", "2"], (1, 2), [1]], ids=repr)
def test_two_ids_of_one_host(value: object) -> None:
    error = refused(CONFLICT, [1, 2], {"a": value, "b": 2})
    assert "a has" in error.message


def test_other_hosts_do_not_matter() -> None:
    inventory = {"a": 1, "b": 7, "c": 7, "d": [8, 9], "all": 10, "x[1:3]": 11, "e": "junk"}
    assert resolve([1], inventory, ("all",)) == [Target(1, "a")]


@pytest.mark.parametrize("name", ["all", "ungrouped", "db"])
def test_a_host_named_like_a_group(name: str) -> None:
    assert repr(name) in refused(INVALID, [1], {name: 1}, ("all", "ungrouped", "db")).message


LITERAL = [
    "web1",
    "web-1.example.com",
    "10.0.0.1",
    "admin@web1",
    "a_b",
    "7",
    "\u4e3b\u673a1",
    "a+b",
    "::1",
    "fe80::1",
    "2001:db8::2:1",
    "2001:db8:0:0:0:0:2:1",
    "FE80::ABCD",
]
PATTERNS = [
    "a:b",
    "a,b",
    "!a",
    "&a",
    "~a.*",
    "x[1:3]",
    "x[0]",
    "a*",
    "a?",
    "@file",
    "-a",
    "a b",
    "a\n",
    "\ta",
    "",
    "a\x1b[31m",
    "a;b",
    "{{ a }}",
    "web1:22",
    "[::1]:22",
    "1:2:3",
    "ab:cd:ef",
    "00:1a:2b:3c:4d:5e",
    "::1:",
    "1::2::3",
    ":::",
    "12345::1",
]


@pytest.mark.parametrize("name", LITERAL)
def test_a_name_that_ansible_takes_literally(name: str) -> None:
    assert split_host_pattern(name) == [name], "else the list of this test is wrong"
    assert resolve([1], {name: 1}, ("all",)) == [Target(1, name)]


@pytest.mark.parametrize("name", PATTERNS, ids=ascii)
def test_a_name_that_ansible_would_read_as_a_pattern(name: str) -> None:
    error = refused(INVALID, [1], {name: 1})
    assert re.search("pattern or a group", error.message)
    assert "\n" not in error.message, "one line"
    assert "\x1b" not in error.message


def test_known_ids() -> None:
    inventory = {"a": 1, "b": "2", "c": [3, "x", 4], "d": "none", "e": True, "f": 1.0, "g": 2}
    assert known(inventory) == {1, 2, 3, 4}


def test_who_fills_in_a_survey_of_awx_is_told_nothing_about_a_command_line() -> None:
    for value in ("", "a 1001", "[1001,"):
        with pytest.raises(OcpError, match=r"one id a line, or ids with commas between them$") as caught:
            parse(value, by_survey=True)
        assert "-e" not in caught.value.message
    with pytest.raises(OcpError, match=r"one number$"):
        parse("", "taskId", most=1, by_survey=True)
