"""What a command of cf-serverd's becomes."""

from __future__ import annotations

import pytest

from entrykit.errors import UsageError
from entrykit.roles.cf_serverd.command import completed, options, passed

MAIN = "/work/inputs/promises.cf"
OURS = ["--no-fork", "--no-lock"]


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (["cf-serverd"], ["cf-serverd", *OURS]),
        (["cf-serverd", "-F"], ["cf-serverd", "--no-lock", "-F"]),
        (["cf-serverd", "-KF"], ["cf-serverd", "-KF"]),
        (["cf-serverd", "--no-lock", "--no-fork"], ["cf-serverd", "--no-lock", "--no-fork"]),
        (["-v"], ["cf-serverd", *OURS, "-v"]),
        (["/usr/sbin/cf-serverd", "-D", "x"], ["/usr/sbin/cf-serverd", *OURS, "-D", "x"]),
        (["cf-serverd", "-f", MAIN], ["cf-serverd", *OURS, "-f", MAIN]),
        (["cf-serverd", "--color=always"], ["cf-serverd", *OURS, "--color=always"]),
        (["cf-serverd", "-D", "-K"], ["cf-serverd", *OURS, "-D", "-K"]),
    ],
)
def test_it_stays_in_the_foreground_and_starts_whatever_ran_before(given, becomes):
    assert completed(given, MAIN, None, named=False) == becomes


def test_a_policy_in_another_folder_is_named():
    assert completed(["cf-serverd"], "/x/promises.cf", None) == [
        *["cf-serverd", "--no-fork", "--no-lock", "--file", "/x/promises.cf"]
    ]


@pytest.mark.parametrize("words", [["-v"], ["--inform"], ["-g", "error"], ["--log-level=error"]])
def test_a_level_of_the_command_goes_before_the_variable(words):
    assert "info" not in completed(["cf-serverd", *words], MAIN, "info")
    assert completed(["cf-serverd"], MAIN, "info", named=False)[-2:] == ["--log-level", "info"]


@pytest.mark.parametrize(
    "words", [["-f", "/x"], ["--file=/x"], ["/x"], ["-Kf", "/x"], ["--fil", "/x"], ["-f/x"]]
)
def test_a_policy_that_nobody_has_judged_is_refused(words):
    with pytest.raises(UsageError, match=r"PROMISES_FILE=/x"):
        completed(["cf-serverd", *words], MAIN, None)


@pytest.mark.parametrize("word", ["--version", "-V", "--help", "-h", "--versio"])
def test_what_only_says_something_is_passed(word):
    assert passed(["cf-serverd", word], {"A": "b"}) == (["cf-serverd", word], {"A": "b"})
    assert passed([word], {}) == (["cf-serverd", word], {})


@pytest.mark.parametrize("words", [[], ["cf-serverd"], ["cf-serverd", "-v"], ["-D", "-V"]])
def test_what_starts_it_is_not(words):
    assert passed(words, {}) is None


def test_words_that_it_would_not_know_are_left_to_it():
    assert options(["--nonsense", "-K"]) == {}
    assert completed(["cf-serverd", "--nonsense"], MAIN, None, named=False) == [
        *["cf-serverd", "--no-fork", "--no-lock", "--nonsense"]
    ]
