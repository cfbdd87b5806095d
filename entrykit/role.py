"""The interface of a role: one daemon that entrykit configures.

A role is a `Role`, made of four smaller parts: its `Files`, its `Daemon`, how its files are
checked (`Check`), and what is prepared beside them (`Prepare`). Eight of all fields are
required: name, summary, settings, Files.main, Files.quoting, Daemon.names, Daemon.run and
Check.argv. Everything that is a function is a plain function of its arguments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from entrykit.errors import SettingsError
from entrykit.log import Log
from entrykit.quoting.base import Quote
from entrykit.variables.settings import Settings, ignore_warning, no_rules

if TYPE_CHECKING:
    from entrykit.routing import Destination

S = TypeVar("S", bound=Settings)

Argv: TypeAlias = Sequence[str]
Environ: TypeAlias = Mapping[str, str]
Passthrough: TypeAlias = tuple[Argv, Environ]
RunCheck: TypeAlias = Callable[[Argv, Environ], tuple[int, str]]


class HostFacts:
    """What only the host knows, for the few lines of a file that depend on it.

    Without arguments it has what holds on an ordinary host: rendering offline uses that, so
    its result is the same everywhere.
    """

    _name_in_templates: ClassVar = "host"  # for messages on what it does not have

    @classmethod
    def observe(cls, _environ: Environ) -> Self:
        """Look at this host: before a start, a check and a diff.

        Args:
            _environ: what the daemon will see; its PATH leads to the daemon.
        """
        return cls()

    @classmethod
    def defaults(cls, _environ: Environ) -> Environ:
        """Return variables that this host decides on where `environ` does not set them.

        They hold for files that live on this host, and not for those rendered elsewhere.
        """
        return {}

    def conflicts(self, _settings: Any) -> Iterable[str]:  # noqa: ANN401 -- each role has a model of its own
        """Yield a message, beginning with the variable's name, for what this host cannot do.

        Called after `observe`, and never offline: files that variables name can be
        opened here, and programs can be asked for their version.
        """
        return ()


def include_all(_settings: Settings, _path: str) -> bool:
    """Render every template."""
    return True


def keep_command(_settings: Settings, command: Argv) -> Argv:
    """Leave a command as it is: for a daemon whose default is the file that the role writes."""
    return command


def execute_as_given(command: Argv) -> Argv:
    """Execute the command itself where the image has no entrypoint."""
    return command


def names_main_file(command: Argv, main: str) -> bool:
    """Whether the path of the main file is a word of the command."""
    return main in command


def has_no_subcommands(_word: str) -> bool:
    """Take no other first word for one of the daemon's."""
    return False


def configure_always(_command: Argv, _environ: Environ) -> Passthrough | None:
    """Execute no command unconfigured."""
    return None


def keep_environ(_settings: Settings, environ: Environ) -> Environ:
    """Give the daemon the environment as it is."""
    return environ


def stage_nothing(_settings: Settings, _folder: str, _log: Log) -> None:
    """Add nothing to the files in a directory that is not live."""


def prepare_nothing(_settings: Settings, _log: Log) -> None:
    """Leave the host as it is: for a daemon that needs its files and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files(Generic[S]):
    """The files of a role.

    Attributes:
        main: name of the file that the daemon is given; it becomes live last.
        quoting: suffix of a file name (`.cfg`) to the function that quotes a value for it.
        templates: directory of the templates, `x.cfg.j2` for the file `x.cfg`; `templates`
            beside the module of the settings unless given.
        include: `(settings, path)`: whether these settings need the file of a template.
    """

    main: str
    quoting: Mapping[str, Quote]
    templates: Path | None = None
    include: Callable[[S, str], bool] = include_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon(Generic[S]):
    """The program, and the commands that reach it.

    Attributes:
        names: the program's names, the usual one first. A command that begins with one of
            them, or with an option, is configured; any other is executed as it is.
        run: the command of a container that was given none. `{main}` stands for the path of
            the main file, `{folder}` for CONFIG_DIR; or a function of the settings.
        entrypoint: path of the official image's entrypoint, which gets the command if it is
            there.
        complete: `(settings, command)`: the given command so that it reads the main file.
        without_entrypoint: `(command)`: what the official entrypoint would execute.
        reads: `(command, main)`: whether the command reads the main file; a warning if not.
        subcommands: `(word)`: whether the official entrypoint takes this first word for one
            of the daemon's.
        prints_and_exits: options such as `--version`, with which the daemon is executed
            unconfigured.
        passthrough: `(command, environ)`: the command and environment of what is executed
            unconfigured; None to configure.
        environ: `(settings, environ)`: the daemon's environment, for its check and for itself.
        package: Debian's package of the program, if its name is another.
    """

    names: Sequence[str]
    run: Argv | Callable[[S], Argv]
    entrypoint: str = ""
    complete: Callable[[S, Argv], Argv] = keep_command
    without_entrypoint: Callable[[Argv], Argv] = execute_as_given
    reads: Callable[[Argv, str], bool] = names_main_file
    subcommands: Callable[[str], bool] = has_no_subcommands
    prints_and_exits: frozenset[str] = frozenset()
    passthrough: Callable[[Argv, Environ], Passthrough | None] = configure_always
    environ: Callable[[S, Environ], Environ] = keep_environ
    package: str = ""

    @property
    def name(self) -> str:
        """The usual name of the program."""
        return self.names[0]

    def owns(self, command: Argv) -> bool:
        """Whether to configure for `command`, as the official images decide it.

        No command, an option and the daemon's name or path are the daemon's; anything else
        is the user's own program.
        """
        first = command[0] if command else "-"
        if first.startswith("-") or self.subcommands(first):
            return True
        return os.path.basename(first) in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How the daemon checks files before they become live.

    Attributes:
        argv: the command, with `{main}` for the path of the main file and `{folder}` for its
            directory, staged or live.
        run: `(argv, environ)`: runs it and returns exit status and output; the command is
            simply run where this is None.
        leaves: names of empty files that the check leaves behind in CONFIG_DIR.
    """

    argv: Argv
    run: RunCheck | None = None
    leaves: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(Generic[S]):
    """What the daemon needs beside its files: directories, links, keys. All of it idempotent.

    Attributes:
        stage: `(settings, folder, log)`: completes a directory of files that is not live, so
            that it can be checked; changes nothing outside of it.
        host: `(settings, log)`: prepares the host and the live directory, CONFIG_DIR.
        host_before_check: whether the check needs `host`. Otherwise `host` runs once the
            files have passed, so a refusal changes nothing; it must then leave the live
            directory usable for the old files and the new ones.
    """

    stage: Callable[[S, str, Log], None] = stage_nothing
    host: Callable[[S, Log], None] = prepare_nothing
    host_before_check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Generic[S]):
    """One daemon that entrykit configures.

    Attributes:
        name: the word on the command line.
        summary: one line for `entrykit roles`.
        settings: the model of the variables.
        files: the files.
        daemon: the program.
        check: how files are checked.
        prepare: what is prepared beside the files.
        facts: what templates and `conflicts` know of the host; templates see it as `host`.
        routes: `(settings)`: where requests go, for `explain --graph`; None for a daemon that
            routes nothing.
        rules: `(settings)`: yields a message, beginning with a variable's name, for each
            combination of valid values that does not work.
    """

    name: str
    summary: str
    settings: type[S]
    files: Files[S]
    daemon: Daemon[S]
    check: Check
    prepare: Prepare[S] = field(default_factory=Prepare)
    facts: type[HostFacts] = HostFacts
    routes: Callable[[S], Sequence[Destination]] | None = None
    rules: Callable[[S], Iterable[str]] = no_rules

    @property
    def templates(self) -> Path:
        """The directory of the templates."""
        if self.files.templates is not None:
            return self.files.templates
        return Path(str(sys.modules[self.settings.__module__].__file__)).with_name("templates")

    def read_settings(
        self, environ: Environ = os.environ, warn: Callable[[str], None] = ignore_warning
    ) -> S:
        """Read the role's variables.

        Args:
            environ: names to texts; nothing else is read but the files of `NAME_FILE`.
            warn: called with a line for each thing that is probably a mistake.

        Raises:
            SettingsError: with everything that is wrong with any variable.
        """
        return self.settings.from_environ(environ, warn, self.rules)

    def observe_host(self, settings: S, environ: Environ) -> HostFacts:
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


def expand_argv(argv: Argv, folder: str, main: str) -> list[str]:
    """Replace `{main}` and `{folder}` in the words of a command.

    Args:
        argv: the words.
        folder: the directory of the files.
        main: the name of the main file in it.
    """
    values = {"{main}": os.path.join(folder, main), "{folder}": folder}
    return [_expand(word, values) for word in argv]


def _expand(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word
