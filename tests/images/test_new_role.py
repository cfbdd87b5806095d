"""A new role touches its own directories and its page; everything else is derived or generated.

The role is nginx-static under another name, in a copy of the repository.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
NEW, LIKE = "whatnot", "nginx-static"
COPIED = ("deploy", "docs", "entrykit", "examples", "images", "tests", "tools")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "README.md", "pyproject.toml")
OWN = (f"entrykit/roles/{NEW}/", f"images/{NEW}/", f"docs/{NEW}.md")
# Tables, which `make generated` writes.
GENERATED = {"docs/images.md", "docs/index.md", "docs/templates.md", "docs/variables.md"}
WRITING = ("test_generated.py", "test_blocks.py", "test_docs.py")
CHECKING = (*WRITING, "test_index.py", "test_dockerfiles.py", "test_image_toml.py")
# Of a page's commands and of entrykit's own modules, which have nothing to do with roles.
OTHERS = "not help and not readme and not module"
PAGE = f"""\
# The role whatnot

Every exit code: {", ".join(map(str, range(64, 128)))}.

## Variables

<!-- variables: begin -->
<!-- variables: end -->

## Template blocks

<!-- blocks: begin -->
<!-- blocks: end -->
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The copy, with the role's own files and no other change; its Debian package is its own."""
    tree = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("__pycache__", "_site", ".[!g]*")
    for name in COPIED:
        shutil.copytree(HOME / name, tree / name, ignore=ignore)
    for name in FILES:
        shutil.copy(HOME / name, tree)
    return tree


@pytest.fixture(scope="module")
def before(tree):
    """What the files were before there was a role."""
    return checksums(tree)


@pytest.fixture(scope="module")
def added(tree, before):
    """The tree with the role's own files."""
    roles = tree / "entrykit/roles"
    shutil.copytree(roles / LIKE.replace("-", "_"), roles / NEW)
    shutil.copytree(
        tree / "images" / LIKE / "cases/minimal", tree / "images" / NEW / "cases/minimal"
    )
    shutil.copy(tree / "images" / LIKE / "image.toml", tree / "images" / NEW)
    for folder in (roles / NEW, tree / "images" / NEW):
        for path in folder.rglob("*.*"):
            renamed(path)
    data = tree / "images" / NEW / "image.toml"
    data.write_text(
        data.read_text()
        .replace("library/nginx:", "library/whatnot:")
        .replace('nginx = "nginx"', 'whatnot-server = "nginx"')
    )
    (tree / "docs" / f"{NEW}.md").write_text(PAGE)
    assert {*changed(tree, before)} == {path for path in checksums(tree) if path.startswith(OWN)}
    return tree


def renamed(path):
    if path.is_file():
        text = path.read_text()
        path.write_text(text.replace(LIKE, NEW).replace(LIKE.replace("-", "_"), NEW))


def checksums(tree):
    return {
        str(path.relative_to(tree)): sha256(path.read_bytes()).digest()
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".pytest_cache" not in path.parts
    }


def changed(tree, before):
    return {path for path, digest in checksums(tree).items() if before.get(path) != digest}


def run(tree, *words, **environ):
    """Run a module of Python in the tree, and nothing of this repository's."""
    paths = f"{tree}:{tree}/tools"
    known = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": paths, "HOME": str(tree)}
    argv = [sys.executable, "-B", "-m", *words]
    done = subprocess.run(
        argv, cwd=tree, env=known | environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(tree, *names):
    """Where tests are, wherever they are."""
    return [str(next((tree / "tests").rglob(name))) for name in names]


def test_it_is_listed_with_its_packages_and_bases(added):
    assert "whatnot-server=nginx\n" in run(added, "image_data", "packages")
    assert f"{NEW} docker.io/library/whatnot:1.28\n" in run(added, "image_data", "bases", "latest")
    assert f"{NEW}\t" in run(added, "entrykit", "roles")


def test_its_dockerfile_is_written(added):
    """From the template, and as that of any other image."""
    assert f"images/{NEW}/Dockerfile\n" in run(added, "image_data", "dockerfiles")

    written = (added / "images" / NEW / "Dockerfile").read_text()
    like = (added / "images" / LIKE / "Dockerfile").read_text()
    assert written == like.replace(LIKE, NEW).replace("library/nginx:", "library/whatnot:")
    assert run(added, "image_data", "dockerfiles") == ""


def test_the_tables_of_the_pages_have_it(added, before):
    """Nothing but tables is written, and then every test of the pages passes."""
    run(added, "image_data", "dockerfiles")
    options = ("-q", "-p", "no:cacheprovider", "-k", OTHERS)
    run(added, "pytest", *options, *found(added, *WRITING), UPDATE_CASES="1")
    assert {path for path in changed(added, before) if not path.startswith(OWN)} == GENERATED

    run(added, "pytest", *options, *found(added, *CHECKING))
    docs = {path.stem: path.read_text() for path in (added / "docs").glob("*.md")}
    assert f"- [{NEW}]({NEW}.md): " in docs["index"]
    assert f"- [{NEW}]({NEW}.md#template-blocks)\n" in docs["templates"]
    assert len(re.findall(rf"^\| `{NEW}` \|", docs["images"], re.MULTILINE)) == 2
    assert f"[{NEW}]({NEW}.md#variables)" in docs["variables"]
    assert "| `nginx.conf.j2` | `server` |" in docs[NEW]


def test_the_tests_run_for_it(added):
    """Its cases, with every release of its daemon; its image, on each base; what all roles can."""
    run(added, "image_data", "dockerfiles")
    where = ["images", "tests/containers", *found(added, "test_handover.py", "test_blocks.py")]
    collected = run(added, "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *where)

    for name in (
        f"images/{NEW}/cases/minimal/env::check",
        f"test_every_image.py::test_bad_variables_start_nothing[{NEW}-root-writable]",
        f"test_servers.py::test_any_user_on_any_root[{NEW}-alpine-root-read-only]",
        f"test_layer.py::test_labels[{NEW}]",
        f"test_bookworm.py::test_python_runs_on_the_bases_own_glibc[{NEW}-bookworm]",
        f"test_a_question_about_the_daemon_itself_is_just_asked[{' '.join(NEW)}-",
        f"test_a_block_can_be_changed_and_is_where_it_says[{NEW}-nginx.conf.j2-server]",
    ):
        assert name in collected
    versions = run(
        added,
        "pytest",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        "-q",
        "-m",
        "versions",
        "images",
    )
    assert f"images/{NEW}/cases/minimal/env::check" in versions


def test_its_cases_pass(added):
    """Checked by the daemon."""
    run(added, "pytest", "-q", "-p", "no:cacheprovider", f"images/{NEW}")
