"""The plugin in a pytest run without cases, and on a host without Linux."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import pytest
from namespaces import UNSHARE
from testing.repository import Repository

from entrykit.testing.plugin import pytest_ignore_collect

BARE = """\
import sys

HEAVY = {"jinja2", "pydantic", "yaml", "crossplane", "entrykit.role", "entrykit.variables.settings"}

def test_it():
    assert "entrykit.testing.plugin" in sys.modules
    assert HEAVY & sys.modules.keys() == set()
    ours = {name for name in sys.modules if name.partition(".")[0] == "entrykit"}
    testing = {f"entrykit.testing.{name}" for name in ("options", "plugin", "warnings")}
    assert ours == {"entrykit", "entrykit.errors", "entrykit.testing"} | testing
"""


def test_it_is_found_by_its_entry_point():
    (ours,) = entry_points(group="pytest11", name="entrykit")

    assert ours.value == "entrykit.testing.plugin"


@pytest.mark.parametrize("files", [{}, {"env": "X=1", "a/env": "X=1", "b/expected/x": ""}])
def test_it_imports_nothing_before_there_is_a_case(tmp_path, files):
    """Even if files and directories happen to have these names."""
    repository = Repository(tmp_path).add({"test_it.py": BARE, **files})

    assert repository.program("-W", "error").counts == {"passed": 1}


INSTALLED = {
    "METADATA": "Metadata-Version: 2.1\nName: installed\nVersion: 1\n",
    "RECORD": "entrykit/__init__.py,,\nentrykit/testing/plugin.py,,\n",
    "entry_points.txt": "[pytest11]\nentrykit = entrykit.testing.plugin\n",
}


def test_entrykit_may_be_imported_before_pytest(tmp_path):
    """Pytest marks the packages of plugins for itself, and warns where it comes too late.

    An editable installation, which the tests have, does not list its packages; this one does.
    """
    metadata = {f"installed-1.dist-info/{name}": text for name, text in INSTALLED.items()}
    repository = Repository(tmp_path).add({"test_it.py": "def test_it(): 0", **metadata})
    program = "import entrykit, pytest, sys; sys.exit(pytest.main(['-W', 'error', 'test_it.py']))"

    done = repository.run(sys.executable, "-c", program, PYTHONPATH=str(repository.folder))

    assert done.returncode == 0, done.stderr


def test_it_can_be_left_out(tmp_path):
    repository = Repository(tmp_path).add({"haproxy/env": "", "haproxy/error.txt": ""})

    assert repository.program("-p", "no:entrykit").code == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_folder_that_is_only_called_expected_is_searched(tmp_path):
    """It is a case's where `env` lies beside it."""
    (tmp_path / "expected").mkdir()
    assert pytest_ignore_collect(tmp_path / "expected") is None

    (tmp_path / "env").touch()
    assert pytest_ignore_collect(tmp_path / "expected") is True


def test_every_option_is_in_the_help(tmp_path):
    said = Repository(tmp_path).pytest("--help").said

    for word in ("--entrykit-update", "--entrykit-require-daemons", "entrykit_role (string)",
                 "entrykit_check (bool)"):  # fmt: skip
        assert word in said


# Names that os has on Linux alone, as documented there; and /proc is covered.
ELSEWHERE = """\
import os, sys

for name in ("sched_getaffinity", "memfd_create", "pidfd_open", "eventfd", "getrandom",
             "posix_fadvise", "copy_file_range", "splice", "unshare", "setns", "O_TMPFILE",
             "O_PATH", "getxattr", "setxattr", "listxattr"):
    if hasattr(os, name):
        delattr(os, name)
assert not os.path.exists("/proc/self")
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("role", "daemon", "domains"),
    [("haproxy", "haproxy", "web:example.com"), ("nginx-static", "nginx", "example.com")],
)
def test_nothing_is_needed_that_linux_alone_has(tmp_path, role, daemon, domains):
    """A stand-in for macOS: without /proc, and without what its Python has not."""
    repository = Repository(tmp_path, daemon).add({
        "env": f"DOMAINS={domains}\n",
        "elsewhere.py": ELSEWHERE,
        "pytest.ini": f"[pytest]\nentrykit_role = {role}\nentrykit_check = on\n",
    })  # fmt: skip
    script = 'mount -t tmpfs none /proc; exec "$@"'
    run = (*UNSHARE, "sh", "-euc", script, "sh",
           sys.executable, "elsewhere.py", "-p", "no:cacheprovider",
           "--entrykit-require-daemons")  # fmt: skip

    written = repository.run(*run, "--entrykit-update")
    checked = repository.run(*run)

    assert "1 updated" in written.stdout, written.stdout + written.stderr
    assert "2 passed" in checked.stdout, checked.stdout + checked.stderr
