"""What templates run in: jinja2's sandbox, with nothing in it that leads out or is random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from types import MethodType
from typing import Any

from jinja2 import BaseLoader, BytecodeCache, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from entrykit.quoting import Quoted
from entrykit.secret import Secret, Snippet, Whole
from entrykit.settings import Settings


class Sandbox(ImmutableSandboxedEnvironment):
    """A jinja2 environment for one file.

    Args:
        loader: where templates come from.
        finalize: from what an expression gives to what is written.
        cache: where compiled templates are kept.
    """

    def __init__(
        self,
        loader: BaseLoader,
        finalize: Callable[[Any], str],
        cache: BytecodeCache | None = None,
    ) -> None:
        super().__init__(
            loader=loader,
            bytecode_cache=cache,
            undefined=StrictUndefined,
            finalize=finalize,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            autoescape=False,  # no HTML: `finalize` quotes for the format in hand
        )
        # Equal input gives equal bytes.
        del self.globals["lipsum"], self.filters["random"]

    @staticmethod
    def concat(parts: Iterable[str]) -> Quoted:
        """Join what was written; as `super()` or a macro gives it, it is not quoted once more."""
        return Quoted("".join(parts))

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Whether a template may have it: of a secret nothing, `reveal` least of all."""
        return not isinstance(obj, Secret) and super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: object) -> bool:
        """Whether a template may call it: no way to make an object from files or variables."""
        if isinstance(obj, MethodType) and isinstance(obj.__self__, type):
            return False
        return super().is_safe_callable(obj)


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
        self._names = _values(type(settings))
        self._touched = touched

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the model has
        if name not in self._names:
            raise AttributeError(name)
        value = getattr(self._settings, name)
        if isinstance(value, Secret | Snippet | Whole) and value:
            self._touched.append(value)
        return value


@cache
def _values(model: type[Settings]) -> frozenset[str]:
    """Name the fields of a model and the properties that it has besides."""
    parts = [vars(each).items() for each in model.__mro__ if issubclass(each, Settings)]
    named = {
        name
        for items in parts
        for name, value in items
        if isinstance(value, property | cached_property)
    }
    return frozenset(named | model.model_fields.keys())
