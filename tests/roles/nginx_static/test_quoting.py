"""Words of nginx.conf and of its maps: what nginx makes of them is what was meant."""

from __future__ import annotations

import subprocess

import pytest
from haproxy.client import ask, connect, written
from haproxy.polling import eventually
from haproxy.ports import free_port

from entrykit.quoting.base import QuotingError
from entrykit.quoting.nginx import (
    quote_nginx,
    quote_nginx_literal,
    quote_nginx_map,
    quote_nginx_path,
)
from entrykit.variables.secret import Secret, Snippet

pytestmark = pytest.mark.versions

TEXTS = [
    "plain",
    "",
    " ",
    "a b",
    '"',
    "'",
    "\\",
    "\\\\",
    '\\"',
    "\\n\\t",
    "#x",
    ";",
    "{}",
    "a;b{c}#d",
    "~x",
    "é☃💩",
    "\x01\x7f",
    "\t",
    "\\$".replace("$", "d"),
    "x" * 4094,
    "default",
    "include",
    "hostnames",
    "volatile",
    "*.example.com",
    ".example.com",
    "http://x?y=1&z=%20",
]
DOLLARS = ["$", "$host", "${host}", "\\$host", 'a"$b\\']


class Said:
    """An nginx that answers what a word means to it, in a header of hexadecimal bytes."""

    def __init__(self, folder, path):
        self.folder, self.path, self.port = folder, path, free_port()

    def __call__(self, http, answer):
        """Return the bytes of the expression `answer`, with more lines in `http`."""
        config = self.folder / "nginx.conf"
        config.write_bytes(
            f"daemon off; pid {self.folder}/pid; error_log stderr;\nevents {{}}\n"
            f"http {{ access_log off; map_hash_bucket_size 8192;\n{http}\n"
            f"server {{ listen 127.0.0.1:{self.port};\n"
            f"location / {{ return 200 {answer}; }} }} }}\n".encode()
        )
        argv = ["nginx", "-e", "stderr", "-c", config]
        with subprocess.Popen(argv, env={"PATH": self.path}, stderr=subprocess.PIPE) as daemon:
            try:
                return eventually(self._ask, 5)
            finally:
                daemon.terminate()
                daemon.wait(10)

    def _ask(self):
        with connect(self.port) as connection:
            return ask(connection, written("any")).body, True


@pytest.fixture
def said(open_folder, search_path):
    folder = open_folder / f"said{free_port()}"
    folder.mkdir()
    return Said(folder, search_path)


def test_a_word_means_itself(said):
    """Many at a time: what each stands for is told apart by its length."""
    answer = " ".join(
        f'map "" $t{n} {{ default {quote_nginx(text)}; }}' for n, text in enumerate(TEXTS)
    )
    body, _ = said(answer, '"' + "|".join(f"$t{n}" for n in range(len(TEXTS))) + '"')

    assert body.decode() == "|".join(TEXTS)


def test_a_key_of_a_map_means_itself(said):
    keys = [text for text in dict.fromkeys([*TEXTS, *DOLLARS]) if text and len(text) < 4000]
    table = quote_nginx_map({key: f"v{n}" for n, key in enumerate(keys)})
    asked = [f"geo $g{n} {{ default {quote_nginx_literal(key)}; }}" for n, key in enumerate(keys)]
    asked += [f"map $g{n} $m{n} {{\n{table}\n}}" for n in range(len(keys))]
    body, _ = said("\n".join(asked), '"' + "|".join(f"$m{n}" for n in range(len(keys))) + '"')

    assert body.decode() == "|".join(f"v{n}" for n in range(len(keys)))


def test_a_path_may_have_dollars_before_its_variables(said):
    paths = [quote_nginx_path(text, "/$request_method.log") for text in DOLLARS]
    http = 'geo $dollar { default "$"; }\n'
    http += "\n".join(f'map "" $p{n} {{ default {path}; }}' for n, path in enumerate(paths))
    body, _ = said(http, '"' + "|".join(f"$p{n}" for n in range(len(paths))) + '"')

    assert body.decode() == "|".join(f"{text}/GET.log" for text in DOLLARS)


@pytest.mark.parametrize("text", DOLLARS)
def test_a_dollar_is_refused_where_it_begins_a_variable(text):
    for quoted in (lambda: quote_nginx(text), lambda: quote_nginx_map({"key": text})):
        with pytest.raises(QuotingError, match=r"a \$ begins a variable"):
            quoted()


@pytest.mark.parametrize("text", ["x" * 4095, "é" * 2048, '"' * 2048, "a b" * 1400])
def test_what_is_too_long_for_nginx_is_refused(text):
    for quoted in (lambda: quote_nginx(text), lambda: quote_nginx_map({text: "x"})):
        with pytest.raises(QuotingError, match="more than 4094 bytes"):
            quoted()


def test_what_no_file_can_hold_is_refused():
    with pytest.raises(QuotingError, match="a NUL"):
        quote_nginx("a\0")
    with pytest.raises(QuotingError, match="bool: not a text or a number"):
        quote_nginx(True)
    with pytest.raises(QuotingError, match="not a map"):
        quote_nginx_map("a b;")


def test_a_secret_is_not_shown():
    with pytest.raises(QuotingError, match=r"^a secret: "):
        quote_nginx(Secret("geheim$"))


def test_raw_lines_and_numbers_stay_as_they_are():
    assert (quote_nginx(Snippet("a $b;")), quote_nginx(80), quote_nginx(Secret("x"))) == (
        "a $b;",
        "80",
        "x",
    )
