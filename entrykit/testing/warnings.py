"""The warning about variables."""

from __future__ import annotations


class VariablesWarning(UserWarning):
    """A warning of entrykit, e.g. about a variable whose name is one slip away from a known one."""
