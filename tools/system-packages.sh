#!/usr/bin/env bash
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Installs the packages of Debian or Ubuntu that this machine lacks: sshd and venv for $PYTHON, which every target needs;
# with the argument `test` also what only the tests do: PostgreSQL, PgBouncer, MariaDB, nginx, debootstrap, systemd-nspawn,
# Chromium and sudo. Does nothing when all is there.

set -euo pipefail

python=${PYTHON:-python3}
missing=()
PATH=$PATH:/usr/sbin command -v sshd > /dev/null || missing+=(openssh-server)
if [ "${1:-}" = test ]; then
  compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
  PATH=$PATH:/usr/sbin command -v pgbouncer > /dev/null || missing+=(pgbouncer)
  PATH=$PATH:/usr/sbin command -v mariadbd > /dev/null || missing+=(mariadb-server)
  PATH=$PATH:/usr/sbin command -v debootstrap > /dev/null || missing+=(debootstrap)
  PATH=$PATH:/usr/sbin command -v nginx > /dev/null || missing+=(nginx-light)
  command -v systemd-nspawn > /dev/null || missing+=(systemd-container)
  command -v chromium > /dev/null || command -v google-chrome > /dev/null || missing+=(chromium)
  command -v sudo > /dev/null || missing+=(sudo)
fi
"$python" -c 'import ensurepip, venv' 2> /dev/null \
  || missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
if ! command -v apt-get > /dev/null || ! command -v "${as_root[@]:-true}" > /dev/null; then
  echo "missing on this machine: ${missing[*]} (install them, as root, and call this again)" >&2
  exit 1
fi

# The tests start what they need themselves, on loopback addresses or sockets: no service of this machine comes with it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
echo "installing ${missing[*]}" >&2
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends)
"${install[@]}" "${missing[@]}" || { "${as_root[@]}" apt-get update --quiet && "${install[@]}" "${missing[@]}"; }
if command -v systemctl > /dev/null; then
  for package in "${missing[@]}"; do
    case $package in
      openssh-server) units=(ssh.service ssh.socket) ;;
      postgresql) units=(postgresql.service) ;;
      pgbouncer) units=(pgbouncer.service) ;;
      mariadb-server) units=(mariadb.service) ;;
      nginx-light) units=(nginx.service) ;;
      *) continue ;;
    esac
    "${as_root[@]}" systemctl disable --quiet "${units[@]}" 2> /dev/null || true
  done
fi
