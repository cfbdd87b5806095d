"""The types that a settings model is annotated with, as an author of a role uses them."""

from __future__ import annotations

import pickle
from typing import Annotated, Literal

import pytest
from pydantic import Field

from entrykit.errors import SettingsError
from entrykit.variables import types
from entrykit.variables.metadata import type_info
from entrykit.variables.secret import Secret
from entrykit.variables.settings import Settings

Greeting = Annotated[str, types.text(forbid="$`")]
Name = Annotated[str, types.text(pattern="[a-z]+", expected="letters a-z", name="name")]
Token = Annotated[Secret, types.secret(r"[a-z0-9]{8,}", expected="8 or more of a-z 0-9")]
Workers = Annotated[int, types.integer(1, 64, noun="a number of workers")]


def percent(text):
    """Parse 1% to 100%."""
    return int(text.removesuffix("%"))


Percent = Annotated[int, types.TypeInfo("percentage", parse=percent)]


class Model(Settings):
    """A model of a role."""

    config_dir: types.Folder = Field(default="/etc/app")
    greeting: Greeting = Field(default="hello")
    name: Name | None = Field(default=None)
    token: Token | None = Field(default=None)
    workers: Workers = Field(default=1)
    share: Percent = Field(default=50)
    level: Literal["low", "high"] = Field(default="low")


def test_a_type_with_metadata_parses_the_text_of_its_variable():
    settings = Model.from_environ(
        {"GREETING": "a b", "NAME": "x", "TOKEN": "a" * 8, "WORKERS": "64", "SHARE": "7%"}
    )

    assert (settings.greeting, settings.name, settings.workers, settings.share) == (
        "a b",
        "x",
        64,
        7,
    )
    assert settings.token == Secret("a" * 8)


def test_every_refusal_says_what_is_expected():
    with pytest.raises(SettingsError) as caught:
        Model.from_environ(
            {"GREETING": "a $b", "NAME": "X", "TOKEN": "hunter2", "WORKERS": "65", "LEVEL": "mid"}
        )

    assert caught.value.messages == (
        'GREETING: "a $b": has a $ (expected a text without $ `)',
        'NAME: "X": not valid (expected letters a-z)',
        "TOKEN: not a valid secret (expected 8 or more of a-z 0-9)",
        'WORKERS: "65": not a number of workers (expected 1 to 64)',
        'LEVEL: "mid": no such choice (expected low or high)',
    )


@pytest.mark.parametrize(
    ("field", "name", "secret", "pattern"),
    [
        ("greeting", "text", False, r"^[^\x00-\x1f\x7f]*$"),
        ("name", "name", False, "^([a-z]+)$"),
        ("token", "secret", True, None),
        ("workers", "number", False, "^([1-9]|[1-5][0-9]|6[0-4])$"),
        ("share", "percentage", False, None),
        ("level", "low or high", False, None),
    ],
)
def test_the_same_metadata_documents_the_type(field, name, secret, pattern):
    info = type_info(Model.model_fields[field])

    assert (info.name, info.secret, info.schema.get("pattern")) == (name, secret, pattern)


def test_metadata_around_a_ready_made_type_goes_before_it():
    info = Annotated[types.Line, types.text(forbid="$", name="line without $")]

    class Other(Settings):
        config_dir: types.Folder = Field(default="/")
        word: info = Field(default="")

    assert type_info(Other.model_fields["word"]).name == "line without $"
    with pytest.raises(SettingsError, match=r"has a \$"):
        Other.from_environ({"WORD": "$"})


@pytest.mark.parametrize("field", ["config_dir", "greeting", "name", "token", "workers", "share"])
def test_what_parses_can_be_named_in_a_file(field):
    """Models can then be built ahead of time: functions of modules, and partials of such."""
    parse = type_info(Model.model_fields[field]).parse
    again = parse if parse is percent else pickle.loads(pickle.dumps(parse))

    assert getattr(again, "func", again) is getattr(parse, "func", parse)
    assert getattr(again, "keywords", {}) == getattr(parse, "keywords", {})
