"""Templates are compiled once: per host if their directory is writable, else per process."""

from __future__ import annotations

import os
import stat

import jinja2
import pytest
from jinja2 import Environment, FileSystemLoader

from entrykit.rendering.cache import TemplateCache


class Counting(Environment):
    """Counts what it compiles."""

    compiled = 0

    def compile(self, *words, **how):
        type(self).compiled += 1
        return super().compile(*words, **how)


@pytest.fixture
def rendered(tmp_path):
    """Render the template in a new environment, as each file of a role is."""

    class Counted(Counting):
        pass

    def render():
        loader, cache = FileSystemLoader(tmp_path), TemplateCache(str(tmp_path))
        text = Counted(loader=loader, bytecode_cache=cache).get_template("a.j2").render()
        return text, Counted.compiled

    return render


def test_a_process_compiles_once_where_nothing_can_be_written(tmp_path, rendered):
    (tmp_path / "a.j2").write_text("{{ 1 + 1 }}")
    (tmp_path / "__pycache__").write_text("no folder")

    assert [rendered(), rendered(), rendered()] == [("2", 1)] * 3


def test_a_template_that_has_changed_is_compiled_anew(tmp_path, rendered):
    (tmp_path / "__pycache__").write_text("no folder")

    for number in (1, 2, 3):
        (tmp_path / "a.j2").write_text(f"{{{{ {number} }}}}")
        assert rendered() == (str(number), number)


def test_templates_of_one_name_in_two_folders_are_two(tmp_path):
    texts = {}
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.j2").write_text(f"{name} {{{{ 1 }}}}")
        (folder / "__pycache__").write_text("no folder")
        cache = TemplateCache(str(folder))
        environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=cache)
        texts[name] = environment.get_template("a.j2").render()

    assert texts == {"one": "one 1", "two": "two 1"}


def test_what_is_kept_can_be_read_by_the_next_uid_and_written_by_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    (tmp_path / "a.j2").write_text("{{ 1 + 1 }}")
    cache = TemplateCache(str(tmp_path))

    before = os.umask(0)
    try:
        Environment(loader=FileSystemLoader(tmp_path), bytecode_cache=cache).get_template("a.j2")
    finally:
        os.umask(before)

    (kept,) = (tmp_path / "__pycache__").iterdir()
    assert kept.name.endswith(f".jinja-{jinja2.__version__}")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, kept.parent)] == [0o644, 0o755]


def test_a_second_process_compiles_nothing(tmp_path, monkeypatch, rendered):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("entrykit.rendering.cache._COMPILED", {})
    (tmp_path / "a.j2").write_text("{{ 1 + 1 }}")

    first = rendered()
    monkeypatch.setattr("entrykit.rendering.cache._COMPILED", {})

    assert [first, rendered()] == [("2", 1)] * 2


def test_a_template_that_lies_elsewhere_is_never_kept(tmp_path, monkeypatch):
    """Nor is bytecode executed that lies beside it: another user may have written it."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    for name in ("own", "built-in"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.j2").write_text(name)
    cache = TemplateCache(str(tmp_path / "built-in"))

    loader = FileSystemLoader([tmp_path / "own", tmp_path / "built-in"])
    Environment(loader=loader, bytecode_cache=cache).get_template("a.j2")

    assert list(tmp_path.rglob("__pycache__")) == []
    assert cache.get_cache_key("a.j2", str(tmp_path / "own" / "a.j2")) == ""
