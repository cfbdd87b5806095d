"""entrykit.ini: certbot reads what the variables say, or nothing is written."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import entrykit
from entrykit.discovery.finder import load_role
from entrykit.quoting.base import QuotingError
from entrykit.quoting.certbot import quote_certbot_ini
from entrykit.quoting.json import quote_json
from entrykit.quoting.shell import quote_shell
from entrykit.role import expand_argv
from entrykit.variables.secret import Secret

ALPHABET = " \t\"'#;=:[]{},%$\\/-ab0Ü\u00a0\u2028\x85"

READS = """
import configargparse, io, json, sys
parse = configargparse.DefaultConfigFileParser().parse
files = [io.StringIO(f"email = {text}\\n") for text in json.load(sys.stdin)]
print(json.dumps([parse(file)["email"] for file in files]))
"""


@pytest.fixture(scope="module")
def reads(certbot_path):
    """What ConfigArgParse makes of values: that of the interpreter that runs the certbot."""
    program = Path(shutil.which("certbot", path=certbot_path)).resolve()
    interpreter = program.read_text().partition("\n")[0].removeprefix("#!").split()

    def parsed(quoted):
        done = subprocess.run(
            [*interpreter, "-c", READS],
            input=json.dumps(quoted),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return parsed


def quoted(text):
    try:
        return quote_certbot_ini(text)
    except QuotingError:
        return None


def check_argv(folder):
    """Return the command that checks the files of a directory."""
    return expand_argv(load_role("certbot").check.argv, str(folder), "keeper.conf")


@pytest.mark.versions
def test_certbot_reads_a_value_as_it_was_or_it_is_refused(reads):
    chance = random.Random(4)
    texts = {"".join(chance.choices(ALPHABET, k=chance.randrange(9))) for _ in range(5000)}
    texts = sorted(text for text in texts if quoted(text) is not None)

    assert len(texts) > 1000
    assert reads([quoted(text) for text in texts]) == texts


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\0b", "a\tb", "\x7f", "[a]", "[]", "\"a\" 'b'", "'\""]
)
def test_what_the_format_cannot_express_is_refused(text):
    with pytest.raises(QuotingError, match="certbot's ini cannot hold it"):
        quote_certbot_ini(text)


def test_a_refused_secret_is_not_shown():
    with pytest.raises(QuotingError) as error:
        quote_certbot_ini(Secret("my\npassword"))

    assert "password" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["a b", "$HOME `id` $(id)", "'\"\\", "a;b|c&d>e<f", "*?[a]~#!", "ü"]
)
def test_a_shell_reads_a_word_as_it_was(text):
    said = subprocess.run(
        ["sh", "-c", f"printf %s {quote_shell(text)}"], capture_output=True, check=True
    )

    assert said.stdout.decode() == text
    assert shlex.split(quote_shell(text)) == [text]


@pytest.mark.parametrize("text", ["", "a\nb", "\0"])
def test_what_is_no_word_for_a_shell_is_refused(text):
    with pytest.raises(QuotingError):
        quote_shell(text)


@pytest.mark.parametrize("value", [Secret("x"), {1: float("nan")}, {("a",): 1}])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(QuotingError, match="JSON cannot hold it"):
        quote_json(value)


@pytest.fixture
def ini(tmp_path):
    """Write entrykit.ini for the folder of the test; return its path."""

    def write(**environ):
        variables = {"DOMAINS": "web:example.com", "CONFIG_DIR": f"{tmp_path}/acme"}
        files = entrykit.render("certbot", variables | environ)
        path = tmp_path / "entrykit.ini"
        path.write_bytes(files["entrykit.ini"].octets)
        return path

    return write


def certbot(path, folder, words):
    """Run it; what it logs early, and leaves where it fails early, goes into the folder."""
    return subprocess.run(
        ["certbot", *words],
        env={"PATH": path, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.versions
def test_certbot_works_in_the_folders_that_the_file_names(ini, certbot_path, tmp_path):
    done = certbot(certbot_path, tmp_path, ["certificates", "--config", str(ini())])

    assert "No certificates found" in done.stdout
    assert {path.name for path in (tmp_path / "acme").iterdir()} >= {"work", "logs"}


@pytest.mark.versions
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("odd-key = 1", "unrecognized arguments: --odd-key=1"),
        ("key-type = dsa", "invalid choice: 'dsa'"),
        ("http-01-port = x", "invalid int value: 'x'"),
        ("preferred-challenges = odd", "Unrecognized challenges: odd"),
        ("deploy-hook = /nowhere/hook", "/nowhere/hook"),
        ("dns-odd-credentials = /x", "unrecognized arguments: --dns-odd-credentials=/x"),
    ],
)
def test_the_judge_refuses_what_certbot_does_not_know(ini, certbot_path, tmp_path, line, said):
    with ini().open("a") as file:
        file.write(f"{line}\n")

    done = certbot(certbot_path, tmp_path, check_argv(tmp_path)[1:])

    assert done.returncode in {1, 2}
    assert said in done.stderr


@pytest.mark.versions
def test_the_judge_writes_nothing(ini, certbot_path, tmp_path):
    ini()
    (tmp_path / "tmp").mkdir()
    argv = check_argv(tmp_path)
    environ = {"PATH": certbot_path, "TMPDIR": f"{tmp_path}/tmp"}

    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["entrykit.ini", "tmp"]


@pytest.mark.versions
def test_a_value_with_quotes_and_comments_arrives(ini, certbot_path, tmp_path):
    """certbot repeats a key type that it does not know."""
    text = '"a" # b ; c = d'
    path = ini()
    path.write_text(
        re.sub("(?m)^key-type.*$", f"key-type = {quote_certbot_ini(text)}", path.read_text())
    )

    done = certbot(certbot_path, tmp_path, ["plugins", "--config", str(path)])

    assert f"invalid choice: {text!r}" in done.stderr
