"""What stands for a value that is not there: rendering goes on and finds what else is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Undefined


class MissingValue(Undefined):
    """In place of a value that is not there: to use it is a fault.

    `default` and `is defined` do not use it.

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
