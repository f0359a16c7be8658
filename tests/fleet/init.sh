# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Process 1 of a host, in fresh pid, mount and uts namespaces; the working directory is the fleet's state folder.
# Arguments: the host's name, its address, yes or no for sshd, and the command line that starts the agent, if any.
# FLEET_VISIBLE: paths, one a line, below the folders that the host has of its own which shall stay visible.

set -eu
name=$1 address=$2 with_sshd=$3
shift 3

# The gate. The starter opens it by closing its end of the pipe, once it has written down this process' id; if it died
# before that, nobody would know of this host.
read -r _ || [ -e recorded ] || exit 1

echo "$name" > /proc/sys/kernel/hostname

# Relative paths and -c: what is mounted below may hide the state folder's own path.
mount() { command mount -c "$@"; }

host=hosts/$name
IFS='
'
for path in $FLEET_VISIBLE; do mount --rbind "$path" "$host$path"; done
unset IFS FLEET_VISIBLE
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/lock /run/ocp-fleet
mount --bind runtime /run/ocp-fleet
for file in passwd shadow group sudoers; do
    [ ! -e "/etc/$file" ] || mount --bind "runtime/etc/$file" "/etc/$file"
done
for folder in root home tmp; do mount --rbind "$host/$folder" "/$folder"; done
cd /

[ "$with_sshd" = no ] || /usr/sbin/sshd -D -e -f /run/ocp-fleet/sshd_config -o "ListenAddress=$address" </dev/null &
[ $# = 0 ] || setsid "$@" </dev/null &

# Stays for as long as the host: a shell that waits also reaps the orphans that process 1 inherits.
sleep infinity &
wait
