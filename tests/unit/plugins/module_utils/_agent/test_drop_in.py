# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import drop_in
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.host import AgentError

HOME = "/home/admin/ocp_agent"
SERVICE = "ocp_agent.service"


@pytest.fixture(autouse=True)
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(drop_in, "UNITS_FOLDER", str(tmp_path))
    return tmp_path


def files(units: Path) -> list[str]:
    return sorted(path.name for path in units.glob("*.d/*"))


def test_it_comes_and_goes_without_a_trace(units: Path) -> None:
    drop_in.write_drop_in(SERVICE, HOME)
    assert files(units) == [drop_in.DROP_IN]
    path = units / f"{SERVICE}.d" / drop_in.DROP_IN
    assert path.stat().st_mode & 0o777 == 0o644
    assert drop_in.has_drop_in(SERVICE)
    drop_in.write_drop_in(SERVICE, HOME)  # over that of a killed run
    assert drop_in.services_with_drop_in(HOME) == [SERVICE]
    assert drop_in.services_with_drop_in("/data/ocp_agent") == []
    drop_in.take_drop_in_away(SERVICE, HOME)
    assert not path.exists()
    assert drop_in.has_drop_in(SERVICE)  # systemd may still have it loaded
    assert drop_in.services_with_drop_in(HOME) == [SERVICE]
    drop_in.forget_drop_in(SERVICE)
    assert list(units.iterdir()) == []


def test_what_others_have_there_stays(units: Path) -> None:
    folder = units / f"{SERVICE}.d"
    folder.mkdir()
    (folder / "site.conf").write_text("[Service]\n")
    drop_in.write_drop_in(SERVICE, HOME)
    drop_in.take_drop_in_away(SERVICE, "/data/ocp_agent")
    drop_in.forget_drop_in(SERVICE)
    assert files(units) == ["site.conf", drop_in.DROP_IN]
    drop_in.take_drop_in_away(SERVICE, HOME)
    drop_in.forget_drop_in(SERVICE)
    assert files(units) == ["site.conf"]


@pytest.mark.parametrize("kind", ["text", "link", "folder"])
def test_what_has_its_name_and_is_not_ours_is_refused(units: Path, kind: str) -> None:
    path = units / f"{SERVICE}.d" / drop_in.DROP_IN
    path.parent.mkdir()
    if kind == "text":
        path.write_text("[Service]\n")
    elif kind == "link":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    with pytest.raises(AgentError, match="is not of this collection"):
        drop_in.write_drop_in(SERVICE, HOME)
    drop_in.take_drop_in_away(SERVICE, HOME)
    assert path.is_symlink() or path.exists()
    assert drop_in.services_with_drop_in(HOME) == []


def test_half_a_file_is_found_and_removed(units: Path) -> None:
    new = units / f"{SERVICE}.d" / f"{drop_in.DROP_IN}.new"
    new.parent.mkdir()
    new.write_text("# Wri")
    assert not drop_in.has_drop_in(SERVICE)  # systemd does not read a file with this name
    assert drop_in.services_with_drop_in(HOME) == [SERVICE]
    drop_in.forget_drop_in(SERVICE)
    assert list(units.iterdir()) == []


def test_a_home_cannot_add_settings() -> None:
    lines = drop_in.content_of_drop_in("/x\n[Service]\nExecStart=/bin/false\\").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        line for line in drop_in.SETTINGS.splitlines() if line
    ]
    assert not any(line.endswith("\\") for line in lines)
