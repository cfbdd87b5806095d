"""Templates of a person's own, each with the file that it makes: `app.conf.j2:/etc/app.conf`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import BaseLoader, Environment, TemplateNotFound

from entrykit.display import shown
from entrykit.errors import RenderError, SettingsError, UsageError
from entrykit.files.checksums import LIST
from entrykit.files.config_file import PRIVATE, Rendered
from entrykit.rendering.env_object import Notes, Variables
from entrykit.rendering.environment import Sandbox, text_of
from entrykit.rendering.errors import blamed
from entrykit.rendering.filters import FILTERS, written
from entrykit.rendering.loader import confined, text

STDOUT = "-"
# What a line of the list of our files cannot hold.
_UNLISTED: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A template and where it goes.

    Attributes:
        source: path of the template.
        target: path of the file, links followed; `-` for standard output.
    """

    source: str
    target: str


def pairs(words: Sequence[str]) -> list[Pair]:
    """Parse the words of `--template`.

    Raises:
        UsageError: a word lacks one of both, a template is not there, or a file has two.
    """
    found = [_pair(word) for word in words]
    targets = [pair.target for pair in found if pair.target != STDOUT]
    if twice := [target for target in targets if targets.count(target) > 1]:
        raise UsageError(f"--template: {shown(twice[0])} is made of two templates (expected one)")
    return found


def _pair(word: str) -> Pair:
    source, _, target = word.partition(":")
    if not source or not target:
        raise UsageError(
            f"--template {shown(word)}: not a template and a file "
            "(expected app.conf.j2:/etc/app.conf, or app.conf.j2:- for standard output)"
        )
    try:
        os.stat(source)
        real = os.path.realpath(target)
    except OSError as error:
        path = error.filename or target  # where the working folder is gone, nothing is named
        raise UsageError(f"--template {shown(word)}: {shown(path)}: {error.strerror}") from None
    standard = target in {STDOUT, "/dev/stdout"}  # which others' templates are told
    if refusal := next(_refusals(source, "" if standard else target, real), None):
        raise UsageError(f"--template {shown(word)}: {refusal}")
    return Pair(source, STDOUT if standard else real)


def _refusals(source: str, target: str, real: str) -> Iterator[str]:
    """Yield what is wrong with a pair; without a target it goes to standard output."""
    if os.path.isdir(source):
        yield f"{shown(source)} is a folder (expected a template)"
    if not target:
        return
    if target.endswith("/") or os.path.isdir(real):
        yield f"{shown(target)} is a folder (expected a file)"
    if real == os.path.realpath(source):
        yield "the file would replace its template"
    if os.path.basename(real) == LIST:
        yield f"{LIST} is entrykit's own list of its files"
    if _UNLISTED.search(real):
        yield f"{shown(target)}: not in UTF-8, or with a control character (expected a plain name)"


def rendered(
    wanted: Sequence[Pair],
    environ: Mapping[str, str],
    warn: Callable[[str], None],
    mode: int,
) -> list[Rendered]:
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
    notes, broken, done = Notes(), [], []
    for pair in wanted:
        try:
            done.append(_rendered(pair, environ, notes, mode))
        except RenderError as error:
            broken.append(error)
    if notes.faults:
        for warning in notes.near(environ):
            warn(warning)
        raise SettingsError(notes.faults)
    if broken:
        raise broken[0]
    return done


def _rendered(pair: Pair, environ: Mapping[str, str], notes: Notes, mode: int) -> Rendered:
    touched: list[object] = []
    sandbox = Sandbox(Beside(pair.source), written)
    sandbox.filters.update(FILTERS)
    try:
        template = sandbox.get_template(os.path.basename(pair.source))
        found = text_of(template, env=Variables(environ, notes, touched))
    except Exception as error:  # whatever a template does wrong is told with its line
        raise blamed(pair.source, error, "", touched) from error
    return Rendered(pair.target, found, mode & _SHUT if touched else mode)


# As PRIVATE, for a file that may be a program as well.
_SHUT = PRIVATE | 0o110


class Beside(BaseLoader):
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
        path = confined(self._folder or ".", template)
        if path is None:
            raise TemplateNotFound(template)
        return text(path), os.path.normpath(path), None
