"""The words of cf-serverd's own command line (its --help, 3.21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.errors import UsageError
from entrykit.role import Passed

_SHORT: Final = "hg:dvVf:D:N:KIxFL:Alt:"
_LONG: Final = (
    "help", "log-level=", "debug", "verbose", "version", "file=", "define=", "negate=", "no-lock",
    "inform", "diagnostic", "no-fork", "ld-library-path=", "generate-avahi-conf", "timestamp",
    "graceful-detach=", "ignore-preferred-augments",
)  # fmt: skip
_NAMES: Final = {
    "-h": "--help", "-g": "--log-level", "-d": "--debug", "-v": "--verbose", "-V": "--version",
    "-f": "--file", "-K": "--no-lock", "-I": "--inform", "-F": "--no-fork",
}  # fmt: skip
_LOUDNESS: Final = frozenset({"--log-level", "--debug", "--verbose", "--inform"})
_AND_NO_MORE: Final = frozenset({"--help", "--version", "--generate-avahi-conf", "-A"})


def options(words: Sequence[str]) -> dict[str, str]:
    """Return the long name of each option with its value; that of the file also where it is bare.

    Of what cf-serverd would not understand either, the rest is not looked at.
    """
    from getopt import GetoptError, gnu_getopt

    known = [word for word in words if not word.startswith(("-C", "--color"))]
    while True:
        try:
            pairs, bare = gnu_getopt(known, _SHORT, _LONG)
            break
        except GetoptError:
            known.pop()
    found = {_NAMES.get(name, name): value for name, value in pairs}
    return found | {"--file": bare[-1]} if bare else found


def completed(
    command: Sequence[str], main: str, level: str | None, *, named: bool = True
) -> list[str]:
    """Keep cf-serverd in the foreground, and have it start whatever ran here before.

    Without --no-lock it ends at once, with 0 and without a word, where another one was killed
    within the last minute.

    Args:
        command: what was given.
        main: the policy that is judged.
        level: of its messages, unless the command has one.
        named: whether it has to be named: it is not where cf-serverd looks for it.

    Raises:
        UsageError: the command names another policy, which nobody has judged; one that is
            not there has cf-serverd start with its own, on every address.
    """
    words = ["cf-serverd", *command] if command[0].startswith("-") else [*command]
    given = options(words[1:])
    other = given.get("--file", main)
    if other != main:
        reason = (
            f"the policy that is judged is {main} (expected PROMISES_FILE={other} in its place)"
        )
        raise UsageError(f"{' '.join(command)}: {reason}")
    added = [flag for flag in ("--no-fork", "--no-lock") if flag not in given]
    if level and _LOUDNESS.isdisjoint(given):
        added += ["--log-level", level]
    if named and "--file" not in given:
        added += ["--file", main]
    return [words[0], *added, *words[1:]]


def passed(command: Sequence[str], environ: Mapping[str, str]) -> Passed | None:
    """Let what ends at once be executed as it is: --version, --help."""
    if not command or _AND_NO_MORE.isdisjoint(options(command)):
        return None
    return ["cf-serverd", *command] if command[0].startswith("-") else command, environ
