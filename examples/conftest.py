"""The cases of these roles: checked by the installed daemons."""

from __future__ import annotations

import os


def pytest_configure():
    """Look for daemons where Debian has them, and where only root's PATH leads."""
    os.environ["PATH"] += ":/usr/sbin"
