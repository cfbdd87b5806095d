"""Where a template is at work, or went wrong: its file and line.

Jinja2 compiles templates to Python and marks the frames that run them (jinja2.debug), so the
line is found there, as `logging` and `warnings` find the caller's.
"""

from __future__ import annotations

import os
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

if TYPE_CHECKING:
    from jinja2 import Template


def error_location(name: str, error: Exception, built_in: str) -> str:
    """Return the template and the line where an error was raised.

    Args:
        name: the template, where no line is known.
        error: as it came out of jinja2.
        built_in: the directory whose templates are known by their names alone.
    """
    if isinstance(error, TemplateSyntaxError):
        return f"{_display_path(error.filename or error.name or name, built_in)}:{error.lineno}"
    location, step = name, error.__traceback__
    while step is not None:
        location = _step_location(step, built_in) or location
        step = step.tb_next
    return location


def _step_location(step: TracebackType, built_in: str) -> str | None:
    if "__jinja_exception__" not in step.tb_frame.f_globals:
        return None
    return f"{_display_path(step.tb_frame.f_code.co_filename, built_in)}:{step.tb_lineno}"


def _display_path(path: str, built_in: str) -> str:
    return os.path.basename(path) if os.path.dirname(path) == built_in else path


def current_location() -> str:
    """Return the path and the line of the template that called this, through any functions."""
    template, line = _current_template()
    return f"{template.filename}:{line}"


def is_literal(text: str) -> bool:
    """Whether the source of the template that called this contains a text."""
    template, _ = _current_template()
    loader, name = template.environment.loader, template.name
    if loader is None or name is None:
        return False
    return text in loader.get_source(template.environment, name)[0]


def _current_template() -> tuple[Template, int]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- as logging does
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            return template, template.get_corresponding_lineno(frame.f_lineno)
        frame = frame.f_back
    raise AssertionError("no template is at work")
