"""The words of a command for nginx: what is made of them before they are handed over."""

from __future__ import annotations

import pytest

from entrykit.roles.nginx_static.command_line import complete_command, parse_options

MAIN = ["-c", "/m"]
OFF = ["-g", "daemon off;"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["-t"], {"t": ""}),
        (["-tqc", "/x", "-e/y"], {"t": "", "q": "", "c": "/x", "e": "/y"}),
        (["-c/x", "-c", "/y"], {"c": "/y"}),
        (["-g", "-t", "-c"], {"g": "-t", "c": ""}),
        (["entrypoint", "nginx", "-s", "reload"], {"s": "reload"}),
    ],
)
def test_options_are_read_as_nginx_does(words, found):
    assert parse_options(words) == found


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["nginx"], ["nginx", *MAIN, *OFF]),
        (["/usr/sbin/nginx", *OFF], ["/usr/sbin/nginx", *MAIN, *OFF]),
        (["-g", "user x;"], ["nginx", *MAIN, "-g", "user x;", "-g", "user x; daemon off;"]),
        (["nginx", "-gdaemon on;"], ["nginx", *MAIN, "-gdaemon on;"]),
        (["nginx", "-qc", "/x"], ["nginx", "-qc", "/x", *OFF]),
        (["-t"], ["nginx", *MAIN, "-t"]),
        (["nginx", "-s", "reload"], ["nginx", *MAIN, "-s", "reload"]),
        (["-V"], ["nginx", *MAIN, "-V"]),
    ],
)
def test_a_command_gets_our_file_and_stays_in_the_foreground(command, words):
    assert complete_command(command, "/m") == words
