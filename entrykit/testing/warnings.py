"""The warning that a test of variables can expect."""

from __future__ import annotations


class VariablesWarning(UserWarning):
    """What entrykit would warn of at a start: a variable that is one slip away from a known one."""
