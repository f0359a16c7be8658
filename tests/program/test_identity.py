# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The agent's processes and their lookalikes. A signal to a stranger cannot be undone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import DEAF, QUIET, Process, Sandbox, both_ways

WAITS = "import time\nopen({ready!r}, 'w').close()\ntime.sleep(600)\n"


def stopped(answer: dict[str, Any]) -> list[tuple[str, int]]:
    assert not answer.get("failed"), answer
    return [(process["program"], process["pid"]) for process in answer["processes"]]


def script(sandbox: Sandbox, path: Path) -> Path:
    """A Python program that waits. It creates <path>.ready when it runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(WAITS.format(ready=f"{path}.ready"))
    return path


def run_script(sandbox: Sandbox, started: Path, *argv: str | Path, **options: Any) -> Process:
    """Run a command that starts a script, and wait until the script runs."""
    process = sandbox.spawn(*argv, **options)
    sandbox.until(Path(f"{started}.ready").exists, f"{started} does not run")
    return process


def titled(sandbox: Sandbox, title: str, name: str = "python2.7", **options: Any) -> Process:
    """An interpreter outside the home whose whole command line is that title."""
    interpreter = sandbox.folder / "usr/bin" / name
    if not interpreter.exists():
        sandbox.executable(interpreter)
    return sandbox.spawn(title, executable=interpreter, stdin=sandbox.fifo, **options)


# Strangers


@both_ways
@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "no pidfd"])
def test_strangers_live(sandbox: Sandbox, kind_of_python: Path, pidfd: bool) -> None:
    """Every file of the agent names a stranger, and there are strangers of every kind."""
    home, folder = sandbox.home, sandbox.folder
    observer = sandbox.executable(folder / "admin/oceanbase/bin/observer")
    strangers = [
        sandbox.agent(observer),
        sandbox.agent(sandbox.executable(folder / "admin/ocp_agent2/bin/ocp_agentd")),
        sandbox.agent(sandbox.executable(folder / "opt/ocp_agentd")),
        sandbox.agent(sandbox.executable(home / "bin/obproxy")),
        sandbox.agent(sandbox.executable(home / "bin/ocp_agentd (deleted)")),
        # strangers with the agent's names on their command lines
        sandbox.spawn(home / "bin/ocp_agentd", "-c", f"read x < {sandbox.fifo}", executable=observer),
        sandbox.spawn("tail", "-f", home / "bin/ocp_agentd"),
        sandbox.spawn(observer, "-c", f"echo ocp_agentd > /proc/self/comm; read x < {sandbox.fifo}"),
        titled(sandbox, "ocp_agentd", uid=65534),
    ]
    for name, stranger in zip(
        ["ocp_agentd.pid", "ocp_mgragent.pid", "ocp_monagent.pid", "node_exporter.pid", "pos_proxy.pid"],
        strangers,
        strict=False,
    ):
        (sandbox.run_folder / name).write_text(f"{stranger.pid}\n")
    agent = sandbox.agent("ocp_mgragent")

    answer = sandbox.program(kind_of_python, "stop", pidfd=pidfd)
    assert stopped(answer) == [("ocp_mgragent", agent.pid)]
    assert answer["warnings"] == []
    assert sandbox.program(kind_of_python, "finish", settle=0, pidfd=pidfd)["changed"]
    assert [stranger for stranger in strangers if not sandbox.lives(stranger)] == []
    assert not sandbox.lives(agent)


@both_ways
@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "no pidfd"])
def test_a_recycled_pid_is_not_signalled(sandbox: Sandbox, kind_of_python: Path, pidfd: bool) -> None:
    """An orphan ends while Stop still waits for the daemon, and a stranger gets its pid."""
    sandbox.agent("ocp_agentd", 'trap "sleep 1; exit 0" TERM; : > "$2"; sleep 60 & wait')
    orphan = sandbox.agent("ocp_mgragent")
    run = sandbox.start_program(kind_of_python, "stop", pidfd=pidfd)
    sandbox.until((sandbox.run_folder / "admin.lock").exists, "no lock")
    time.sleep(0.15)
    sandbox.kill(orphan.pid, signal.SIGKILL)
    sandbox.wait(orphan.pid)
    observer = sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer")
    stranger = sandbox.agent(observer, pid=orphan.pid)
    assert stranger.pid == orphan.pid
    answer = run.result()
    assert [name for name, dummy in stopped(answer)] == ["ocp_agentd", "ocp_mgragent"]
    assert answer["processes"][1]["signal"] is None
    assert sandbox.lives(stranger)


PINNED = """\
import os, signal, sys, time
if sys.argv[3] == "no pidfd":
    sys.modules["ctypes"] = None
    for module, name in ((os, "pidfd_open"), (signal, "pidfd_send_signal")):
        if hasattr(module, name):
            delattr(module, name)
program = {"__name__": "program"}
with open(sys.argv[1]) as stream:
    exec(compile(stream.read(), sys.argv[1], "exec"), program)
home = program["Home"](sys.argv[2])
(process,) = program["Survey"](home).processes
assert (process.pollable() is None) == (sys.argv[3] == "no pidfd" or not program["open_pidfd"](process.pid))
os.kill(process.pid, signal.SIGKILL)
while os.path.exists("/proc/%d" % process.pid):
    time.sleep(0.01)
with open("/proc/sys/kernel/ns_last_pid", "w") as stream:
    stream.write(str(process.pid - 1))
child = os.fork()
if child == 0:  # the hardest case: the new owner of the pid runs the same program
    os.execv(process.executable, [process.executable, "-c", "read x < " + sys.argv[4]])
assert child == process.pid, (child, process.pid)
while os.readlink("/proc/%d/exe" % child) != process.executable:
    time.sleep(0.01)
assert process.state() is None
assert not process.exists()
assert process.send(signal.SIGKILL) is False
time.sleep(0.05)
assert os.waitpid(child, os.WNOHANG) == (0, 0), "the new owner of the pid was signalled"
assert program["Survey"](home).processes[0].key != process.key
os.kill(child, signal.SIGKILL)
"""


@pytest.mark.parametrize("pidfd", ["pidfd", "no pidfd"])
def test_a_pinned_process_is_never_another(sandbox: Sandbox, kind_of_python: Path, pidfd: str) -> None:
    sandbox.agent("ocp_agentd")
    time.sleep(0.03)  # start times tick at 10 ms
    sandbox.do(kind_of_python, "-B", "-c", PINNED, sandbox.source("stop"), sandbox.home, pidfd, sandbox.fifo)


# Reads the process table in a loop, while a process of the agent becomes another program at each moment of a look.
BECOMES = """\
import os, signal, sys, time
program = {"__name__": "program"}
with open(sys.argv[1]) as stream:
    exec(compile(stream.read(), sys.argv[1], "exec"), program)
home = program["Home"](sys.argv[2])
agent, observer = sys.argv[3:5]
readlink, stat = os.readlink, os.stat
moment = looks = 0
while looks == moment:
    moment += 1
    looks = 0
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(readable, 0)
        os.execv(agent, [agent, "-c", "read x; exec %s -c 'read y'" % observer])
    own = "/proc/%d/" % child
    while readlink(own + "exe") != agent or not open(own + "cmdline").read():
        time.sleep(0.001)
    def looking(look, path):
        global looks
        if path.startswith(own) and looks < moment:
            looks += 1
            if looks == moment:
                os.write(writable, b"go\\n")
                while readlink(own + "exe") != observer:
                    time.sleep(0.001)
        return look(path)
    os.readlink, os.stat = lambda path: looking(readlink, path), lambda path: looking(stat, path)
    survey = program["Survey"](home)
    os.readlink, os.stat = readlink, stat
    if looks == moment:
        assert not [process for process in survey.processes if process.send(0)], moment
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    survey.close()
    os.close(readable)
    os.close(writable)
assert moment > 5, moment
"""


def test_a_process_that_becomes_another_program_while_it_is_looked_at_is_not_pinned(
    sandbox: Sandbox, kind_of_python: Path
) -> None:
    observer = sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer")
    agent = sandbox.home / "bin/ocp_mgragent"
    sandbox.do(kind_of_python, "-B", "-c", BECOMES, sandbox.source("stop"), sandbox.home, agent, observer)


def test_a_script_that_becomes_a_program_while_it_is_looked_at(sandbox: Sandbox, kind_of_python: Path) -> None:
    """A control program of the first generation does this."""
    path = script(sandbox, sandbox.home / "agent/ocp_agentd.py")
    agent = sandbox.folder / "usr/bin/python2.7"
    observer = sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer")
    sandbox.executable(agent)
    code = BECOMES.replace('[agent, "-c", ', f'[agent, "{path}", ')
    path.write_text(f"read x; exec {observer} -c 'read y'")
    sandbox.do(kind_of_python, "-B", "-c", code, sandbox.source("stop"), sandbox.home, agent, observer)


@both_ways
@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "no pidfd"])
def test_a_process_that_became_another_program_is_not_signalled(sandbox: Sandbox, python: Path, pidfd: bool) -> None:
    """Between fork and exec a child shows the agent's image. It may become a database."""
    observer = sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer")
    sandbox.agent("ocp_agentd", 'trap "sleep 1; exit 0" TERM; : > "$2"; sleep 60 & wait')
    becomes = sandbox.agent(
        "ocp_mgragent", f': > "$2"; sleep 0.6; exec {observer} -c \'trap "" HUP; read dummy < "$0"\' "$1"'
    )
    answer = sandbox.program(python, "stop", pidfd=pidfd, timeout=20, grace=0.5)
    assert sandbox.running(observer) == [becomes], "a stranger was signalled"
    assert not answer.get("failed"), answer


@both_ways
def test_a_container_with_the_same_paths_is_not_touched(sandbox: Sandbox, kind_of_python: Path) -> None:
    inner = sandbox.file()
    container = sandbox.spawn(
        "unshare",
        "--pid",
        "--fork",
        "--kill-child",
        sandbox.home / "bin/ocp_agentd",
        "-c",
        QUIET,
        "x",
        sandbox.fifo,
        inner,
    )
    sandbox.until(inner.exists, "the container does not run")
    (contained,) = sandbox.running(sandbox.home / "bin/ocp_agentd")
    assert sandbox.program(kind_of_python, "prepare")["processes"] == []
    answer = sandbox.program(kind_of_python, "stop")
    assert (answer["changed"], answer["processes"]) == (False, [])
    assert not sandbox.program(kind_of_python, "finish", settle=0).get("failed")
    assert sandbox.lives(contained)
    assert sandbox.lives(container)


def test_a_container_of_generation_1_does_not_keep_finish_from_its_proof(sandbox: Sandbox, python: Path) -> None:
    interpreter = sandbox.executable(sandbox.folder / "usr/bin/python2.7")
    code = f"import os; os.execv({str(interpreter)!r}, ['ocp_agentd'])"
    sandbox.spawn("unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", code, stdin=str(sandbox.fifo))
    sandbox.until(lambda: sandbox.running(interpreter), "the container does not run")
    answer = sandbox.program(python, "finish", settle=0)
    assert not answer.get("failed"), answer
    assert answer["warnings"] == []


def test_a_service_with_its_own_mounts_is_the_host_s(sandbox: Sandbox, python: Path) -> None:
    ready = sandbox.file()
    agent = sandbox.spawn("unshare", "--mount", sandbox.home / "bin/ocp_agentd", "-c", QUIET, "x", sandbox.fifo, ready)
    sandbox.until(ready.exists, "the service does not run")
    assert stopped(sandbox.program(python, "stop")) == [("ocp_agentd", agent.pid)]


@both_ways
def test_another_home_behind_the_same_path_is_not_touched(sandbox: Sandbox, python: Path) -> None:
    """A container shares the host's process table, but has a home of its own at the same path."""
    other = sandbox.folder / "image"
    sandbox.executable(other / "bin/ocp_agentd")
    ready = sandbox.file()
    agent = sandbox.spawn(
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount --bind {other} {sandbox.home} && exec {sandbox.home}/bin/ocp_agentd -c "$0" x "$1" "$2"',
        QUIET,
        sandbox.fifo,
        ready,
    )
    sandbox.until(ready.exists, "the container does not run")
    assert sandbox.program(python, "stop")["processes"] == []
    assert sandbox.lives(agent)


@both_ways
def test_an_executable_of_any_name_is_survived(sandbox: Sandbox, python: Path) -> None:
    stranger = sandbox.agent(sandbox.executable(sandbox.folder / "caf\u00e9/\u5b88\u62a4"))
    agent = sandbox.agent("ocp_agentd")
    assert stopped(sandbox.program(python, "stop")) == [("ocp_agentd", agent.pid)]
    assert sandbox.lives(stranger)


# Unusual agents


@pytest.mark.parametrize("comm", ["a) S 1 (b", "a\nb", "(((", ")))", "", "   "])
def test_a_process_may_call_itself_anything(sandbox: Sandbox, python: Path, comm: str) -> None:
    agent = sandbox.agent("ocp_agentd", f"printf %s '{comm}' > /proc/self/comm; {QUIET}")
    assert stopped(sandbox.program(python, "stop")) == [("ocp_agentd", agent.pid)]
    assert not sandbox.lives(agent)


def test_a_deleted_executable_counts(sandbox: Sandbox, python: Path) -> None:
    agents = [sandbox.agent("ocp_agentd"), sandbox.agent("ocp_mgragent")]
    (sandbox.home / "bin/ocp_agentd").unlink()
    sandbox.executable(sandbox.home / "bin/new")
    (sandbox.home / "bin/new").rename(sandbox.home / "bin/ocp_mgragent")  # as in an upgrade
    assert [pid for dummy, pid in stopped(sandbox.program(python, "stop"))] == [agent.pid for agent in agents]


def test_a_renamed_executable_counts(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_mgragent")
    (sandbox.home / "bin/ocp_mgragent").rename(sandbox.home / "bin/ocp_mgragent.old")
    assert stopped(sandbox.program(python, "stop")) == [("ocp_mgragent", agent.pid)]


@both_ways
@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "no pidfd"])
def test_an_executable_that_is_renamed_in_the_middle_of_stop_counts(
    sandbox: Sandbox, python: Path, pidfd: bool
) -> None:
    agent = sandbox.agent("ocp_agentd", DEAF)
    run = sandbox.start_program(python, "stop", pidfd=pidfd, timeout=20, daemon_grace=1)
    sandbox.until((sandbox.run_folder / "admin.lock").exists, "no lock")
    time.sleep(0.2)
    (sandbox.home / "bin/ocp_agentd").rename(sandbox.home / "bin/ocp_agentd.old")
    assert stopped(run.result()) == [("ocp_agentd", agent.pid)]
    assert not sandbox.lives(agent)


def test_the_home_may_be_reached_by_a_link(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    link = sandbox.folder / "admin/link"
    link.symlink_to(sandbox.home)
    assert stopped(sandbox.program(python, "stop", home=str(link) + "/")) == [("ocp_agentd", agent.pid)]


def test_zombies_are_stopped(sandbox: Sandbox, python: Path) -> None:
    (sandbox.run_folder / "ocp_agentd.pid").write_text(str(sandbox.zombie("ocp_agentd")))
    assert sandbox.program(python, "prepare")["processes"] == []
    assert sandbox.program(python, "stop")["changed"] is False
    assert sandbox.program(python, "finish", settle=0)["removed"] == ["ocp_agentd.pid"]


@both_ways
def test_a_process_that_becomes_a_zombie_is_stopped(sandbox: Sandbox, python: Path) -> None:
    """Its parent never reaps it, so its entry in the process table never disappears."""
    sandbox.unmourned("ocp_agentd", 'read x < "$0"', sandbox.fifo)
    sandbox.until(lambda: sandbox.running(sandbox.home / "bin/ocp_agentd"), "no agent")
    answer = sandbox.program(python, "stop")
    assert [process["signal"] for process in answer["processes"]] == ["SIGTERM"]
    assert answer["processes"][0]["seconds"] < 2


# Scripts


@pytest.mark.parametrize(
    "options",
    [[], ["-u"], ["-E", "-s"], ["-W", "ignore"], ["-Wignore", "-X", "utf8"], ["-Wignore::UserWarning:a.c"]],
    ids=" ".join,
)
def test_the_script_of_an_interpreter(sandbox: Sandbox, newest: Path, options: list[str]) -> None:
    path = script(sandbox, sandbox.home / "agent/ocp_agentd.py")
    agent = run_script(sandbox, path, sys.executable, *options, path, "start")
    assert stopped(sandbox.program(newest, "stop")) == [("ocp_agentd", agent.pid)]


def test_a_relative_script(sandbox: Sandbox, python: Path) -> None:
    path = script(sandbox, sandbox.home / "agent/pos_proxy.py")
    agent = run_script(sandbox, path, python, "../agent/pos_proxy.py", cwd=sandbox.home / "bin")
    assert stopped(sandbox.program(python, "stop")) == [("pos_proxy", agent.pid)]


def test_a_script_with_a_shebang(sandbox: Sandbox, python: Path) -> None:
    path = sandbox.home / "bin/ocp_exporter"
    path.write_text(f"#!/bin/sh\n: > {path}.ready\nread x < {sandbox.fifo}\n")
    path.chmod(0o755)
    agent = run_script(sandbox, path, path)
    assert stopped(sandbox.program(python, "stop")) == [("ocp_exporter", agent.pid)]


@pytest.mark.parametrize("name", ["python2.7", "python3.6m", "platform-python3.6", "python3.13t", "python3.11-dbg"])
def test_interpreters_have_many_names(sandbox: Sandbox, newest: Path, name: str) -> None:
    """RHEL 8 has platform-python3.6, EPEL for CentOS 7 python3.6m. Missing one would call a living agent stopped."""
    path = sandbox.home / "agent/ocp_agentd.py"
    path.parent.mkdir()
    path.write_text(f": > {path}.ready; read x < {sandbox.fifo}")
    agent = run_script(sandbox, path, sandbox.executable(sandbox.folder / "libexec" / name), path)
    assert stopped(sandbox.program(newest, "stop")) == [("ocp_agentd", agent.pid)]


SLEEPS = "import time; time.sleep(600)"


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [
        (["python", "-c", SLEEPS, "PATH"], None),
        (["python", f"-c{SLEEPS}", "PATH"], None),
        (["python", "-uc", SLEEPS, "PATH"], None),
        (["python", "-", "PATH"], SLEEPS),
        (["python", "-u", "-", "PATH"], SLEEPS),
        (["python", "-mwaits", "PATH"], None),
        (["python", "-m", "waits", "PATH"], None),
        (["sh", "-s", "PATH"], "read x < FIFO"),
        (["sh", "-es", "PATH"], "read x < FIFO"),
        (["sh", "-c", "read x < FIFO", "PATH"], None),
        (["bash", "-ce", "read x < FIFO", "PATH"], None),
        (["bash", "-s", "--", "PATH"], "read x < FIFO"),
        (["perl", "-esleep 600", "PATH"], None),
        (["perl", "-i", "-pesleep 600", "PATH"], None),
        (["perl", "-e", "sleep 600", "PATH"], None),
        (["perl", "-Esleep 600", "PATH"], None),
        (["perl", "-", "PATH"], "sleep 600"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_argument_is_not_a_script(sandbox: Sandbox, newest: Path, argv: list[str], stdin: str | None) -> None:
    """An editor, a deployment or a backup has the agent's program as an argument."""
    for program in ("bash", "perl"):
        if argv[0] == program and not os.path.exists(f"/usr/bin/{program}"):
            pytest.skip(f"{program} is not installed")
    path = script(sandbox, sandbox.home / "agent/ocp_agentd.py")
    words = {"python": sys.executable, "PATH": str(path)}
    command = [words.get(word, word).replace("FIFO", str(sandbox.fifo)) for word in argv]
    source = sandbox.file()
    source.write_text((stdin or "").replace("FIFO", str(sandbox.fifo)))
    (sandbox.folder / "waits.py").write_text(SLEEPS)
    stranger = sandbox.spawn(*command, stdin=source, cwd=sandbox.folder)
    assert sandbox.program(newest, "stop")["processes"] == []
    assert sandbox.lives(stranger)


# Titles of generation 1


@both_ways
def test_a_title_with_its_pid_file(sandbox: Sandbox, python: Path) -> None:
    agents = [titled(sandbox, "ocp_agentd"), titled(sandbox, "pos_proxy   ")]
    (sandbox.run_folder / "ocp_agentd.pid").write_text(str(agents[0].pid))
    (sandbox.run_folder / f"pos_proxy.{agents[1].pid}.pid").write_text(f"{agents[1].pid}\n")
    assert stopped(sandbox.program(python, "stop")) == [
        ("ocp_agentd", agents[0].pid),
        ("pos_proxy", agents[1].pid),
    ]


@pytest.mark.parametrize(
    "proof", ["none", "writable by others", "of another user", "a link", "of another program", "text"]
)
def test_a_title_without_proof_is_left_alone_and_told(sandbox: Sandbox, newest: Path, proof: str) -> None:
    process = titled(sandbox, "ocp_agentd")
    path = sandbox.run_folder / "ocp_agentd.pid"
    if proof == "a link":
        (sandbox.folder / "elsewhere").write_text(str(process.pid))
        path.symlink_to(sandbox.folder / "elsewhere")
    elif proof == "of another program":
        (sandbox.run_folder / "pos_proxy.pid").write_text(str(process.pid))
    elif proof != "none":
        path.write_text(f"{process.pid} is it" if proof == "text" else str(process.pid))
    if proof == "writable by others":
        path.chmod(0o666)
    if proof == "of another user":
        os.chown(path, 1234, 1234)

    answer = sandbox.program(newest, "stop")
    assert (answer["changed"], answer["processes"]) == (False, [])
    assert f"pid {process.pid} calls itself ocp_agentd" in answer["warnings"][0]
    finished = sandbox.program(newest, "finish", settle=0)
    assert finished["reason"] == "still_running", "it may live: that is no success"
    assert sandbox.lives(process)


@pytest.mark.parametrize("title", ["ocp_agentd extra", "node_exporter", "ocp_mgragent", "ocp_agentd\0-c"])
def test_what_is_no_title(sandbox: Sandbox, newest: Path, title: str) -> None:
    arguments = title.split("\0")
    process = (
        titled(sandbox, arguments[0])
        if len(arguments) == 1
        else sandbox.spawn(
            *arguments,
            "read x",
            executable=sandbox.executable(sandbox.folder / "usr/bin/python2.7"),
            stdin=sandbox.fifo,
        )
    )
    (sandbox.run_folder / f"{arguments[0].split()[0]}.pid").write_text(str(process.pid))
    assert sandbox.program(newest, "stop")["processes"] == []
    assert sandbox.lives(process)


def test_a_thread_of_a_stranger_in_a_pid_file(sandbox: Sandbox, python: Path) -> None:
    """A thread can be looked up by its id although no list shows it. A signal to it hits the whole process."""
    told = sandbox.file()
    code = (
        "import threading, time\n"
        "thread = threading.Thread(target=time.sleep, args=(600,)); thread.start()\n"
        f"open({str(told)!r}, 'w').write(str(thread.native_id) + ';')"
    )
    stranger = sandbox.spawn(sys.executable, "-c", code)
    sandbox.until(lambda: told.exists() and told.read_text().endswith(";"), "no thread")
    for name in ("ocp_agentd", "pos_proxy"):
        (sandbox.run_folder / f"{name}.pid").write_text(told.read_text()[:-1])
    assert sandbox.program(python, "stop")["processes"] == []
    assert not sandbox.program(python, "finish", settle=0).get("failed")
    assert sandbox.lives(stranger)


# Ourselves


@both_ways
def test_a_stop_below_the_agent_is_refused(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.home / "bin/ocp_mgragent"
    for phase in ("prepare", "stop"):
        run = sandbox.start_program(python, phase, through=(agent, "-c", '"$@"; exit $?', "x"))
        answer = run.result()
        assert (answer["reason"], answer["changed"]) == ("still_running", False)
        assert "ancestor" in answer["msg"]


# Agents without the usual traces


@both_ways
def test_a_process_whose_first_thread_has_ended_lives(sandbox: Sandbox, python: Path) -> None:
    """The kernel calls it a zombie and shows no executable, while the other threads work on."""
    source, agent = sandbox.file(), sandbox.home / "bin/ocp_mgragent"
    source.with_suffix(".c").write_text(
        "#include <pthread.h>\n#include <unistd.h>\n"
        "static void *work(void *x) { for (;;) pause(); }\n"
        "int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_exit(0); }\n"
    )
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    subprocess.run(["cc", "-pthread", "-o", agent, source.with_suffix(".c")], check=True)
    pid = sandbox.spawn_only(agent)
    sandbox.until(lambda: "Z" in {row["state"] for row in sandbox.table()}, "its first thread lives")
    assert sandbox.wait(pid, 0.1) is None
    assert stopped(sandbox.program(python, "stop")) == [("ocp_mgragent", pid)]
    assert sandbox.wait(pid) == -signal.SIGTERM


def test_a_home_that_is_set_too_high_holds_nothing(sandbox: Sandbox, python: Path) -> None:
    agents = [sandbox.agent("ocp_agentd"), sandbox.agent(sandbox.executable(sandbox.folder / "admin/b/bin/ocp_agentd"))]
    for phase in ("prepare", "stop"):
        answer = sandbox.program(python, phase, home=str(sandbox.folder / "admin"))
        assert answer["reason"] == "not_installed"
        assert "runs below it" in answer["msg"]
    assert all(map(sandbox.lives, agents))


def test_what_is_left_of_an_agent_that_was_removed_counts(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    for name in ("ocp_agentctl", "ocp_agentd", "ocp_mgragent", "ocp_monagent"):
        (sandbox.home / "bin" / name).unlink()
    assert stopped(sandbox.program(python, "stop")) == [("ocp_agentd", agent.pid)]
