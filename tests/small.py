"""A small role that only lives in the tests: settings of every kind that matters to a template."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from entrykit import kinds
from entrykit.quoting import haproxy, haproxy_map
from entrykit.role import Machine, Role
from entrykit.secret import Snippet
from entrykit.settings import Settings
from entrykit.templates import render

NO_LINES = Snippet("")


class SmallSettings(Settings):
    """What the role can be told."""

    config_dir: kinds.Folder = Field(default="/small")
    word: kinds.Line = Field(default="word")
    number: kinds.Count = Field(default=7)
    names: kinds.Addresses = Field(default=())
    switch: kinds.Switch = Field(default=True)
    password: kinds.Secret | None = Field(default=None)
    extra: kinds.Snippet = Field(default=NO_LINES)

    @property
    def routes(self):
        return {"key": self.word}


@dataclass(frozen=True)
class SmallMachine(Machine):
    """What the role knows of the machine."""

    cores: int = 1


def small_role(templates):
    """Make the role, with the templates that lie in a folder."""
    return Role(
        name="small",
        summary="a role for tests",
        settings=SmallSettings,
        templates=templates,
        main="main.cfg",
        quotes={".cfg": haproxy, ".map": haproxy_map},
        machine=SmallMachine,
        daemon="small",
        entrypoint="/absent",
        command=lambda _settings: ["small"],
        bare=lambda words: words,
        check=lambda folder: ["small", folder],
        reads=lambda _command, _main: True,
    )


def rendered(folder, templates, variables, machine=None):
    """Write templates, names to texts, into a folder and render them."""
    for name, text in templates.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    role = small_role(folder)
    return render(role, SmallSettings.from_environ(variables), machine)
