"""Where the templates of a role come from: user-supplied ones take precedence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.loaders import split_template_path

from entrykit.display import display
from entrykit.errors import SettingsError
from entrykit.variables.textfile import UnreadableError, read_text

BUILT_IN_PREFIX = "!"
SUFFIX = ".j2"

_Source = tuple[str, str, Callable[[], bool] | None]


class LayeredLoader(BaseLoader):
    """User-supplied templates, and the role's built-in ones for those that do not exist.

    A name that begins with `!` is a built-in one, so that a template can extend the one that it
    replaces.

    Args:
        folder: the user's directory.
        built_in: the role's.
    """

    def __init__(self, folder: str, built_in: str) -> None:
        self._folder = folder
        self._built_in = FileSystemLoader(built_in)

    def get_source(self, environment: Environment, template: str) -> _Source:
        """Return the source of a template.

        Raises:
            TemplateNotFound: neither directory has it.
            TemplateError: it cannot be read, or has parts that jinja2 would ignore.
        """
        if template.startswith(BUILT_IN_PREFIX):
            return self._built_in.get_source(environment, template.removeprefix(BUILT_IN_PREFIX))
        path = find_template(self._folder, template)
        if path is None:
            return self._built_in.get_source(environment, template)
        source = read_template(path)
        self._check_blocks(environment, environment.parse(source, template, path), template, path)
        return source, path, None

    def _check_blocks(
        self, environment: Environment, tree: nodes.Template, template: str, path: str
    ) -> None:
        """Refuse what jinja2 would silently ignore: unknown blocks, text outside of blocks."""
        parent = _parent(tree)
        if parent == template:
            built_in = f"{BUILT_IN_PREFIX}{template}"
            message = f'it extends itself (expected "{built_in}" for the one that it replaces)'
            raise TemplateSyntaxError(message, 1, template, path)
        if parent is None:
            return
        known = set(self._blocks(environment, parent))
        for node in tree.body:
            if isinstance(node, nodes.Block) and node.name not in known:
                names = f"known: {', '.join(sorted(known))}" if known else "it has none"
                message = f"{parent} has no block {node.name!r} ({names})"
                raise TemplateSyntaxError(message, node.lineno, template, path)
            if isinstance(node, nodes.Output) and not _is_blank(node):
                message = "text outside of blocks is never rendered"
                raise TemplateSyntaxError(message, node.lineno, template, path)

    def _blocks(self, environment: Environment, template: str) -> Iterator[str]:
        source, path, _ = self.get_source(environment, template)
        tree = environment.parse(source, template, path)
        yield from (block.name for block in tree.find_all(nodes.Block))
        if parent := _parent(tree):
            yield from self._blocks(environment, parent)


def _parent(tree: nodes.Template) -> str | None:
    """Return the name of the template that one extends, if it is a constant."""
    for node in tree.find_all(nodes.Extends):
        if isinstance(node.template, nodes.Const):
            return str(node.template.value)
    return None


def _is_blank(output: nodes.Output) -> bool:
    return all(
        isinstance(node, nodes.TemplateData) and node.data.isspace() for node in output.nodes
    )


def find_template(folder: str, template: str) -> str | None:
    """Return the path of a template in a directory, or None if it does not exist.

    Raises:
        TemplateNotFound: the name leads out of the directory.
        TemplateError: a link does, or it is not a file.
    """
    path = os.path.join(folder, *split_template_path(template))
    if not os.path.lexists(path):
        return None
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(f"{root.rstrip('/')}/"):
        raise TemplateError(f"{path}: a link that leads out of its directory")
    if not os.path.isfile(real):
        raise TemplateError(f"{path}: not a file")
    return path


def read_template(path: str) -> str:
    """Return the text of a template.

    Raises:
        TemplateError: it cannot be read.
    """
    try:
        return read_text(path)
    except UnreadableError as error:
        raise TemplateError(f"{path}: {error.reason}") from None


def check_folder(folder: str, built_in: str) -> None:
    """Check that a directory has user-supplied templates, and that the role uses each of them.

    Raises:
        SettingsError: it does not exist, or has names that the role does not know; all of them.
    """
    known = sorted(name for name in os.listdir(built_in) if name.endswith(SUFFIX))
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise SettingsError([f"{_VARIABLE}: {display(folder)}: {error.strerror}"]) from None
    messages = [*_name_errors(folder, names, known)]
    if not messages and not set(names) & set(known):
        messages = [f"{display(folder)}: it has no template of this role"]
    if messages:
        listed = f"(known: {', '.join(known)})"
        raise SettingsError([f"{_VARIABLE}: {message} {listed}" for message in messages])


_VARIABLE = "ENTRYKIT_TEMPLATES"


def _name_errors(folder: str, names: list[str], known: list[str]) -> Iterator[str]:
    """Yield what is wrong with the names; a partial must be named by another template."""
    for name in names:
        if f"{name}{SUFFIX}" in known:
            yield f"{display(name)}: the name of a template must end with {SUFFIX}"
        elif not name.endswith(SUFFIX) or name in known:
            continue
        elif not name.startswith("_"):
            yield f"{display(name)}: this role has no such file"
        elif not any(
            _mentions(os.path.join(folder, other), name) for other in names if other != name
        ):
            yield f"{display(name)}: no other template there includes it"


def _mentions(path: str, name: str) -> bool:
    if not path.endswith(SUFFIX) or not os.path.isfile(path):
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return name in file.read()
    except OSError:
        return False
