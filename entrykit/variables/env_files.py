"""Variables laid over each other: the environment, the files of --env-file, the words of -e."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from entrykit.display import display, display_name
from entrykit.errors import SettingsError, UsageError
from entrykit.variables.textfile import read_text


class Assignment(NamedTuple):
    """A variable's text, and where it was set.

    Attributes:
        text: as it stands there.
        place: `environment`, `-e`, or a line of an env-file as `prod.env:3`.
    """

    text: str
    place: str


def overlay(
    environ: Mapping[str, str], env_files: Iterable[str], assignments: Iterable[str]
) -> dict[str, str]:
    """Lay the files of `--env-file` and then the words of `-e` over `environ`.

    A bare NAME takes the value that `environ` has, as docker's options of the
    same names do. What a later one says of X goes before X_FILE of an earlier one, and
    the other way round.

    Raises:
        UsageError: a file cannot be read, or a word has no name.
        SettingsError: a line of a file has no name, or a NUL.
    """
    laid = overlay_assignments(environ, env_files, assignments)
    return {name: given.text for name, given in laid.items()}


def overlay_assignments(
    environ: Mapping[str, str], env_files: Iterable[str], assignments: Iterable[str]
) -> dict[str, Assignment]:
    """Do as `overlay`, with the same errors, and keep where each variable was set last."""
    result = {name: Assignment(text, "environment") for name, text in environ.items()}
    for path in env_files:
        result = _merge(_read_env_file(path, environ), result)
    words: dict[str, Assignment] = {}
    for word in assignments:
        if not word.partition("=")[0]:
            raise UsageError(f"-e {display(word)}: no name before the = (expected NAME=value)")
        words.update(_parse_assignment(word, environ, "-e"))
    return _merge(words, result)


def _merge(
    over: Mapping[str, Assignment], under: Mapping[str, Assignment]
) -> dict[str, Assignment]:
    names = {name for name, given in over.items() if given.text}
    dropped = {f"{name}_FILE" for name in names}
    dropped |= {name.removesuffix("_FILE") for name in names if name.endswith("_FILE")}
    return {name: given for name, given in under.items() if name not in dropped} | {**over}


def _read_env_file(path: str, environ: Mapping[str, str]) -> dict[str, Assignment]:
    """Read docker's env-file: NAME=value, # comments, no quotes and no expansion."""
    try:
        lines = [line.removesuffix("\r").lstrip() for line in read_text(path).split("\n")]
    except ValueError as error:
        raise UsageError(f"--env-file {error}") from None
    result: dict[str, Assignment] = {}
    errors = []
    for number, line in enumerate(lines, start=1):
        name, place = line.partition("=")[0], f"{display_name(path)}:{number}"
        if not line or line.startswith("#"):
            continue
        if not name or any(char.isspace() for char in name):
            errors.append(f"{place}: {display(name)} is not a name (expected NAME=value)")
        elif "\0" in line:
            errors.append(f"{place}: {display(name)} has a NUL, which no variable can hold")
        result.update(_parse_assignment(line, environ, place))
    if errors:
        raise SettingsError(errors)
    return result


def _parse_assignment(word: str, environ: Mapping[str, str], place: str) -> dict[str, Assignment]:
    name, sign, value = word.partition("=")
    if sign:
        return {name: Assignment(value, place)}
    taken = f"environment, by {place}"
    return {name: Assignment(environ[name], taken)} if name in environ else {}
