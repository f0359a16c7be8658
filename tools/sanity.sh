#!/usr/bin/env bash
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs `ansible-test sanity` on a copy of the checkout: ansible-test wants a path that ends in
# ansible_collections/oceanbase/ocp. Arguments are passed on (a file, --test validate-modules, ...).

set -euo pipefail

cd "$(dirname "$0")/.."
checkout=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
copy=$scratch/ansible_collections/oceanbase/ocp
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard --deduplicate \
  | while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done \
  | tar --create --null --no-recursion --files-from=- | tar --extract --directory "$copy"

# Real interpreters come first: ansible-test starts python3.9, python3.10, ... and a wrapper may answer with another one.
python=$checkout/.venv-checks/bin/python
interpreters=$("$python" tools/environments.py interpreters \
  | "$python" -c 'import json, os, sys; print(":".join(os.path.dirname(p) for p in json.load(sys.stdin).values()))')
cd "$copy"
PATH=$checkout/.venv-checks/bin:$interpreters:$PATH \
  "$checkout/.venv-checks/bin/ansible-test" sanity --color no "$@"
