# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make` shows the targets. Only results go to standard output: `make demo | jq` works.
# On Debian and Ubuntu this installs what the machine lacks (openssh-server, the venv module); it needs root or sudo then.

PYTHON ?= python3
# Other arguments for pytest: make test ARGS='tests/unit -k timeouts'
ARGS ?=
# On the coming ansible-core: every operation, and all that can be done to a task.
NEXT = test_stops_every_generation or test_start_and_restart or test_rollback or test_retry or test_skip or test_cancel

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo demo-http walk recording test test-next check unit bench lint docs sanity scenario build importer clean python test-system system environment cores awx checks

help:
	@echo 'make demo       stop the agents of three hosts on this machine; the response is on standard output'
	@echo 'make demo-http  the HTTP service on three hosts of this machine: stop, retry, restart by curl, each with its answer'
	@echo 'make test       the whole test suite, in parallel (ARGS=... for pytest, and then one test after another)'
	@echo 'make check      the linters and the unit tests: no hosts, no root once the machine has its packages'
	@echo 'make test-next  end to end on the coming ansible-core, a pre-release'
	@echo 'make walk       the life of a task on three hosts of this machine, written to docs/walk.md'
	@echo 'make recording  a night on sixty hosts of this machine, recorded as docs/recording.cast, with pictures in docs/images'
	@echo 'make bench      against ClusterShell, pyinfra and shell playbooks; takes long (ARGS=... for tests.bench)'
	@echo 'make lint       ruff, mypy, ansible-lint, antsibull-docs, antsibull-changelog'
	@echo 'make docs       the site of the documentation in site/, plugins included; fails on a link that leads nowhere'
	@echo 'make sanity     ansible-test sanity on the newest ansible-core that runs here'
	@echo 'make scenario   the Molecule scenario'
	@echo 'make build      the collection for Galaxy in dist/collection, wheel and source distribution for PyPI in dist/python'
	@echo 'make importer   what Ansible Galaxy does with the tarball when it is uploaded'
	@echo 'make clean      remove everything that these make'

demo: environment
	@.venv/bin/python tools/demo.py

demo-http: environment
	@.venv/bin/python tools/http_walk.py

# As root, for the hosts.
walk: environment
	@.venv/bin/python tools/walk.py

test: test-system cores awx
	@.venv/bin/python -m pytest $(or $(ARGS),--numprocesses=auto)

# As root, for the hosts.
recording: environment checks
	@.venv/bin/python tools/recording.py
	@.venv-checks/bin/python tools/picture.py

# The coming ansible-core is none of those that `make test` is about: what fails here is news, and breaks nothing.
test-next: test-system environment
	@$(PYTHON) tools/environments.py next > /dev/null
	@OCP_CORES=.venv-next .venv/bin/python -m pytest \
	  $(or $(ARGS),tests/integration/test_batch_stop.py tests/integration/test_tasks.py tests/integration/test_interrupted.py \
	    -k "$(NEXT)" --numprocesses=auto)

# Both at once.
check: checks awx environment
	@$(MAKE) --jobs=2 --output-sync=target lint unit

unit: environment
	@.venv/bin/python -m pytest tests/unit

bench: system
	@$(PYTHON) tools/environments.py bench
	@.venv-bench/bin/python -m tests.bench $(ARGS)

lint: checks awx
	@tools/lint.sh

docs: checks
	@tools/docs.sh

sanity: checks
	@tools/sanity.sh

scenario: checks environment
	@tools/scenario.sh

importer: checks
	@tools/importer.sh

build: environment
	@rm -rf dist
	@.venv/bin/ansible-galaxy collection build --output-path dist/collection >&2
	@.venv/bin/python -m build --outdir dist/python . >&2
	@ls dist/*/*

clean:
	@rm -rf .venv .venv-awx .venv-bench .venv-core .venv-next .venv-checks .ansible .cache .mypy_cache .pytest_cache .ruff_cache dist site tests/output

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo '$(PYTHON) is not Python 3.11 or later. Name one that is: make PYTHON=python3.12 ...' >&2; exit 1; }

test-system: python
	@PYTHON='$(PYTHON)' tools/system-packages.sh test >&2

system: python
	@PYTHON='$(PYTHON)' tools/system-packages.sh >&2

environment: system
	@$(PYTHON) tools/environments.py test

# The oldest and the newest ansible-core; their list is for programs.
cores: system
	@$(PYTHON) tools/environments.py cores > /dev/null

# awx.awx, to configure an AWX that is none.
awx: system
	@$(PYTHON) tools/environments.py awx

checks: system
	@$(PYTHON) tools/environments.py checks
