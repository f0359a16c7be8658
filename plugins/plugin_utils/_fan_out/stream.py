# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The output of a host on one channel: the answer to a call, among other output. Both are limited."""

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import STEPS

from .carrier import answer_head, step_head
from .host_answer import LARGEST

NOISE = 1024 * 1024  # bytes of other output, per call
_TAIL = 4096  # bytes of it that are kept for people
_LONGEST_STEP = 2048  # bytes


class Stream:
    """The buffer of one channel, without I/O.

    output: unread output, which begins with the end of a line. errors: the end of
    standard error. excess: why the rest is ignored, or "".
    """

    def __init__(self) -> None:
        self.output = bytearray(b"\n")
        self.errors = b""
        self.excess = ""
        self._steps: list[bytes] = []
        self._step_head = b""  # of a step that may still come
        self._steps_left = 0
        self._head = b""  # of the expected answer
        self._is_answer = False  # whether the head has come, and output is the rest
        self._looked_at = 0  # there is no end of a line before this position
        self._noise = 0
        self._said = b""

    def expect(self, call_id: str) -> None:
        """Expect the answer to this call next."""
        self._head = answer_head(call_id)
        self._steps, self._step_head, self._steps_left = [], step_head(call_id), STEPS

    def take_in(self, data: bytes) -> None:
        """Add standard output."""
        if self.excess:
            return
        self.output += data
        self._look()
        if self._is_answer and len(self.output) > LARGEST and self.output.find(b"\n", self._looked_at) < 0:
            self.excess = f"its answer has more than {LARGEST} bytes"
        self._bound(0 if self._is_answer else len(self.output))

    def take_in_errors(self, data: bytes) -> None:
        """Add standard error."""
        if not self.excess:
            self.errors = (self.errors + data)[-_TAIL:]
            self._noise += len(data)
            self._bound(0 if self._is_answer else len(self.output))

    def forget(self, end: int) -> None:
        """Drop the output up to this position, and the errors, which belong to something else."""
        self.output[:end] = b"\n"
        self.errors = b""

    def answer(self) -> bytes | None:
        """The JSON of the expected answer, once; None before it has come."""
        self._look()
        if not self._is_answer:
            return None
        end = self.output.find(b"\n", self._looked_at)
        if end < 0:
            self._looked_at = len(self.output)
            return None
        found = bytes(self.output[:end])
        del self.output[:end]
        self._head, self._is_answer, self._looked_at = b"", False, 0
        self._noise = 0
        return found

    def take_steps(self) -> list[bytes]:
        """JSON of the steps towards the expected answer since the last call: no more than an honest host tells."""
        found, self._steps = self._steps, []
        return found

    def said(self) -> bytes:
        """The end of the other output."""
        return self.errors or (self._said + bytes(self.output[-_TAIL:]))[-_TAIL:].strip()

    def _look(self) -> None:
        if not self._head or self._is_answer:
            return
        step = self._cut_out_steps()
        at = self.output.find(self._head)
        self._is_answer = at >= 0
        # If it has not come, its beginning may be at the end of the output, and so may be that of a step.
        noise = at if self._is_answer else max(0, min(len(self.output) - len(self._head) + 1, step))
        self._said = (self._said + bytes(self.output[max(0, noise - _TAIL) : noise]))[-_TAIL:]
        self._noise += noise
        del self.output[: noise + (len(self._head) if self._is_answer else 0)]

    def _cut_out_steps(self) -> int:
        """Take whole steps out of the output. Returns where one begins whose end may come, else the output's length."""
        while self._step_head:
            answer = self.output.find(self._head)
            at = self.output.find(self._step_head, 0, answer if answer >= 0 else len(self.output))
            if at < 0:
                break
            begin = at + len(self._step_head)
            end = self.output.find(b"\n", begin)
            if not self._steps_left or (end if end >= 0 else len(self.output)) - begin > _LONGEST_STEP:
                self._step_head = b""  # what comes now is noise like any other
            elif end < 0:
                return at
            else:
                self._steps.append(bytes(self.output[begin:end]))
                self._steps_left -= 1
                del self.output[at:end]
        return len(self.output)

    def _bound(self, more: int) -> None:
        if not self.excess and self._noise + more > NOISE:
            self.excess = f"it has said more than {NOISE} bytes that are no answer"
