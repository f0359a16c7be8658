# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle

from oceanbase_ocp import OcpRunError


def test_carries_what_is_known_through_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(OcpRunError("it failed", "failed", 2, "ERROR! why")))

    assert (error.status, error.rc, error.stdout) == ("failed", 2, "ERROR! why")
    assert str(error) == "it failed (status failed, exit status 2):\nERROR! why"
