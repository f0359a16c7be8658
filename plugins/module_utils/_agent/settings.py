# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Reads single settings from the agent's YAML files. Hosts have no library for that.

It reads nested mappings with one key a line, as the vendor's files are. Other YAML is skipped where no wanted setting
can be in it, and refused where one could be, since a wrong folder is worse than none.
"""

_NOTHING = ("", "~", "null", "Null", "NULL")
_BEGINS_OTHER = u"&*!|>%@`{}[],?"  # a value or key that begins so is no plain text


class SettingsError(Exception):
    """The text is not one that this reader can be sure about. The message, for people, says which line and why."""


def settings_in(content, wanted):
    """The wanted settings of a YAML document.

    content: bytes. wanted: tuples of keys, C(*) for any key. Returns a dict of tuples of keys to texts (unicode in
    Python 2.7 as well), without those that are empty. Raises SettingsError.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("it is no UTF-8")
    return _Reader(wanted).read(text)


class _Reader(object):
    def __init__(self, wanted):
        self._wanted = wanted
        self._found = {}
        self._seen = set()
        self._margin = None  # the indent of the first key
        self._levels = []  # pairs of indent and key, from the margin to where the reader is

    def read(self, text):
        begun = False
        inside = None  # the indent above which everything belongs to a value that is not looked into
        for number, line in enumerate(text.replace(u"\r\n", u"\n").split(u"\n"), 1):
            stripped = line.strip(u" \t")
            indent = len(line) - len(line.lstrip(u" "))
            if not stripped or stripped.startswith(u"#"):
                continue
            if inside is not None and (indent > inside[0] or indent == inside[0] and inside[1] and (
                    stripped == u"-" or stripped.startswith(u"- "))):
                if self._is_wanted(inside[2]):
                    raise SettingsError("line %d: %s goes on here" % (number, u".".join(inside[2])))
                continue
            inside = None
            if indent == 0 and (stripped == u"---" or stripped.startswith(u"%")):
                if begun:
                    break  # the agent reads the first document, which may be empty
                begun = stripped == u"---"
                continue
            if indent == 0 and stripped == u"...":
                break
            begun = True
            try:
                inside = self._take(line[indent:].rstrip(u" \t"), indent)
            except SettingsError as exc:
                raise SettingsError("line %d: %s" % (number, exc))
        return self._found

    def _take(self, text, indent):
        """Take one line. Returns what of the following lines is not looked into: indent, whether items at that indent
        count, keys; None for nothing."""
        if self._margin is None:
            self._margin = indent
        elif indent < self._margin:
            raise SettingsError("it is to the left of the first line")
        while self._levels and self._levels[-1][0] >= indent:
            self._levels.pop()
        if text == u"-" or text.startswith(u"- "):
            above = tuple(key for dummy, key in self._levels)
            if self._may_hold(above):
                raise SettingsError("it has a list where settings are looked for")
            return (indent, True, above)
        key, value = _pair(text)
        keys = tuple(key for dummy, key in self._levels) + (key,)
        if key == u"<<" and self._may_hold(keys[:-1]):
            raise SettingsError("it merges others in (<<)")
        if self._is_wanted(keys):
            if keys in self._seen:
                raise SettingsError("%s is there twice" % u".".join(keys))
            self._seen.add(keys)
            text = _scalar(value)
            if text is not None:
                self._found[keys] = text
            return (indent, False, keys)
        if self._may_hold(keys):
            if _scalar(value) is not None:
                raise SettingsError("%s is no mapping with one key a line" % u".".join(keys))
            self._levels.append((indent, key))
            return None
        if value[:1] in (u"\"", u"'", u"{", u"[") and not _is_closed(value):
            raise SettingsError("what begins here does not end here")
        return (indent, True, keys)

    def _is_wanted(self, keys):
        return any(_matches(wanted, keys) for wanted in self._wanted)

    def _may_hold(self, keys):
        """Whether a wanted setting may be below these keys."""
        return any(len(keys) < len(wanted) and _matches(wanted[:len(keys)], keys) for wanted in self._wanted)


def _matches(wanted, keys):
    return len(wanted) == len(keys) and all(
        one in ("*", keys[place]) for place, one in enumerate(wanted))


def _pair(text):
    """Key and value of a line."""
    if text[0] in u"\"'":
        key, rest = _quoted_text(text)
        rest = rest.lstrip(u" ")
        if not rest.startswith(u":") or rest[1:2] not in (u"", u" ", u"\t"):
            raise SettingsError("it is no key and value")
        return key, rest[1:].strip(u" \t")
    key, colon, value = text.partition(u": ") if u": " in text else text.partition(u":\t")
    if not colon:
        if not text.endswith(u":"):
            raise SettingsError("it is no key and value")
        key, value = text[:-1], u""
    if key[:1] in _BEGINS_OTHER or u"\t" in key or u" #" in key:
        raise SettingsError("it is no plain key")
    return key.rstrip(u" "), value.strip(u" \t")


def _scalar(value):
    """A value as text, without quotes and comment; None for nothing."""
    if value.startswith(u"#"):
        return None
    if value[:1] in (u"\"", u"'"):
        text, rest = _quoted_text(value)
        if rest.strip(u" \t") and not rest.strip(u" \t").startswith(u"#"):
            raise SettingsError("there is more behind the quotes")
        return text or None
    text = value.replace(u"\t#", u" #").split(u" #")[0].rstrip(u" \t")
    if text in _NOTHING:
        return None
    if text[0] in _BEGINS_OTHER or u": " in text or text.endswith(u":"):
        raise SettingsError("the value is no plain text")
    return text


def _quoted_text(text):
    """The text between the quotes at the beginning, and the rest behind them."""
    rest = _behind_quotes(text)
    inner = text[1:len(text) - len(rest) - 1]
    if text[0] == u"'":
        return inner.replace(u"''", u"'"), rest
    if u"\\" in inner:
        raise SettingsError("it has a backslash in quotes")
    return inner, rest


def _behind_quotes(text):
    """The rest behind the quotes at the beginning."""
    quote, place = text[0], 1
    while place < len(text):
        if text[place] == u"\\" and quote == u"\"" or text[place:place + 2] == u"''" and quote == u"'":
            place += 2
        elif text[place] == quote:
            return text[place + 1:]
        else:
            place += 1
    raise SettingsError("what begins here does not end here")


def _is_closed(value):
    """Whether a value in quotes or brackets ends on its line."""
    depth, place = 0, 0
    while place < len(value):
        if value[place] in u"\"'" and (place == 0 or value[place - 1] in u" ,[{:"):
            try:
                place = len(value) - len(_behind_quotes(value[place:]))
            except SettingsError:
                return False
            continue
        depth += (value[place] in u"{[") - (value[place] in u"}]")
        place += 1
    return depth <= 0
