"""A role: one daemon that entrykit configures, and how to find it by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from entrykit.errors import SettingsError
from entrykit.log import Log
from entrykit.quoting.base import Quote
from entrykit.variables.settings import Settings

if TYPE_CHECKING:
    from entrykit.routing import Destination

S = TypeVar("S", bound=Settings)


class HostFacts:
    """What only the host knows, for the few lines of a file that depend on it.

    Without arguments it has what holds on an ordinary host: rendering offline uses that, so
    its result is the same everywhere.
    """

    @classmethod
    def observe(cls, _environ: Mapping[str, str]) -> Self:
        """Look at this host: before a start, a check and a diff.

        Args:
            _environ: what the daemon will see; its PATH leads to the daemon.
        """
        return cls()

    def conflicts(self, _settings: Any) -> Iterable[str]:  # noqa: ANN401 -- each role has a model of its own
        """Yield a message, beginning with the variable's name, for what this host cannot do.

        Called after `observe`, and never offline: files that variables name, say, can be
        opened here, and programs can be asked for their version.
        """
        return ()


Prepare = Callable[[S, str, bool, Log], None]
Verdict = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]
Passthrough = tuple[Sequence[str], Mapping[str, str]]


def as_given(_settings: Settings, command: Sequence[str]) -> Sequence[str]:
    """Leave a command as it is: for a daemon whose default is the file that we write."""
    return command


def pass_nothing(_command: Sequence[str], _environ: Mapping[str, str]) -> Passthrough | None:
    """Have every command of the daemon's configured: for a daemon that is started and no more."""
    return None


def every_file(_settings: Settings, _path: str) -> bool:
    """Make each file that there is a template of."""
    return True


def as_it_is(_settings: Settings, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Give a daemon the environment that we have."""
    return environ


def none_else(_word: str) -> bool:
    """Configure for no word but the daemon's name and options: for a daemon without commands."""
    return False


def no_default(_environ: Mapping[str, str]) -> Mapping[str, str]:
    """Leave every variable that is not set to its default in the model."""
    return {}


def prepare_nothing(_settings: Settings, _folder: str, _live: bool, _log: Log) -> None:
    """Leave the folder as it is: for a daemon that needs its files and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Generic[S]):
    """One daemon: its variables, its files, its verdict, its way to be started.

    Attributes:
        name: the word on the command line.
        summary: a line for people.
        settings: the model of its variables.
        templates: the folder of its templates; `x.cfg.j2` makes the file `x.cfg`.
        makes: whether these settings ask for the file of a template, by its path.
        main: the file that the daemon is given; it becomes live last.
        quotes: file name suffix to the quoting of that format.
        facts: what the templates have to know of the host, as `host`.
        daemon: the program, and the first word of a command that is ours.
        also: other names of the program, as packages have it.
        begins: whether another first word makes a command ours, as the official entrypoint
            would take it for one of the daemon's.
        defaults: from an environment to variables that are not set there and that this
            machine decides on: for files that live on it, and not for those rendered elsewhere.
        package: Debian's package that has it, where that has another name.
        entrypoint: where the official image has its entrypoint.
        command: the command where none was given: the official image's own.
        complete: from the command that was given to one that reads our main file.
        bare: from a command to what the official entrypoint would execute.
        check: from a folder of files to the command that judges them.
        verdict: runs that command in an environment, and returns its status and its words;
            None where there is no more to it.
        environ: the environment that the daemon is to have, for the check and the hand-over.
        reads: whether a command reads a given main file.
        passes: from the words on the command line, and the environment, to a command
            that is executed with nothing configured, and its environment; None if it is not
            one of those.
        says: options that have the daemon say something of itself and end: a command of one
            of them is executed with nothing configured.
        prepare: makes what the daemon needs beside its files in a folder: links,
            modes, keys. Idempotent. Its third argument says whether the folder is
            the live one; for another it changes nothing outside of that folder.
        rehearses: whether `prepare` can make all that is judged in a folder that is
            not live; it then touches the live one only after the verdict, and makes there
            what both the old files and the new ones can be read with.
        secret_places: regular expressions whose first group comes before a secret in a file.
        traces: names of files that the check makes, empty, in the live folder.
        beside: names in the folder that `prepare` makes and the files refer to.
        routes: where requests go, for a drawing; None for a daemon that routes nothing.
    """

    name: str
    summary: str
    settings: type[S]
    templates: Path
    makes: Callable[[S, str], bool] = every_file
    main: str
    quotes: Mapping[str, Quote]
    facts: type[HostFacts] = HostFacts
    daemon: str
    also: tuple[str, ...] = ()
    begins: Callable[[str], bool] = none_else
    defaults: Callable[[Mapping[str, str]], Mapping[str, str]] = no_default
    package: str = ""
    entrypoint: str
    command: Callable[[S], Sequence[str]]
    complete: Callable[[S, Sequence[str]], Sequence[str]] = as_given
    bare: Callable[[Sequence[str]], Sequence[str]]
    check: Callable[[str], Sequence[str]]
    verdict: Verdict | None = None
    environ: Callable[[S, Mapping[str, str]], Mapping[str, str]] = as_it_is
    reads: Callable[[Sequence[str], str], bool]
    passes: Callable[[Sequence[str], Mapping[str, str]], Passthrough | None] = pass_nothing
    says: frozenset[str] = frozenset()
    prepare: Prepare[S] = prepare_nothing
    rehearses: bool = False
    secret_places: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    routes: Callable[[S], Sequence[Destination]] | None = None

    def observe_host(self, settings: S, environ: Mapping[str, str]) -> HostFacts:
        """Look at this host, and compare it with the settings.

        Args:
            settings: what was asked for.
            environ: what the daemon will see; its PATH leads to the daemon.

        Raises:
            SettingsError: with everything that this host cannot do.
        """
        facts = self.facts.observe(environ)
        if messages := [*dict.fromkeys(facts.conflicts(settings))]:
            raise SettingsError(messages)
        return facts

    def owns(self, command: Sequence[str]) -> bool:
        """Whether `command` is ours to configure for, as in the official images.

        No command, a flag or the daemon's own name is, and its path as well: to those images
        that is a person's own program, as is anything else, and it would quietly run with
        its package's files.
        """
        first = command[0] if command else "-"
        if first.startswith("-") or self.begins(first):
            return True
        return os.path.basename(first) in {self.daemon, *self.also}
