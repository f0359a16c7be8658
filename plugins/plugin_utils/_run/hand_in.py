# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The end of a phase in a slice: stores the outcomes of its hosts, where the barrier finds them."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._store.store import Store, StoreError
from .._task.slice import Slice
from .._task.task import Outcome, Subtask
from .outcomes import collect
from .run import Run


def hand_in(run: Run, phases: t.Iterable[str], url: str | None, hostvars: t.Any) -> None:
    """Hand in the outcomes of the hosts of a slice in these phases. A host without an answer has failed.

    run: of the slice. It is updated, and keeps outcomes that the store did not take for the next time; no other host of
    the slice begins then. url: of the store. hostvars: Ansible's variable of that name.
    """
    share = run.the_task
    ended = [pair for phase in phases for pair in share.settle(phase, collect(share, phase, hostvars))]
    if not run.check_mode:
        _store(run, ended, url)


def break_off(run: Run, known: t.Mapping[str, t.Mapping[int, Outcome]], url: str | None) -> str:
    """Hand in the known outcomes of a slice that ends early. Returns a message.

    known: outcomes of its hosts, by phase, then by host index.
    """
    share = run.the_task
    ended = [pair for phase, outcomes in known.items() for pair in share.settle(phase, outcomes, complete=False)]
    _store(run, ended, url, patient=False)
    missing = sum(map(len, run.due.values())) + len(_slice_of(run).kept)
    end(run, url)
    what = f"{share.name}: task {share.id}, a slice: it was ended before its report"
    return f"{what}; the barrier has {missing} of its outcomes as FAILED" if missing else what


def end(run: Run, url: str | None) -> None:
    """Note in the store that the slice hands in no more outcomes."""
    with contextlib.suppress(StoreError), Store.open(url) as store:  # otherwise its heartbeat stops, which others see
        store.slices.end(run.the_task.id, run.token)


def _signed(outcome: Outcome, context: t.Mapping[str, str]) -> Outcome:
    """The outcome, with the slice's AWX job in its log. The barrier only adds its own job."""
    if "awx_job_id" not in context:
        return outcome
    where = f" on {context['awx_execution_node']}" if "awx_execution_node" in context else ""
    url = f", {context['awx_job_url']}" if "awx_job_url" in context else ""
    return replace(outcome, log=[(0.0, f"slice: job {context['awx_job_id']} of AWX{where}{url}"), *outcome.log])


def _slice_of(run: Run) -> Slice:
    if run.slice is None:
        raise ValueError("the run is no slice")
    return run.slice


def _store(
    run: Run, ended: t.Iterable[tuple[Subtask, Outcome]], url: str | None, *, patient: bool = True
) -> None:
    ours, share = _slice_of(run), run.the_task
    ours.kept.update({subtask.id: _signed(outcome, run.request.context) for subtask, outcome in ended})
    if not ours.kept:
        return
    try:
        with Store.open(url, patient=patient) as store:
            refused = store.slices.hand_in(share.id, run.token, ours.kept)
    except StoreError as exc:
        ours.problem = str(exc)
        return
    ours.kept, ours.problem = {}, None
    ours.refused += [str(share.target(subtask)) for subtask in share.subtasks if subtask.id in refused]
