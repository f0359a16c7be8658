# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The attributes of a process where they enter, from a task store or a file: what they may hold."""

from .attributes import LIMIT, LIMITS
from .host import DIGITS

ATTRIBUTES_LIMIT = 8192  # characters of all attributes as one text
_TEXT_LIMIT = 65536
_HIGHEST_ID = 2 ** 32 - 2
_HIGHEST_LIMIT = 2 ** 64 - 1
_MOST_GROUPS = 65536
_HIGHEST_CPU = 65535
# By name the least and the most of each number, in their order.
_NUMBERS = {
    "uid": ((0, _HIGHEST_ID),), "gid": ((0, _HIGHEST_ID),), "nice": ((-20, 19),), "oom_score_adj": ((-1000, 1000),),
    "ionice": ((0, 65535),), "scheduling": ((0, 255), (0, 99)),
}
_NUMBERS.update((LIMIT + name, ((-1, _HIGHEST_LIMIT),) * 2) for name in LIMITS)


def checked_attributes(attributes):
    """Attributes as of attributes_of, of the values of a text or a file. Others than those are left out.

    Raises ValueError, whose text says which one cannot be that of a process.
    """
    if not isinstance(attributes, dict):
        raise ValueError("they are no mapping")
    found = {}
    for key in attributes:
        value = attributes[key]
        if key not in _NUMBERS and key not in _FORMS:
            continue
        if not isinstance(value, type(u"")) or len(value) > _TEXT_LIMIT or "\0" in value:
            raise ValueError("%s is no text of a process" % key)
        if not (_are_numbers(value, _NUMBERS[key]) if key in _NUMBERS else _FORMS[key](value)):
            raise ValueError("%s cannot be %r" % (key, str(value.encode("ascii", "replace").decode("ascii"))[:100]))
        found[key] = value
    return found


def _are_numbers(value, ranges):
    words = value.split(" ")
    return len(words) == len(ranges) and all(
        _is_number(word) and ranges[place][0] <= int(word) <= ranges[place][1] for place, word in enumerate(words))


def _is_number(word):
    digits = word[1:] if word[:1] == "-" else word
    return 0 < len(digits) <= 20 and not digits.strip(DIGITS)


def _are_groups(value):
    words = value.split()
    return len(words) <= _MOST_GROUPS and all(_are_numbers(word, _NUMBERS["gid"]) for word in words)


def _is_umask(value):
    return 0 < len(value) <= 4 and not value.strip("01234567") and int(value, 8) <= 0o777


def _are_cpus(value):
    """A list as of taskset: 0-3,8."""
    for part in value.split(","):
        numbers = part.split("-")
        if len(numbers) > 2 or not all(_are_numbers(number, ((0, _HIGHEST_CPU),)) for number in numbers):
            return False
        if int(numbers[0]) > int(numbers[-1]):
            return False
    return True


def _is_absolute(value):
    return value.startswith("/")


def _are_control_groups(value):
    return all(line.count(":") > 1 and line.split(":", 2)[2].startswith("/") for line in value.splitlines())


def _is_any(dummy):
    return True


_FORMS = {"groups": _are_groups, "umask": _is_umask, "cpus": _are_cpus, "directory": _is_absolute,
          "cgroup": _are_control_groups, "environment": _is_any, "left_out": _is_any}
