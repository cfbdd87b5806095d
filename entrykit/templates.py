"""From settings to files: jinja2 lives here only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from entrykit.bytecode import BesideTemplates
from entrykit.configfile import PRIVATE, PUBLIC, ConfigFile, ConfigFiles, marked
from entrykit.errors import EntrykitError, RenderError
from entrykit.quoting import Quote, QuotingError
from entrykit.role import Machine, Role, S
from entrykit.secret import Snippet, Whole, bracketed, is_private

SUFFIX = ".j2"


def render(role: Role[S], settings: S, machine: Machine | None = None) -> ConfigFiles:
    """Render every file of a role.

    Pure: equal settings on an equal machine give equal bytes, and no disk but
    the templates' is touched.

    Args:
        role: whose templates.
        settings: its variables; a template sees them as `settings`.
        machine: what was observed; an ordinary machine where left out.

    Raises:
        RenderError: a template is broken, or asks for a name that is not there.
    """
    known = role.machine() if machine is None else machine
    # A name that begins with _ is a part that others include.
    names = sorted(path.name for path in role.templates.glob(f"[!_]*{SUFFIX}"))
    names = [name for name in names if role.makes(settings, name.removesuffix(SUFFIX))]
    files = [_file(role, name, {"settings": settings, "machine": known}) for name in names]
    return ConfigFiles(sorted(files, key=lambda file: file.path == role.main))


def _file(role: Role[Any], name: str, context: dict[str, object]) -> ConfigFile:
    path = name.removesuffix(SUFFIX)
    private: list[object] = []
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(role.templates),
        bytecode_cache=BesideTemplates(str(role.templates)),
        undefined=StrictUndefined,
        finalize=_finalize(role.quotes[Path(path).suffix], private),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        autoescape=False,  # no HTML: `finalize` quotes for the format in hand
    )
    try:
        text = environment.get_template(name).render(context)
    except EntrykitError:  # what a machine lacks is told as it is
        raise
    except Exception as error:  # whatever a template does wrong is told with its line
        raise RenderError(_place(name, error), _reason(error)) from error
    if not any(isinstance(value, Whole) for value in private):
        text = marked(path, text, _whose(role))
    return ConfigFile(path, text, PRIVATE if private else PUBLIC)


def _whose(role: Role[Any]) -> str:
    return f"from the variables of its role {role.name}: edits are lost at the next start."


def _finalize(quote: Quote, private: list[object]) -> Callable[[object], str]:
    """Quote whatever an expression gives: a template cannot forget it.

    What nobody else may read is noted in `private`, so that the file's mode
    cannot be forgotten either.
    """

    def finalize(value: object) -> str:
        if type(value) is str:  # nearly always
            return quote(value)
        if isinstance(value, Undefined):
            return str(value)  # StrictUndefined raises here, with the name
        if is_private(value):
            private.append(value)
        if isinstance(value, Whole):
            return value
        return bracketed(quote(value)) if isinstance(value, Snippet) and value else quote(value)

    return finalize


def _reason(error: Exception) -> str:
    if isinstance(error, TemplateError | QuotingError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _place(name: str, error: Exception) -> str:
    """Name the template and the line: jinja2 gives its own lines to the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}:{error.lineno}"
    place, step = name, error.__traceback__
    while step is not None:
        place = _template_line(step) or place
        step = step.tb_next
    return place


def _template_line(step: TracebackType) -> str | None:
    path = Path(step.tb_frame.f_code.co_filename)
    return f"{path.name}:{step.tb_lineno}" if path.suffix == SUFFIX else None
