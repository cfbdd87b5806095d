"""pydantic is imported without importlib.metadata, and nothing else ever notices."""

from __future__ import annotations

import subprocess
import sys

import pytest

from entrykit.cli.pydantic_plugins import import_without_plugins

START = "import sys\nfrom entrykit.cli.pydantic_plugins import import_without_plugins\n"


def python(code):
    """The output of a fresh interpreter."""
    argv = [sys.executable, "-c", START + code]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


def test_models_are_defined_without_importlib_metadata():
    code = (
        "import_without_plugins()\n"
        "import pydantic\n"
        "class Model(pydantic.BaseModel):\n    x: int\n"
        "print(Model(x='1').x, 'importlib.metadata' in sys.modules)"
    )

    assert python(code) == "1 False\n"


def test_the_real_importlib_metadata_can_be_imported_afterwards():
    code = (
        "import_without_plugins()\n"
        "import importlib.metadata as metadata\n"
        "print(metadata.version('pydantic') == __import__('pydantic').VERSION)"
    )

    assert python(code) == "True\n"


def test_an_importlib_metadata_that_is_imported_already_stays():
    code = (
        "import importlib.metadata as metadata\n"
        "import_without_plugins()\n"
        "print(sys.modules['importlib.metadata'] is metadata, 'pydantic' in sys.modules)"
    )

    assert python(code) == "True False\n"


@pytest.mark.parametrize(
    "search",
    [
        "import importlib.metadata as m\nfound = [*m.distributions()]",  # pydantic 2.10
        "from importlib.metadata import entry_points\nfound = [*entry_points(group='pydantic')]",
        "raise ImportError",
        "raise ValueError('a bug')",
    ],
)
def test_any_search_finds_nothing_and_leaves_nothing_behind(monkeypatch, search):
    import importlib.metadata as real

    from entrykit.cli import pydantic_plugins

    def import_loader(name):
        scope = {}
        exec(search, scope)
        assert (name, scope["found"]) == ("pydantic.plugin._loader", [])

    monkeypatch.delitem(sys.modules, "importlib.metadata")
    monkeypatch.delattr("importlib.metadata")
    monkeypatch.setattr(pydantic_plugins, "import_module", import_loader)
    if "ValueError" in search:
        with pytest.raises(ValueError, match="a bug"):
            import_without_plugins()
    else:
        import_without_plugins()

    assert "importlib.metadata" not in sys.modules
    assert real.entry_points
