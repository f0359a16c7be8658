# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Holds a full host up; the working directory is the fleet's state folder. Arguments: its control groups, separated by
# colons, and the command that boots it.

set -eu
groups=$1
shift

# The gate, as in init.sh.
read -r _ || [ -e recorded ] || exit 1

# Each host in groups of its own: systemd takes those that it finds itself in.
IFS=:
for group in $groups; do
    mkdir -p "$group"
    echo $$ > "$group/cgroup.procs"
done
unset IFS

# The host ends with this process, whatever ends it, also before setpriv has said so. This process keeps the claim on the
# address, which is an open file.
# shellcheck disable=SC2016 # for the inner shell
setpriv --pdeathsig KILL sh -c '[ "$PPID" = "$0" ] && exec "$@"' $$ "$@" < /dev/null
