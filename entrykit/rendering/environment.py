"""What templates run in: jinja2's sandbox, with nothing in it that leads out or is random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any

from jinja2 import BaseLoader, BytecodeCache, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from entrykit.display import display
from entrykit.quoting.base import QuotedText, QuotingError
from entrykit.variables.secret import Secret


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
    def concat(parts: Iterable[str]) -> QuotedText:
        """Join what was written; as `super()` or a macro gives it, it is not quoted once more."""
        return QuotedText("".join(parts))

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Whether a template may have it: of a secret nothing, `reveal` least of all."""
        return not isinstance(obj, Secret) and super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: object) -> bool:
        """Whether a template may call it: no way to make an object from files or variables."""
        if isinstance(obj, MethodType) and isinstance(obj.__self__, type):
            return False
        return super().is_safe_callable(obj)


def render_text(template: Template, **names: object) -> str:
    """Render a template.

    Raises:
        QuotingError: it has a half of a character, which JSON can say (RFC 8259, 8.2).
    """
    text = template.render(**names)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        said = f"{display(text[error.start])}: half of a character (expected text in UTF-8)"
        raise QuotingError(said) from None
    return text
