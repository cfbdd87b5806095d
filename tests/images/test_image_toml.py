"""images/<name>/image.toml: what is wrong with one is told by its file and key."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from image_data.listing import ImageError, load, names

from entrykit.discovery.finder import role_names

HOME = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.name for path in HOME.glob("images/*/") if path.name != "__pycache__")


@pytest.fixture
def tree(tmp_path):
    """A repository with the image of haproxy, and what its file says."""
    (tmp_path / "entrykit/roles/haproxy").mkdir(parents=True)
    (tmp_path / "images/haproxy").mkdir(parents=True)
    shutil.copy(HOME / "images/haproxy/image.toml", tmp_path / "images/haproxy")
    return tmp_path


def changed(tree, old, new):
    path = tree / "images/haproxy/image.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ImageError) as error:
        load("haproxy", tree)
    return str(error.value).splitlines()


def test_every_folder_and_every_role_has_one():
    assert names() == FOLDERS
    assert set(role_names()) == set(FOLDERS) - {"entrykit"}


@pytest.mark.parametrize("name", FOLDERS)
def test_it_is_valid(name):
    load(name)


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('title = "', 'titel = "', "title", "missing"),
        ('title = "', 'titel = "', "titel", "unknown key"),
        ("[health]", "[healthy]", "health", "missing"),
        ("[health]", "[healthy]", "healthy", "unknown key"),
        ("trial = {", "tried = {", "trial", "missing"),
        ('libc = "glibc"', 'libc = "uclibc"', "base.libc", "Input should be 'glibc' or 'musl'"),
        ('libc = "glibc"', "", "base.libc", "missing"),
        ('workdir = "/', 'workdir = "', "base.workdir", "String should match pattern '^/'"),
        ("port = 80", 'port = "80"', "container.serves.port", "Input should be a valid integer"),
        ('title = "', "title = ", "", "Invalid value"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_key(tree, old, new, key, reason):
    told = changed(tree, old, new)

    assert any(
        line.startswith(f"images/haproxy/image.toml: {key}") and reason in line for line in told
    )


def test_an_image_without_a_role_needs_less_and_may_say_no_more(tree):
    """Labels, health and tests are of what a role makes."""
    (tree / "entrykit/roles/haproxy").rmdir()

    told = changed(tree, "title", "title")

    assert "images/haproxy/image.toml: service: unknown key" in told


def test_the_command_tells_it_and_fails(tree):
    for name in ("image_data/__init__.py", "image_data/__main__.py", "image_data/dockerfile.py",
                 "image_data/listing.py", "image_data/model.py"):  # fmt: skip
        (tree / "tools/image_data").mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / "tools" / name, tree / "tools" / name)
    (tree / "images/haproxy/image.toml").write_text("title = 1\n")
    argv = [sys.executable, "-m", "image_data", "packages"]
    done = subprocess.run(
        argv, env={"PYTHONPATH": str(tree / "tools")}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "images/haproxy/image.toml: title: Input should be a valid string" in done.stderr
