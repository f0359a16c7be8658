# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The report as one file of HTML: it loads nothing, and a browser keeps it from loading anything.

Templates escape every value. Script and style sheet have no values and are the same in every report. The page's policy
allows these two alone, by their hashes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .view import Refusal, View
from .words import KINDS, SIGNS, WORDS

_TEMPLATES = Path(__file__).with_name("templates")


def of_task(view: View) -> str:
    """The report of a task, as HTML."""
    return _render("task.html.j2", view)


def of_refusal(view: Refusal) -> str:
    """The report of a request that was refused, as HTML."""
    return _render("refusal.html.j2", view)


def _render(name: str, view: View | Refusal) -> str:
    style, script = _asset("style.css"), _asset("script.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    return _environment().get_template(name).render(
        view=view,
        policy=policy,
        style=style,
        script=script,
        signs=SIGNS,
        words=WORDS,
        kinds=KINDS,
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def _asset(name: str) -> str:
    """A file of the templates, without the comment at its begin."""
    return (_TEMPLATES / name).read_text(encoding="utf-8").partition("*/\n")[2]


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
