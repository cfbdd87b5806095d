"""Where the templates of a role come from: a person's own go before those of the role."""

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

BUILT_IN_PREFIX = "!"
SUFFIX = ".j2"

_Source = tuple[str, str, Callable[[], bool] | None]


class LayeredLoader(BaseLoader):
    """Templates of a person's folder, and of the role's for all that is not there.

    A name that begins with `!` is the role's, so that a template can extend the one that it
    replaces.

    Args:
        folder: the person's.
        ours: the role's.
    """

    def __init__(self, folder: str, ours: str) -> None:
        self._folder = folder
        self._built_in = FileSystemLoader(ours)

    def get_source(self, environment: Environment, template: str) -> _Source:
        """Read a template.

        Raises:
            TemplateNotFound: neither folder has it.
            TemplateError: it cannot be read, or does what would go unnoticed.
        """
        if template.startswith(BUILT_IN_PREFIX):
            return self._built_in.get_source(environment, template.removeprefix(BUILT_IN_PREFIX))
        path = find_template(self._folder, template)
        if path is None:
            return self._built_in.get_source(environment, template)
        source = text(path)
        self._check_blocks(environment, environment.parse(source, template, path), template, path)
        return source, path, None

    def _check_blocks(
        self, environment: Environment, tree: nodes.Template, template: str, path: str
    ) -> None:
        """Refuse what jinja2 would drop without a word: unknown blocks, text outside of blocks."""
        parent = _parent(tree)
        if parent == template:
            built_in = f"{BUILT_IN_PREFIX}{template}"
            fault = f'it extends itself (expected "{built_in}" for the one that it replaces)'
            raise TemplateSyntaxError(fault, 1, template, path)
        if parent is None:
            return
        known = set(self._blocks(environment, parent))
        for node in tree.body:
            if isinstance(node, nodes.Block) and node.name not in known:
                names = f"known: {', '.join(sorted(known))}" if known else "it has none"
                fault = f"{parent} has no block {node.name!r} ({names})"
                raise TemplateSyntaxError(fault, node.lineno, template, path)
            if isinstance(node, nodes.Output) and not _is_blank(node):
                fault = "what stands outside of blocks goes nowhere"
                raise TemplateSyntaxError(fault, node.lineno, template, path)

    def _blocks(self, environment: Environment, template: str) -> Iterator[str]:
        source, path, _ = self.get_source(environment, template)
        tree = environment.parse(source, template, path)
        yield from (block.name for block in tree.find_all(nodes.Block))
        if parent := _parent(tree):
            yield from self._blocks(environment, parent)


def _parent(tree: nodes.Template) -> str | None:
    """Return the name of the template that one extends, if it is written there as it is."""
    for node in tree.find_all(nodes.Extends):
        if isinstance(node.template, nodes.Const):
            return str(node.template.value)
    return None


def _is_blank(output: nodes.Output) -> bool:
    return all(
        isinstance(node, nodes.TemplateData) and node.data.isspace() for node in output.nodes
    )


def find_template(folder: str, template: str) -> str | None:
    """Return the path of a template in a folder, or None where there is none.

    Raises:
        TemplateNotFound: the name leads out of the folder.
        TemplateError: a link does, or something else than a file stands there.
    """
    path = os.path.join(folder, *split_template_path(template))
    if not os.path.lexists(path):
        return None
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(f"{root.rstrip('/')}/"):
        raise TemplateError(f"{path}: a link that leads out of its folder")
    if not os.path.isfile(real):
        raise TemplateError(f"{path}: not a file")
    return path


def text(path: str) -> str:
    """Read a template.

    Raises:
        TemplateError: it cannot be read.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError:
        raise TemplateError(f"{path}: not valid UTF-8") from None
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}") from None


def check_folder(folder: str, ours: str) -> None:
    """See that a person's folder has templates, and that each of them is of use.

    Raises:
        SettingsError: with every fault: it is not there, or a name in it is none of the role's.
    """
    known = sorted(name for name in os.listdir(ours) if name.endswith(SUFFIX))
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise SettingsError([f"{_VARIABLE}: {display(folder)}: {error.strerror}"]) from None
    faults = [*_name_errors(folder, names, known)]
    if not faults and not set(names) & set(known):
        faults = [f"{display(folder)}: no template of this role in it"]
    if faults:
        listed = f"(known: {', '.join(known)})"
        raise SettingsError([f"{_VARIABLE}: {fault} {listed}" for fault in faults])


_VARIABLE = "ENTRYKIT_TEMPLATES"


def _name_errors(folder: str, names: list[str], known: list[str]) -> Iterator[str]:
    """Yield what is wrong with the names; a part of one's own has to be named by a template."""
    for name in names:
        if f"{name}{SUFFIX}" in known:
            yield f"{display(name)}: a template's name ends with {SUFFIX}"
        elif not name.endswith(SUFFIX) or name in known:
            continue
        elif not name.startswith("_"):
            yield f"{display(name)}: this role has no such file"
        elif not any(
            _mentions(os.path.join(folder, other), name) for other in names if other != name
        ):
            yield f"{display(name)}: no template beside it names it"


def _mentions(path: str, name: str) -> bool:
    if not path.endswith(SUFFIX) or not os.path.isfile(path):
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return name in file.read()
    except OSError:
        return False
