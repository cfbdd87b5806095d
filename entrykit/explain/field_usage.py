"""Record which fields a rendering reads: another value of any other field changes nothing."""

from __future__ import annotations

from types import new_class
from typing import Any, TypeVar, cast

from entrykit.variables.settings import Settings

S = TypeVar("S", bound=Settings)


def record_reads(settings: S) -> tuple[S, set[str]]:
    """Return a copy of the settings, and a set that collects the names of the fields read.

    Reading `model_fields_set` counts as reading every field. Roles and templates read fields
    by name; a dump of the model would go unnoticed.
    """
    model = type(settings)
    names = frozenset(model.model_fields)
    values = {name: getattr(settings, name) for name in names}
    read: set[str] = set()

    def __getattribute__(self: Any, name: str) -> Any:  # noqa: ANN401, N807 -- it is that method
        read.update(names if name == "model_fields_set" else names & {name})
        return model.__getattribute__(self, name)

    body = {"__getattribute__": __getattribute__, "__module__": __name__}
    kind: Any = new_class(model.__name__, (model,), {}, lambda space: space.update(body))
    copy = kind.model_construct(_fields_set={*settings.model_fields_set}, **values)
    return cast("S", copy), read
