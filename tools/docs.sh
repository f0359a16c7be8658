#!/usr/bin/env bash
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Builds the site of the documentation in site/, without network: the pages of docs/, and a page of each plugin and role.
# A link that leads nowhere fails it.

set -euo pipefail

cd "$(dirname "$0")/.."
PATH=$PWD/.venv-checks/bin:$PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r docs "$scratch/pages"
mkdir "$scratch/pages/plugins"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error \
  --no-add-antsibull-docs-version --dest-dir "$scratch/pages/plugins" oceanbase.ocp > "$scratch/log" 2>&1 \
  || { cat "$scratch/log" >&2; exit 1; }
rm -rf site
sphinx-build --quiet --fail-on-warning --keep-going --conf-dir tools/site --doctree-dir "$scratch/doctrees" "$scratch/pages" site
echo "$PWD/site/index.html"
