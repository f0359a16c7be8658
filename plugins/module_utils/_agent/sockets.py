# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Connects to the Unix sockets of the agent."""

import errno
import os


def connect_to(folder, name, seconds):
    """Connect to a Unix socket in a folder, whose path may be longer than the address of a socket.

    seconds: the timeout of the socket. Returns it connected. Raises OSError: ECONNREFUSED without a listener, ETIMEDOUT
    without an answer in time.
    """
    import _socket  # pylint: disable=import-outside-toplevel; the module socket is slow, and few phases need it

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect("/proc/self/fd/%d/%s" % (descriptor, name))
        except (IOError, OSError) as exc:
            connection.close()
            raise socket_error(exc)
        return connection
    finally:
        os.close(descriptor)


def socket_error(exc):
    """A socket's error as an OSError. In Python 2.7 it is none, and a timeout has no number in any version."""
    number = exc.errno or errno.ETIMEDOUT
    return OSError(number, os.strerror(number))
