"""TCP ports."""

from __future__ import annotations
