"""Mounts that nobody else sees: a shell script in a mount namespace of its own."""

from __future__ import annotations

import os
import subprocess

# Others than root become root in a user namespace of their own.
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def mounted(script, *arguments):
    """Run a script for sh(1) with `$1` and so on; its mounts end with it.

    Returns:
        The finished process, its streams captured as text.
    """
    argv = [*UNSHARE, "sh", "-euc", script, "sh", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
