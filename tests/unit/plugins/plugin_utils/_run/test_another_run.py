# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another run gets passwords and variables as they are here, and shows what it shows here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import another_run

PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ asis }} {{ evaluated }} {{ secret }} {{ nested.list[1] }}"
    - ansible.builtin.fail:
        msg: no more
"""


def test_it_gets_what_this_run_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[tuple[str, bool]] = []
    display = SimpleNamespace(display=lambda text, stderr: shown.append((text, stderr)))
    monkeypatch.setattr(another_run.screen, "display", lambda: display)
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"inventory": ("localhost,",), "connection": "local"}))
    monkeypatch.setattr(another_run, "_is_template", lambda value: "evaluated" in value)
    vault = tmp_path / "vars.yml"
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK)
    vault.write_text("secret: of-the-vault\n")
    (tmp_path / "key").write_text("key of the vault\n")
    encrypt = ["vault", "encrypt", "--vault-id", f"site@{tmp_path / 'key'}", str(vault)]
    subprocess.run([sys.executable, "-m", "ansible", *encrypt], check=True, capture_output=True)
    playbook.write_text(PLAYBOOK.replace("  tasks:", f"  vars_files: [{vault}]\n  tasks:"))
    action: Any = SimpleNamespace(
        _loader=SimpleNamespace(
            _vault=SimpleNamespace(secrets=[("site", SimpleNamespace(bytes=b"key of the vault"))])
        ),
        _play_context=SimpleNamespace(password="of-ssh", become_pass="of-become"),
    )
    given = {"asis": "{{ 1 + 1 }}", "evaluated": "{{ 2 + 2 }}{# evaluated #}", "nested": {"list": [1, "two"]}}
    looked: list[int] = []
    status = another_run.carry_out(
        action, str(playbook), given, tmp_path, {"ANSIBLE_NOCOLOR": "1"}, lambda process: looked.append(process.pid)
    )
    assert status == 2, shown
    assert any("{{ 1 + 1 }} 4 of-the-vault two" in text for text, stderr in shown if not stderr), shown
    assert len(set(looked)) == 1
    arguments = {path.name for path in tmp_path.iterdir() if path.is_fifo()}
    assert arguments == {"vault0", "connection-password-file", "become-password-file", "extra_vars"}
