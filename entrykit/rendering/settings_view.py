"""What a template sees of a role's settings."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

from entrykit.rendering.undefined import TemplateObject
from entrykit.variables.secret import Secret, Snippet, WholeFile, record_revealed
from entrykit.variables.settings import Settings


class View(TemplateObject):
    """Settings as a template sees them: the values, and none of the model's methods.

    Those read files and the environment, or show secrets. A template that reads a secret or raw
    lines may write anything that it derives from them, so those are recorded.

    Args:
        settings: the variables.
        secrets: collects such values.
    """

    __slots__ = ("_names", "_secrets", "_settings")
    _name_in_templates = "settings"

    def __init__(self, settings: Settings, secrets: list[object]) -> None:
        self._settings = settings
        self._names = _readable_names(type(settings))
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the model has
        if name not in self._names:
            raise AttributeError(name)
        with record_revealed() as revealed:  # by a property that returns text
            value = getattr(self._settings, name)
        self._secrets.extend(revealed)
        if isinstance(value, Secret | Snippet | WholeFile) and value:
            self._secrets.append(value)
        return value


@cache
def _readable_names(model: type[Settings]) -> frozenset[str]:
    """Return the names of a model's fields and properties, and of the set of fields given."""
    parts = [vars(each).items() for each in model.__mro__ if issubclass(each, Settings)]
    named = {
        name
        for items in parts
        for name, value in items
        if isinstance(value, property | cached_property)
    }
    return frozenset({"model_fields_set"} | named | model.model_fields.keys())
