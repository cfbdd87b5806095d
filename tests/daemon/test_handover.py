"""What is executed in the end, and what it inherits: the real program, no mocks."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from image_data.listing import role_images
from namespaces import UNSHARE, mounted
from programs import (
    ENTRYKIT,
    Running,
    children,
    edge_environ,
    entrykit,
    environ_of,
    opened,
    script,
    serves,
    status,
    talking,
    under_test,
)

SECRETS = {
    "STATS_PORT": "18405",
    "STATS_PASSWORD_FILE": "password",
    "HAPROXY_EXTRA_GLOBAL": "# snippet",
    "HAPROXY_EXTRA_DEFAULTS": "# snippet",
    "HAPROXY_EXTRA_FRONTEND": "# snippet",
    "HAPROXY_EXTRA_BACKEND": "# snippet",
}

OWN = "HAPROXY_(?!EXTRA_)"  # what HAProxy's master tells itself and its worker


@pytest.fixture
def environ(tmp_path, search_path):
    """Variables for the real HAProxy; and PWD, which sh(1) adds.

    By that pip has a program started whose path has a blank.
    """
    return edge_environ(tmp_path / "config", search_path) | {"PWD": os.getcwd()}


@pytest.fixture
def shown(tmp_path, environ):
    """Variables under which every program in question tells its words in place of working."""
    return environ | {"PATH": talking(tmp_path / "bin", "haproxy-like-tool", "upstream")}


def words_of(process):
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


OWN_COMMANDS = [
    ([], ["haproxy", "-f", "CFG"]),
    (["haproxy", "-f", "/x.cfg", "-V"], ["haproxy", "-f", "/x.cfg", "-V"]),
    (["haproxy"], ["haproxy"]),
    (["-d", "-V", "-f", "a b"], ["-d", "-V", "-f", "a b"]),
    (["-q"], ["-q"]),
    (["-V", "--help"], ["-V", "--help"]),
    (["haproxy", "--", "-v", "", "*"], ["haproxy", "--", "-v", "", "*"]),
]


@pytest.mark.parametrize("named", ["absolute", "bare"])
@pytest.mark.parametrize(
    ("command", "handed"), OWN_COMMANDS, ids=lambda words: " ".join(words) or "none"
)
def test_an_upstream_entrypoint_gets_the_command_unchanged(shown, tmp_path, command, handed, named):
    """The role's own where there is none; the entrypoint is a path or a name on PATH."""
    upstream = {"absolute": str(tmp_path / "bin" / "upstream"), "bare": "upstream"}[named]

    process = entrykit("haproxy", *command, environ=shown | {"ENTRYKIT_UPSTREAM": upstream})

    main = f"{shown['CONFIG_DIR']}/haproxy.cfg"
    assert words_of(process) == ["upstream", *(main if word == "CFG" else word for word in handed)]


@pytest.mark.parametrize(
    ("command", "handed"), OWN_COMMANDS, ids=lambda words: " ".join(words) or "none"
)
def test_without_one_the_daemon_is_executed_as_the_official_entrypoint_would(
    shown, command, handed
):
    process = entrykit("haproxy", *command, environ=shown)

    main = f"{shown['CONFIG_DIR']}/haproxy.cfg"
    own = [main if word == "CFG" else word for word in handed if word != "haproxy"]
    assert words_of(process) == ["haproxy", "-W", "-db", *own]


def test_the_daemon_by_its_path_is_configured_and_executed_with_just_its_words(shown, tmp_path):
    """To the official entrypoint a path is any program; it would run without files."""
    program = str(tmp_path / "bin" / "haproxy")
    main = f"{shown['CONFIG_DIR']}/haproxy.cfg"

    process = entrykit("haproxy", program, "-f", main, environ=shown)

    assert words_of(process) == ["haproxy", "-f", main]
    assert os.path.exists(main)


def test_the_upstream_entrypoint_is_found_where_the_official_image_has_it(shown, tmp_path):
    there = tmp_path / "there"
    talking(there, "docker-entrypoint.sh")
    bin_ = "/usr/local/bin"
    mount = f'mount -t overlay -o lowerdir="$0":{bin_} overlay {bin_}; exec "$@"'
    argv = [*UNSHARE, "sh", "-euc", mount, there, ENTRYKIT, "haproxy", "-V"]

    process = subprocess.run(argv, env=shown, capture_output=True, text=True, check=False)

    assert words_of(process) == ["docker-entrypoint.sh", "-V"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["haproxy-like-tool", "-x", "a b"], ["haproxy-like-tool", "-x", "a b"]),
        (["upstream", "haproxy"], ["upstream", "haproxy"]),
        (["sh", "-c", 'echo "$0 $#"', "zero", "1", "2"], ["zero 2"]),
        (["/bin/echo", "haproxy"], ["haproxy"]),
        (["echo", "--", "-v"], ["-- -v"]),
    ],
)
def test_another_program_is_executed_as_it_is(shown, command, said):
    """Nothing is configured, and no variable is required or checked."""
    process = entrykit(
        "haproxy",
        *command,
        environ={"PATH": shown["PATH"], "HTTP_PORT": "none", "CONFIG_DIR": shown["CONFIG_DIR"]},
    )

    assert words_of(process) == said
    assert process.stderr == ""
    assert not os.path.exists(shown["CONFIG_DIR"])


# Of each role, how people see what is inside; the certbot role gives all but `certbot` to certbot.
QUESTIONS = [
    (role, image.daemon.name, word)
    for role, image in role_images().items()
    for word in (image.daemon.version, *image.daemon.asks)
]


@pytest.mark.parametrize("named", [True, False], ids=["named", "flag-alone"])
@pytest.mark.parametrize(("role", "daemon", "word"), QUESTIONS, ids=" ".join)
def test_a_question_about_the_daemon_itself_is_just_asked(tmp_path, role, daemon, word, named):
    """With no variable that a start needs, and with bad ones: the answer is the daemon's own."""
    program = under_test(daemon)
    environ = {
        "PATH": f"{os.path.dirname(program)}:/usr/bin:/bin",
        "HTTP_PORT": "none",
        "CONFIG_DIR": str(tmp_path / "config"),
        "COLUMNS": "80",
    }

    process = entrykit(role, *([daemon] if named else []), word, environ=environ)
    alone = subprocess.run(
        [program, word], env=environ, capture_output=True, text=True, check=False
    )

    assert said(process, daemon) == said(alone, daemon)
    assert alone.stdout + alone.stderr
    assert not (tmp_path / "config").exists()


def said(process, daemon):
    """Status and output, which has the program's path if it was started by one."""
    words = re.sub(rf"\S*\b{daemon}\b", daemon, process.stdout + process.stderr)
    return process.returncode, words


@pytest.mark.parametrize("words", [["-v", "-f", "/x.cfg"], ["-f", "-v"], ["-V"], ["/x/haproxy2"]])
def test_what_is_no_question_alone_is_the_daemons_start_or_another_program(shown, words):
    """An option among others may be the value of one."""
    environ = {"PATH": shown["PATH"], "CONFIG_DIR": shown["CONFIG_DIR"]}

    process = entrykit("haproxy", *words, environ=environ)

    assert process.returncode == (127 if words[0].startswith("/") else 78)


def test_an_answer_has_no_secret_in_its_environment(shown, tmp_path):
    environ = {"PATH": shown["PATH"], "STATS_PASSWORD": "secret", "SHOWN": "yes"}
    script(tmp_path / "bin" / "haproxy", "env")

    process = entrykit("haproxy", "haproxy", "-v", environ=environ)

    assert "SHOWN=yes" in process.stdout
    assert "STATS_PASSWORD" not in process.stdout


@pytest.mark.parametrize("more", [{}, {"LC_CTYPE": "C", "LANG": "C"}, {"STATS_PASSWORD": "x"}])
def test_another_program_has_the_environment_untouched(shown, more):
    """Not even LC_CTYPE is added, which CPython gives itself in the C locale."""
    given = shown | more

    process = entrykit("haproxy", "cat", "/proc/self/environ", environ=given)

    assert sorted(process.stdout.split("\0")) == sorted(
        ["", *(f"{name}={value}" for name, value in given.items())]
    )


def test_the_upstream_has_every_variable_but_the_secrets(shown, tmp_path):
    """Unknown variables are passed on, whatever their value."""
    (tmp_path / "password").write_text("hunter2\n")
    upstream = script(tmp_path / "environ", 'cat "/proc/$$/environ"')
    others = {"ENTRYKIT_UPSTREAM": str(upstream), "OTHER": "a=b\n\tc", "EMPTY": "", "É": "\udcff"}
    secrets = SECRETS | {"STATS_PASSWORD_FILE": str(tmp_path / "password")}

    process = entrykit("haproxy", environ=shown | secrets | others, text=False)

    kept = shown | others | {"STATS_PORT": secrets["STATS_PORT"]}
    expected = [os.fsencode(f"{name}={value}") for name, value in kept.items()]
    assert sorted(process.stdout.split(b"\0")) == sorted([b"", *expected]), process.stderr


def ignored(*prefix):
    """What a program inherits under a prefix: its ignored and its blocked signals."""
    said = subprocess.check_output([*prefix, "cat", "/proc/self/status"], text=True)
    return re.findall(r"^(Sig(?:Ign|Blk)):\t(\w+)$", said, re.MULTILINE)


@pytest.mark.parametrize("before", [[], ["--ignore-signal=HUP"], ["--ignore-signal=INT"]])
def test_signals_are_ignored_as_if_entrykit_had_not_been_there(before):
    """CPython ignores SIGPIPE and SIGXFSZ, which exec would pass on; nohup's SIGHUP stays."""
    assert ignored("env", *before, ENTRYKIT, "haproxy") == ignored("env", *before)


def test_no_signal_is_blocked():
    blocked = dict(ignored("env", "--block-signal=TERM,USR2", ENTRYKIT, "haproxy"))

    assert int(blocked["SigBlk"], 16) == 0


def test_no_descriptor_above_2_survives(tmp_path):
    """Neither a parent's nor Python's own; the three standard streams do."""
    (tmp_path / "mine").touch()
    with open(tmp_path / "mine") as mine, open(tmp_path / "mine") as high:
        os.dup2(high.fileno(), 200)
        process = entrykit(
            "haproxy", "ls", "-l", "/proc/self/fd",
            environ={"PATH": "/usr/bin:/bin"}, pass_fds=[mine.fileno(), 200],
        )  # fmt: skip
        os.close(200)

    links = re.findall(r"(\d+) -> (.*)$", process.stdout, re.MULTILINE)
    assert [number for number, _ in links] == ["0", "1", "2", "3"], process
    assert re.fullmatch(r"/proc/\d+/fd", links[3][1])  # what ls has opened itself


def test_no_descriptor_above_2_survives_where_there_is_no_proc():
    """As in a bare chroot, which cannot say which ones are open."""
    script = 'exec 7</dev/null; umount -l /proc; exec "$@"'
    asked = ["sh", "-c", 'for number in 0 1 2 7; do (: >&"$number") && echo "$number"; done']

    done = mounted(script, ENTRYKIT, "haproxy", *asked)

    assert done.stdout.split() == ["0", "1", "2"], done


@pytest.mark.versions
def test_the_daemon_is_the_same_process_and_the_only_one(environ, tmp_path, search_path):
    """Its PID, its own worker and no other child, clean signals, and no secret to be seen."""
    (tmp_path / "password").write_text("hunter2\n")
    secrets = SECRETS | {"STATS_PASSWORD_FILE": str(tmp_path / "password")}
    secrets["STATS_PORT"] = edge_environ(tmp_path, search_path)["HTTP_PORT"]
    before = set(children(os.getpid()))
    with (tmp_path / "mine").open("w") as mine:
        given = {"environ": environ | secrets, "pass_fds": [mine.fileno()]}
        with Running([ENTRYKIT, "haproxy"], log=tmp_path / "log", **given) as running:
            running.comes(lambda: serves(running.pid, environ))

            assert set(children(os.getpid())) - before == {running.pid}
            for pid in (running.pid, *running.children):
                assert status(pid)["Name"] == "haproxy"
                assert kept(environ_of(pid)) == environ | {"STATS_PORT": secrets["STATS_PORT"]}
                assert mine.name not in opened(pid)
            assert len(running.children) == 1


def kept(environ):
    """Without the variables that HAProxy gives itself and its worker."""
    return {name: value for name, value in environ.items() if not re.match(OWN, name)}


@pytest.mark.versions
def test_the_daemon_ignores_and_blocks_the_same_signals_as_without_entrykit(environ, tmp_path):
    with Running([ENTRYKIT, "haproxy"], environ, tmp_path / "log") as running:
        running.comes(lambda: serves(running.pid, environ))
        through = signals(running.pid)
    alone = ["haproxy", "-W", "-db", "-f", f"{environ['CONFIG_DIR']}/haproxy.cfg"]
    with Running(alone, environ, tmp_path / "log") as running:
        running.comes(lambda: serves(running.pid, environ))
        assert through == signals(running.pid)


def signals(pid):
    return {name: value for name, value in status(pid).items() if name in ("SigIgn", "SigCgt")}


@pytest.mark.parametrize("code", [0, 1, 42, 143, 255])
def test_the_exit_status_of_the_daemon_is_that_of_the_process(shown, tmp_path, code):
    upstream = script(tmp_path / "upstream", f"exit {code}")

    process = entrykit("haproxy", environ=shown | {"ENTRYKIT_UPSTREAM": str(upstream)})

    assert process.returncode == code


def test_a_daemon_that_dies_of_a_signal_is_seen_to(shown, tmp_path):
    upstream = script(tmp_path / "upstream", "kill -SEGV $$")

    process = entrykit("haproxy", environ=shown | {"ENTRYKIT_UPSTREAM": str(upstream)})

    assert process.returncode == -11
