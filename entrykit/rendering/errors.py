"""What a template did wrong, as a RenderError that shows no secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jinja2 import (
    TemplateError,
    TemplateNotFound,
    TemplatesNotFound,
    TemplateSyntaxError,
    UndefinedError,
)

from entrykit.display import display
from entrykit.errors import RenderError
from entrykit.quoting.base import QuotingError
from entrykit.rendering.location import error_location
from entrykit.rendering.undefined import ObjectMisuseError
from entrykit.variables.secret import MASK, Secret


def to_render_error(
    name: str, error: Exception, built_in: str, secrets: Iterable[object]
) -> RenderError:
    """Translate whatever a template raised.

    Args:
        name: the template, where no line is known.
        error: as it came out of jinja2.
        built_in: the directory whose templates are known by their names alone.
        secrets: those that the template has read.
    """
    location = error_location(name, error, built_in)
    # The message on an unreadable file begins with its path, which may be the location.
    return RenderError(location, _reason(error, list(secrets)).removeprefix(f"{location}: "))


def _reason(error: Exception, secrets: list[object]) -> str:
    message = _describe_error(error)
    if not secrets or isinstance(error, ObjectMisuseError):
        return message
    if isinstance(error, UndefinedError | TemplateSyntaxError):
        return mask_values(message, secrets)
    # A value may stand there in many forms: cut, escaped, in another case.
    return f"{type(error).__name__} (not shown: the template had read a secret)"


def mask_values(text: str, secrets: Iterable[object]) -> str:
    """Mask secrets in a message that quotes what a template contains."""
    for value in secrets:
        plain = value.reveal() if isinstance(value, Secret) else str(value)
        for form in (plain, repr(plain)[1:-1]):
            text = text.replace(form, MASK) if form else text
    return text


def _describe_error(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):  # as text it is a search path, or the bare name
        names = " or ".join(display(str(name)) for name in _template_names(error))
        return f"no such template: {names}"
    if isinstance(error, TemplateSyntaxError):
        return error.message or ""  # as text it has its location once more
    known = isinstance(error, TemplateError | QuotingError | ObjectMisuseError)
    return str(error) if known else f"{type(error).__name__}: {error}"


def _template_names(error: TemplateNotFound) -> Sequence[object]:
    return error.templates if isinstance(error, TemplatesNotFound) else [error.name]
