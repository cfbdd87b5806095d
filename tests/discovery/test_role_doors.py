"""What a role may say of its daemon beyond a name: its commands, its names, its places."""

from __future__ import annotations

from dataclasses import replace

import pytest
from programs import script
from small import SmallSettings, small_role, with_daemon

from entrykit.daemon.handover import resolve_daemon
from entrykit.errors import SettingsError
from entrykit.log import Log
from entrykit.role import HostFacts
from entrykit.start import configure


@pytest.fixture
def role(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "main.cfg.j2").write_text("{{ settings.word }}\n")
    return small_role(tmp_path / "templates")


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (["serve"], True),
        (["small"], True),
        (["/bin/small-server"], True),
        (["--flag"], True),
        ([], True),
        (["bash"], False),
        (["small-other"], False),
    ],
)
def test_a_command_is_ours_by_any_word_that_the_role_names(role, words, ours):
    named = with_daemon(
        role, names=("small", "small-server"), subcommands=lambda word: word == "serve"
    )

    assert named.daemon.owns(words) is ours


def test_the_daemon_is_executed_by_the_name_that_is_installed(role, tmp_path):
    script(tmp_path / "small-server", "exit 0")
    named = with_daemon(role, names=("small", "small-server"))
    environ = {"PATH": str(tmp_path)}

    assert resolve_daemon(named, ["small", "-x"], environ) == ["small-server", "-x"]
    assert resolve_daemon(named, ["/entry", "small"], environ) == ["/entry", "small"]
    assert resolve_daemon(role, ["small", "-x"], environ) == ["small", "-x"]
    script(tmp_path / "small", "exit 0")
    assert resolve_daemon(named, ["small", "-x"], environ) == ["small", "-x"]


def test_the_check_runs_it_by_that_name_too(role, tmp_path):
    script(tmp_path / "small-server", "exit 0")
    named = with_daemon(role, names=("small", "small-server"))
    environ = {"PATH": str(tmp_path), "CONFIG_DIR": str(tmp_path / "live")}

    argv, _ = configure(named, [], environ, Log())

    assert argv == ["small-server"]
    assert (tmp_path / "live" / "main.cfg").exists()


def test_the_host_may_decide_where_the_files_live(role, tmp_path):
    script(tmp_path / "small", "exit 0")

    class Placed(HostFacts):
        @classmethod
        def defaults(cls, _environ):
            return {"CONFIG_DIR": str(tmp_path / "found")}

    placed = replace(role, facts=Placed)

    configure(placed, [], {"PATH": str(tmp_path)}, Log())

    assert (tmp_path / "found" / "main.cfg").exists()


class Closed(SmallSettings):
    """Settings that know of no name but their own."""

    @classmethod
    def find_refusals(cls, environ):
        return {name: f"{name}: no such variable" for name in environ if name.startswith("SMALL_")}


def test_names_that_are_not_safe_to_ignore_are_faults_with_the_others():
    environ = {"NUMBER": "many", "SMALL_WORD": "hush", "OTHER": "x"}

    with pytest.raises(SettingsError) as error:
        Closed.from_environ(environ)

    assert error.value.messages == (
        'NUMBER: "many": not a whole number (expected 1 to 999999999)',
        "SMALL_WORD: no such variable",
    )


def test_such_a_name_is_told_once():
    warnings = []

    with pytest.raises(SettingsError) as error:
        Closed.from_environ({"SMALL_NUMBER": "5", "SMALL_NUMBR": "5"}, warnings.append)

    assert len(error.value.messages) == 2
    assert warnings == []


def paired(settings):
    """Yield what does not go together."""
    if settings.number == 7:
        yield "NUMBER: not set, but WORD is (expected both)"
    if settings.word == "odd":
        yield "WORD: odd, and NUMBER is not (expected the same)"
    if settings.switch:
        yield "SWITCH: on (expected off)"


def test_nothing_is_said_of_what_goes_with_a_value_that_is_refused(role):
    with pytest.raises(SettingsError) as error:
        replace(role, rules=paired).read_settings({"NUMBER": "many", "WORD": "odd"})

    assert error.value.messages == (
        'NUMBER: "many": not a whole number (expected 1 to 999999999)',
        "SWITCH: on (expected off)",
    )
