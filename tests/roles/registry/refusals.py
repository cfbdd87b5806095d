"""A start that is refused by the name of a variable."""

from __future__ import annotations


def assert_refused(registry, name, **variables):
    """Start a registry that must be refused by the name of a variable, before anything runs."""
    new = registry.create(**variables)
    status, output = new.run_to_end()
    assert status == 78, output
    assert f"error: {name}" in output
    assert not new.config.exists()
    return output
