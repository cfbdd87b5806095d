"""Which variables a rendering looks at: another value of any other cannot change its files."""

from __future__ import annotations

from types import new_class
from typing import Any, TypeVar, cast

from entrykit.variables.settings import Settings

S = TypeVar("S", bound=Settings)


def record_reads(settings: S) -> tuple[S, set[str]]:
    """Return equal settings, and a set that fills with the names of the fields that are read.

    Whoever asks which fields were given may mean any of them. Roles and templates read fields
    by their names; a dump of the model would not be noticed.
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
    made = kind.model_construct(_fields_set={*settings.model_fields_set}, **values)
    return cast("S", made), read
