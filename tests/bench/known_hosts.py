# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a large known_hosts for the fan-out: `python -m tests.bench.known_hosts --lines 6100 --hosts 100`.

It reads the file once, as the engine does, and judges each host's key, with plain and with hashed names.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import tempfile
import time
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.known_hosts import KnownHosts, Verdict, names_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.known_hosts", description=__doc__)
    parser.add_argument("--lines", type=int, default=6100)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--port", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for hashed in (False, True):
        seconds = min(measure(options.lines, options.hosts, options.port, hashed) for _round in range(options.rounds))
        what = "hashed" if hashed else "in clear"
        print(f"{options.lines} lines, {options.hosts} hosts, names {what}: {seconds:.3f} s of CPU")


def measure(lines: int, hosts: int, port: int, hashed: bool) -> float:
    """Seconds of CPU to read a file of so many lines, and to judge the keys of so many of its hosts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "known_hosts")
        path.write_text("".join(_line(number, port, hashed) for number in range(lines)))
        begun = time.process_time()
        files = KnownHosts([str(path)])
        for number in range(0, lines, max(1, lines // hosts)):
            server = files.about(names_of(f"db{number}", port, alias=False))
            server.types()
            assert server.judge(_key(number))[0] is Verdict.KNOWN
        return time.process_time() - begun


def _key(number: int) -> bytes:
    parts = (b"ssh-ed25519", hashlib.sha256(b"%d" % number).digest())
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _line(number: int, port: int, hashed: bool) -> str:
    name = names_of(f"db{number}", port, alias=False)[0]
    if hashed:
        salt = hashlib.sha1(name.encode()).digest()
        digest = hmac.digest(salt, name.encode(), "sha1")
        name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    return f"{name} ssh-ed25519 {base64.b64encode(_key(number)).decode()}\n"


if __name__ == "__main__":
    main()
