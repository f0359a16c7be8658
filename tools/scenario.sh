#!/usr/bin/env bash
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs the Molecule scenarios of extensions/molecule, from the environment .venv-checks. Arguments: those of `molecule test`.

set -euo pipefail

cd "$(dirname "$0")/.."
PATH=$PWD/.venv-checks/bin:$PATH
exec molecule test "$@"
