"""Templates are compiled once: by the machine where their folder can be written, else a process."""

from __future__ import annotations

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
