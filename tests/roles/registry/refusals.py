"""A start that is refused by the name of a variable."""

from __future__ import annotations


def refused(registry, name, **variables):
    """Start one that has to be refused by the name of a variable, before anything runs."""
    made = registry.made(**variables)
    status, said = made.ends()
    assert status == 78, said
    assert f"error: {name}" in said
    assert not made.config.exists()
    return said
