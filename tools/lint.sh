#!/usr/bin/env bash
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs the linters, from the environments .venv-checks and .venv-awx: all of them at once, then fails if one did.

set -uo pipefail

cd "$(dirname "$0")/.." || exit
PATH=$PWD/.venv-checks/bin:$PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
commands=()
running=()
check() {
  "$@" > "$scratch/${#running[@]}.log" 2>&1 &
  running+=($!)
  commands+=("$*")
}
# What configures AWX is linted where its modules are. Not both at once: they share the folder .ansible. The project's
# playbooks have a line each, and tests/packaging/test_awx_project.py checks that line and their syntax. ansible-lint
# would run ansible-playbook twice for each.
ansible_lint() {
  local project=examples/awx-project status=0 playbook left_out=()
  for playbook in playbooks/*.yml; do
    left_out+=(--exclude "$project/${playbook##*/}")
  done
  ansible-lint --exclude "$project/awx" "${left_out[@]}" || status=1
  if [ -e .venv-awx/complete ]; then
    PATH=$PWD/.venv-awx/bin:$PATH ansible-lint "$project/awx" || status=1
  fi
  return "$status"
}
check ansible_lint
check ruff check
# mypy finds the plugins by the names that they import each other by.
mkdir -p "$scratch/ansible_collections/oceanbase/ocp"
ln -s "$PWD/plugins" "$scratch/ansible_collections/oceanbase/ocp/plugins"
MYPYPATH=$scratch:src check mypy -p ansible_collections.oceanbase.ocp.plugins -p oceanbase_ocp -p tools
# Imports go one way, see pyproject.toml.
PYTHONPATH=plugins:plugins/module_utils:src check lint-imports --no-cache
check antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .
check antsibull-changelog lint
failed=()
for number in "${!running[@]}"; do
  wait "${running[number]}" || failed+=("${commands[number]%% *}")
  echo "- ${commands[number]}" >&2
  cat "$scratch/$number.log"
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
