"""Each verb is one module with a small, frozen dataclass of its arguments."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from entrykit.cli import dispatch
from entrykit.verb_table import VERBS

COMMANDS = "entrykit.cli.commands."
# Runs the words after it, and prints which commands were imported.
LIST_COMMANDS = f"""
import sys
from entrykit.cli.main import main
try:
    main(["entrykit", *sys.argv[1:]], {{}})
except SystemExit:
    pass
names = sorted(name for name in sys.modules if name.startswith({COMMANDS!r}))
print(*names, file=sys.stderr)
"""


def imported(verb):
    """The commands that the help of a verb imports."""
    argv = [sys.executable, "-c", LIST_COMMANDS, verb, "--help"]
    process = subprocess.run(argv, capture_output=True, text=True, check=True)
    return [name.removeprefix(COMMANDS) for name in process.stderr.split()]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_imports_its_own_command_only(verb):
    """`render` has a second module, for `--template`."""
    own = [verb.replace("-", "_")]

    assert imported(verb) == (["render", "render_template"] if verb == "render" else own)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "haproxy", "-e", "A=1", "--no-env"],
         {"role": "haproxy", "env_file": [], "assignments": ["A=1"], "no_env": True}),
        (["diff", "haproxy", "--env-file", "a"],
         {"role": "haproxy", "env_file": ["a"], "assignments": [], "no_env": False}),
        (["explain", "haproxy", "-e", "A=1", "HTTP_PORT"],
         {"role": "haproxy", "env_file": [], "assignments": ["A=1"], "no_env": False,
          "target": "HTTP_PORT", "graph": None}),
        (["env", "haproxy", "--format=dotenv"], {"role": "haproxy", "format": "dotenv"}),
        (["roles"], {}),
        (["new-role", "a", "b"], {"name": "a", "folder": "b"}),
        (["wait", "file:/a", "--timeout", "1s", "--", "b", "-v"],
         {"targets": ["file:/a"], "timeout": "1s", "command": ["b", "-v"]}),
        (["render", "--template", "a:b", "--mode", "600", "--", "c"],
         {"role": None, "env_file": [], "assignments": [], "no_env": False, "folder": None,
          "templates": ["a:b"], "mode": 0o600, "command": ["c"]}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_a_command_gets_its_arguments_and_no_more(monkeypatch, words, expected):
    seen = []
    module = dispatch.import_module(COMMANDS + words[0].replace("-", "_"))
    monkeypatch.setattr(module, "run", lambda arguments, *_: seen.append(arguments) or 0)

    assert dispatch.run(words[0], words[1:], {}, dispatch.Log()) == 0

    (arguments,) = seen
    assert dataclasses.asdict(arguments) == expected
    for name in expected:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(arguments, name, None)
