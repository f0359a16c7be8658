# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The format of the host program's requests and answers, without the package json.

That package needs re, and re needs enum. Importing them costs a host more than looking at its processes.
"""

from .host import as_text

ANSWER = b"OCP-ANSWER "  # begins an answer's line, before the id of its call, since a login shell may print other lines
STEP = b"OCP-STEP "  # begins the line of a step in the same way
_SHORT = {"\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def value_of(expression):
    """The value of a Python expression from the controller, which has also sent this program."""
    return eval(expression, {})  # pylint: disable=eval-used


def answer_line(call_id, answer):
    """The line for standard output. call_id: bytes, as in the call. answer: JSON, as bytes."""
    return b"\n" + ANSWER + call_id + b" " + answer + b"\n"


def step_line(call_id, step):
    """The line for standard output that tells a step on the way to an answer. step: JSON, as bytes."""
    return b"\n" + STEP + call_id + b" " + step + b"\n"


def as_json(value):
    """The value as JSON in ASCII: dicts with texts as keys, lists, tuples, texts, numbers, booleans, None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (_quoted(key), as_json(value[key])) for key in value)
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join([as_json(item) for item in value])
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (bytes, type(u""))):
        return _quoted(value)
    return "%d" % value


def _quoted(value):
    return "\"%s\"" % "".join([_SHORT.get(letter) or (letter if " " <= letter <= "~" else _escaped(ord(letter)))
                               for letter in as_text(value)])


def _escaped(code):
    if code < 0x10000:
        return "\\u%04x" % code
    code -= 0x10000  # JSON writes these as pairs of surrogates
    return "\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
