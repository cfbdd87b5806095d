"""User-supplied templates, each with the file to render: `app.conf.j2:/etc/app.conf`."""

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
from entrykit.rendering.loader import find_template, read_template

STDOUT = "-"
# What a line of the list of checksums cannot contain.
_UNLISTABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A template and its target.

    Attributes:
        source: path of the template.
        target: path of the file with links resolved; `-` for standard output.
    """

    source: str
    target: str


def parse_pairs(words: Sequence[str]) -> list[Pair]:
    """Parse the words of `--template`.

    Raises:
        UsageError: a word lacks template or file, a template does not exist, or two templates
            have the same file.
    """
    found = [_parse_pair(word) for word in words]
    targets = [pair.target for pair in found if pair.target != STDOUT]
    if twice := [target for target in targets if targets.count(target) > 1]:
        raise UsageError(
            f"--template: {display(twice[0])} is the file of two templates (expected one)"
        )
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
        path = error.filename or target  # no name if the working directory is gone
        raise UsageError(f"--template {display(word)}: {display(path)}: {error.strerror}") from None
    standard = target in {STDOUT, "/dev/stdout"}  # other tools of this kind take the latter
    if refusal := next(_pair_errors(source, "" if standard else target, real), None):
        raise UsageError(f"--template {display(word)}: {refusal}")
    return Pair(source, STDOUT if standard else real)


def _pair_errors(source: str, target: str, real: str) -> Iterator[str]:
    """Yield what is wrong with a pair; without a target it goes to standard output."""
    if os.path.isdir(source):
        yield f"{display(source)} is a directory (expected a template)"
    if not target:
        return
    if target.endswith("/") or os.path.isdir(real):
        yield f"{display(target)} is a directory (expected a file)"
    if real == os.path.realpath(source):
        yield "the file would replace its template"
    if os.path.basename(real) == CHECKSUMS_FILE:
        yield f"{CHECKSUMS_FILE} is entrykit's list of checksums"
    if _UNLISTABLE.search(real):
        shown = display(target)
        yield f"{shown}: not in UTF-8, or with a control character (expected a plain name)"


def render_pairs(
    wanted: Sequence[Pair],
    environ: Mapping[str, str],
    warn: Callable[[str], None],
    mode: int,
) -> list[OutputFile]:
    """Render all templates, and write nothing.

    Args:
        wanted: the templates.
        environ: names to texts, for `env`.
        warn: called with a line for each variable whose name is close to a missing one.
        mode: of the files.

    Raises:
        SettingsError: variables are missing or invalid, in any of the templates.
        RenderError: a template is broken.
    """
    errors, broken, done = VariableErrors(), [], []
    for pair in wanted:
        try:
            done.append(_render_pair(pair, environ, errors, mode))
        except RenderError as error:
            broken.append(error)
    if errors.messages:
        for warning in errors.near_misses(environ):
            warn(warning)
        raise SettingsError(errors.messages)
    if broken:
        raise broken[0]
    return done


def _render_pair(
    pair: Pair, environ: Mapping[str, str], errors: VariableErrors, mode: int
) -> OutputFile:
    secrets: list[object] = []
    sandbox = Sandbox(SiblingLoader(pair.source), to_text)
    sandbox.filters.update(FILTERS)
    try:
        template = sandbox.get_template(os.path.basename(pair.source))
        text = render_text(template, env=Variables(environ, errors, secrets))
    except Exception as error:  # whatever a template does wrong is reported with its line
        raise to_render_error(pair.source, error, "", secrets) from error
    return OutputFile(pair.target, text, mode & _PRIVATE_MASK if secrets else mode)


# As PRIVATE, for a file that may be executable.
_PRIVATE_MASK = PRIVATE | 0o110


class SiblingLoader(BaseLoader):
    """One template, and those in its directory, for it to include or extend.

    Args:
        source: path of the template.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._folder, self._name = os.path.split(source)

    def get_source(
        self, _environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        """Return the source of a template."""
        if template == self._name:
            return read_template(self._source), self._source, None
        path = find_template(self._folder or ".", template)
        if path is None:
            raise TemplateNotFound(template)
        return read_template(path), os.path.normpath(path), None
