"""The command line of cf-serverd (its --help, 3.21 to 3.27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from entrykit.errors import UsageError
from entrykit.role import Passthrough

# The value of an option: none; required, in this word or the next; optional, in this word only.
_NONE, _NEXT, _OWN = range(3)
# The help shows values of --color and --graceful-detach like any other; but cf-serverd takes the
# next word for a policy, and if that does not exist it starts its built-in one, on every address.
# -L takes no value although --ld-library-path does (all tried with 3.21 and 3.24).
_LONG: Final = {
    "help": _NONE, "log-level": _NEXT, "debug": _NONE, "verbose": _NONE, "version": _NONE,
    "file": _NEXT, "define": _NEXT, "negate": _NEXT, "no-lock": _NONE, "inform": _NONE,
    "diagnostic": _NONE, "no-fork": _NONE, "ld-library-path": _NEXT,
    "generate-avahi-conf": _NONE, "color": _OWN, "timestamp": _NONE, "graceful-detach": _OWN,
    "ignore-preferred-augments": _NONE,
}  # fmt: skip
_SHORT: Final = {
    "h": "help", "g": "log-level", "d": "debug", "v": "verbose", "V": "version", "f": "file",
    "D": "define", "N": "negate", "K": "no-lock", "I": "inform", "x": "diagnostic",
    "F": "no-fork", "A": "generate-avahi-conf", "C": "color", "l": "timestamp",
    "t": "graceful-detach", "L": "",
}  # fmt: skip
_LEVEL_OPTIONS: Final = frozenset({"log-level", "debug", "verbose", "inform"})
_PRINTS_AND_EXITS: Final = frozenset({"help", "version", "generate-avahi-conf"})
# With these a policy may mean something else than the one that was checked.
_UNCHECKED: Final = frozenset({"define", "negate", "ignore-preferred-augments"})


def parse_options(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the long name of each option with its value, in order; a bare word is a `file`.

    The words are parsed like getopt_long(3) does, which cf-serverd calls: it stops at an unknown
    option and ignores the rest.
    """
    left, found = [*words], []
    try:
        while left:
            found += _parse_option(left.pop(0), left)
    except LookupError:
        pass
    return found


def _parse_option(word: str, left: list[str]) -> list[tuple[str, str]]:
    """Parse an option; take its value from the words that are left."""
    if word == "--":
        bare, left[:] = [*left], []
        return [("file", each) for each in bare]
    if word.startswith("--"):
        return [_parse_long(word[2:], left)]
    if word.startswith("-") and word != "-":
        return list(_parse_short(word[1:], left))
    return [("file", word)]


def _parse_long(word: str, left: list[str]) -> tuple[str, str]:
    begun, sign, value = word.partition("=")
    fits = [begun] if begun in _LONG else [name for name in _LONG if name.startswith(begun)]
    if len(fits) != 1:
        raise LookupError(word)
    if _LONG[fits[0]] == _NEXT and not sign:
        value = left.pop(0)
    return fits[0], value


def _parse_short(letters: str, left: list[str]) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(letters, start=1):
        name = _SHORT[letter]
        has = _LONG.get(name, _NONE)
        if has != _NONE:
            rest = letters[place:]
            yield name, rest or (left.pop(0) if has == _NEXT else "")
            return
        yield name, ""


def reads(command: Sequence[str], main: str) -> bool:
    """Whether cf-serverd, by this command, reads this policy and no other."""
    return all(value == main for name, value in parse_options(command[1:]) if name == "file")


def complete_command(
    command: Sequence[str],
    main: str,
    level: str | None,
    *,
    named: bool = True,
    external: bool = False,
) -> list[str]:
    """Keep cf-serverd in the foreground, and make it ignore locks of an earlier run.

    Without --no-lock it exits at once, silently and with 0, if another one was killed within
    the last minute.

    Args:
        command: of the user.
        main: the policy that is checked.
        level: the log level, unless the command sets one.
        named: whether to name the policy: it is not where cf-serverd looks for it.
        external: whether the policy is not the built-in one: classes may make it admit others.

    Raises:
        UsageError: the command names another policy (if that does not exist, cf-serverd starts
            its built-in one, on every address), or classes without which an external policy was
            checked.
    """
    words = ["cf-serverd", *command] if command[0].startswith("-") else [*command]
    given = parse_options(words[1:])
    for reason in _find_refusals(given, main, external=external):
        raise UsageError(f"{' '.join(command)}: {reason}")
    names = {name for name, _ in given}
    return [words[0], *_find_missing_words(names, level, main if named else None), *words[1:]]


def _find_missing_words(names: set[str], level: str | None, main: str | None) -> Iterator[str]:
    """Yield the words that a command with these options lacks."""
    yield from (f"--{flag}" for flag in ("no-fork", "no-lock") if flag not in names)
    if level and _LEVEL_OPTIONS.isdisjoint(names):
        yield from ("--log-level", level)
    if main and "file" not in names:
        yield from ("--file", main)


def _find_refusals(given: Sequence[tuple[str, str]], main: str, *, external: bool) -> Iterator[str]:
    for name, value in given:
        if name == "file" and value != main:
            yield f"the checked policy is {main} (to use another, set PROMISES_FILE={value})"
        if name in _UNCHECKED and external:
            advice = "define classes in the policy itself, or in a def.json beside it"
            yield f"the policy was checked without --{name} ({advice})"


def pass_through(command: Sequence[str], environ: Mapping[str, str]) -> Passthrough | None:
    """Pass commands that print and exit through as they are: --version, --help."""
    if not command or _PRINTS_AND_EXITS.isdisjoint(name for name, _ in parse_options(command)):
        return None
    return ["cf-serverd", *command] if command[0].startswith("-") else command, environ
