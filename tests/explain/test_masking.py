"""Secrets of any role are masked by themselves: now in a file, or once in one on disk."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Annotated

import pytest
from pydantic import Field
from small import SmallSettings, small_role

from entrykit.explain.diff import diff_files
from entrykit.explain.masking import Masker
from entrykit.rendering.role_files import render
from entrykit.variables import types
from entrykit.variables.secret import Secret

OLD, NEW = "0ld-Tok3n.of/old", "N3w+Tok3n=of~new"

TEMPLATES = {
    "a word": "token {{ settings.password }}\n",
    "with a number beside it": "listen {{ settings.number }} token {{ settings.password }}\n",
    "before a number": "token {{ settings.password }} port {{ settings.number }}\n",
    "in a block": "login {\n  {{ settings.password }}\n}\n",
    "alone": "{{ settings.password }}\n",
    "twice": "a {{ settings.password }} b {{ settings.password }}\n",
}


@pytest.fixture
def diff(tmp_path):
    """Diff what a template gave with some variables against what it gives with others."""

    def run(template, old, new, **changes):
        templates, live = tmp_path / "templates", tmp_path / "live"
        templates.mkdir(exist_ok=True)
        live.mkdir(exist_ok=True)
        (templates / "main.cfg.j2").write_text(template)
        role = small_role(templates)
        role = replace(role, files=replace(role.files, **changes))
        before = render(role, role.read_settings(old | {"CONFIG_DIR": str(live)}))
        for file in before.values():
            (live / file.path).write_text(file.text)
            (live / file.path).chmod(file.mode)
        settings = role.read_settings(new | {"CONFIG_DIR": str(live)})
        return "".join(diff_files(role, settings, render(role, settings)))

    return run


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize(
    "new",
    [
        {"PASSWORD": NEW},
        {"PASSWORD": NEW, "NUMBER": "8"},
        {"NUMBER": "8"},
        {"PASSWORD": OLD, "NUMBER": "8"},
    ],
    ids=["another", "another, and its line", "none", "the same"],
)
def test_no_secret_is_shown_old_or_new(diff, template, new):
    if "{% if" not in template:
        template = f"{{% if settings.password %}}\n{template}{{% endif %}}\n"

    found = diff(template, {"PASSWORD": OLD}, new)

    assert not any(part in found for secret in (OLD, NEW) for part in (secret, secret[:6]))


def test_what_a_quoting_makes_of_a_secret_is_masked_as_well(diff):
    def encoded(value):
        text = value.reveal() if isinstance(value, Secret) else str(value)
        return b64encode(text.encode()).decode()

    found = diff(
        "word {{ settings.word }} token {{ settings.password }}\n",
        {"PASSWORD": OLD},
        {"PASSWORD": NEW, "WORD": "other"},
        quoting={".cfg": encoded},
    )

    assert "***" in found
    assert b64encode(OLD.encode()).decode() not in found
    assert b64encode(NEW.encode()).decode() not in found


def test_a_file_of_one_line_is_masked(diff):
    def as_json(value):
        return json.dumps(value.reveal() if isinstance(value, Secret) else str(value))

    found = diff(
        '{"a": {{ settings.word }}, "token": {{ settings.password }}}\n',
        {"PASSWORD": OLD},
        {"PASSWORD": NEW, "WORD": "other"},
        quoting={".cfg": as_json},
    )

    assert "***" in found
    assert not any(secret[:6] in found for secret in (OLD, NEW))


def test_what_is_no_secret_stays_readable(diff):
    template = "listen {{ settings.number }}\ntoken {{ settings.password }}\n"

    found = diff(template, {"PASSWORD": OLD}, {"PASSWORD": NEW, "NUMBER": "9"})

    assert "-listen 7\n+listen 9\n token ***\n" in found


def test_another_secret_alone_is_reported_and_not_shown(diff):
    found = diff("token {{ settings.password }}\n", {"PASSWORD": OLD}, {"PASSWORD": NEW})

    assert found.endswith("main.cfg: a secret differs\n")


def test_a_new_file_shows_its_lines(tmp_path):
    (tmp_path / "main.cfg.j2").write_text("a {{ settings.word }}\nb {{ settings.password }}\n")
    role = small_role(tmp_path)
    settings = role.read_settings({"PASSWORD": NEW})
    masker = Masker(role, settings)

    lines = masker.mask_new("main.cfg", render(role, settings)["main.cfg"].text)

    assert lines[1:] == ["a word", "b ***", ""]


class Pair(SmallSettings):
    """Two secrets, one of which has a default and the shape of hexadecimal digits."""

    second: types.Secret = Field(default=Secret("de'fault \\word"))
    key: Annotated[Secret, types.secret("[0-9a-f]{8}")] = Field(examples=["0123abcd"])


def bytes_of(value):
    """Write secrets as base64, of what hexadecimal digits mean where they are such."""
    if not isinstance(value, Secret):
        return str(value)
    text = value.reveal()
    octets = bytes.fromhex(text) if len(text) == 8 else text.encode()
    return b64encode(octets).decode()


@pytest.mark.parametrize("new", [{}, {"PASSWORD": NEW}, {"SECOND": NEW}, {"KEY": "89abcdef"}])
def test_several_secrets_of_one_line_are_masked_with_defaults_and_patterns(tmp_path, new):
    line = "auth {{ settings.password }} {{ settings.second }} then {{ settings.key }} end\n"
    (tmp_path / "main.cfg.j2").write_text(line)
    role = small_role(tmp_path)
    files = replace(role.files, quoting={".cfg": bytes_of})
    role = replace(role, files=files, settings=Pair)
    given = {"PASSWORD": OLD, "KEY": "01234567", "CONFIG_DIR": str(tmp_path)}
    old = role.read_settings(given)
    (tmp_path / "main.cfg").write_text(render(role, old)["main.cfg"].text.replace("auth", "auth:"))
    settings = role.read_settings(given | new)

    found = "".join(diff_files(role, settings, render(role, settings)))

    secrets = [*old.secrets(), *settings.secrets()]
    assert "auth" in found
    assert not any(bytes_of(Secret(text)) in found or text in found for text in secrets)
