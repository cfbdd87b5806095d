"""From settings to files: jinja2 lives here only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, Undefined

from entrykit.errors import EntrykitError
from entrykit.files.config_file import PRIVATE, PUBLIC, ConfigFile, ConfigFiles, marked
from entrykit.quoting.base import Quote, Quoted
from entrykit.rendering.cache import BesideTemplates
from entrykit.rendering.environment import Sandbox, text_of
from entrykit.rendering.errors import blamed
from entrykit.rendering.settings_view import View
from entrykit.role import Machine, Role, S
from entrykit.variables.secret import Snippet, Whole, bracketed, is_private
from entrykit.variables.settings import Settings

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
        SettingsError: the folder of a person's templates is not there, or has none of use.
    """
    known = role.machine() if machine is None else machine
    loader = _loader(role, settings)
    # A name that begins with _ is a part that others include.
    names = sorted(path.name for path in role.templates.glob(f"[!_]*{SUFFIX}"))
    names = [name for name in names if role.makes(settings, name.removesuffix(SUFFIX))]
    files = [_file(role, name, loader, settings, known) for name in names]
    return ConfigFiles(sorted(files, key=lambda file: file.path == role.main))


def _loader(role: Role[Any], settings: Settings) -> BaseLoader:
    ours, own = str(role.templates), settings.entrykit_templates
    if own is None:
        return FileSystemLoader(ours)
    from entrykit.rendering.loader import Layered, judge_folder

    judge_folder(own, ours)
    return Layered(own, ours)


def _file(
    role: Role[Any], name: str, loader: BaseLoader, settings: Settings, machine: Machine
) -> ConfigFile:
    path, ours = name.removesuffix(SUFFIX), str(role.templates)
    private: list[object] = []
    finalize = _finalize(role.quotes[Path(path).suffix], private)
    environment = Sandbox(loader, finalize, BesideTemplates(ours))
    try:
        template = environment.get_template(name)
        text = text_of(template, settings=View(settings, private), machine=machine)
    except EntrykitError:  # what a machine lacks is told as it is
        raise
    except Exception as error:  # whatever a template does wrong is told with its line
        raise blamed(name, error, ours, private) from error
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
        if isinstance(value, Quoted):
            return value
        if isinstance(value, Undefined):
            return str(value)  # StrictUndefined raises here, with the name
        if is_private(value):
            private.append(value)
        if isinstance(value, Whole):
            return value
        return bracketed(quote(value)) if isinstance(value, Snippet) and value else quote(value)

    return finalize
