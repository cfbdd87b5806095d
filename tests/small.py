"""A small role that only lives in the tests: settings of every kind that matters to a template."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import Field

from entrykit.quoting.haproxy import quote_haproxy, quote_haproxy_map
from entrykit.rendering.role_files import render
from entrykit.role import Check, Daemon, Files, HostFacts, Role
from entrykit.variables import types
from entrykit.variables.secret import Snippet
from entrykit.variables.settings import Settings

NO_LINES = Snippet("")


class SmallSettings(Settings):
    """What the role can be told."""

    config_dir: types.Folder = Field(default="/small")
    word: types.Line = Field(default="word")
    number: types.Count = Field(default=7)
    names: types.Addresses = Field(default=())
    switch: types.Switch = Field(default=True)
    password: types.Secret | None = Field(default=None)
    extra: types.Snippet = Field(default=NO_LINES)

    @property
    def routes(self):
        return {"key": self.word}


@dataclass(frozen=True)
class SmallHostFacts(HostFacts):
    """What the role knows of the host."""

    cores: int = 1


def small_role(templates):
    """Make the role, with the templates that lie in a folder."""
    return Role(
        name="small",
        summary="a role for tests",
        settings=SmallSettings,
        files=Files(
            main="main.cfg",
            quoting={".cfg": quote_haproxy, ".map": quote_haproxy_map},
            templates=templates,
        ),
        daemon=Daemon(names=["small"], run=["small"], reads=lambda _command, _main: True),
        check=Check(argv=["small", "{folder}"]),
        facts=SmallHostFacts,
    )


def with_daemon(role, **changes):
    """Return the role with another daemon."""
    return replace(role, daemon=replace(role.daemon, **changes))


def with_files(role, **changes):
    """Return the role with other files."""
    return replace(role, files=replace(role.files, **changes))


def rendered(folder, templates, variables, facts=None):
    """Write templates, names to texts, into a folder and render them."""
    for name, text in templates.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    role = small_role(folder)
    return render(role, SmallSettings.from_environ(variables), facts)
