"""What templates get in place of names and values that do not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

from jinja2 import StrictUndefined, Undefined, UndefinedError
from jinja2.utils import missing


class ObjectMisuseError(TypeError):
    """A template treats one of entrykit's objects as something that it is not.

    Args:
        name: of the object in templates.
        kind: what it is not, e.g. `iterable`.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        super().__init__(f"{name} is not {kind}")


class TemplateObject:
    """An object that templates know by a fixed name, which all messages on it use."""

    __slots__ = ()
    _name_in_templates: ClassVar[str]

    def __repr__(self) -> str:
        return self._name_in_templates  # and no address, which differs from start to start

    def __iter__(self) -> NoReturn:
        raise ObjectMisuseError(self._name_in_templates, "iterable")


class MissingName(StrictUndefined):
    """In place of a name that does not exist: any use of it but `is defined` is an error."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,  # noqa: ANN401 -- jinja2 passes whatever was asked for the name
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        owner = name_in_templates(obj)
        if hint is None and owner:
            kind = "attribute" if isinstance(name, str) else "element"
            hint = f"{owner} has no {kind} {name!r}"
        super().__init__(hint, obj, name, exc)  # type: ignore[arg-type]


def name_in_templates(obj: object) -> str | None:
    """Return the name that templates know an object by, if it has a fixed one."""
    return getattr(type(obj), "_name_in_templates", None)


class MissingValue(Undefined):
    """In place of a value that is not set: rendering goes on, to find all that are not.

    Any use of it is an error but for `default` and `is defined`.

    Args:
        note: called when it is used.
    """

    __slots__ = ("_note",)

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__()
        self._note = note

    def _return_self(self, *args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401 -- it stands for anything
        self._note()
        for other in args:
            if isinstance(other, MissingValue):
                str(other)  # it is used as well
        return self

    def _return_false(self, *_args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401
        self._note()
        return False

    def _return_one(self, *_args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401
        self._note()
        return 1

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            raise AttributeError(name)
        return self._return_self()

    def __str__(self) -> str:
        self._note()
        return ""

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0

    def __bool__(self) -> bool:
        return bool(self._return_false())

    def __eq__(self, _other: object) -> bool:
        return bool(self._return_false())

    __hash__ = object.__hash__
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _return_false
    __int__ = __index__ = _return_one
    __call__ = __getitem__ = __neg__ = __pos__ = _return_self
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _return_self
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _return_self
    __mod__ = __rmod__ = __pow__ = __rpow__ = _return_self
