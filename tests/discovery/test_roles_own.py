"""A role from a folder on ENTRYKIT_ROLES_PATH has the rights of a built-in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from own_roles import ROLE, daemon, own_role
from programs import entrykit
from small import small_role

import entrykit as package
from entrykit.cli.main import main
from entrykit.discovery.built_in import built_in_names
from entrykit.discovery.finder import load_role, role_names


@pytest.fixture
def roles(tmp_path):
    """A folder with the folder of one role."""
    own_role(tmp_path / "roles")
    return tmp_path / "roles"


@pytest.fixture
def environ(roles, tmp_path):
    path = daemon(tmp_path / "bin")
    live = tmp_path / "live"
    return {"ENTRYKIT_ROLES_PATH": str(roles), "PATH": path, "CONFIG_DIR": str(live)}


def test_it_is_configured_checked_and_executed(environ, tmp_path):
    given = {"OWN_WORD": "a word", "OWN_PASSWORD": "hush", "OTHER": "x"}

    done = entrykit("own", environ=environ | given)

    assert done.returncode == 7
    assert done.stdout.startswith("ran \n")
    assert "OTHER=x" in done.stdout
    assert "hush" not in done.stdout + done.stderr
    live = tmp_path / "live" / "own.cfg"
    assert live.read_text().endswith("word 'a word'\npassword hush\n")
    assert live.stat().st_mode & 0o777 == 0o640


def test_what_its_daemon_refuses_does_not_become_live(environ, tmp_path):
    done = entrykit("own", environ=environ | {"OWN_WORD": "bad"})

    assert done.returncode == 65
    assert "own-daemon refused the configuration; nothing was changed" in done.stderr
    assert not (tmp_path / "live" / "own.cfg").exists()


def test_a_command_is_its_own_as_it_would_be_of_a_built_in(environ):
    assert entrykit("own", "own-daemon", "x", environ=environ).stdout.startswith("ran x\n")
    assert entrykit("own", "echo", "as it is", environ=environ).stdout == "as it is\n"


def test_every_verb_knows_it(environ, capsys, tmp_path):
    (tmp_path / "env").write_text("OWN_WORD=other\n")
    offline = ["--no-env", "--env-file", str(tmp_path / "env")]

    for words, said in [
        (["render", "own", *offline], "word other"),
        (["explain", "own", *offline, "OWN_WORD"], "other"),
        (["env", "own"], "OWN_PASSWORD"),
        (["roles"], "own\ta role for tests\n"),
    ]:
        assert main(["entrykit", *words], environ) == 0
        assert said in capsys.readouterr().out
    assert main(["entrykit", "check", "own", *offline], environ) == 0
    assert main(["entrykit", "diff", "own", *offline, "-e", f"CONFIG_DIR={tmp_path}"], environ) == 1


def test_the_path_may_stand_in_an_env_file_and_in_a_file_of_its_own(roles, tmp_path, capsys):
    (tmp_path / "path").write_text(f"{roles}\n")
    for word in (f"ENTRYKIT_ROLES_PATH={roles}", f"ENTRYKIT_ROLES_PATH_FILE={tmp_path}/path"):
        assert main(["entrykit", "render", "own", "--no-env", "-e", word], {}) == 0
        assert "word word" in capsys.readouterr().out


def test_secrets_come_from_files_and_waiting_and_templates_are_as_with_others(environ, tmp_path):
    (tmp_path / "password").write_text("from a file\n")
    own = tmp_path / "own-templates"
    own.mkdir()
    changed = '{% extends "!own.cfg.j2" %}{% block all %}{{ super() }}more\n{% endblock %}'
    (own / "own.cfg.j2").write_text(changed)
    given = {"OWN_PASSWORD_FILE": str(tmp_path / "password"), "ENTRYKIT_TEMPLATES": str(own)}

    done = entrykit("own", environ=environ | given | {"ENTRYKIT_WAIT": f"file:{own}"})

    assert done.returncode == 7
    assert "OWN_PASSWORD_FILE" not in done.stdout
    text = (tmp_path / "live" / "own.cfg").read_text()
    assert text.endswith("password 'from a file'\nmore\n")
    late = {"ENTRYKIT_WAIT": "file:/absent", "ENTRYKIT_WAIT_TIMEOUT": "1ms"}
    assert entrykit("own", environ=environ | late).returncode == 69


def test_bad_variables_and_slips_are_told_as_with_others(environ):
    done = entrykit("own", environ=environ | {"OWN_WORD": "a\nb", "OWN_PASWORD": "x"})

    assert done.returncode == 78
    assert 'OWN_WORD: "a\\nb": has a control character' in done.stderr
    assert "did you mean OWN_PASSWORD?" in done.stderr


def test_python_renders_it_with_the_path_of_the_variables(roles):
    files = package.render("own", {"ENTRYKIT_ROLES_PATH": str(roles), "OWN_WORD": "x"})

    assert "word x\n" in files["own.cfg"].text


def test_an_entry_is_a_roles_own_folder_or_one_of_such(tmp_path):
    single = own_role(tmp_path / "a", "single")
    own_role(tmp_path / "b", "first")
    own_role(tmp_path / "b", "sec_ond")
    (tmp_path / "b" / "no-role").mkdir()
    twice = f"{single}/:{tmp_path}/b:{single}::{tmp_path}/a"

    names = role_names({"ENTRYKIT_ROLES_PATH": twice})

    assert names == sorted([*built_in_names(), "single", "first", "sec-ond"])
    assert load_role("sec-ond", {"ENTRYKIT_ROLES_PATH": twice}).name == "sec-ond"


def test_modules_beside_role_py_are_its_own_and_nobody_elses(tmp_path):
    """Two roles may each have a `values.py`, called like a module of Python's or not."""
    for name in ("one", "two"):
        made = own_role(tmp_path, name, f"from .json import SUMMARY\n{own_imports(ROLE)}")
        (made / "json.py").write_text(f"SUMMARY = 'the {name}'\n")
    path = {"ENTRYKIT_ROLES_PATH": str(tmp_path)}

    assert load_role("one", path).summary == "the one"
    assert load_role("two", path).summary == "the two"
    assert json.loads("1") == 1


def own_imports(text):
    """The role's text with a summary from a module beside it."""
    without = text.replace("from __future__ import annotations\n", "")
    return without.replace('summary="a role for tests"', "summary=SUMMARY")


def test_the_start_of_a_built_in_role_looks_for_no_others(tmp_path):
    """Neither the code for that nor importlib.metadata is imported."""
    probe = (
        "import sys\n"
        "from entrykit.cli.pydantic_plugins import import_without_plugins\n"
        "import_without_plugins()\n"
        "from entrykit.cli.main import main\n"
        "main(['entrykit', 'render', 'haproxy', '-o', sys.argv[1]], {'DOMAINS': 'a:a.test'})\n"
        "from entrykit.discovery.finder import is_role\n"
        "assert is_role('haproxy', {})\n"
        "print(*sys.modules)\n"
    )
    argv = [sys.executable, "-c", probe, str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())

    assert "entrykit.rendering.role_files" in loaded
    assert (
        loaded
        & {
            "entrykit.api",
            "importlib.metadata",
            "entrykit.discovery.entry_points",
            "entrykit.discovery.loading",
            "entrykit.discovery.search_path",
        }
        == set()
    )


# entry points of packages


def packaged(folder, name="packed", value="packed_role:ROLE", package="packed"):
    """Write what pip would: the metadata of a package with an entry point, and its module."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[entrykit.roles]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path):
    """A folder for PYTHONPATH with such a package."""
    site = tmp_path / "site"
    packaged(site)
    made = own_role(site, "packed")
    made.rename(site / "packed_role")
    (site / "packed_role" / "role.py").rename(site / "packed_role" / "__init__.py")
    return site


def test_a_role_of_an_installed_package_has_the_same_rights(site, tmp_path):
    path = daemon(tmp_path / "bin", "packed")
    environ = {"PYTHONPATH": str(site), "PATH": path, "CONFIG_DIR": str(tmp_path / "live")}

    done = entrykit("packed", environ=environ | {"OWN_PASSWORD": "hush"})

    assert done.returncode == 7, done.stderr
    assert "hush" not in done.stdout
    assert "password hush\n" in (tmp_path / "live" / "packed.cfg").read_text()
    assert "packed\ta role for tests\n" in entrykit("roles", environ=environ).stdout
    assert "word word" in entrykit("render", "packed", environ=environ).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import absent_module\n", "packed_role/__init__.py:1: ModuleNotFoundError: No module"),
        ("x = (\n", "packed_role/__init__.py:1: SyntaxError: '(' was never closed"),
        ("ROLE = 7\n", "packed, entry point packed = packed_role:ROLE: ROLE is of type int"),
        ("pass\n", "packed, entry point packed = packed_role:ROLE: AttributeError: module"),
    ],
)
def test_70_a_packages_role_is_broken(site, text, said):
    (site / "packed_role" / "__init__.py").write_text(text)

    done = entrykit("render", "packed", environ={"PYTHONPATH": str(site)})

    assert done.returncode == 70
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_70_two_packages_have_a_role_of_one_name_and_roles_names_both(site):
    packaged(site, package="other", value="other_role:ROLE")
    environ = {"PYTHONPATH": str(site)}

    for words in (["render", "packed"], ["roles"]):
        done = entrykit(*words, environ=environ)
        assert done.returncode == 70
        assert "packed, entry point packed = packed_role:ROLE" in done.stderr
        assert "other, entry point packed = other_role:ROLE" in done.stderr
        assert done.stderr.endswith(": both define the role packed\n")
    assert "haproxy\t" in done.stdout


def test_roles_tells_of_a_package_with_the_name_of_another_role(site, tmp_path):
    packaged(site, "haproxy", package="clashing")
    own_role(tmp_path / "roles", "packed")
    environ = {"PYTHONPATH": str(site), "ENTRYKIT_ROLES_PATH": str(tmp_path / "roles")}

    done = entrykit("roles", environ=environ)

    assert done.returncode == 70
    assert (
        "clashing, entry point haproxy = packed_role:ROLE: a role haproxy exists already"
        in done.stderr
    )
    assert (
        "packed, entry point packed = packed_role:ROLE: a role packed exists already" in done.stderr
    )
    assert "packed\ta role for tests" in done.stdout


# what is wrong with the path: 78


def refused(*words, **environ):
    done = entrykit(*words, environ=environ)
    lines = done.stderr.splitlines()
    return done.returncode, [line.removeprefix("entrykit: error: ") for line in lines]


def test_78_every_fault_of_the_path_is_told_at_once(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    own_role(tmp_path / "clash", "haproxy")
    own_role(tmp_path / "clash", "check")
    own_role(tmp_path / "clash", "Odd Name")
    own_role(tmp_path / "a", "same")
    own_role(tmp_path / "b", "same")
    names = ["empty", "file", "absent", "clash", "a", "b"]
    path = ":".join(["relative", *(str(tmp_path / name) for name in names)])

    code, lines = refused("roles", ENTRYKIT_ROLES_PATH=path)

    assert code == 78
    expected = [
        "relative: not an absolute path (expected /a/path:/another)",
        f"{tmp_path}/empty: contains no role (expected role.py or NAME/role.py)",
        f"{tmp_path}/file: Not a directory",
        f"{tmp_path}/absent: No such file or directory",
        f"{tmp_path}/clash/Odd Name: not a valid role name (e.g. my-app or my_app)",
        f"{tmp_path}/clash/check: check is an entrykit command (choose another name)",
        f"{tmp_path}/clash/haproxy: there is a built-in role haproxy (choose another name)",
        f"{tmp_path}/b/same and {tmp_path}/a/same: both define the role same (rename one)",
    ]
    assert lines == [f"ENTRYKIT_ROLES_PATH: {line}" for line in expected]


def test_78_a_nul_in_the_path_is_told(tmp_path):
    (tmp_path / "path").write_bytes(b"/a\0b")

    assert refused("roles", ENTRYKIT_ROLES_PATH_FILE=f"{tmp_path}/path") == (
        78,
        [r'ENTRYKIT_ROLES_PATH: "/a\x00b": not an absolute path (expected /a/path:/another)'],
    )


def test_78_a_path_that_is_at_fault_stops_the_built_in_roles_as_well(tmp_path):
    own_role(tmp_path / "roles", "haproxy")

    code, lines = refused("render", "haproxy", ENTRYKIT_ROLES_PATH=f"{tmp_path}/roles")

    assert code == 78
    assert "there is a built-in role haproxy" in lines[0]


@pytest.mark.parametrize(
    "part",
    [
        "",
        "own",
        "own/role.py",
        "own/templates",
        "own/templates/own.cfg.j2",
        "own/values.py",
        "own/x",
    ],
)
def test_78_nobody_runs_code_that_everybody_can_write(roles, part):
    (roles / "own" / "values.py").write_text("")
    (roles / "own" / "x").mkdir()
    (roles / part).chmod(0o777)

    code, lines = refused("render", "own", ENTRYKIT_ROLES_PATH=str(roles))

    where = str(roles / part)
    expected = f"ENTRYKIT_ROLES_PATH: {where}: writable by everyone (run chmod o-w)"
    assert (code, lines) == (78, [expected])


def test_78_the_path_and_a_file_of_it_are_one_too_many(roles):
    code, lines = refused("roles", ENTRYKIT_ROLES_PATH=str(roles), ENTRYKIT_ROLES_PATH_FILE="/x")

    assert code == 78
    assert "ENTRYKIT_ROLES_PATH_FILE as well" in lines[0]


def test_64_an_unknown_role_is_told_with_those_on_the_path(roles):
    code, lines = refused("render", "nosuch", ENTRYKIT_ROLES_PATH=str(roles))

    assert code == 64
    assert "own" in lines[0].partition("(roles: ")[2].rstrip(")").split(", ")
    for words in (["render", "onw"], ["onw"]):
        _, lines = refused(*words, ENTRYKIT_ROLES_PATH=str(roles))
        assert lines[0].endswith(" 'onw'; did you mean 'own'?")


@pytest.mark.parametrize(
    ("words", "code"), [(["own"], 64), (["render", "own"], 64), (["roles"], 0)]
)
def test_a_slip_in_the_name_of_the_path_is_told(roles, words, code):
    done = entrykit(*words, environ={"ENTRYKIT_ROLE_PATH": str(roles)})

    assert done.returncode == code
    hint = "ENTRYKIT_ROLE_PATH: no such variable; did you mean ENTRYKIT_ROLES_PATH?\n"
    assert hint in done.stderr


# what is wrong with role.py: 70

GOOD = ROLE.replace("NAME", "own")
BROKEN = {
    "syntax": ("x = 1\ndef f(:\n", "{file}:2: SyntaxError: invalid syntax"),
    "import": ("\nimport absent_x\n", "{file}:2: ModuleNotFoundError: No module named 'absent_x'"),
    "error": ("\n\n1 / 0\n", "{file}:3: ZeroDivisionError: division by zero"),
    "exit": ("import sys\nsys.exit(3)\n", "{file}:2: SystemExit: 3"),
    "nul": ("x = '\0'\n", "{file}: SyntaxError: source code string cannot contain null bytes"),
    "empty": ("", "{file}: does not define ROLE (expected ROLE = entrykit.api.Role(…))"),
    "type": ("\nROLE = 'x'\n", "{file}:2: ROLE is of type str (expected ROLE = entrykit.api.Role"),
    "class": ("from entrykit.api import Role\nROLE = Role\n", "{file}:2: ROLE is of type type"),
    "missing": (GOOD.replace("    daemon=", "    # daemon="), "TypeError: Role.__init__() missing"),
    "beside": ("from .absent import x\n", "{file}:1: ModuleNotFoundError: No module named"),
    "name": (
        GOOD.replace('name="own"', 'name="other"'),
        "the role is called 'other' (expected 'own', as it was found by)",
    ),
    "templates": (
        GOOD.replace('main="own', 'templates="absent", main="own'),
        "absent (expected the templates)",
    ),
    "main": (GOOD.replace('main="own', 'main="main'), "no main.cfg.j2 in "),
    "quotes": (GOOD.replace('".cfg":', '".ini":'), "own.cfg.j2: no quoting for '.cfg'"),
    "function": (
        GOOD.replace("reads=lambda _command, _main: True", "reads=True"),
        "daemon.reads is not a function (expected one of (command, main))",
    ),
    "path": (GOOD.replace('main="own', 'templates=7, main="own'), "files.templates is not a path"),
    "check": (
        GOOD.replace('argv=["own-daemon", "check", "{main}"]', 'argv="own-daemon -t"'),
        "check.argv is of type str (expected a list of words",
    ),
    "part": (
        GOOD.replace("check=Check(", "check=dict("),
        "check is of type dict (expected Check)",
    ),
    "arguments": (
        GOOD.replace("lambda _command, _main: True", "lambda _command: True"),
        "daemon.reads is called with (command, main), and takes (_command)",
    ),
    "no quotes": (GOOD.replace('{".cfg": quote_haproxy}', "None"), "files.quoting is not a map"),
    "no quoting": (
        GOOD.replace("quote_haproxy}", "None}"),
        "files.quoting: '.cfg' has no function",
    ),
    "lines": (GOOD.replace('"a role for', '"a\\nrole for'), "summary is not a line of text"),
    "settings": (
        GOOD.replace("settings=OwnSettings", "settings=dict"),
        "settings is not a model (expected a subclass of entrykit.api.Settings)",
    ),
    "kind": (
        GOOD.replace("own_word: types.Line", "own_word: str"),
        "own_word has no documented type (expected one of entrykit.api.types or a Literal)",
    ),
    "secret": (
        GOOD.replace(
            "own_password: types.Secret | None",
            'own_password: Annotated[str, types.TypeInfo("secret", secret=True)] | None',
        ).replace("from typing import", "from typing import Annotated,"),
        "own_password: secret=True, but the value is of type str (expected Secret)",
    ),
    "folder": (
        GOOD.replace('default="/etc/own", description="Its', 'description="Its'),
        "config_dir has no default",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_70_a_broken_role_is_told_with_its_file(roles, name):
    text, said = BROKEN[name]
    file = roles / "own" / "role.py"
    file.write_text(text)

    code, lines = refused("render", "own", ENTRYKIT_ROLES_PATH=str(roles))

    assert code == 70
    assert said.format(file=file) in lines[0]
    assert lines[0].startswith(f"{file}:")
    assert not any("Traceback" in line for line in lines)


def test_70_faults_of_one_role_are_told_at_once_with_the_line_of_role(roles):
    text = GOOD.replace('".cfg":', '".ini":').replace('name="own"', 'name="other"')
    (roles / "own" / "role.py").write_text(text)

    code, lines = refused("env", "own", ENTRYKIT_ROLES_PATH=str(roles))

    number = text[: text.index("\nROLE")].count("\n") + 2
    assert code == 70
    assert len(lines) == 2
    assert all(line.startswith(f"{roles}/own/role.py:{number}: ") for line in lines)


def test_an_error_in_a_module_beside_it_is_told_with_that_file(roles):
    (roles / "own" / "role.py").write_text("from .values import x\n")
    (roles / "own" / "values.py").write_text("y = 1\nx = y.nothing\n")

    code, lines = refused("render", "own", ENTRYKIT_ROLES_PATH=str(roles))

    assert code == 70
    assert lines == [
        f"{roles}/own/values.py:2: AttributeError: 'int' object has no attribute 'nothing'"
    ]


def test_a_broken_role_hides_no_other_from_the_list(roles):
    own_role(roles, "broken", "1 / 0\n")

    done = entrykit("roles", environ={"ENTRYKIT_ROLES_PATH": str(roles)})

    assert done.returncode == 70
    assert "own\ta role for tests\n" in done.stdout
    assert f"{roles}/broken/role.py:1: ZeroDivisionError" in done.stderr
    own = {"ENTRYKIT_ROLES_PATH": str(roles)}
    assert entrykit("render", "own", environ=own).returncode == 0


@pytest.mark.parametrize("bug", ["1 / 0", '(_ for _ in ()).throw(OSError("odd"))'])
def test_a_bug_of_a_role_is_its_own_and_not_entrykits(environ, roles, bug):
    text = GOOD.replace("reads=lambda _command, _main: True", f"reads=lambda _c, _m: {bug}")
    (roles / "own" / "role.py").write_text(text)

    code, lines = refused("own", **environ)

    number = text[: text.index("reads=")].count("\n") + 1
    assert code == 70
    assert lines[-1] == (
        f"this is a bug in the role own, at {roles}/own/role.py:{number}: "
        "please report it with the lines above"
    )


def test_a_bug_between_a_role_and_entrykit_is_not_said_to_be_entrykits_alone(environ, roles):
    text = GOOD.replace("    check=", "    rules=lambda _settings: None,\n    check=")
    (roles / "own" / "role.py").write_text(text)

    code, lines = refused("own", **environ)

    assert code == 70
    assert lines[-1].startswith("this is a bug in entrykit or in the role own: please report it")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("run", 'lambda _settings: "own-daemon"'),
        ("without_entrypoint", 'lambda _words: "own-daemon"'),
        ("complete", 'lambda _settings, _words: "own-daemon"'),
    ],
)
def test_70_a_command_that_is_no_list_is_told(environ, roles, name, given):
    """The letters of a text would be taken for its words."""
    daemon = GOOD.replace('run=["own-daemon"], ', "") if name == "run" else GOOD
    text = daemon.replace("reads=", f"{name}={given}, reads=")
    (roles / "own" / "role.py").write_text(text)

    code, said = refused("own", *(["own-daemon"] if name == "complete" else []), **environ)

    expected = 'expected a list of words, e.g. ["own-daemon", "-f"]'
    assert code == 70
    assert said == [f"the role own: daemon.{name} returns a value of type str ({expected})"]


def test_a_broken_template_of_such_a_role_is_told_with_its_line(tmp_path):
    own_role(tmp_path, template="one\n{{ settings.nothing }}\n")

    code, lines = refused("render", "own", ENTRYKIT_ROLES_PATH=str(tmp_path))

    assert code == 70
    assert lines == ["own.cfg.j2:2: settings has no attribute 'nothing'"]


def test_a_small_role_is_what_the_judge_accepts(tmp_path):
    """What the other tests make by hand and what is refused above differ in one thing each."""
    (tmp_path / "main.cfg.j2").touch()
    from entrykit.discovery.loading import validate_role

    assert validate_role("small", small_role(Path(tmp_path)), "here").name == "small"
    assert os.listdir(tmp_path) == ["main.cfg.j2"]
