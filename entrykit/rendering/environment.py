"""The environment of templates: jinja2's sandbox, without access to the host or randomness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any

from jinja2 import BaseLoader, BytecodeCache, Template, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from entrykit.display import display
from entrykit.quoting.base import QuotedText, QuotingError
from entrykit.rendering.undefined import MissingName, ObjectMisuseError, name_in_templates
from entrykit.variables.secret import Secret


class Sandbox(ImmutableSandboxedEnvironment):
    """A jinja2 environment for one file.

    Args:
        loader: where templates come from.
        finalize: turns the value of an expression into text.
        cache: keeps compiled templates.
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
            undefined=MissingName,
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
        """Join output; as the result of `super()` or of a macro it is not quoted once more."""
        return QuotedText("".join(parts))

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 -- any object
        """Read the field of a named tuple without further checks: there may be 100,000 of them."""
        if isinstance(obj, tuple) and attribute in getattr(obj, "_fields", ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Whether a template may read an attribute: none of a secret, least of all `reveal`."""
        return not isinstance(obj, Secret) and super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:  # noqa: ANN401 -- any object
        """Return what stands for an attribute that a template may not have."""
        owner = name_in_templates(obj)
        if owner is None:
            return super().unsafe_undefined(obj, attribute)
        hint = f"access to attribute {attribute!r} of {owner} is unsafe."
        return self.undefined(hint, obj=obj, name=attribute, exc=SecurityError)

    def is_safe_callable(self, obj: object) -> bool:
        """Whether a template may call it: no class method, as some read files or variables.

        Raises:
            ObjectMisuseError: it is not callable, and has a name that the error can use.
        """
        if owner := name_in_templates(obj):
            raise ObjectMisuseError(owner, "callable")
        if isinstance(obj, MethodType) and isinstance(obj.__self__, type):
            return False
        return super().is_safe_callable(obj)


def render_text(template: Template, **names: object) -> str:
    """Render a template.

    Raises:
        QuotingError: the text has a lone surrogate, which JSON can express (RFC 8259, 8.2).
    """
    text = template.render(**names)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"{display(text[error.start])}: half of a character (expected text in UTF-8)"
        raise QuotingError(message) from None
    return text
