# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A file with the list of hosts, for sites without OCP."""

from __future__ import annotations

import csv
import io
import os
import typing as t

import yaml  # type: ignore[import-untyped,unused-ignore]

from .host_variables import COLUMNS, Variables, from_row

REQUIRED = ("ocp_host_id", "ansible_host")

# Every value stays a text: 010 is not 8, and version 3.10 is not 3.1.
_TEXTS_ONLY = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class RegistryError(Exception):
    """The registry file cannot be used. The message has the file, the row, the reason and the remedy."""


def read_registry(path: str) -> list[Variables]:
    """The variables of every host of a registry file, in the order of the ids.

    path: a CSV file with a row of column names, or a YAML file (.yml, .yaml, .json) with a list of mappings. The
    columns are those of COLUMNS; ocp_host_id and ansible_host are required. Raises RegistryError.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except OSError as exc:
        raise RegistryError(f"the registry {path} cannot be read: {exc.strerror}: correct registry") from None
    except UnicodeDecodeError:
        raise RegistryError(f"the registry {path} is not UTF-8: save it in that encoding") from None
    is_csv = os.path.splitext(path)[1].lower() not in (".yml", ".yaml", ".json")
    hosts: dict[int, Variables] = {}
    for where, row in _csv_rows(path, text) if is_csv else _yaml_rows(path, text):
        try:
            host = from_row(row)
        except ValueError as exc:
            raise RegistryError(f"the registry {path}, {where}: {exc}: correct it") from None
        if host["ocp_host_id"] in hosts:
            raise RegistryError(f"the registry {path}, {where}: ocp_host_id {host['ocp_host_id']} is there already")
        hosts[host["ocp_host_id"]] = host
    return [hosts[host_id] for host_id in sorted(hosts)]


def _csv_rows(path: str, text: str) -> t.Iterator[tuple[str, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_columns(path, "line 1", names)
        for cells in reader:
            where = f"line {reader.line_num}"
            if len(cells) not in (0, len(names)):
                raise RegistryError(
                    f"the registry {path}, {where}: {len(cells)} cells for {len(names)} columns: correct it"
                )
            if any(cell.strip() for cell in cells):
                yield where, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    except csv.Error as exc:
        raise RegistryError(f"the registry {path}, line {reader.line_num}: {exc}: correct it") from None


def _yaml_rows(path: str, text: str) -> t.Iterator[tuple[str, dict[str, str]]]:
    try:
        rows = yaml.load(text, Loader=_TEXTS_ONLY)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RegistryError(f"the registry {path}{line}: {getattr(exc, 'problem', None) or exc}: correct it") from None
    if not isinstance(rows, list):
        raise RegistryError(f"the registry {path} must be a list with one mapping for each host")
    for number, row in enumerate(rows, start=1):
        where = f"host {number}"
        if not isinstance(row, dict):
            raise RegistryError(
                f"the registry {path}, {where}: it must be a mapping with the columns {', '.join(COLUMNS)}"
            )
        _check_columns(path, where, [str(name) for name in row])
        nested = [str(name) for name, value in row.items() if isinstance(value, (dict, list))]
        if nested:
            raise RegistryError(f"the registry {path}, {where}: {', '.join(nested)} must be a single value")
        yield where, {name: "" if value in ("null", "~") else value for name, value in row.items()}


def _check_columns(path: str, where: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    unknown = sorted(set(names) - set(COLUMNS))
    missing = [name for name in REQUIRED if name not in names]
    for problem, found in (("repeated", repeated), ("unknown", unknown), ("missing", missing)):
        if found:
            raise RegistryError(
                f"the registry {path}, {where}: {problem} columns: {', '.join(repr(name) for name in found)}; "
                f"the columns are {', '.join(COLUMNS)}"
            )
