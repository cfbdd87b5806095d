"""Strings of CFEngine's policy: what CFEngine makes of them is what was meant."""

from __future__ import annotations

import re
import subprocess
from hashlib import sha256

import pytest
from programs import under_test

from entrykit.quoting.base import QuotedText, QuotingError
from entrykit.quoting.cfengine import quote_cfengine
from entrykit.variables.secret import Secret

TEXTS = [
    "plain", "a b", '"', "'", "`", "\\", "\\\\", '\\"', "\\'", "\\n", "\\t", "a\\", '"\\', "#x",
    ";", "{", "}", "{}", "$", "$x", "$$", "a$", "@", "@x", "(", ")", "$ (x)", "=>", ",", "[a]",
    "%", "é", "🙂", "\u2028", "a" * 900, "'" * 200, "\\" * 200, "a:b::", "<<<", "any::",
]  # fmt: skip
REFUSED = ["$(x)", "${x}", "@(x)", "@{x}", "$(", "\\$(x)", "a\nb", "\t", "\0", "\x1b", "\x7f", "\r"]


@pytest.fixture
def hashes(tmp_path):
    """A function from policy text of strings to the SHA-256 of what each of them means."""

    def hashes(strings):
        lines = [
            f'"h{number}" string => hash({text}, "sha256");' for number, text in enumerate(strings)
        ]
        policy = tmp_path / "promises.cf"
        policy.write_text(
            'body common control { bundlesequence => { "main" }; }\n'
            f"bundle common main\n{{\n  vars:\n{chr(10).join(lines)}\n}}\n"
        )
        argv = [under_test("cf-promises"), "-w", tmp_path / "work", "-c", "-f", policy]
        (tmp_path / "work").mkdir()
        output = subprocess.run(
            [*argv, "--show-vars=default:main.h.*"], capture_output=True, text=True, check=True
        ).stdout
        return dict(
            re.findall(r"^default:main\.h([0-9]+)\s+(?:SHA=)?([0-9a-f]{64})", output, re.MULTILINE)
        )

    return hashes


def test_a_string_means_itself(hashes):
    found = hashes([quote_cfengine(text) for text in TEXTS])

    assert found == {
        str(number): sha256(text.encode()).hexdigest() for number, text in enumerate(TEXTS)
    }


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_string_can_hold_is_refused(text):
    with pytest.raises(QuotingError, match="policy cannot hold it"):
        quote_cfengine(text)


@pytest.mark.parametrize("text", REFUSED)
def test_a_list_with_it_is_refused_too(text):
    with pytest.raises(QuotingError, match="policy cannot hold it"):
        quote_cfengine(("good", text))


def test_a_list_is_one_of_strings():
    assert quote_cfengine(("a", 'b"c')) == '{ "a", "b\\"c" }'


def test_an_empty_list_is_refused_because_it_admits_everyone():
    with pytest.raises(QuotingError, match="an empty list"):
        quote_cfengine(())


def test_a_secret_is_quoted_and_never_named():
    assert quote_cfengine(Secret("a b")) == '"a b"'
    with pytest.raises(QuotingError) as caught:
        quote_cfengine(Secret("hush$(x)"))
    assert "hush" not in str(caught.value)


def test_a_word_of_the_language_is_left_as_it_is():
    assert quote_cfengine(QuotedText("admit_ips")) == "admit_ips"
