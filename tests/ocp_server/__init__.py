# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OCP for tests: a real HTTP server, over TLS where wanted, with the documented answers about hosts."""

from .answers import Answer, envelope, error, host
from .certificate import Certificate
from .server import OcpServer

__all__ = ["Answer", "Certificate", "OcpServer", "envelope", "error", "host"]
