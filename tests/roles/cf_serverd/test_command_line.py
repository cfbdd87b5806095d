"""What a command of cf-serverd's becomes."""

from __future__ import annotations

import pytest

from entrykit.errors import UsageError
from entrykit.roles.cf_serverd.command_line import complete_command, parse_options, pass_through

MAIN = "/work/inputs/promises.cf"
ADDED = ["--no-fork", "--no-lock"]


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (["cf-serverd"], ["cf-serverd", *ADDED]),
        (["cf-serverd", "-F"], ["cf-serverd", "--no-lock", "-F"]),
        (["cf-serverd", "-KF"], ["cf-serverd", "-KF"]),
        (["cf-serverd", "--no-lock", "--no-fork"], ["cf-serverd", "--no-lock", "--no-fork"]),
        (["-v"], ["cf-serverd", *ADDED, "-v"]),
        (["/usr/sbin/cf-serverd", "-D", "x"], ["/usr/sbin/cf-serverd", *ADDED, "-D", "x"]),
        (["cf-serverd", "-f", MAIN], ["cf-serverd", *ADDED, "-f", MAIN]),
        (["cf-serverd", "--color=always"], ["cf-serverd", *ADDED, "--color=always"]),
        (["cf-serverd", "-D", "-K"], ["cf-serverd", *ADDED, "-D", "-K"]),
        (["cf-serverd", "-t5"], ["cf-serverd", *ADDED, "-t5"]),
        (
            ["cf-serverd", "-vCalways", "--graceful-detach=5"],
            ["cf-serverd", *ADDED, "-vCalways", "--graceful-detach=5"],
        ),
        (
            ["cf-serverd", "-N", "/x", "-g", "info"],
            ["cf-serverd", *ADDED, "-N", "/x", "-g", "info"],
        ),
    ],
)
def test_it_stays_in_the_foreground_and_starts_whatever_ran_before(given, becomes):
    assert complete_command(given, MAIN, None, named=False) == becomes


def test_a_policy_in_another_folder_is_named():
    assert complete_command(["cf-serverd"], "/x/promises.cf", None) == [
        *["cf-serverd", "--no-fork", "--no-lock", "--file", "/x/promises.cf"]
    ]


@pytest.mark.parametrize("words", [["-v"], ["--inform"], ["-g", "error"], ["--log-level=error"]])
def test_a_level_of_the_command_overrides_the_variable(words):
    assert "info" not in complete_command(["cf-serverd", *words], MAIN, "info")
    assert complete_command(["cf-serverd"], MAIN, "info", named=False)[-2:] == [
        "--log-level",
        "info",
    ]


@pytest.mark.parametrize(
    "words",
    [
        *[["-f", "/x"], ["--file=/x"], ["/x"], ["-Kf", "/x"], ["--fil", "/x"], ["-f/x"]],
        *[["-t", "/x"], ["--graceful-detach", "/x"], ["--gr", "/x"], ["-Kt", "/x"], ["-L", "/x"]],
        *[["-C", "/x"], ["--color", "/x"], ["--col", "/x"], ["-KC", "/x"], ["--", "/x"]],
        *[["/x", MAIN], [MAIN, "/x"], ["-f", MAIN, "/x"], ["-f", "/x", "-f", MAIN]],
        *[["-D", "-Cx", "/x"], ["-f", "/x", MAIN], ["--color=never", "/x"], ["-Calways", "/x"]],
    ],
)
def test_an_unchecked_policy_is_refused(words):
    with pytest.raises(UsageError, match=r"PROMISES_FILE=/x"):
        complete_command(["cf-serverd", *words], MAIN, None)


@pytest.mark.parametrize(
    "words", [["-D", "x"], ["-Nx"], ["-KD", "x"], ["--def=x"], ["--ignore-preferred-augments"]]
)
def test_classes_that_an_external_policy_was_not_checked_with_are_refused(words):
    """They may make it admit everyone; the built-in policy uses none."""
    with pytest.raises(UsageError, match=r"checked without --(define|negate|ignore-)"):
        complete_command(words, MAIN, None, external=True)
    assert complete_command(words, MAIN, None)[-len(words) :] == words


@pytest.mark.parametrize("word", ["--version", "-V", "--help", "-h", "--versio"])
def test_what_only_prints_something_is_passed(word):
    assert pass_through(["cf-serverd", word], {"A": "b"}) == (["cf-serverd", word], {"A": "b"})
    assert pass_through([word], {}) == (["cf-serverd", word], {})


@pytest.mark.parametrize("words", [[], ["cf-serverd"], ["cf-serverd", "-v"], ["-D", "-V"]])
def test_what_starts_it_is_not(words):
    assert pass_through(words, {}) is None


def test_words_that_it_would_not_know_are_left_to_it():
    assert parse_options(["--nonsense", "-K"]) == []
    assert (
        parse_options(["-Kz", "-F"]) == parse_options(["-f"]) == parse_options(["--no", "/x"]) == []
    )
    assert complete_command(["cf-serverd", "--nonsense"], MAIN, None, named=False) == [
        *["cf-serverd", "--no-fork", "--no-lock", "--nonsense"]
    ]
