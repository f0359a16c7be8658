# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An agent that is started again is the agent that ran before: its limits, its environment, its user and the rest."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import PATIENCE, Sandbox, both_ways
from tests.program.starting import AGENT, OK, START, assert_failed, control_program, moment, programs, running

Start = Callable[..., None]
SECRET = "s3cret-0f-the-agent"
DIRECTORY_USER = 4242  # of a directory service: /etc/passwd has nobody of that number
GROUPS = "4242 5001 5002"
VARIABLES = {"TZ": "Asia/Shanghai", "GOMEMLIMIT": "2GiB", "OCP_TOKEN": SECRET, "ODD": "a\nb é =", "EMPTY": ""}
OF_SESSION = {"SSH_CLIENT": "1.2.3.4 5 6", "XDG_SESSION_ID": "7", "SUDO_USER": "me", "INVOCATION_ID": "8"}

# Starts the rest of its arguments as somebody who has started an agent by hand.
LIKE_A_SITE = """\
import os, resource, sys
open(sys.argv.pop(1), "w").write("0")
resource.setrlimit(resource.RLIMIT_NOFILE, (1234, 12345))
resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
open("/proc/self/oom_score_adj", "w").write("500")
os.umask(0o027)
os.nice(5)
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
uid, gid, groups = int(sys.argv[1]), int(sys.argv[2]), [int(group) for group in sys.argv[3].split()]
os.setgroups(groups)
os.setgid(gid)
os.setuid(uid)
os.chdir(sys.argv[4])
os.execv(sys.argv[5], sys.argv[5:])
"""


@pytest.fixture(autouse=True)  # so that it goes after the sandbox
def control_group() -> Iterator[Path]:
    """One that somebody has made beside systemd, in the first hierarchy of this machine."""
    root = Path("/sys/fs/cgroup")
    parent = root if (root / "cgroup.procs").exists() else root / "pids"
    path = parent / f"ocp_test_{uuid.uuid4().hex}"
    path.mkdir()
    yield path
    deadline = time.monotonic() + PATIENCE
    while path.exists():  # its last processes end with the sandbox
        with contextlib.suppress(OSError):
            path.rmdir()
        assert time.monotonic() < deadline, f"{path} is still in use"
        time.sleep(0.05)


def proc(sandbox: Sandbox, program: str) -> dict[str, Any]:
    """How the one process of a program runs, as /proc says."""
    (process,) = running(sandbox)[program]
    out = sandbox.file()
    out.mkdir()
    out.chmod(0o777)
    names = "status limits oom_score_adj environ cgroup"
    sandbox.do("sh", "-c", f"for f in {names}; do cat /proc/{process.pid}/$f > {out}/$f; done; "
               f"readlink /proc/{process.pid}/cwd > {out}/cwd; cut -d')' -f2 /proc/{process.pid}/stat > {out}/stat; "
               f"ionice -p {process.pid} > {out}/ionice")
    stat = (out / "stat").read_text().split()
    status = dict(line.split(":", 1) for line in (out / "status").read_text().splitlines())
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (out / "limits").read_text().splitlines()[1:]}
    environment = dict(
        entry.split("=", 1) for entry in (out / "environ").read_bytes().decode().split("\0") if "=" in entry
    )
    return {
        "umask": status["Umask"].strip(),
        "uid": status["Uid"].split(),
        "gid": status["Gid"].split(),
        "groups": status["Groups"].split(),
        "cpus": status["Cpus_allowed_list"].strip(),
        "limits": limits,
        "oom_score_adj": (out / "oom_score_adj").read_text().strip(),
        "nice": stat[16],
        "scheduling": stat[37:39],
        "ionice": (out / "ionice").read_text().strip(),
        "cgroup": (out / "cgroup").read_text(),
        "directory": (out / "cwd").read_text().strip(),
        "environment": {name: value for name, value in environment.items() if name not in ("PWD", "OLDPWD", "_")},
    }


@pytest.fixture
def start_like_a_site(control_group: Path, sandbox: Sandbox) -> Start:
    def start(uid: int = 0, gid: int = 0, groups: str = "") -> None:
        path = control_program(sandbox, START, OK)
        if uid:
            sandbox.do("chown", "-R", f"{uid}:{gid}", sandbox.home)
        environment = {**VARIABLES, **OF_SESSION, "USER": "ldap-admin", "HOME": str(sandbox.home.parent)}
        who = (str(uid), str(gid), groups, sandbox.home / "conf")
        command = ("/usr/bin/ionice", "-c2", "-n6", path, "start")
        python = os.path.realpath(sys.executable)
        errors = sandbox.file()
        argv = (python, "-ISc", LIKE_A_SITE, control_group / "cgroup.procs", *who, *command)
        status = sandbox.wait(sandbox.spawn_only(*argv, environment=environment, stderr=str(errors)))
        assert status == 0, errors.read_text()
        assert list(running(sandbox)) == AGENT
        shutil.rmtree(sandbox.home / "calls", ignore_errors=True)

    return start


def as_expected(before: dict[str, Any]) -> dict[str, Any]:
    """How it has to run after a start: without what was of a session."""
    kept = {name: value for name, value in before["environment"].items() if name not in OF_SESSION}
    return {**before, "environment": kept}


def stop(sandbox: Sandbox, python: Path, **options: Any) -> dict[str, Any]:
    stopped = sandbox.program(python, "stop", **options)
    assert not stopped.get("failed"), stopped
    assert SECRET not in str(stopped)
    return stopped


@both_ways
@pytest.mark.parametrize("user", ["root", "directory"])
def test_a_start_after_a_stop(
    sandbox: Sandbox, start_like_a_site: Start, control_group: Path, kind_of_python: Path, user: str
) -> None:
    """With and without what the stop has told: a start on its own comes after the stop of another task, too."""
    who = {} if user == "root" else {"uid": DIRECTORY_USER, "gid": DIRECTORY_USER, "groups": GROUPS}
    start_like_a_site(**who)
    before = {name: as_expected(proc(sandbox, name)) for name in AGENT}
    assert before["ocp_agentd"]["limits"]["Max open files"] == ["1234", "12345"]
    for told in (True, False):
        stopped = stop(sandbox, kind_of_python)
        ran_as = stopped["ran_as"] if told else None
        started = sandbox.program(kind_of_python, "start", ran_as=ran_as)
        assert not started.get("failed"), started["msg"]
        assert (programs(started), started["warnings"]) == (AGENT, []), started
        assert SECRET not in str(started)
        after = {name: proc(sandbox, name) for name in AGENT}
        assert after == before
        assert after["ocp_agentd"]["ionice"] == "best-effort: prio 6"
        assert after["ocp_agentd"]["scheduling"] == ["0", str(os.SCHED_BATCH)]
        assert control_group.name in after["ocp_agentd"]["cgroup"]


def test_nobody_but_root_can_read_what_is_kept_and_it_goes(
    sandbox: Sandbox, start_like_a_site: Start, python: Path
) -> None:
    start_like_a_site()
    seen = sandbox.file()
    stop(sandbox, python)
    sandbox.do("sh", "-c", f"cd /run/oceanbase_ocp; stat -c '%a %u' . * > {seen}; cat * >> {seen}.content")
    assert seen.read_text() == "700 0\n600 0\n"
    assert SECRET not in Path(f"{seen}.content").read_text()
    stop(sandbox, python)  # of nothing: what is kept stays
    started = sandbox.program(python, "start")
    assert started["warnings"] == []
    assert proc(sandbox, "ocp_agentd")["umask"] == "0027"
    sandbox.program(python, "finish", goal="running", settle=0)
    sandbox.do("sh", "-c", "[ -z \"$(ls /run/oceanbase_ocp)\" ]")


def test_without_a_memory(sandbox: Sandbox, start_like_a_site: Start, python: Path) -> None:
    """After a boot the task still knows all but the values of the environment, and says so."""
    start_like_a_site()
    before = proc(sandbox, "ocp_agentd")
    stopped = stop(sandbox, python)
    sandbox.do("rm", "-r", "/run/oceanbase_ocp")
    started = sandbox.program(python, "start", ran_as=stopped["ran_as"])
    (warning,) = started["warnings"]
    assert "OCP_TOKEN" in warning
    assert "TZ" in warning
    assert "SSH_CLIENT" not in warning
    after = proc(sandbox, "ocp_agentd")
    same = set(before) - {"environment"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}

    stop(sandbox, python)
    sandbox.do("rm", "-r", "/run/oceanbase_ocp")
    started = sandbox.program(python, "start")
    assert started["warnings"] == []
    assert any("nothing is known of how it ran before" in text for dummy, text in started["log"])
    assert proc(sandbox, "ocp_agentd")["umask"] == "0022"


def test_another_installation_has_no_memory_of_that_before(
    sandbox: Sandbox, start_like_a_site: Start, newest: Path
) -> None:
    """A home that was given to another user meanwhile is not started as the former one."""
    start_like_a_site()
    stop(sandbox, newest)
    sandbox.do("chown", "-R", "4242:4242", sandbox.home)

    started = sandbox.program(newest, "start")

    assert any("nothing is known of how it ran before" in text for dummy, text in started["log"])


@pytest.mark.usefixtures("python")
def test_a_user_without_root_is_told_what_cannot_be_had(
    sandbox: Sandbox, start_like_a_site: Start, request: pytest.FixtureRequest
) -> None:
    """All that is no lower than before comes back; a hard limit cannot be raised, and no group be joined."""
    start_like_a_site(DIRECTORY_USER, DIRECTORY_USER, GROUPS)
    before = proc(sandbox, "ocp_agentd")
    python_for_all = request.getfixturevalue("python_for_all")  # now: it hides the interpreter of the tests
    options: dict[str, Any] = {"uid": DIRECTORY_USER, "through": ("prlimit", "--nofile=500:800")}
    stop(sandbox, python_for_all, **options)
    (kept,) = [path for path in sandbox.run_folder.iterdir() if "ran_as" in path.name]
    assert (kept.stat().st_mode & 0o777, kept.stat().st_uid) == (0o600, DIRECTORY_USER)
    started = sandbox.program(python_for_all, "start", **options)
    assert not started.get("failed"), started["msg"]
    (warning,) = started["warnings"]
    assert "limit_nofile was 1234 12345 and is 800 800" in warning
    assert f"groups was {GROUPS} and is empty" in warning
    assert "the control group of" in warning
    assert warning.count(";") == 2
    after = proc(sandbox, "ocp_agentd")
    assert after["groups"] == []
    after["limits"]["Max open files"] = before["limits"]["Max open files"]
    after["groups"], after["cgroup"] = before["groups"], before["cgroup"]
    assert after == as_expected(before)
    finished = sandbox.program(python_for_all, "finish", goal="running", settle=0, **options)
    assert not finished.get("failed")
    assert not kept.exists()


def test_check_mode_keeps_what_is_kept(sandbox: Sandbox, start_like_a_site: Start, newest: Path) -> None:
    start_like_a_site()
    before = as_expected(proc(sandbox, "ocp_agentd"))
    stop(sandbox, newest)
    planned = sandbox.program(newest, "start", check_mode=True)
    finished = sandbox.program(newest, "finish", goal="running", check_mode=True, **moment(planned))
    assert not finished.get("failed"), finished["msg"]
    assert sandbox.program(newest, "start")["warnings"] == []
    assert proc(sandbox, "ocp_agentd") == before


def test_what_a_signal_has_left_of_an_agent_says_nothing_new(
    sandbox: Sandbox, start_like_a_site: Start, newest: Path
) -> None:
    """A stop that is asked again finds children without their daemon: what was kept first counts."""
    start_like_a_site()
    before = as_expected(proc(sandbox, "ocp_agentd"))
    stop(sandbox, newest)
    orphan = sandbox.agent("ocp_monagent")
    stop(sandbox, newest)
    assert not sandbox.lives(orphan)
    assert sandbox.program(newest, "start")["warnings"] == []
    assert proc(sandbox, "ocp_agentd") == before


def test_a_child_that_ran_otherwise_is_named(sandbox: Sandbox, start_like_a_site: Start, newest: Path) -> None:
    start_like_a_site()
    (child,) = running(sandbox)["ocp_monagent"]
    sandbox.do("sh", "-c", f"echo 900 > /proc/{child.pid}/oom_score_adj")
    stop(sandbox, newest)
    (warning,) = sandbox.program(newest, "start")["warnings"]
    assert "ocp_monagent: oom_score_adj was 900 and is 500" in warning


def test_a_hard_limit_that_cannot_be_raised_is_named(
    sandbox: Sandbox, start_like_a_site: Start, newest: Path
) -> None:
    """Root raises it with CAP_SYS_RESOURCE, which a container may not have."""
    start_like_a_site()
    stop(sandbox, newest)
    through = ("setpriv", "--bounding-set=-sys_resource", "prlimit", "--nofile=500:800")
    (warning,) = sandbox.program(newest, "start", through=through)["warnings"]
    assert warning.endswith("did before: limit_nofile was 1234 12345 and is 800 800")


KEPT = "/run/oceanbase_ocp"
WRONG_FILES = {
    "no JSON": "}",
    "a list": "[]",
    "deep": "[" * 100000,
    "an attribute of another kind": {"attributes": {"uid": 0}},
    "an attribute that no process has": {"attributes": {"umask": "999"}},
    "CPUs without end": {"attributes": {"cpus": "0-99999999999999"}},
    "a limit that is none": {"attributes": {"limit_nofile": "many 5"}},
    "no attributes": {"attributes": None},
    "a child of another kind": {"children": {"ocp_monagent": 5}},
    "children of another kind": {"children": []},
    "an environment that is no list": {"environment": 5},
    "a variable without a value": {"environment": [["41"]]},
    "a variable that is no hex": {"environment": [["4", "zz"]]},
    "a variable of another kind": {"environment": [[5, {}]]},
    "a user of another kind": {"user": ["root"]},
    "a unit of another kind": {"unit": 5},
}


def test_a_file_that_no_stop_has_written_is_not_used(
    sandbox: Sandbox, start_like_a_site: Start, python: Path
) -> None:
    """The agent starts as if nothing were known of it, and a warning says so."""
    start_like_a_site()
    stop(sandbox, python)
    copy = sandbox.file()
    sandbox.do("sh", "-c", f"cat {KEPT}/* > {copy}; ls {KEPT} > {copy}.name")
    path, kept = f"{KEPT}/{Path(f'{copy}.name').read_text().strip()}", json.loads(copy.read_text())
    for name, wrong in WRONG_FILES.items():
        written = sandbox.file()
        written.write_text(wrong if isinstance(wrong, str) else json.dumps({**kept, **wrong}))
        sandbox.do("sh", "-c", f"cat {written} > {path}")
        planned = sandbox.program(python, "start", check_mode=True)
        assert not planned.get("failed"), (name, planned["msg"])
        (warning,) = planned["warnings"]
        assert f"what {path} knows of how the agent ran cannot be used" in warning, name
    for others in (f"chmod 0620 {path}", f"chmod 0600 {path}; chown 4242 {path}", f"rm {path}; mkfifo {path}"):
        sandbox.do("sh", "-c", others)
        (warning,) = sandbox.program(python, "start", check_mode=True)["warnings"]
        assert "it is no file that root alone can have written" in warning
    started = sandbox.program(python, "start")
    assert programs(started) == AGENT
    assert len(started["warnings"]) == 1
    assert proc(sandbox, "ocp_agentd")["umask"] == "0022"


WRONG_TEXTS = {
    "no number": "uid=x gid=0",
    "below all": "nice=-21",
    "two numbers": "oom_score_adj=1%202",
    "no octal number": "umask=0888",
    "half a character": "directory=%2",
    "no hex": "directory=%zz",
    "no ASCII": "directory=/é",
    "a NUL": "directory=/a%00b",
    "relative": "directory=a",
    "too long": f"environment={'A' * 10000}",
    "huge": f"groups={'9' * 30}",
}


def test_a_record_that_no_stop_has_told_is_not_used(
    sandbox: Sandbox, start_like_a_site: Start, python: Path
) -> None:
    """What a task's record says may have come from anybody who can write to the store."""
    start_like_a_site()
    ran_as = stop(sandbox, python)["ran_as"]
    sandbox.do("rm", "-r", KEPT)
    for name, text in WRONG_TEXTS.items():
        planned = sandbox.program(python, "start", ran_as={**ran_as, "attributes": text}, check_mode=True)
        assert not planned.get("failed"), (name, planned["msg"])
        (warning,) = planned["warnings"]
        assert "what the task knows of how the agent ran cannot be used" in warning, name
    for wrong in ([], "root", {**ran_as, "user": 0}, {**ran_as, "unit": ["a"]}, {**ran_as, "attributes": {}}):
        refused = sandbox.program(python, "start", ran_as=wrong)
        assert_failed(refused, "invalid")
        assert "ran_as is not what" in refused["msg"]
    later = {**ran_as, "attributes": f"{ran_as['attributes']} numa=3"}  # of a later version
    started = sandbox.program(python, "start", ran_as=later)
    assert [warning.count(";") for warning in started["warnings"]] == [0], started
    assert proc(sandbox, "ocp_agentd")["umask"] == "0027"


def test_what_is_too_long_for_a_record_is_named(sandbox: Sandbox, start_like_a_site: Start, newest: Path) -> None:
    """Users of a directory service have hundreds of groups, and a service hundreds of variables."""
    groups = " ".join(str(5000000 + number) for number in range(300))
    start_like_a_site(DIRECTORY_USER, DIRECTORY_USER, groups)
    before = proc(sandbox, "ocp_agentd")
    ran_as = stop(sandbox, newest)["ran_as"]
    assert sandbox.program(newest, "start", ran_as=ran_as)["warnings"] == []
    assert proc(sandbox, "ocp_agentd") == as_expected(before)
    ran_as = stop(sandbox, newest)["ran_as"]
    sandbox.do("rm", "-r", KEPT)
    (warning,) = sandbox.program(newest, "start", ran_as=ran_as)["warnings"]
    assert "too long to be known: groups" in warning
