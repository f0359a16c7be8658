# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of the task store's tests: SQLite files, and a PostgreSQL and a MariaDB that the tests start.

The servers have a folder and a unix socket each, and no network address.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "no-one-may-see-me"

# Both servers refuse to run as root.
AS_USER: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


class Sqlite:
    """A file for each database."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_database(self, name: str) -> str:
        """Return the URL of an empty database."""
        return f"sqlite:///{self._folder}/{name}/tasks.db"


class Server:
    """A database server that the tests run.

    socket: the name of its unix socket in its folder.
    """

    name: str
    socket: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **AS_USER
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self.name} does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once. Committed data stays."""
        if self._process is not None:
            self.thaw()
            self._process.send_signal(self._stop_signal)
            self._process.wait(timeout=60)
            self._process = None

    def freeze(self) -> None:
        """Make it answer no client until thaw()."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after freeze()."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def run(self, statement: str, database: str = "") -> str:
        """Run a statement with the server's own client. Returns its output."""
        return _run(*self._client(database), statement, timeout=30)

    _stop_signal = signal.SIGTERM

    def _answers(self) -> bool:
        try:
            self.run("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _client(self, database: str) -> list[str]:
        raise NotImplementedError


class Postgresql(Server):
    name = "postgresql"
    socket = ".s.PGSQL.5432"
    _stop_signal = signal.SIGINT  # does not wait for clients

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        _run(self._programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "ocp", "-E", "UTF8", "--no-sync")

    def _command(self) -> list[str]:
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", "shared_buffers=16MB"]
        options = [part for setting in settings for part in ("-c", setting)]
        return [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]

    def _client(self, database: str) -> list[str]:
        psql = str(self._programs / "psql")
        return [psql, "-h", str(self.folder), "-U", "ocp", "-d", database or "postgres", "-qAtX", "-c"]

    def new_database(self, name: str) -> str:
        self.run(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://ocp:{PASSWORD}@/{name}?host={self.folder}"


class Mariadb(Server):
    name = "mariadb"
    socket = "socket"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        _run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )

    def _command(self) -> list[str]:
        program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None
        return [
            program,
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            "--skip-networking",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
        ]

    def _client(self, database: str) -> list[str]:
        return ["mariadb", "--no-defaults", "-u", "root", "-S", str(self.folder / "socket"), "-BN", database, "-e"]

    def new_database(self, name: str) -> str:
        self.run(f"CREATE DATABASE {name}; GRANT ALL ON {name}.* TO ocp@localhost IDENTIFIED BY '{PASSWORD}'")
        return f"mysql+pymysql://ocp:{PASSWORD}@localhost/{name}?unix_socket={self.folder / 'socket'}"


Kind = Sqlite | Postgresql | Mariadb
SERVERS: dict[str, type[Postgresql] | type[Mariadb]] = {"postgresql": Postgresql, "mariadb": Mariadb}
_NEEDED = {"postgresql": "/usr/lib/postgresql/*/bin/initdb", "mariadb": "/usr/sbin/mariadbd"}


@contextmanager
def running(kind: str) -> Iterator[Postgresql | Mariadb]:
    """Run a server during the block."""
    if not list(Path("/").glob(_NEEDED[kind].removeprefix("/"))):
        raise AssertionError(f"there is no {_NEEDED[kind]}: `make test` installs it, as does tools/system-packages.sh")
    # The user that a server runs as cannot enter pytest's folders, and a socket's path has to be short. The data
    # need not survive a power cut.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=f"ocp-{kind}-", dir=memory))
    try:
        if AS_USER:
            shutil.chown(folder, AS_USER["user"], AS_USER["group"])
        folder.chmod(0o755)
        server = SERVERS[kind](folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path, timeout: float = 120) -> str:
    """Run a program of a server. Returns its output."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        timeout=timeout,
        **AS_USER,
    ).stdout
