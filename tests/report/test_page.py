# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in a real browser: what they show, what their script does, and that nothing in them is executed or loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.page import of_task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.view import Page, view
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller
from tests.report.browser import Browser, browser
from tests.report.made import Made, Runs, some_fail

pytestmark = pytest.mark.xdist_group("report")  # one browser

MOST_BYTES = 5_000_000
EVIL = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"><img src=x onerror='alert(3)'>",
    "' onmouseover='alert(4)",
    "</title></style></svg><iframe src='https://192.0.2.1/'></iframe>",
    "javascript:alert(5)",
    "{{ 7 * 7 }}{% raw %}",
    "--></details><form action=https://192.0.2.1/><button autofocus>",
    "\u202edb\u2066\x00\x1b[31m\ufeff",
    "&lt;b&gt;&#x3c;b>",
    "]]><svg onload=alert(6)>",
    "`${alert(7)}`",
]


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as found:
        found.size(1280, 900)
        yield found


def write(made: Made, path: Path, text: str = "/var/lib/ocp/tasks.db") -> Path:
    caller = Caller(options=["-i", text], module_options=["-i", text])
    shown = Page({"stop": 2}, caller, True, [("Store", text)], [text], "2026-11-28T03:20:00+08:00")
    path.write_text(of_task(view(made.task, made.logs, shown)), encoding="utf-8")
    return path


def named(names: Sequence[str], said: str) -> Made:
    """A task on hosts of these names; the first one fails, saying something."""
    made = Runs(names).run({("prepare", 0): Outcome.failure(NO_CONNECTION, said)})
    made.task.creator = made.task.executor = said
    made.task.records[1].home = said
    return made


def order(page: Browser, most: int = 1000) -> list[str]:
    """The names of the hosts that are shown, in their order, without the sign before them."""
    found: list[str] = page.js(
        "[...document.querySelectorAll('.hosts > li')].filter(item => !item.hidden)"
        ".map(item => item.querySelector('.host').textContent.slice(2))"
    )
    return found[:most]


def check_quiet(page: Browser) -> None:
    """Nothing was loaded but the page itself, nothing was refused by its policy, nothing failed, nobody was asked."""
    urls = [event["request"]["url"] for event in page.told("Network.requestWillBeSent")]
    assert [url for url in urls if not url.startswith("file:") or not url.partition("#")[0].endswith(".html")] == []
    assert page.told("Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Log.entryAdded") == []


def test_hostile_values_are_text(page: Browser, tmp_path: Path) -> None:
    harmless = [f"host{number}" for number in range(len(EVIL))]
    tags = "[...document.querySelectorAll('*')].map(one => one.tagName).join()"
    shape = []
    for names, said in ((harmless, "said"), (EVIL, EVIL[0] + EVIL[2] + EVIL[4])):
        page.open(write(named(names, said), tmp_path / "report.html", said), "#h0")
        page.js("document.querySelector('.unfold').click()")
        page.js("document.querySelectorAll('.row').forEach(row => row.dispatchEvent(new MouseEvent('mouseover')))")
        shape.append(page.js(tags))
        check_quiet(page)
    assert shape[0] == shape[1]
    shown = order(page)
    assert shown[:8] == [" ".join(name.split()) for name in EVIL[:8]]
    assert shown[8] == "\\u202edb\\u2066\\x00\\x1b[31m\\ufeff"
    command = page.js("document.querySelector('.ways code').textContent")
    assert command.startswith("ansible-playbook -i '<script>alert(1)")


def test_what_slips_through_would_not_be_executed(page: Browser, tmp_path: Path) -> None:
    page.open(write(some_fail(6), tmp_path / "report.html"))
    page.js(
        """new Promise(refused => {
            let count = 0;
            addEventListener('securitypolicyviolation', () => { if (++count === 3) refused(); });
            const slipped = document.createElement('div');
            document.body.append(slipped);
            slipped.innerHTML = "<img src='https://192.0.2.1/x.png' onerror='window.ran = 1'>";
            const script = document.createElement('script');
            script.textContent = 'window.ran = 2';
            slipped.append(script);
            slipped.firstChild.dispatchEvent(new Event('error'));
            fetch('https://192.0.2.1/').catch(() => {});
        })"""
    )
    assert page.js("window.ran") is None


def test_sort_and_filter(page: Browser, tmp_path: Path) -> None:
    page.open(write(some_fail(60), tmp_path / "report.html"))
    names = [f"db{number:03}" for number in range(1, 61)]
    assert order(page) == names

    def click(by: str) -> list[str]:
        page.js(f"document.querySelector('button[data-sort=\"{by}\"]').click()")
        return order(page)

    def numbers(selector: str) -> list[float]:
        texts = page.js(f"[...document.querySelectorAll('.hosts > li {selector}')].map(one => one.textContent)")
        return [float(text.removesuffix(" s")) if text.endswith("s") else -1 for text in texts]

    assert click("name") == names
    assert click("name") == names[::-1]
    assert click("kind")[:4] == ["db002", "db004", "db005", "db060"]
    click("total")
    assert numbers(".total") == sorted(numbers(".total"), reverse=True)
    click("1")
    assert numbers(".cell:nth-of-type(5)") == sorted(numbers(".cell:nth-of-type(5)"), reverse=True)
    click("id")

    def search(text: str, kind: str = "") -> list[str]:
        page.js(
            f"""(() => {{
                const [input, select] = document.querySelectorAll('.filter input, .filter select');
                input.value = {text!r}; select.value = {kind!r};
                input.dispatchEvent(new Event('input'));
            }})()"""
        )
        return order(page)

    assert search("db06") == ["db060"]
    assert search("CONNECTION refused") == ["db002", "db005"]
    assert search("", "failed") == ["db002", "db004", "db005", "db060"]
    assert page.js("document.getElementById('shown').textContent") == "4 of 60"
    assert search("nobody") == []
    assert page.js("document.querySelector('p.none').hidden") is False
    page.js("document.querySelector('.names a').click()")
    page.js("new Promise(done => setTimeout(done))")
    assert order(page) == ["db002"], "a link from a failure shows its host, whatever the filter says"
    assert page.js("document.getElementById('h1').parentElement.open") is True
    check_quiet(page)


def test_without_script_all_is_there(page: Browser, tmp_path: Path) -> None:
    path = write(some_fail(8), tmp_path / "report.html")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(path)
        assert page.js("document.querySelector('.filter').hidden") is True
        assert page.js("[...document.querySelectorAll('button[data-sort]')].every(one => one.disabled)") is True
        assert len(order(page)) == 8
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_screen(page: Browser, tmp_path: Path, width: int) -> None:
    page.size(width, 900)
    try:
        page.open(write(named(["db001-" + "very-long-" * 12, "db002"], "x" * 400), tmp_path / "report.html", "y" * 300))
        page.js("document.querySelector('.unfold').click()")
        assert page.js("document.documentElement.scrollWidth") <= width
        shown = "filter(one => one.clientWidth).map(one => one.classList[1])"
        graphs = page.js(f"[...document.querySelectorAll('.graph')].{shown}")
        assert graphs == ["narrow" if width == 390 else "wide"]
    finally:
        page.size(1280, 900)


def test_light_dark_and_paper(page: Browser, tmp_path: Path) -> None:
    page.open(write(some_fail(8), tmp_path / "report.html"))
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    found = []
    try:
        for media, scheme in (("", "light"), ("", "dark"), ("print", "dark")):
            page.media(media, scheme)
            found.append(page.js(colour))
        assert page.js("getComputedStyle(document.querySelector('.filter')).display") == "none"
    finally:
        page.media()
    assert found == ["rgb(247, 247, 245)", "rgb(20, 23, 26)", "rgb(255, 255, 255)"]


def test_a_state_has_words_beside_its_colour(page: Browser, tmp_path: Path) -> None:
    page.open(write(some_fail(8), tmp_path / "report.html"))
    heads = page.js("[...document.querySelectorAll('h1, h2')].map(one => one.textContent)")
    assert [head.split()[0] for head in heads] == ["Batch", "Task", "What", "How", "Hosts", "Wait"]
    rows = page.js("[...document.querySelectorAll('.hosts summary')].map(one => one.textContent)")
    assert rows[1].startswith("✕ db0021002failed in Prepare")
    assert rows[0].startswith("✓ db0011001stopped and verified")
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    texts = [(node["role"]["value"], node["name"]["value"]) for node in tree if node.get("name", {}).get("value")]
    assert ("image", page.js("document.querySelector('.graph.wide').getAttribute('aria-label')")) in texts
    assert {"Filter", "State"} <= {name.strip() for role, name in texts if role in ("searchbox", "combobox")}


def test_a_thousand_hosts(page: Browser, tmp_path: Path) -> None:
    path = write(some_fail(1000), tmp_path / "report.html")
    assert path.stat().st_size < MOST_BYTES
    page.open(path)
    assert len(order(page)) == 1000
    assert page.js("document.querySelectorAll('.graph.wide .node').length") == 5
    page.js("document.querySelector('button[data-sort=\"kind\"]').click()")
    assert order(page, 4) == ["db002", "db004", "db005", "db1000"]
    check_quiet(page)
