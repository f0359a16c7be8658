# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that the task store is tested on: SQLite files; a PostgreSQL, a MariaDB, an OceanBase of our own.

The servers have a folder and a unix socket each, and no network address.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

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
    as_user: Mapping[str, Any] = AS_USER

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self.as_user
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
        """Run a statement with the server's own client. Returns what that prints."""
        return _run(*self._client(database), statement, timeout=30, as_user=self.as_user)

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


class Seekdb(Server):
    """OceanBase in MySQL mode, on one machine: the server that comes with the package pylibseekdb of PyPI."""

    name = "seekdb"
    socket = "data/run/sql.sock"
    as_user: Mapping[str, Any] = {}  # nobody may not look into every environment that has the package
    _stop_signal = signal.SIGKILL

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "data").mkdir()

    @staticmethod
    def program() -> Path | None:
        """The server's program; None where the package is not installed."""
        found = importlib.util.find_spec("pylibseekdb")
        return Path(str(found.origin)).with_name("seekdb") if found else None

    def _command(self) -> list[str]:
        # It listens on all addresses, so it gets a network of its own; and it wants one that is not the loopback alone.
        network = "ip link set lo up; ip link add v0 type veth peer name v1; ip addr add 192.0.2.1/24 dev v0; "
        network += "ip link set v0 up; ip link set v1 up"
        program = self.program()
        assert program is not None
        start = f'{network}; export LD_LIBRARY_PATH="${{1%/*}}"; exec "$1" --nodaemon --base-dir "$2"'
        return ["unshare", "--map-root-user", "--net", "sh", "-c", start, "sh", str(program), str(self.folder / "data")]

    def _client(self, database: str) -> list[str]:
        return ["mariadb", "--no-defaults", "-u", "root", "-S", str(self.folder / self.socket), "-BN", database, "-e"]

    def new_database(self, name: str) -> str:
        user = f"CREATE USER IF NOT EXISTS ocp IDENTIFIED BY '{PASSWORD}'"
        self.run(f"CREATE DATABASE {name}; {user}; GRANT ALL ON {name}.* TO ocp")
        return f"mysql+pymysql://ocp:{PASSWORD}@localhost/{name}?unix_socket={self.folder / self.socket}"


_S = TypeVar("_S", bound=Server)
Kind = Sqlite | Postgresql | Mariadb
SERVERS: dict[str, type[Postgresql] | type[Mariadb]] = {"postgresql": Postgresql, "mariadb": Mariadb}
_NEEDED = {"postgresql": "/usr/lib/postgresql/*/bin/initdb", "mariadb": "/usr/sbin/mariadbd"}


@contextmanager
def running(kind: str) -> Iterator[Postgresql | Mariadb]:
    """A server of SERVERS that runs for as long as the block."""
    if not list(Path("/").glob(_NEEDED[kind].removeprefix("/"))):
        raise AssertionError(f"there is no {_NEEDED[kind]}: `make test` installs it, as does tools/system-packages.sh")
    with started(SERVERS[kind]) as server:
        yield server


@contextmanager
def started(kind: type[_S]) -> Iterator[_S]:
    """A server of that class that runs for as long as the block."""
    # pytest's own folders are closed to the user that a server runs as; a socket's path may not be long; and what is
    # written here need not survive a power cut
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=f"ocp-{kind.name}-", dir=memory))
    try:
        if AS_USER:
            shutil.chown(folder, AS_USER["user"], AS_USER["group"])
        folder.chmod(0o755)
        server = kind(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path, timeout: float = 120, as_user: Mapping[str, Any] | None = None) -> str:
    """Run a program of a server. Returns what it prints."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        timeout=timeout,
        **(AS_USER if as_user is None else as_user),
    ).stdout
