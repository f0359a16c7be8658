# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases on hosts: the state kept between them, and the effect of a death."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Start
from tests.fan_out.run import Playbook, further_work, residents, route, wait_for, work
from tests.fleet import Fleet, HostSpec


def test_hosts_keep_their_connection_and_their_resident(hosts: Fleet, playbook: Playbook) -> None:
    phases = [playbook.phase([work(host, echo=number) for host in hosts.hosts]) for number in range(3)]
    for number, answers in enumerate(phases):
        assert {answer.output and answer.output["echo"] for answer in answers.values()} == {number}
        assert {host: answer.output and answer.output["pid"] for host, answer in answers.items()} == {
            host: answer.output and answer.output["pid"] for host, answer in phases[0].items()
        }
    assert all(len(residents(host)) == 1 for host in hosts.hosts)
    assert all(answer.sent and answer.started <= answer.finished for answer in phases[0].values())


def test_the_last_phase_lets_go_of_its_hosts(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    first, last = playbook.one(work(host)).output, playbook.one(work(host), keep=False).output
    assert first
    assert last
    assert first["pid"] == last["pid"]
    host.wait_for(lambda: not host.sshd_processes()[1] and not residents(host), "the connection is still there")


def test_what_a_login_shell_says_is_no_answer(hosts: Fleet, playbook: Playbook) -> None:
    noise = ["Welcome", "OCP-ANSWER", 'OCP-ANSWER {"half', "OCP-ANSWER []"]
    answer = playbook.one(work(hosts.hosts[0], noise=noise, echo="x"))
    assert answer.output
    assert answer.output["echo"] == "x"


def test_a_connection_that_has_died_between_phases_is_made_anew(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    first = playbook.one(work(host))
    assert host.drop_connections()
    second = playbook.one(work(host))
    assert second.output
    assert first.output
    assert second.output["pid"] != first.output["pid"]
    assert len(residents(host)) == 1


def test_a_resident_that_has_died_between_phases_is_started_anew(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    playbook.one(work(host))
    connections = host.sshd_processes()[1]
    (resident,) = residents(host)
    host.send(resident, signal.SIGKILL)
    wait_for(lambda: not host.alive(resident), "the resident is still there")
    time.sleep(0.5)
    assert playbook.one(work(host)).output
    assert {process.pid for process in connections} & {process.pid for process in host.sshd_processes()[1]}


def test_another_route_or_start_gets_a_resident_of_its_own(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    before = playbook.one(work(host)).output
    same = playbook.one(work(host)).output
    as_admin = playbook.one(work(host, route(host, user="admin"))).output
    again = playbook.one(work(host, route(host, user="admin"), Start(f"exec {host.spec.python} -c 0; :"))).failure
    assert before
    assert same
    assert as_admin
    assert (before["pid"], before["uid"]) == (same["pid"], 0)
    assert as_admin["uid"] == 1000
    assert again is Failure.NO_ANSWER
    wait_for(lambda: not residents(host), "a connection that was of no use is still there")


def test_no_python(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    answer = playbook.one(work(host, start=Start("/no/such/python -c 0")))
    assert (answer.failure, answer.output) == (Failure.NO_ANSWER, None)
    assert "exit status 127" in answer.message
    assert "/no/such/python" in answer.message


def test_no_python_anywhere(hosts: Fleet, playbook: Playbook) -> None:
    answer = playbook.one(work(hosts.hosts[0], start=Start("exit 127")))
    assert (answer.failure, answer.message) == (Failure.NO_ANSWER, "no Python was found (exit status 127)")


def test_a_resident_that_ends_in_the_middle_tells_how(hosts: Fleet, playbook: Playbook) -> None:
    answer = playbook.one(work(hosts.hosts[0], exit=3))
    assert (answer.failure, answer.sent) == (Failure.NO_ANSWER, True)
    assert answer.message == "exit status 3: it has to end"


def test_hosts_that_cannot_be_reached(hosts: Fleet, playbook: Playbook) -> None:
    up, down, unknown, silent = hosts.hosts
    down.stop_sshd()
    with socket.socket() as listener:  # it accepts connections, and sends nothing
        listener.bind((silent.address, 0))
        listener.listen()
        port = listener.getsockname()[1]
        try:
            answers = playbook.phase(
                [
                    work(up),
                    work(down),
                    work(unknown, route(unknown, address="no-such-host.invalid")),
                    work(silent, route(silent, port=port, connect_timeout=1)),
                ]
            )
        finally:
            down.start_sshd()
    assert answers[up.name].output
    assert {answers[host.name].failure for host in (down, unknown, silent)} == {Failure.NOT_CONNECTED}
    assert not any(answers[host.name].sent for host in (down, unknown, silent))
    assert answers[down.name].message == f"ssh: connect to host {down.address} port 2222: Connection refused"
    assert answers[unknown.name].message.startswith("ssh: Could not resolve hostname no-such-host.invalid: ")
    assert answers[silent.name].message == (
        f"ssh: connect to host {silent.address} port {port}: Connection timed out during the handshake"
    )


def test_a_host_that_dies_in_the_middle_is_lost(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    phase = playbook.begin([work(host, begin="/tmp/begun", sleep=5), work(other, sleep=2)])
    host.wait_for(host.path("tmp/begun").exists, "the call has not come")
    host.drop_connections()
    answers = phase.end()
    host.path("tmp/begun").unlink()
    assert (answers[host.name].failure, answers[host.name].sent) == (Failure.LOST, True)
    assert answers[other.name].output


def test_a_host_that_falls_silent_in_the_middle_is_overdue(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    playbook.phase([work(host), work(other)])
    host.pause()
    try:
        answers = playbook.phase([work(host), work(other)], timeout=2)
    finally:
        host.resume()
    assert (answers[host.name].failure, answers[host.name].sent) == (Failure.OVERDUE, True)
    assert answers[host.name].message == "no answer within 2 seconds"
    assert answers[other.name].output
    assert playbook.one(work(host)).output


def test_signs_of_life_find_a_dead_peer_long_before_the_timeout(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    phase = playbook.begin([work(host, route(host, alive_interval=1, alive_count=2), begin="/tmp/begun", sleep=8)])
    host.wait_for(host.path("tmp/begun").exists, "the call has not come")
    host.pause()
    try:
        answers = phase.end()
    finally:
        host.resume()
    host.path("tmp/begun").unlink()
    assert answers[host.name].failure is Failure.LOST


def test_as_many_at_once_as_asked_for_and_a_timeout_of_its_own_for_each(hosts: Fleet, playbook: Playbook) -> None:
    answers = playbook.phase([work(host, sleep=1.5) for host in hosts.hosts], at_once=1, timeout=4)
    assert all(answer.output for answer in answers.values())
    turns = sorted(
        (datetime.fromisoformat(answer.started), datetime.fromisoformat(answer.finished)) for answer in answers.values()
    )
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(turns))
    assert all(residents(host) for host in hosts.hosts), "a connection that waits has no need of a turn"


def test_no_more_connections_are_kept_than_may_be(hosts: Fleet, playbook: Playbook) -> None:
    for _phase in range(2):
        answers = playbook.phase([work(host) for host in hosts.hosts], kept=1)
        assert all(answer.output for answer in answers.values())
        wait_for(lambda: sum(bool(residents(host)) for host in hosts.hosts) == 1, "more connections are kept, or none")


def test_cancelled_hosts_that_wait_are_not_begun(hosts: Fleet, playbook: Playbook) -> None:
    first, *others = hosts.hosts
    phase = playbook.begin(
        [work(first, begin="/tmp/begun", sleep=2), *(work(host, begin="/tmp/begun") for host in others)], at_once=1
    )
    first.wait_for(first.path("tmp/begun").exists, "the call has not come")
    playbook.cancel.touch()
    answers = phase.end()
    first.path("tmp/begun").unlink()
    assert answers[first.name].output, "what has begun ends"
    assert {answers[host.name].failure for host in others} == {Failure.CANCELLED}
    assert not any(host.path("tmp/begun").exists() for host in others)


def test_a_worker_that_is_killed_lets_go_of_its_hosts_only(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    playbook.phase([work(host), work(other)])
    kept = residents(other)
    engine = playbook.engine()
    phase = playbook.begin([work(host, begin="/tmp/begun", sleep=2, end="/tmp/ended")])
    host.wait_for(host.path("tmp/begun").exists, "the call has not come")
    os.kill(phase.worker, signal.SIGKILL)
    phase.end()
    assert phase.error == f"the worker has ended with {signal.SIGKILL:d}"
    host.wait_for(lambda: not host.sshd_processes()[1], "the connection is still there")
    host.wait_for(host.path("tmp/ended").exists, "what the host had begun was not let finish")
    assert playbook.phase([work(host), work(other)])[host.name].output
    assert playbook.engine() == engine
    assert [process.pid for process in residents(other)] == [process.pid for process in kept]
    for name in ("begun", "ended"):
        host.path(f"tmp/{name}").unlink()


@pytest.mark.parametrize("when", ["between phases", "in the middle"])
def test_the_engine_ends_with_ansible_playbook(hosts: Fleet, tmp_path: Path, when: str) -> None:
    host = hosts.hosts[0]
    run = Playbook(tmp_path / "run")
    run.phase([work(host)])
    (engine,) = run.engines()
    if when == "in the middle":
        phase = run.begin([work(host, begin="/tmp/begun", sleep=1)])
        host.wait_for(host.path("tmp/begun").exists, "the call has not come")
        host.path("tmp/begun").unlink()
    run.process.kill()
    run.process.wait()
    wait_for(lambda: not Path(f"/proc/{engine}").exists(), "the engine outlives ansible-playbook", seconds=2)
    host.wait_for(lambda: not host.sshd_processes()[1] and not residents(host), "a connection outlives the run")
    if when == "in the middle":
        wait_for(lambda: not Path(f"/proc/{phase.worker}").exists(), "the worker waits for ever")


def test_an_engine_that_was_killed_is_told_of_and_replaced(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    playbook.phase([work(host), work(other)])
    phase = playbook.begin([work(host), work(other, begin="/tmp/begun", sleep=5)])
    other.wait_for(other.path("tmp/begun").exists, "the call has not come")
    os.kill(playbook.engine(), signal.SIGKILL)
    phase.end()
    other.path("tmp/begun").unlink()
    assert phase.error
    assert phase.error.startswith("EngineGoneError: The process that holds the connections to hosts is gone")
    assert list(phase.answers) == [host.name], "what was there before it died is not lost"
    other.wait_for(lambda: not other.sshd_processes()[1], "its connections outlive it")
    assert playbook.phase([work(host), work(other)])[host.name].output


def test_the_way_to_a_host_is_told_once(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    first = playbook.one(work(host)).output
    assert first
    phase = playbook.begin([further_work(host, echo="again"), work(other)], keep=False, notes=True)
    again = phase.end()[host.name].output
    assert phase.notes == {host.name: {"of": host.name}}, "so who asks knows whose way is to be told"
    assert again
    assert (again["echo"], again["pid"]) == ("again", first["pid"])
    phase = playbook.begin([further_work(host)], notes=True)
    assert phase.end()[host.name].output, "another connection, the same way"
    assert set(phase.notes or {}) == {host.name, other.name}
    engine = playbook.engine()
    os.kill(engine, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{engine}").exists(), "it still listens")
    phase = playbook.begin([work(host)], notes=True)
    assert phase.end()[host.name].output
    assert phase.notes == {}, "another engine has met nobody"


def test_a_folder_with_a_long_name(hosts: Fleet, tmp_path: Path) -> None:
    run = Playbook(tmp_path / ("long" * 40))
    try:
        assert run.one(work(hosts.hosts[0])).output
        assert run.one(work(hosts.hosts[0])).output
        assert {path.name: oct(path.stat().st_mode & 0o777) for path in run.folder.iterdir()} == {
            "ocp_fan_out.sock": "0o600"
        }
    finally:
        run.close()


# Many hosts


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    if os.geteuid() != 0:
        pytest.skip("hosts need root")
    specs = [HostSpec(behaviour="stopped", bystanders=False)] * 200
    with Fleet.start(specs, tmp_path_factory.mktemp("many") / "fleet") as fleet:
        yield fleet


@pytest.mark.fleet
def test_200_hosts_take_the_time_of_one(many: Fleet, tmp_path: Path) -> None:
    """The hosts are connected first, since that is work for this machine too. After that no host waits for another."""
    run = Playbook(tmp_path / "run")
    try:
        assert all(answer.output for answer in run.phase([work(host) for host in many.hosts]).values())
        begun = time.monotonic()
        answers = run.phase([work(host, sleep=4) for host in many.hosts])
        took = time.monotonic() - begun
    finally:
        run.close()
    assert all(answer.output for answer in answers.values())
    assert 4 <= took < 20, "800 seconds, one after the other"
