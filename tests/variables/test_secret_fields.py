"""No message and no setting shows a secret, whatever the type of a role's author does."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, PlainValidator, create_model

from entrykit.discovery.finder import load_role, role_names
from entrykit.display import display
from entrykit.errors import InvalidValue, RoleError, SettingsError
from entrykit.variables import types
from entrykit.variables.metadata import Alias, secret_errors, type_info
from entrykit.variables.secret import Secret, Snippet
from entrykit.variables.settings import Settings

HUSH = "hush-hush " * 20 + '\x1b"'
INFO = types.TypeInfo("token", secret=True)


def refuse(error):
    """Return a validator that raises an error made of the text."""

    def parse(text):
        raise error(text)

    return PlainValidator(parse)


def too_short(secret):
    assert len(secret.reveal()) > 1000, secret.reveal()
    return secret


def model(annotation, default=None):
    config_dir = (types.Folder, Field(default="/etc/app"))
    field = (annotation, Field(default=default))
    return create_model("Model", __base__=Settings, config_dir=config_dir, token=field)


SHOWING = [
    refuse(ValueError),
    refuse(lambda text: ValueError(f"{text[3:9]} is short")),
    refuse(lambda text: InvalidValue([f"{display(text)}: not a token"])),
    refuse(lambda text: InvalidValue(["not a token", text])),
    refuse(AssertionError),
    types.TypeInfo("token", secret=True, parse=int),
]


@pytest.mark.parametrize("metadata", SHOWING, ids=range(len(SHOWING)))
def test_an_error_of_a_secret_does_not_show_it(metadata):
    with pytest.raises(SettingsError) as caught:
        model(Annotated[Secret, metadata, INFO] | None).from_environ({"TOKEN": HUSH})

    assert caught.value.messages == ("TOKEN: not a valid token",)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Field(min_length=10_000), AfterValidator(Secret), INFO],
        Annotated[str, Field(pattern="^x$"), AfterValidator(Secret), INFO],
        Annotated[
            Secret,
            types.TypeInfo("token", secret=True, parse=Secret),
            AfterValidator(too_short),
        ],
    ],
)
def test_a_constraint_of_pydantic_does_not_show_it_either(annotation):
    with pytest.raises(SettingsError) as caught:
        model(annotation).from_environ({"TOKEN": HUSH})

    assert caught.value.messages == ("TOKEN: not a valid token",)


def test_a_message_without_the_value_is_kept():
    info = types.TypeInfo("token", secret=True)
    refusal = refuse(lambda _text: InvalidValue(["the first part is no number", "nor the second"]))

    with pytest.raises(SettingsError) as caught:
        model(Annotated[Secret, refusal, info]).from_environ({"TOKEN": HUSH})

    assert caught.value.messages == (
        "TOKEN: the first part is no number",
        "TOKEN: nor the second",
    )


def test_an_error_of_another_field_shows_its_value_and_the_reason():
    info = types.TypeInfo("number", parse=too_large)

    with pytest.raises(SettingsError) as caught:
        model(Annotated[int, info]).from_environ({"TOKEN": "7\n"})

    assert caught.value.messages == (r'TOKEN: "7\n": "too\nlarge"',)


def too_large(_text):
    raise ValueError("too\nlarge")


# the check of a role when it is loaded


@pytest.mark.parametrize(
    ("annotation", "default", "message"),
    [
        (
            Annotated[str, types.TypeInfo("x", secret=True)],
            "",
            "token: secret=True, but the value is of type str (expected Secret)",
        ),
        (
            Annotated[list[Secret], types.TypeInfo("x", secret=True)] | None,
            None,
            "token: secret=True, but the value is of type list (expected Secret)",
        ),
        (
            Annotated[Secret, types.TypeInfo("x")] | None,
            None,
            "token: the value is a Secret, but secret=True is missing",
        ),
        (types.Secret, "hush", "token: the default is not a Secret (expected Secret(…) or None)"),
    ],
)
def test_a_field_whose_secret_would_be_shown_is_refused(annotation, default, message):
    assert message in [*secret_errors(model(annotation, default))]


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (types.Secret, Secret("x")),
        (types.Secret | None, None),
        (types.Snippet, Snippet("")),
        (Annotated[Secret, types.secret("[a-z]+")] | None, None),
        (types.Line, ""),
    ],
)
def test_a_field_that_is_masked_is_not_refused(annotation, default):
    assert [*secret_errors(model(annotation, default))] == []


@pytest.mark.parametrize("name", role_names())
def test_every_role_masks_its_secrets(name):
    assert [*secret_errors(load_role(name).settings)] == []


def test_a_function_that_returns_the_bare_text_is_found_at_the_latest_at_the_start():
    info: Any = types.TypeInfo("token", secret=True, parse=str)

    with pytest.raises(RoleError) as caught:
        model(Annotated[Secret, info]).from_environ({"TOKEN": HUSH})

    assert str(caught.value) == "token: a secret is parsed into type str (expected Secret)"


# empty files


@pytest.mark.parametrize(
    ("annotation", "is_refused"),
    [
        (types.Secret | None, True),
        (Annotated[Secret, types.secret("[a-z]+")] | None, True),
        (Annotated[Secret, types.TypeInfo("any name", secret=True, parse=Secret)] | None, True),
        (
            Annotated[Secret, types.TypeInfo("x", secret=True, parse=Secret, may_be_empty=True)]
            | None,
            False,
        ),
        (types.Snippet | None, False),
        (types.Line | None, False),
    ],
)
def test_whether_an_empty_file_is_refused_is_a_property_of_the_type(
    tmp_path, annotation, is_refused
):
    """Without a password a daemon may admit everyone; raw lines may well be none."""
    path = str(tmp_path / "value")
    (tmp_path / "value").write_text("\n")

    if not is_refused:
        assert model(annotation).from_environ({"TOKEN_FILE": path}).token is None
        return
    with pytest.raises(SettingsError) as caught:
        model(annotation).from_environ({"TOKEN_FILE": path})
    assert caught.value.messages == (f'TOKEN_FILE: "{path}": the file is empty',)


EXPECTED = {
    "certbot": {"EAB_HMAC_KEY"},
    "cf-serverd": {"CF_SERVERD_PRIVATE_KEY", "CF_SERVERD_PUBLIC_KEY", "PROMISES"},
    "haproxy": {"STATS_PASSWORD"},
    "nginx-static": set(),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_secrets_of_each_role_whose_empty_file_is_refused(name):
    fields = load_role(name).settings.model_fields

    refused = {key.upper() for key, field in fields.items() if type_info(field).refuses_empty_file}
    assert refused == EXPECTED[name]


@pytest.mark.parametrize("kind", [list[Secret], tuple[Secret, ...], dict[str, Secret]])
def test_secrets_within_another_type_are_refused(kind):
    annotation = Annotated[kind, types.TypeInfo("tokens", parse=str.split)]

    (message,) = secret_errors(model(annotation | None))

    assert message.startswith("token: secrets within another type are not masked")


def test_an_alias_is_found_where_a_type_info_is():
    annotation = Annotated[types.Secret, Alias("KEY")] | None

    settings = model(annotation).from_environ({"KEY": "hunter2"})

    assert settings.secrets() == ["hunter2"]
    assert "KEY" in type(settings).secret_variables()
