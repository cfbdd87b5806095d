"""`entrykit render --template`: user-supplied templates, from any variables to any files."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest
from programs import ENTRYKIT, Running, entrykit, environ_of, script, under_test

from entrykit.cli.main import main

ENVIRON = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def here(tmp_path):
    with chdir(tmp_path):
        yield tmp_path


@pytest.fixture
def render(here, capsys):
    """A function from a template's text and variables to exit code, stdout and stderr."""

    def render(text, *words, target="-", **environ):
        (here / "t.j2").write_text(text, encoding="utf-8")
        code = main(["entrykit", "render", "--template", f"t.j2:{target}", *words], environ)
        said = capsys.readouterr()
        return code, said.out, said.err

    return render


def out(result):
    code, said, errors = result
    assert (code, errors) == (0, "")
    return said


def faults(result):
    code, said, errors = result
    assert (code, said) == (78, "")
    return [line.removeprefix("entrykit: error: ") for line in errors.splitlines()]


# variables


@pytest.mark.parametrize(
    ("expression", "environ", "expected"),
    [
        ("{{ env.X }}", {"X": "a b"}, "a b"),
        ('{{ env["X"] }}', {"X": "a"}, "a"),
        ('{{ env.get("X", "d") }}', {}, "d"),
        ('{{ env.get("X", "d") }}', {"X": ""}, "d"),
        ('{{ (env.get("X") is none) | json }}', {}, "true"),
        ('{{ env.X | default("d") }}', {}, "d"),
        ('{{ "set" if env.X is defined else "unset" }}', {}, "unset"),
        ('{{ "set" if "X" in env else "unset" }}', {}, "unset"),
        ('{{ "set" if "X" in env else "unset" }}', {"X": "1"}, "set"),
        ('{{ env.int("X") + 1 }}', {"X": "-5"}, "-4"),
        ('{{ env.int("X", 5) }}', {}, "5"),
        ('{{ env.int("X") | default(6) }}', {}, "6"),
        ('{{ "on" if env.bool("X") else "off" }}', {"X": "yes"}, "on"),
        ('{{ "on" if env.bool("X", false) else "off" }}', {}, "off"),
        ('{{ env.list("X") | join("|") }}', {"X": "a, b"}, "a|b"),
        ('{{ env.list("X") | join("|") }}', {"X": '["a,b", "c"]'}, "a,b|c"),
        ('{{ env.list("X", []) | length }}', {}, "0"),
        ('{{ env.map("X").a }}', {"X": '{"a": "b"}'}, "b"),
        ('{{ env.map("X") | json }}', {"X": "a: no\nb: [1, x]"}, '{"a": "no", "b": ["1", "x"]}'),
        ('{{ env.json("X") | json }}', {"X": "[1, null, true]"}, "[1, null, true]"),
        ('{{ env.required("X", "say where") }}', {"X": "a"}, "a"),
        ("{{ env.X | json }} {{ env.X | shell }}", {"X": "it's"}, '"it\'s" \'it\'"\'"\'s\''),
        ("{{ env.X }}", {"X": "{{ env.Y }}", "Y": "no"}, "{{ env.Y }}"),
    ],
)  # fmt: skip
def test_what_a_variable_gives(render, expression, environ, expected):
    assert out(render(expression, **environ)) == expected


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for each in env %}{% endfor %}", "t.j2:1: env is not iterable"),
        ("{{ env[0] }}", "t.j2:1: env has no element 0"),
        ("{{ env() }}", "t.j2:1: env is not callable"),
        (
            "{{ env.get.__self__ }}",
            "t.j2:1: access to attribute '__self__' of 'method' object is unsafe.",
        ),
        ("{{ env.__class__ }}", "t.j2:1: access to attribute '__class__' of env is unsafe."),
        ("{% include '/etc/hosts' %}", 't.j2:1: no such template: "/etc/hosts"'),
        ("{% include ['a', '../b'] %}", 't.j2:1: no such template: "a" or "../b"'),
    ],
)
def test_what_a_template_asks_for_in_vain_is_reported_in_its_own_terms(render, template, said):
    code, _, errors = render(template)

    assert (code, errors) == (70, f"entrykit: error: {said}\n")


@pytest.mark.parametrize("target", ["-", "/dev/stdout"])
def test_standard_output_has_two_names(render, target):
    assert out(render("x", target=target)) == "x"


def test_our_own_list_is_made_of_no_template(render, here):
    """What it says of other files would be lost."""
    code, _, errors = render("x", target="entrykit.sums")

    assert code == 64
    assert "entrykit's list of checksums" in errors
    assert [path.name for path in here.iterdir()] == ["t.j2"]


def test_a_variable_can_be_a_file(render, here):
    (here / "x").write_text("from file\n")

    assert out(render("{{ env.X }}", X_FILE="x")) == "from file"


def test_variables_come_from_files_of_variables_and_from_words(render, here):
    (here / "env").write_text("A=1\nB=1\n")

    words = ["--env-file", "env", "-e", "B=2"]
    assert out(render("{{ env.A }}{{ env.B }}{{ env.C }}", *words, C="3")) == "123"
    assert faults(render("{{ env.C }}", "--no-env", *words, C="3")) == ["C: not set (t.j2:1)"]


def test_all_that_is_missing_or_bad_is_reported_at_once(render, here):
    """Each once, with the place where it is met first; rendering goes on with what is there."""
    template = """\
{{ env.HOST }} {{ env.HOST | upper }} {{ env.HOST ~ ":" ~ env.TAIL }}
{{ env.int("PORT") }} {{ env.int("COUNT") + env.int("MORE") * 2 }}
{% if env.bool("DEBUG") %}{{ env.LEVEL }}{% endif %}
{% for each in env.list("NAMES") %}{{ each.x }}{% endfor %}
{% include "part.j2" %}
{{ env.required("KEY", "the key that billing has sent you") }}
{{ env.map("MAP").a.b }} {{ env.json("JSON") }} {{ env.BOTH }} {{ env.GONE }} {{ env.EMPTY }}
"""
    (here / "part.j2").write_text("\n{{ env.HOST }} {{ env.PART }}")
    (here / "empty").write_text("\n")

    result = render(
        template, PORT="abc", DEBUG="perhaps", MAP="a", JSON="{", BOTH="x", BOTH_FILE="x",
        GONE_FILE="/absent", EMPTY_FILE="empty",
    )  # fmt: skip

    assert faults(result) == [
        "HOST: not set (t.j2:1)",
        "TAIL: not set (t.j2:1)",
        'PORT: "abc": not a whole number (e.g. 5432) (t.j2:2)',
        "MORE: not set (t.j2:2)",
        "COUNT: not set (t.j2:2)",
        'DEBUG: "perhaps" is not a boolean (use on/off, true/false, yes/no or 1/0) (t.j2:3)',
        "NAMES: not set (t.j2:4)",
        "PART: not set (part.j2:2)",
        "KEY: the key that billing has sent you (t.j2:6)",
        'MAP: "a": not a map (e.g. {"a": "b"}) (t.j2:7)',
        'JSON: "{": not JSON (e.g. {"a": 1}) (t.j2:7)',
        "BOTH: set, and BOTH_FILE as well (expected one of the two) (t.j2:7)",
        'GONE_FILE: "/absent": No such file or directory (t.j2:7)',
        'EMPTY_FILE: "empty": the file is empty (t.j2:7)',
    ]


def test_a_name_that_is_close_to_a_missing_one_is_reported(render):
    template = "{{ env.DB_PORT }}{{ env.DB_HOST }}{{ env.DB_HOSTS }}{{ env.A }}"
    given = {"DB_HSOT": "x", "HOME": "/", "DB_HOSTS": "x", "B": "x", "DB_PORT": "1"}
    said = render(template, **given)[2].splitlines()

    assert said == [
        "entrykit: warning: DB_HSOT: no such variable; did you mean DB_HOST?",
        "entrykit: error: DB_HOST: not set (t.j2:1)",
        "entrykit: error: A: not set (t.j2:1)",
    ]


def test_what_is_missing_in_several_templates_is_reported_at_once(here, capsys):
    (here / "a.j2").write_text("{{ env.A }}{{ env.X }}")
    (here / "b.j2").write_text("{{ env.B }}{{ env.X }}")

    code = main(["entrykit", "render", "--template", "a.j2:out/a", "--template", "b.j2:b"], {})

    assert code == 78
    assert [line[17:] for line in capsys.readouterr().err.splitlines()] == [
        "A: not set (a.j2:1)", "X: not set (a.j2:1)", "B: not set (b.j2:1)",
    ]  # fmt: skip
    assert sorted(os.listdir(here)) == ["a.j2", "b.j2"]


# templates


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n{{ nosuch }}", "t.j2:2: 'nosuch' is undefined"),
        ("a\n{% if %}", "t.j2:2: Expected an expression, got 'end of statement block'"),
        ("{{ env.X | nosuch }}", "t.j2:1: No filter named 'nosuch'."),
        ("{{ none }}", "t.j2:1: NoneType: not a text or a number (expected a filter: | json)"),
        (
            "\n{{ env.list('X') }}",
            "t.j2:2: list: not a text or a number (expected a filter: | json)",
        ),
        (
            "{{ env.X / 0 }}",
            "t.j2:1: TypeError: unsupported operand type(s) for /: 'str' and 'int'",
        ),
        ('{% include "nosuch" %}', 't.j2:1: no such template: "nosuch"'),
        (r'{{ "\ud800" }}', r't.j2: "\ud800": half of a character (expected text in UTF-8)'),
    ],
)
def test_a_broken_template_is_reported_with_its_place(render, template, said):
    assert render(template, X="a") == (70, "", f"entrykit: error: {said}\n")


@pytest.mark.parametrize(
    "expression",
    [
        "{{ env._environ }}",
        "{{ env['_environ'] | json }}",
        "{{ env | attr('_environ') }}",
        "{{ env.get.__self__ }}",
        "{{ env.get.__func__.__globals__ }}",
        "{{ env.__class__ }}",
        "{{ env.NOSUCH._note }}",
        "{% for each in env %}{{ each }}{% endfor %}",
        "{{ env | list }}",
        "{{ env | json }}",
        "{{ ''.__class__.__mro__ }}",
        '{% include "../secret" %}',
        '{% include "link" %}',
        '{% include "/etc/hostname" %}',
    ],
)
def test_a_template_gets_nothing_but_variables_and_what_lies_beside_it(here, capsys, expression):
    (here / "secret").write_text("from outside")
    folder = here / "templates"
    folder.mkdir()
    (folder / "link").symlink_to("../secret")
    (folder / "t.j2").write_text(expression)

    code = main(["entrykit", "render", "--template", "templates/t.j2:-"], {"OTHER": "hunter2"})

    said = capsys.readouterr()
    assert code in {70, 78}
    assert "hunter2" not in said.out + said.err
    assert "from outside" not in said.out + said.err


def test_templates_include_and_extend_what_lies_beside_them(here, capsys):
    (here / "d").mkdir()
    (here / "d" / "base").write_text("a {% block b %}{% endblock %} {{ env.X }}\n")
    (here / "d" / "t").write_text('{% extends "base" %}{% block b %}<{{ super() }}>{% endblock %}')

    assert main(["entrykit", "render", "--template", "d/t:-"], {"X": "x"}) == 0
    assert capsys.readouterr().out == "a <> x\n"


@pytest.mark.usefixtures("here")
def test_a_template_can_be_a_pipe(capsys):
    """As the shell makes one of `--template <(command):app.conf`."""
    reader, writer = os.pipe()
    os.write(writer, b"{{ env.X }}\n")
    os.close(writer)
    try:
        assert main(["entrykit", "render", "--template", f"/dev/fd/{reader}:-"], {"X": "x"}) == 0
    finally:
        os.close(reader)

    assert capsys.readouterr().out == "x\n"


def test_a_pipe_without_a_writer_is_refused_at_once(here, capsys):
    os.mkfifo(here / "pipe")

    assert main(["entrykit", "render", "--template", "pipe:-"], {}) == 70
    assert "pipe: a pipe without a writer" in capsys.readouterr().err


# secrets


@pytest.mark.parametrize(
    ("template", "mode"),
    [
        ("{{ env.OPEN }}", 0o644),
        ("{{ env.KEY }}", 0o640),
        ("{{ env.KEY | length }}", 0o640),
        ("{{ 'x' if env.KEY == 'a' else 'y' }}", 0o640),
        ("{{ 'x' if 'KEY' in env }}", 0o640),
        ("{% for each in env.list('KEY') %}{% endfor %}", 0o640),
        ('{% include "part" %}', 0o640),
    ],
)
def test_a_secret_in_hand_makes_the_file_private(render, here, template, mode):
    """What comes from X_FILE is taken for one."""
    (here / "key").write_text("hunter2")
    (here / "part").write_text("{{ env.KEY }}")

    assert render(template, target="out", OPEN="x", KEY_FILE="key")[0] == 0
    assert (here / "out").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("mode", "open_one", "private"),
    [("600", 0o600, 0o600), ("755", 0o755, 0o750), ("0666", 0o666, 0o640)],
)
def test_the_mode_is_as_told_but_a_secret_is_for_the_owner_and_the_group(
    render, here, mode, open_one, private
):
    (here / "key").write_text("hunter2")

    render("{{ env.X }}", "--mode", mode, target="a", X="x")
    render("{{ env.X }}", "--mode", mode, target="b", X_FILE="key")

    modes = [(here / name).stat().st_mode & 0o777 for name in "ab"]
    assert modes == [open_one, private]


@pytest.mark.parametrize(
    "expression",
    ["{{ env.int('KEY') }}", "{{ env.bool('KEY') }}", "{{ env.map('KEY') }}",
     "{{ env.json('KEY') }}",
     "{{ env.KEY | nginx }}", "{{ (env.KEY ~ '\\n') | haproxy }}", "{{ {}[env.KEY] }}",
     "{{ env.KEY | upper | nginx }}", "{{ env.KEY + 1 }}", "{{ nosuch[env.KEY] }}",
     "{{ env[env.KEY] }}", "{{ env.int(env.KEY | upper) }}", "{{ env.required(env.KEY) }}",
     "{{ env.required('X', env.KEY ~ '!') }}", "{{ env.NEAR_MISS }}{{ env[env.KEY] }}"],
)  # fmt: skip
def test_no_error_shows_a_secret(render, here, expression):
    (here / "key").write_text("$hunter2 {{")

    code, said, errors = render(expression, KEY_FILE="key", NEAR_MIS="x")

    assert code in {70, 78}
    assert "hunter2" not in (said + errors).lower()
    assert "t.j2:1" in errors


def test_texts_of_a_template_that_has_a_secret_are_still_reported(render, here):
    """A name or a message that it has made up may be the secret."""
    (here / "key").write_text("hunter2")
    template = "{{ env.KEY }}{{ env.X }}{{ env.required('Y', 'ask for it') }}{{ env['Z' ~ 1] }}"

    _, _, errors = render(template, KEY_FILE="key")

    assert [line.partition(" (")[0] for line in errors.splitlines()] == [
        "entrykit: error: X: not set", "entrykit: error: Y: ask for it",
        "entrykit: error: ***: not set",
    ]  # fmt: skip


# files


def test_all_files_are_written_or_none(here, capsys):
    """In any directories; whatever cannot be written is found before anything is written."""
    (here / "a.j2").write_text("new {{ env.X }}\n")
    (here / "a").write_text("")
    (here / "file").write_text("")
    words = ["--template", "a.j2:a", "--template", "a.j2:sub/b"]

    assert main(["entrykit", "render", *words, "--template", "a.j2:file/c"], {"X": "1"}) == 73
    assert (here / "a").read_text() == ""
    assert not (here / "sub" / "b").exists()
    assert "file" in capsys.readouterr().err

    assert main(["entrykit", "render", *words], {"X": "1"}) == 0
    assert capsys.readouterr().err == f"entrykit: {here}/a, {here}/sub/b changed\n"
    assert (here / "a").read_text() == (here / "sub" / "b").read_text() == "new 1\n"


@pytest.mark.parametrize("bad", ["a-first", "z-last"])
def test_what_fails_late_in_one_folder_leaves_all_of_them_as_they_were(here, capsys, bad):
    """The name is too long for a file, which only shows when that directory is written."""
    (here / "a.j2").write_text("new")
    (here / "m").mkdir()
    (here / "m" / "out").write_text("old")
    words = ["--template", "a.j2:m/out", "--template", f"a.j2:{bad}/{'n' * 300}"]

    assert main(["entrykit", "render", *words], {"ENTRYKIT_OVERWRITE": "1"}) == 73
    assert "File name too long" in capsys.readouterr().err
    assert (here / "m" / "out").read_text() == "old"
    assert os.listdir(here / "m") == ["out"]


def test_what_has_not_changed_is_not_touched(render, here):
    render("{{ env.X }}", target="out", X="1")
    before = (here / "out").stat()

    assert render("{{ env.X }}", target="out", X="1")[2] == "entrykit: nothing changed\n"
    assert (here / "out").stat() == before


def test_a_file_of_our_own_is_replaced(render, here):
    for value in "12":
        assert render("{{ env.X }}", target="out", X=value)[0] == 0

    assert (here / "out").read_text() == "2"
    subprocess.run(["sha256sum", "--check", "--quiet", "entrykit.sums"], cwd=here, check=True)


@pytest.mark.parametrize("kind", ["somebody else's", "changed since"])
def test_a_file_that_we_did_not_write_is_left_alone(render, here, kind):
    """Unless it says the same, or is empty, or ENTRYKIT_OVERWRITE is on."""
    if kind == "changed since":
        render("{{ env.X }}", target="out", X="1")
    (here / "out").write_text("mine")

    code, _, errors = render("{{ env.X }}", target="out", X="2")
    assert code == 73
    assert f"{here}/out: entrykit did not write this file, or it was changed since" in errors
    assert "ENTRYKIT_OVERWRITE=1" in errors
    assert (here / "out").read_text() == "mine"

    assert render("{{ env.X }}", target="out", X="mine")[0] == 0
    (here / "out").write_text("mine")
    assert render("{{ env.X }}", target="out", X="2", ENTRYKIT_OVERWRITE="1")[0] == 0
    assert (here / "out").read_text() == "2"


def test_a_bad_switch_is_reported(render):
    said = faults(render("x", target="out", ENTRYKIT_OVERWRITE="perhaps"))

    expected = "use on/off, true/false, yes/no or 1/0"
    assert said == [f'ENTRYKIT_OVERWRITE: "perhaps" is not a boolean ({expected})']


def test_a_link_stays_and_the_file_that_it_leads_to_is_written(render, here):
    (here / "real").mkdir()
    (here / "link").symlink_to("real/file")

    assert render("x", target="link")[0] == 0
    assert (here / "link").is_symlink()
    assert (here / "real" / "file").read_text() == "x"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--template", "t.j2"], '--template "t.j2": not a template and a file'),
        (["--template", "t.j2:"], "not a template and a file"),
        (["--template", ":out"], "not a template and a file"),
        (["--template", "nosuch:out"], '"nosuch": No such file or directory'),
        (["--template", ".:-"], '"." is a directory'),
        (["--template", "t.j2:out\n"], "with a control character"),
        (["--template", "t.j2:out\udcff"], "not in UTF-8"),
        (["--template", "t.j2:."], '"." is a directory'),
        (["--template", "t.j2:out/"], '"out/" is a directory'),
        (["--template", "t.j2:./t.j2"], "the file would replace its template"),
        (["--template", "t.j2:a", "--template", "t.j2:./a"], "is the file of two templates"),
        (["--template", "t.j2:-", "--mode", "999"], '"999": not a file mode'),
        (["--template", "t.j2:-", "--mode", "7777"], '"7777": not a file mode'),
        (["haproxy", "--template", "t.j2:-"], "cannot be combined with a role"),
        (["--template", "t.j2:-", "-o", "out"], "or with -o"),
        ([], "expected a role, or --template"),
        (["haproxy", "-e", "DOMAINS=a:b.test", "--", "true"], "expected a role, or --template"),
        (["haproxy", "-e", "DOMAINS=a:b.test", "--mode", "600"], "expected a role, or --template"),
        (["--template", "t.j2:out", "--"], "no program after --"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_written(here, capsys, words, said):
    (here / "t.j2").write_text("x")

    assert main(["entrykit", "render", *words], {}) == 64
    assert said in capsys.readouterr().err
    assert os.listdir(here) == ["t.j2"]


def test_a_template_that_cannot_be_read_is_named_once(here, capsys):
    (here / "t.j2").write_bytes(b"\xff")

    assert main(["entrykit", "render", "--template", "t.j2:-"], {}) == 70
    assert capsys.readouterr().err == "entrykit: error: t.j2: not valid UTF-8\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["render", "--template", "/dev/null:out"], '"out": No such file or directory'),
        (["render", "haproxy", "-e", "DOMAINS=a:b.test", "-o", "out"], "out: No such file or dir"),
    ],
)
def test_a_working_folder_that_is_gone_is_not_said_to_be_standard_output(tmp_path, words, said):
    gone = ["sh", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "sh", ENTRYKIT, *words]

    process = subprocess.run(
        gone, cwd=tmp_path, env=ENVIRON, capture_output=True, text=True, check=False
    )

    assert process.returncode == (64 if "--template" in words else 73)
    assert said in process.stderr
    assert "standard output" not in process.stderr


# the command


def test_the_command_becomes_the_process(here):
    """With the variables of the templates, and nothing of entrykit left."""
    (here / "t.j2").write_text("{{ env.X }}\n")
    (here / "env").write_text("X=from file\n")
    words = ["render", "--template", "t.j2:out", "--env-file", "env", "--", "sleep", "60"]

    with Running([ENTRYKIT, *words], ENVIRON, here / "log") as running:
        command = Path(f"/proc/{running.pid}/cmdline")
        running.comes(lambda: command.read_bytes() == b"sleep\x0060\0")
        seen = environ_of(running.pid)
        tasks = os.listdir(f"/proc/{running.pid}/task")

    assert seen == ENVIRON | {"X": "from file"}
    assert len(tasks) == 1
    assert (here / "out").read_text() == "from file\n"


def test_the_exit_code_is_the_commands(here):
    (here / "t.j2").write_text("x")

    done = entrykit("render", "--template", "t.j2:out", "--", "sh", "-c", "exit 7", environ=ENVIRON)

    assert done.returncode == 7


def test_a_command_that_is_not_there_is_reported_before_anything_is_written(here):
    (here / "t.j2").write_text("x")

    done = entrykit("render", "--template", "t.j2:out", "--", "nosuch", environ=ENVIRON)

    assert done.returncode == 127
    assert not (here / "out").exists()


def test_nothing_is_executed_where_a_variable_is_missing(here):
    (here / "t.j2").write_text("{{ env.X }}")
    script(here / "mine", "touch started")

    done = entrykit("render", "--template", "t.j2:out", "--", "./mine", environ=ENVIRON)

    assert done.returncode == 78
    assert sorted(os.listdir(here)) == ["mine", "t.j2"]


# real readers

NGINX = """\
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:{{ env.int("PORT") }};
        location / { return 200 {{ env.GREETING | nginx }}; }
    }
}
"""
HAPROXY = """\
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen a
    bind 127.0.0.1:{{ env.int("PORT") }}
    http-request return status 200 content-type text/plain string {{ env.GREETING | haproxy }}
"""


@pytest.mark.versions
@pytest.mark.parametrize("greeting", ["hello", 'it\'s a; "test" # {} \\', "é"])
def test_nginx_and_haproxy_take_what_their_filters_quote(render, here, greeting):
    for text, name in ((NGINX, "nginx.conf"), (HAPROXY, "haproxy.cfg")):
        assert render(text, target=name, PORT="8080", GREETING=greeting)[0] == 0

    for argv in (["nginx", "-t", "-p", here, "-c", here / "nginx.conf"],
                 ["haproxy", "-c", "-f", here / "haproxy.cfg"]):  # fmt: skip
        subprocess.run([under_test(argv[0]), *argv[1:]], capture_output=True, check=True)


def test_json_in_json_is_read_as_it_was_meant(render):
    template = '{"a": {{ env.X | json }}, "n": {{ env.int("N") }}, "l": {{ env.list("L") | json }}}'

    said = out(render(template, X='"\\\n', N="5", L="a,b"))

    assert json.loads(said) == {"a": '"\\\n', "n": 5, "l": ["a", "b"]}
