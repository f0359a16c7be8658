# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a screen, driven over the pipe of its DevTools protocol: nothing but the browser is needed."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "google-chrome")
_PATIENCE = 60  # seconds, for one answer
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # as root, and in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def program() -> str | None:
    """The path of the browser; None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """A page of a browser. events: what the browser has told since the last open(): dicts of "method" and "params"."""

    def __init__(self, read: int, write: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._read, self._write = read, write
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol. Returns its result."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": params, **session}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._take(answer)

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file, and wait until it is loaded."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=f"{path.resolve().as_uri()}{fragment}")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._take(self._next())
        while self.js("document.readyState") != "complete" or self.js("location.protocol") != "file:":
            time.sleep(0.02)

    def js(self, expression: str) -> Any:
        """The value of an expression in the page, as JSON has it."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def size(self, width: int, height: int, scale: float = 1) -> None:
        """width, height: of the screen, as the page has it. scale: of a screenshot."""
        screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **screen)

    def media(self, media: str = "", scheme: str = "light") -> None:
        """media: "print", or "" for a screen. scheme: "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """whole: all of the page, and not what is on the screen alone."""
        self.js("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def print(self, path: Path) -> None:
        """Print the page on A4, as PDF."""
        found = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        path.write_bytes(base64.b64decode(found["data"]))

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """What the browser has told of these kinds since the last open()."""
        self.call("Browser.getVersion")  # what was before has been told by then
        return [event["params"] for event in self.events if event["method"] in methods]

    def _take(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if event["method"] == "Page.javascriptDialogOpening":  # it would wait for ever
            message = {"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            os.write(self._write, json.dumps({**message, "sessionId": self._session}).encode() + b"\0")

    def _next(self) -> dict[str, Any]:
        while True:
            while b"\0" not in self._rest:
                if not select.select([self._read], [], [], _PATIENCE)[0]:
                    raise TimeoutError("the browser does not answer")
                part = os.read(self._read, 1 << 20)
                if not part:
                    raise EOFError("the browser has ended")
                self._rest += part
            text, dummy, self._rest = self._rest.partition(b"\0")
            message: dict[str, Any] = json.loads(text)
            if message.get("id") != 0:
                return message


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser with one page, and a profile that goes with it."""
    found = program()
    if not found:
        raise FileNotFoundError(f"there is none of {', '.join(PROGRAMS)}: tools/system-packages.sh test installs one")
    to_browser, from_browser = os.pipe(), os.pipe()
    # The browser has them as 3 and 4, whatever numbers they have here.
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser[0], from_browser[1])]
    with tempfile.TemporaryDirectory(prefix="ocp-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [found, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: [os.dup2(fd, place) for place, fd in enumerate(theirs, 3)] and None,
            pass_fds=(3, 4),
            env={**os.environ, "HOME": profile, "XDG_CONFIG_HOME": profile, "XDG_CACHE_HOME": profile},
        )
        try:
            for fd in (to_browser[0], from_browser[1], *theirs):
                os.close(fd)
            yield Browser(from_browser[0], to_browser[1])
        finally:
            os.close(to_browser[1])  # a browser whose pipe ends, ends
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(from_browser[0])
