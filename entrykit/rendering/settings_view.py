"""What a template sees of a role's settings."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

from entrykit.variables.secret import Secret, Snippet, WholeFile
from entrykit.variables.settings import Settings


class View:
    """Settings as a template sees them: the values, and none of the model's methods.

    Those read files and the environment, or show what is secret. Whoever has had a secret or
    raw lines in hand may have made anything of them, so that is noted.

    Args:
        settings: the variables.
        touched: where such values are noted.
    """

    __slots__ = ("_names", "_settings", "_touched")

    def __init__(self, settings: Settings, touched: list[object]) -> None:
        self._settings = settings
        self._names = _readable_names(type(settings))
        self._touched = touched

    def __repr__(self) -> str:
        return "settings"  # and no address, which differs from start to start

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the model has
        if name not in self._names:
            raise AttributeError(name)
        value = getattr(self._settings, name)
        if isinstance(value, Secret | Snippet | WholeFile) and value:
            self._touched.append(value)
        return value


@cache
def _readable_names(model: type[Settings]) -> frozenset[str]:
    """Name the fields of a model, the properties that it has besides, and which were given."""
    parts = [vars(each).items() for each in model.__mro__ if issubclass(each, Settings)]
    named = {
        name
        for items in parts
        for name, value in items
        if isinstance(value, property | cached_property)
    }
    return frozenset({"model_fields_set"} | named | model.model_fields.keys())
