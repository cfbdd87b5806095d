"""From settings to files: the templates of a role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, Undefined

from entrykit.errors import EntrykitError
from entrykit.files.config_file import PRIVATE, PUBLIC, ConfigFile, ConfigFiles, add_mark
from entrykit.quoting.base import Quote, QuotedText
from entrykit.rendering.cache import TemplateCache
from entrykit.rendering.environment import Sandbox, render_text
from entrykit.rendering.errors import to_render_error
from entrykit.rendering.settings_view import View
from entrykit.role import HostFacts, Role, S
from entrykit.variables.secret import Snippet, WholeFile, enclose_snippet, is_private
from entrykit.variables.settings import Settings

SUFFIX = ".j2"


def render(role: Role[S], settings: S, facts: HostFacts | None = None) -> ConfigFiles:
    """Render every file of a role.

    Pure: equal settings and host facts give equal bytes, and nothing but templates is read.

    Args:
        role: whose templates.
        settings: its variables; a template sees them as `settings`.
        facts: what was observed of the host; those of an ordinary host if omitted.

    Raises:
        RenderError: a template is broken, or uses an undefined name.
        SettingsError: the directory of user-supplied templates does not exist, or has none
            that the role would use.
    """
    known = role.facts() if facts is None else facts
    loader = _make_loader(role, settings)
    # A name that begins with _ is a partial that others include.
    names = sorted(path.name for path in role.templates.glob(f"[!_]*{SUFFIX}"))
    names = [name for name in names if role.files.include(settings, name.removesuffix(SUFFIX))]
    files = [_render_file(role, name, loader, settings, known) for name in names]
    return ConfigFiles(sorted(files, key=lambda file: file.path == role.files.main))


def _make_loader(role: Role[Any], settings: Settings) -> BaseLoader:
    built_in, supplied = str(role.templates), settings.entrykit_templates
    if supplied is None:
        return FileSystemLoader(built_in)
    from entrykit.rendering.loader import LayeredLoader, check_folder

    check_folder(supplied, built_in)
    return LayeredLoader(supplied, built_in)


def _render_file(
    role: Role[Any], name: str, loader: BaseLoader, settings: Settings, facts: HostFacts
) -> ConfigFile:
    path, built_in = name.removesuffix(SUFFIX), str(role.templates)
    private: list[object] = []
    finalize = _make_finalize(role.files.quoting[Path(path).suffix], private)
    environment = Sandbox(loader, finalize, TemplateCache(built_in))
    try:
        template = environment.get_template(name)
        text = render_text(template, settings=View(settings, private), host=facts)
    except EntrykitError:  # what the host lacks is reported as it is
        raise
    except Exception as error:  # whatever a template does wrong is reported with its line
        raise to_render_error(name, error, built_in, private) from error
    if not any(isinstance(value, WholeFile) for value in private):
        text = add_mark(path, text, _describe_source(role))
    return ConfigFile(path, text, PRIVATE if private else PUBLIC)


def _describe_source(role: Role[Any]) -> str:
    return f"from the variables of its role {role.name}: edits are lost at the next start."


def _make_finalize(quote: Quote, private: list[object]) -> Callable[[object], str]:
    """Return the function that quotes every value: a template cannot forget it.

    Secrets are recorded in `private`, so that the file's mode cannot be forgotten either.
    """

    def finalize(value: object) -> str:
        if type(value) is str:  # nearly always
            return quote(value)
        if isinstance(value, QuotedText):
            return value
        if isinstance(value, Undefined):
            return str(value)  # MissingName raises here
        if is_private(value):
            private.append(value)
        if isinstance(value, WholeFile):
            return value
        return (
            enclose_snippet(quote(value)) if isinstance(value, Snippet) and value else quote(value)
        )

    return finalize
