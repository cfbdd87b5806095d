"""Where a template went wrong, and how that is said without showing a secret."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from types import TracebackType

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
from entrykit.variables.secret import MASK, Secret

# How jinja2 and Python name what templates know by these words.
_NAMES_IN_TEMPLATES = {
    "'entrykit.rendering.settings_view.View object'": "settings",
    "entrykit.rendering.env_object.Variables object": "env",
    "'Variables' object": "env",
}


def to_render_error(
    name: str, error: Exception, ours: str, touched: Iterable[object]
) -> RenderError:
    """Make the message of whatever a template did.

    Args:
        name: the template, for where no line is known.
        error: what came out of jinja2.
        ours: the folder whose templates are known by their names alone.
        touched: the secrets that the template has had in hand.
    """
    place = _error_location(name, error, ours)
    # What cannot be read is told with its path, which may be the place itself.
    return RenderError(place, _reason(error, list(touched)).removeprefix(f"{place}: "))


def _reason(error: Exception, touched: list[object]) -> str:
    said = _describe_error(error)
    for theirs, ours in _NAMES_IN_TEMPLATES.items():
        said = said.replace(theirs, ours)
    if not touched:
        return said
    if isinstance(error, UndefinedError | TemplateSyntaxError):
        return mask_values(said, touched)
    # A value stands there in many forms: cut, escaped, in another case.
    return f"{type(error).__name__} (not shown: a secret was in hand)"


def mask_values(text: str, touched: Iterable[object]) -> str:
    """Replace secrets in a message that names what a template wrote."""
    for value in touched:
        plain = value.reveal() if isinstance(value, Secret) else str(value)
        for form in (plain, repr(plain)[1:-1]):
            text = text.replace(form, MASK) if form else text
    return text


def _describe_error(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):  # says where it looked, which is half of it, or a name
        names = " or ".join(display(str(name)) for name in _template_names(error))
        return f"no such template: {names}"
    if isinstance(error, TemplateSyntaxError):
        return error.message or ""  # as text it has its place once more
    known = isinstance(error, TemplateError | QuotingError)
    return str(error) if known else f"{type(error).__name__}: {error}"


def _template_names(error: TemplateNotFound) -> Sequence[object]:
    return error.templates if isinstance(error, TemplatesNotFound) else [error.name]


def _error_location(name: str, error: Exception, ours: str) -> str:
    """Name the template and the line: jinja2 gives its own lines to the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return f"{_display_path(error.filename or error.name or name, ours)}:{error.lineno}"
    place, step = name, error.__traceback__
    while step is not None:
        place = _template_line(step, ours) or place
        step = step.tb_next
    return place


def _template_line(step: TracebackType, ours: str) -> str | None:
    # jinja2 puts this into the frames that it makes for its templates (jinja2.debug).
    if "__jinja_exception__" not in step.tb_frame.f_globals:
        return None
    return f"{_display_path(step.tb_frame.f_code.co_filename, ours)}:{step.tb_lineno}"


def _display_path(path: str, ours: str) -> str:
    return os.path.basename(path) if os.path.dirname(path) == ours else path
