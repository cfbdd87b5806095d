"""Templates of a person's own, each with the file that it makes: `app.conf.j2:/etc/app.conf`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import BaseLoader, Environment, TemplateNotFound

from entrykit.display import display
from entrykit.errors import RenderError, SettingsError, UsageError
from entrykit.files.checksums import CHECKSUMS_FILE
from entrykit.files.config_file import PRIVATE, OutputFile
from entrykit.rendering.env_object import VariableErrors, Variables
from entrykit.rendering.environment import Sandbox, render_text
from entrykit.rendering.errors import to_render_error
from entrykit.rendering.filters import FILTERS, to_text
from entrykit.rendering.loader import find_template, text

STDOUT = "-"
# What a line of the list of our files cannot hold.
_UNLISTABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A template and where it goes.

    Attributes:
        source: path of the template.
        target: path of the file, links followed; `-` for standard output.
    """

    source: str
    target: str


def parse_pairs(words: Sequence[str]) -> list[Pair]:
    """Parse the words of `--template`.

    Raises:
        UsageError: a word lacks one of both, a template is not there, or a file has two.
    """
    found = [_parse_pair(word) for word in words]
    targets = [pair.target for pair in found if pair.target != STDOUT]
    if twice := [target for target in targets if targets.count(target) > 1]:
        raise UsageError(f"--template: {display(twice[0])} is made of two templates (expected one)")
    return found


def _parse_pair(word: str) -> Pair:
    source, _, target = word.partition(":")
    if not source or not target:
        raise UsageError(
            f"--template {display(word)}: not a template and a file "
            "(expected app.conf.j2:/etc/app.conf, or app.conf.j2:- for standard output)"
        )
    try:
        os.stat(source)
        real = os.path.realpath(target)
    except OSError as error:
        path = error.filename or target  # where the working folder is gone, nothing is named
        raise UsageError(f"--template {display(word)}: {display(path)}: {error.strerror}") from None
    standard = target in {STDOUT, "/dev/stdout"}  # which others' templates are told
    if refusal := next(_pair_errors(source, "" if standard else target, real), None):
        raise UsageError(f"--template {display(word)}: {refusal}")
    return Pair(source, STDOUT if standard else real)


def _pair_errors(source: str, target: str, real: str) -> Iterator[str]:
    """Yield what is wrong with a pair; without a target it goes to standard output."""
    if os.path.isdir(source):
        yield f"{display(source)} is a folder (expected a template)"
    if not target:
        return
    if target.endswith("/") or os.path.isdir(real):
        yield f"{display(target)} is a folder (expected a file)"
    if real == os.path.realpath(source):
        yield "the file would replace its template"
    if os.path.basename(real) == CHECKSUMS_FILE:
        yield f"{CHECKSUMS_FILE} is entrykit's own list of its files"
    if _UNLISTABLE.search(real):
        shown = display(target)
        yield f"{shown}: not in UTF-8, or with a control character (expected a plain name)"


def render_pairs(
    wanted: Sequence[Pair],
    environ: Mapping[str, str],
    warn: Callable[[str], None],
    mode: int,
) -> list[OutputFile]:
    """Render all templates; nothing is written.

    Args:
        wanted: which.
        environ: names to texts, for `env`.
        warn: called with a line for each variable whose name is close to a missing one.
        mode: of the files.

    Raises:
        SettingsError: variables are missing or bad; all that all templates ask for.
        RenderError: a template is broken.
    """
    notes, broken, done = VariableErrors(), [], []
    for pair in wanted:
        try:
            done.append(_render_pair(pair, environ, notes, mode))
        except RenderError as error:
            broken.append(error)
    if notes.faults:
        for warning in notes.near(environ):
            warn(warning)
        raise SettingsError(notes.faults)
    if broken:
        raise broken[0]
    return done


def _render_pair(
    pair: Pair, environ: Mapping[str, str], notes: VariableErrors, mode: int
) -> OutputFile:
    touched: list[object] = []
    sandbox = Sandbox(SiblingLoader(pair.source), to_text)
    sandbox.filters.update(FILTERS)
    try:
        template = sandbox.get_template(os.path.basename(pair.source))
        found = render_text(template, env=Variables(environ, notes, touched))
    except Exception as error:  # whatever a template does wrong is told with its line
        raise to_render_error(pair.source, error, "", touched) from error
    return OutputFile(pair.target, found, mode & _PRIVATE_MASK if touched else mode)


# As PRIVATE, for a file that may be a program as well.
_PRIVATE_MASK = PRIVATE | 0o110


class SiblingLoader(BaseLoader):
    """One template, and those that lie in its folder, for it to include or extend.

    Args:
        source: path of the template.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._folder, self._name = os.path.split(source)

    def get_source(
        self, _environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        """Read a template."""
        if template == self._name:
            return text(self._source), self._source, None
        path = find_template(self._folder or ".", template)
        if path is None:
            raise TemplateNotFound(template)
        return text(path), os.path.normpath(path), None
