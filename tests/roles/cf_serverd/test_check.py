"""The check of a policy: cf-promises accepts it, and the server is not open to everyone."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from programs import under_test

from entrykit.files.config_file import add_mark
from entrykit.roles.cf_serverd.check import run_check
from entrykit.roles.cf_serverd.workdir import WORKDIR_OVERRIDE

BASE = 'body common control { bundlesequence => { "main" }; }\nbundle common main { }\n'
CLOSED = 'allowconnects => { "10.0.0.0/8" };'
SHADOW = 'bundle common control_server { vars: "allowconnects" slist => { "10.0.0.0/8" }; }\n'


@pytest.fixture
def check(tmp_path):
    """A function from a policy to the status and the output of its check."""
    (tmp_path / "work").mkdir()
    (tmp_path / "stage").mkdir()

    def check(text):
        (tmp_path / "stage" / "promises.cf").write_text(text)
        argv = ["cf-promises", "-c", "-f", str(tmp_path / "stage" / "promises.cf")]
        path = f"{os.path.dirname(under_test('cf-serverd'))}:{os.environ['PATH']}"
        return run_check(argv, {"PATH": path, WORKDIR_OVERRIDE: str(tmp_path / "work")})

    return check


def server(lines):
    return f"{BASE}body server control {{ {lines} }}\n"


@pytest.mark.parametrize(
    "lines",
    [
        CLOSED,
        'allowconnects => { "0.0.0.0/0", "::/0" };',
        'allowconnects => { "hub.example.com" };',
        'allowconnects => { "::1" }; trustkeysfrom => { };',
        f'server:: {CLOSED} !server:: allowconnects => {{ "" }};',
        f'{CLOSED} allowtlsversion => "1.3";',
        f'{CLOSED} port => "1"; bindtointerface => "::1"; maxconnections => "2";',
    ],
)
def test_a_policy_that_restricts_connections_is_accepted(check, lines):
    assert check(server(lines)) == (0, "")


def test_a_policy_that_is_warned_of_is_accepted(check):
    """The warning quotes a line that begins as the JSON does that is read."""
    status, output = check(server(f'{CLOSED} skipverify =>\n{{ "x" }};'))

    assert status == 0
    assert "skipverify" in output


def test_a_list_of_many_is_read_to_its_end(check):
    items = ", ".join(f'"10.{number // 256}.{number % 256}.0/24"' for number in range(2000))

    assert check(server(f"allowconnects => {{ {items} }};")) == (0, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BASE, "no `body server control`"),
        (server('port => "5308";'), "has no allowconnects"),
        (server("allowconnects => { };"), "has no allowconnects"),
        (server('allowconnects => { "" };'), "has no allowconnects"),
        (server(f'absent:: {CLOSED} any:: port => "5308";'), "has no allowconnects"),
        (server(f'server:: allowconnects => {{ "" }}; !server:: {CLOSED}'), "has no allowconnects"),
        (server(f"common:: {CLOSED}"), 'depends on "common"'),
        (server(f"(a|!common).any:: {CLOSED}"), 'depends on "(a|!common).any"'),
        (server("") + SHADOW, "a bundle control_server"),
        (BASE + SHADOW, "no `body server control`"),
        (
            f'{BASE}body file control {{ namespace => "n"; }}\n{server(CLOSED)[len(BASE) :]}',
            "no `body",
        ),
        (server(f'{CLOSED} allowtlsversion => "";'), 'allowtlsversion ""'),
        (server('allowconnects => { "10.0.0.0/99" };'), 'allowconnects: "10.0.0.0/99"'),
        (server('allowconnects => { "2001:db8::/33" };'), "whole octets only"),
        (server(f'{CLOSED} denyconnects => {{ "10.1.2.3/8" }};'), "denyconnects: "),
        (server(f'{CLOSED} allowtlsversion => "1.4";'), "would allow TLS 1.0"),
        (server(f'{CLOSED} allowtlsversion => "1.0";'), "would allow TLS 1.0"),
        (server(f'{CLOSED} port => "x";'), "Cannot parse value as integer"),
        (server(CLOSED).replace('"main"', '"absent"'), "absent"),
        ("broken {", "syntax error"),
        ("", ""),
    ],
)
def test_a_policy_for_another_server_than_intended_is_refused(check, text, reason):
    status, output = check(text)

    assert status != 0
    assert reason in output


def test_cf_promises_alone_accepts_a_server_that_is_open_to_everyone(tmp_path):
    """The reason why its word is not enough."""
    policy = tmp_path / "promises.cf"
    policy.write_text(server("allowconnects => { };"))

    argv = [under_test("cf-promises"), "-w", tmp_path, "-c", "-f", policy]
    assert subprocess.run(argv, check=False).returncode == 0


def test_the_output_names_who_refuses_the_policy(check):
    """Run by hand, cf-promises shows no error."""
    heading = "cf-promises accepts it"

    assert check(BASE)[1].startswith(heading)
    assert heading not in check("broken {")[1]


def test_nothing_is_left_behind(check, tmp_path):
    check(server(CLOSED))

    assert [path.name for path in (tmp_path / "stage").iterdir()] == ["promises.cf"]
    assert list((tmp_path / "work").iterdir()) == []


def test_policy_finds_what_lies_beside_it_and_in_the_work_directory(check, tmp_path):
    (tmp_path / "stage" / "lib.cf").write_text("bundle common beside { }\n")
    (tmp_path / "work" / "modules").mkdir()
    (tmp_path / "work" / "modules" / "m.cf").write_text("bundle common module { }\n")
    inputs = 'inputs => { "lib.cf", "$(sys.workdir)/modules/m.cf" };'
    bundles = 'bundlesequence => { "beside", "module" };'

    text = f"body common control {{ {inputs} {bundles} }}\nbody server control {{ {CLOSED} }}\n"

    assert check(text) == (0, "")


@pytest.mark.parametrize(
    ("variable", "value", "effective"),
    [
        ("acl", ["10.0.0.0/8"], True),
        ("acl", ["10.0.0.0/8", "10.1.0.0/16"], False),
        ("acl", [], False),
        ("control_server_allowtlsversion", "1.3", False),
        ("trustkeysfrom", [], True),
        ("trustkeysfrom", ["10.0.0.1"], False),
    ],
)
def test_def_json_that_a_framework_ignores_is_refused(check, tmp_path, variable, value, effective):
    tree = {"variables": {f"default:def.{variable}": {"value": value}}}
    (tmp_path / "stage" / "def.json").write_text(
        add_mark("def.json", json.dumps(tree), "for a test")
    )

    status, output = check(server(f"{CLOSED} trustkeysfrom => {{ }};"))

    assert (status == 0) is effective
    assert effective or f"ignores {variable}," in output


def test_a_user_supplied_def_json_is_not_checked(check, tmp_path):
    (tmp_path / "stage" / "def.json").write_text('{"variables": {"default:def.acl": ["x"]}}')

    assert check(server(CLOSED)) == (0, "")
