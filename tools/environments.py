# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the virtual environments of a checkout, and finds the interpreters on this machine.

    python3 tools/environments.py test          .venv: the project, editable, and what its tests need
    python3 tools/environments.py cores         .venv-core/<line>: the oldest and the newest ansible-core that run here
    python3 tools/environments.py next          .venv-next/<line>: the coming ansible-core, a pre-release
    python3 tools/environments.py awx           .venv-awx: the collection awx.awx, for what configures AWX
    python3 tools/environments.py checks        .venv-checks: linters, ansible-test and Molecule
    python3 tools/environments.py bench         .venv-bench: the project and what it is compared with
    python3 tools/environments.py interpreters  none: lists the interpreters

In every environment ansible-core finds the collection of this checkout by its name. An environment that is complete and
up to date is left as it is. `cores`, `next` and `interpreters` print JSON: the line or version, and its path.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STAMP = "complete"

Version = tuple[int, int]

# Lines of ansible-core, each with the first and the last Python that its controller runs on.
CORE_LINES: dict[Version, tuple[Version, Version]] = {
    (2, 18): ((3, 11), (3, 13)),
    (2, 19): ((3, 11), (3, 13)),
    (2, 20): ((3, 12), (3, 14)),
    (2, 21): ((3, 12), (3, 14)),
}

# The line that is to come, of which there are pre-releases. It moves into CORE_LINES on the day of its release.
NEXT_LINE: Version = (2, 22)
NEXT_PYTHONS: tuple[Version, Version] = ((3, 13), (3, 15))

# What the package `ansible` is for of which pyproject.toml takes the collection awx.awx; later ones do not have it.
AWX_LINE: Version = (2, 19)


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """One Python on this machine.

    version: major and minor.
    path: its executable; never that of a virtual environment or of a wrapper script.
    has_venv: whether it can make virtual environments (Debian ships that part in a package of its own).
    """

    version: Version
    path: Path
    has_venv: bool


def interpreters() -> dict[Version, Interpreter]:
    """Find the interpreters in the usual folders, on PATH and of pyenv, by running each.

    Returns one for each version, the oldest first: the first one found, but rather one that has venv. The system's own
    come first. A distribution builds them with profile-guided optimization, and pyenv does not unless it is told. With
    them a run of ansible-playbook takes a quarter less CPU.
    """
    folders = [Path("/usr/local/bin"), Path("/usr/bin")]
    folders += [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob("versions/*/bin"))
    found: dict[Version, Interpreter] = {}
    seen: set[Path] = set()
    for folder in folders:
        for path in sorted(folder.glob("python*")):
            if not re.fullmatch(r"python(\d(\.\d+)?)?", path.name) or (real := path.resolve()) in seen:
                continue
            seen.add(real)
            interpreter = _look_at(path)
            if interpreter is None:
                continue
            known = found.get(interpreter.version)
            if known is None or (interpreter.has_venv and not known.has_venv):
                found[interpreter.version] = interpreter
    return dict(sorted(found.items()))


def _look_at(path: Path) -> Interpreter | None:
    """Return what this executable is, None when it is no interpreter, does not run, or is a virtual environment's."""
    program = (
        "import sys; print('%d %d' % sys.version_info[:2]); print(sys.executable)\n"
        "print(getattr(sys, 'real_prefix', getattr(sys, 'base_prefix', sys.prefix)) == sys.prefix)\n"
        "try:\n import ensurepip, venv; print(True)\nexcept ImportError: print(False)\n"
    )
    try:
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":  # a wrapper: pyenv's shims answer for another interpreter, or fail
                return None
        run = subprocess.run(
            [path, "-E", "-s", "-c", program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = run.stdout.splitlines()
    if run.returncode != 0 or len(lines) != 4 or lines[2] != "True":
        return None
    major, minor = lines[0].split()
    return Interpreter((int(major), int(minor)), Path(lines[1]), has_venv=lines[3] == "True")


def choose_cores(available: dict[Version, Interpreter]) -> dict[Version, Interpreter]:
    """Choose the oldest and the newest line of ansible-core that these interpreters run.

    Returns the lines, each with its interpreter: the oldest line on its oldest, the newest on its newest.
    """
    runnable = {
        line: fitting
        for line, (first, last) in sorted(CORE_LINES.items())
        if (fitting := [i for v, i in sorted(available.items()) if first <= v <= last and i.has_venv])
    }
    if not runnable:
        raise SystemExit("no interpreter here runs a supported ansible-core: Python 3.11 to 3.14 with venv is needed")
    oldest, newest = min(runnable), max(runnable)
    return {oldest: runnable[oldest][0], newest: runnable[newest][-1]}


def make_test_environment() -> Path:
    """Make .venv on the version of Python that runs this. Returns its path."""
    version = sys.version_info[:2]
    known = interpreters().get(version)
    interpreter = known.path if known else Path(sys.base_prefix, "bin", f"python{_dotted(version)}")
    project = _project()
    extras = ",".join(project["project"]["optional-dependencies"])
    requirements = [f"--editable={ROOT}[{extras}]", *project["dependency-groups"]["test"]]
    return _make(ROOT / ".venv", interpreter, requirements, _metadata())


def make_core_environments() -> dict[Version, Path]:
    """Make .venv-core/<line> for the oldest and the newest ansible-core; other lines there are removed.

    Returns the lines and their environments. The one that .venv has too is a link to it.
    """
    folder = ROOT / ".venv-core"
    folder.mkdir(exist_ok=True)
    chosen = choose_cores(interpreters())
    test_environment = make_test_environment()
    own_line = _core_line(test_environment)
    environments: dict[Version, Path] = {}
    for line, interpreter in chosen.items():
        path = folder / _dotted(line)
        if line == own_line:
            if not path.is_symlink():
                _remove(path)
                path.symlink_to(os.path.relpath(test_environment, folder))
        else:
            if path.is_symlink():
                path.unlink()
            _make(path, interpreter.path, [f"ansible-core~={_dotted(line)}.0", *_collection_requirements()])
        environments[line] = path
    for path in set(folder.iterdir()) - set(environments.values()):
        _remove(path)
    return environments


def make_next_environment() -> dict[Version, Path]:
    """Make .venv-next/<line> on the newest interpreter that the coming ansible-core runs on; other lines are removed.

    Returns the line and its environment; nothing where no interpreter here runs it.
    """
    folder = ROOT / ".venv-next"
    folder.mkdir(exist_ok=True)
    path = folder / _dotted(NEXT_LINE)
    for other in set(folder.iterdir()) - {path}:
        _remove(other)
    first, last = NEXT_PYTHONS
    fitting = [i for version, i in sorted(interpreters().items()) if first <= version <= last and i.has_venv]
    if not fitting:
        print(f"no .venv-next: Python {_dotted(first)} to {_dotted(last)} with venv is needed", file=sys.stderr)
        return {}
    requirements = [f"ansible-core~={_dotted(NEXT_LINE)}.0b1", *_collection_requirements()]
    return {NEXT_LINE: _make(path, fitting[-1].path, requirements)}


def make_awx_environment() -> Path | None:
    """Make .venv-awx on the oldest interpreter that its ansible-core runs on. Returns its path, None without one."""
    first, last = CORE_LINES[AWX_LINE]
    fitting = [i for version, i in sorted(interpreters().items()) if first <= version <= last and i.has_venv]
    if not fitting:
        print(f"no .venv-awx: Python {_dotted(first)} to {_dotted(last)} with venv is needed", file=sys.stderr)
        return None
    requirements = [*_collection_requirements(), *_project()["dependency-groups"]["awx"]]
    return _make(ROOT / ".venv-awx", fitting[0].path, requirements)


def make_checks_environment() -> Path:
    """Make .venv-checks on the newest interpreter that runs the newest ansible-core. Returns its path."""
    chosen = choose_cores(interpreters())
    line = max(chosen)
    requirements = [
        f"ansible-core~={_dotted(line)}.0",
        *_collection_requirements(),
        *_service_requirements(),
        *_project()["dependency-groups"]["checks"],
    ]
    return _make(ROOT / ".venv-checks", chosen[line].path, requirements)


def make_bench_environment() -> Path:
    """Make .venv-bench on the newest interpreter that runs the newest ansible-core. Returns its path."""
    chosen = choose_cores(interpreters())
    line, project = max(chosen), _project()
    requirements = [
        f"--editable={ROOT}[postgresql]",
        f"ansible-core~={_dotted(line)}.0",
        *project["dependency-groups"]["bench"],
    ]
    return _make(ROOT / ".venv-bench", chosen[line].path, requirements, _metadata())


def _make(environment: Path, interpreter: Path, requirements: list[str], also: str = "") -> Path:
    """Make an environment with these requirements and the collection, unless exactly that is there. Returns its path.

    also: what else, when it changes, asks for a new one.
    """
    links = _collection_links()
    state = repr((str(interpreter), requirements, sorted(links.items()), also))
    fingerprint = hashlib.sha256(state.encode()).hexdigest()
    stamp = environment / STAMP
    python = environment / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == fingerprint and _runs(python):
        return environment
    print(f"making {environment.relative_to(ROOT)} with {interpreter}", file=sys.stderr)
    _run(interpreter, "-m", "venv", "--clear", environment)
    _run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", *requirements)
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = Path(subprocess.check_output([python, "-c", program], text=True).strip())
    for target, source in links.items():
        link = site_packages / target
        link.parent.mkdir(parents=True, exist_ok=True)
        _remove(link)  # an editable installation has copies
        link.symlink_to(ROOT / source)
    stamp.write_text(fingerprint)
    return environment


def _metadata() -> str:
    """Of the project; an editable installation keeps that of the day it was made."""
    return json.dumps(_project()["project"]) + (ROOT / "galaxy.yml").read_text()


def _collection_links() -> dict[str, str]:
    """Return the paths of the collection in an installation, each with the path in the checkout that the wheel takes.

    They are linked one by one: a link to the checkout itself would contain the environment that contains it.
    """
    included = _project()["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    return {target: source for source, target in included.items()}


def _collection_requirements() -> list[str]:
    """What the plugins import besides ansible-core, drivers of databases included.

    ansible-runner is for the API, click for its command, the extra http for its service.
    """
    project = _project()["project"]
    extras = project["optional-dependencies"]
    drivers = [requirement for name, extra in extras.items() if name != "http" for requirement in extra]
    own = [name for name in project["dependencies"] if not re.match(r"(ansible-(core|runner)|click)\b", name)]
    return own + drivers


def _service_requirements() -> list[str]:
    """What the command and the service import, for those who check their types."""
    project = _project()["project"]
    click = [name for name in project["dependencies"] if re.match(r"click\b", name)]
    return [*click, *project["optional-dependencies"]["http"]]


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _core_line(environment: Path) -> Version:
    program = "from ansible.release import __version__; print(__version__)"
    version = subprocess.check_output([environment / "bin" / "python", "-c", program], text=True)
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _dotted(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _runs(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def _run(*command: str | Path) -> None:
    """Run a command with its output on our standard error; end this program when it fails."""
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for another run of this program in the same checkout."""
    with (ROOT / "pyproject.toml").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Carry out the subcommand."""
    parser = argparse.ArgumentParser(description="Makes the virtual environments of a checkout.")
    parser.add_argument("what", choices=["test", "cores", "next", "awx", "checks", "bench", "interpreters"])
    what = parser.parse_args().what
    paths: dict[Version, Path] | None = None
    if what == "interpreters":
        paths = {version: interpreter.path for version, interpreter in interpreters().items()}
    else:
        with _one_at_a_time():
            if what == "test":
                make_test_environment()
            elif what == "cores":
                paths = make_core_environments()
            elif what == "next":
                paths = make_next_environment()
            elif what == "awx":
                make_awx_environment()
            elif what == "bench":
                make_bench_environment()
            else:
                make_checks_environment()
    if paths is not None:
        print(json.dumps({_dotted(version): str(path) for version, path in paths.items()}, indent=2))


if __name__ == "__main__":
    main()
