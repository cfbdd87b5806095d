"""`entrykit new-role` writes a role that works as it is, and harms nothing that is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import httpx
import pytest
from haproxy.ports import free_port
from namespaces import mounted
from programs import ENTRYKIT, Running, entrykit, script, under_test

from entrykit.cli.main import main

BIN = Path(sys.executable).parent
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
NAMES = ["x", "my-app", "web-hook2", "thirty-characters-are-the-most"]


def new_role(name, folder):
    return main(["entrykit", "new-role", name, str(folder)], {})


@pytest.fixture
def path(tmp_path):
    """PATH with the nginx under test, and pytest."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nginx").symlink_to(under_test("nginx"))
    return f"{tmp_path}/bin:{BIN}:/usr/bin:/bin"


def test_it_lists_what_it_has_written(tmp_path, capsys):
    assert new_role("my-app", tmp_path / "a" / "b") == 0

    written = {path for path in (tmp_path / "a" / "b").rglob("*") if path.is_file()}
    assert {Path(line) for line in capsys.readouterr().out.splitlines()} == written
    names = {str(path.relative_to(tmp_path / "a" / "b")) for path in written}
    assert names >= {"my_app/role.py", "my_app/templates/nginx.conf.j2", "README.md",
                     "Dockerfile", "my_app/cases/minimal/env", "pytest.ini"}  # fmt: skip


def test_another_name_is_the_only_difference(tmp_path):
    new_role("my-app", tmp_path / "one")
    new_role("other", tmp_path / "two")

    written = {path: path.read_text() for path in (tmp_path / "two").rglob("*") if path.is_file()}
    assert written
    for path, text in written.items():
        assert not {"my-app", "my_app", "MY_APP", "MyApp"} & set(text.split())
        assert "my-app" not in text
        assert "my_app" not in str(path)


@pytest.mark.versions
@pytest.mark.parametrize("name", NAMES)
def test_its_tests_pass_at_once(tmp_path, path, name):
    new_role(name, tmp_path / "new")

    done = subprocess.run(
        ["pytest", "-q", "-p", "no:cacheprovider", "--entrykit-require-daemons"],
        cwd=tmp_path / "new", env={"PATH": path, "HOME": str(tmp_path)}, timeout=120,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_ruff_has_nothing_to_say_of_it(tmp_path, name):
    new_role(name, tmp_path / "new")

    for words in (["check"], ["format", "--diff"]):
        argv = [BIN / "ruff", *words, "--no-cache", "--config", PYPROJECT, "."]
        done = subprocess.run(argv, cwd=tmp_path / "new", capture_output=True, check=False)
        assert (done.returncode, done.stdout) in {(0, b"All checks passed!\n"), (0, b"")}


def test_mypy_has_nothing_to_say_of_it(tmp_path):
    new_role("my-app", tmp_path / "new")

    argv = [BIN / "mypy", "--strict", "--cache-dir", tmp_path / "cache", "."]
    done = subprocess.run(
        argv, cwd=tmp_path / "new", capture_output=True, text=True, check=False, timeout=300
    )

    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")


def test_it_runs(tmp_path, path):
    """From variables to an answer; the secret is nowhere but in the file; SIGTERM ends it well."""
    new_role("my-app", tmp_path / "new")
    port = free_port()
    environ = {
        "PATH": path, "CONFIG_DIR": str(tmp_path / "live"),
        "ENTRYKIT_ROLES_PATH": str(tmp_path / "new"), "MY_APP_LISTEN": f"127.0.0.1:{port}",
        "MY_APP_GREETING": 'good "day"; \\', "MY_APP_TOKEN": "made-up-token",
    }  # fmt: skip

    with Running([ENTRYKIT, "my-app"], environ, tmp_path / "log") as nginx:
        nginx.comes(lambda: answer(port) is not None)
        assert answer(port).status_code == 403
        heard = answer(port, {"X-Token": "made-up-token"})
        assert (heard.status_code, heard.text) == (200, 'good "day"; \\\n')
        nginx.process.terminate()
        assert nginx.ended() == 0
    assert "made-up-token" not in (tmp_path / "log").read_text()
    show = script(tmp_path / "show", "env")
    given = entrykit("my-app", environ=environ | {"ENTRYKIT_UPSTREAM": str(show)}).stdout
    assert "made-up-token" not in given
    assert "MY_APP_GREETING" in given
    assert (tmp_path / "live" / "nginx.conf").stat().st_mode & 0o777 == 0o640


def answer(port, headers=None):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", headers=headers, trust_env=False)
    except httpx.TransportError:
        return None


def test_73_what_is_there_is_not_overwritten_and_nothing_else_is_written(tmp_path, capsys):
    (tmp_path / "pytest.ini").write_text("mine")

    assert new_role("my-app", tmp_path) == 73

    assert f"{tmp_path}/pytest.ini: exists already; nothing was" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["pytest.ini"]
    assert (tmp_path / "pytest.ini").read_text() == "mine"


def test_73_a_second_time_is_refused_as_well(tmp_path):
    assert new_role("my-app", tmp_path) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert new_role("my-app", tmp_path) == 73
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_73_where_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").touch()

    assert new_role("my-app", tmp_path / "file" / "new") == 73
    assert "Traceback" not in capsys.readouterr().err


def test_73_a_full_disk_leaves_nothing_that_is_in_the_way(tmp_path):
    script = 'mount -t tmpfs -o size=8k none "$1"; "$2" new-role my-app "$1" || find "$1" -type f'

    done = mounted(script, tmp_path, ENTRYKIT)

    assert "No space left on device" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "name", ["", "Upper", "9app", "my_app", "-app", "app-", "a--b", "../x", "a b", "ä", "x" * 31]
)
def test_64_no_role_has_such_a_name(tmp_path, name, capsys):
    assert main(["entrykit", "new-role", "--", name, str(tmp_path / "new")], {}) == 64
    assert not (tmp_path / "new").exists()
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "said"), [("", "empty (expected a directory)"), ("x\udcff", "not valid UTF-8")]
)
def test_64_no_folder_has_such_a_name(tmp_path, folder, said, capsys):
    with chdir(tmp_path):
        assert main(["entrykit", "new-role", "my-app", folder], {}) == 64
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("name", "what"), [("haproxy", "a built-in role"), ("check", "a command")])
def test_64_the_name_is_entrykits_own(tmp_path, name, what, capsys):
    assert new_role(name, tmp_path / "new") == 64
    assert f"{name}: the name of {what} (choose another name)" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_first_commands_of_its_readme_work(tmp_path, path):
    new_role("my-app", tmp_path / "new")
    readme = (tmp_path / "new" / "README.md").read_text()
    commands = [line.strip() for line in readme.splitlines() if line.startswith("    entrykit ")]

    assert len(commands) == 3
    for command in commands:
        roles = {"ENTRYKIT_ROLES_PATH": str(tmp_path / "new"), "PATH": path}
        done = entrykit(*command.split()[1:], environ=roles)
        assert (command, done.returncode, done.stderr.count("error")) == (command, 0, 0)


def test_it_can_live_where_nobody_can_write(tmp_path, path):
    """As in an image: no bytecode is left beside it, and none is needed."""
    new_role("my-app", tmp_path / "new")
    shutil.rmtree(tmp_path / "new" / "my_app" / "cases")
    roles = {"ENTRYKIT_ROLES_PATH": str(tmp_path / "new"), "PATH": path}

    done = entrykit("render", "my-app", environ=roles | {"PYTHONDONTWRITEBYTECODE": "1"})

    assert done.returncode == 0
    assert [*(tmp_path / "new").rglob("__pycache__")] == []
