"""Parse nginx.conf into sections of directives with crossplane, NGINX's own parser.

Included files are not followed; each is a file of the role.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from tempfile import TemporaryDirectory
from typing import Any

from entrykit.testing.sections import Directive, Section

# Have pytest show failures at the line of the test (see entrykit.testing).
__tracebackhide__ = True


def parse(path: str, text: str) -> Section:
    """Parse a file.

    Args:
        path: its name, for messages.
        text: its content.

    Raises:
        AssertionError: it is not a valid nginx.conf.
        ImportError: crossplane is not installed.
    """
    config = _parse_config(text)
    if config["errors"]:
        first = config["errors"][0]
        raise AssertionError(f"{path}:{first['line']}: {first['error'].partition(' in ')[0]}")
    whole = Section(path, (), 1)
    _fill(whole, config["parsed"], path)
    return whole


def _parse_config(text: str) -> Mapping[str, Any]:
    try:
        import crossplane
    except ImportError as error:
        tip = 'pip install "entrykit[testing]"'
        raise ImportError(f"crossplane, which reads nginx.conf, is not installed: {tip}") from error
    # crossplane reads files only. The file may contain secrets: it is private, and removed at once.
    with TemporaryDirectory(prefix="entrykit-") as folder:
        file = os.path.join(folder, "nginx.conf")
        with open(file, "w", encoding="utf-8", newline="") as target:
            target.write(text)
        found: Mapping[str, Any] = crossplane.parse(
            file, single=True, check_ctx=False, check_args=False
        )["config"][0]
    return found


def _fill(section: Section, statements: Iterable[Mapping[str, Any]], path: str) -> None:
    for statement in statements:
        words = [statement["directive"], *statement["args"]]
        if "block" not in statement:
            section.lines.append(Directive(words, statement["line"]))
            continue
        inner = Section(f"{' '.join(words)} in {path}", words, statement["line"])
        _fill(inner, statement["block"], path)
        section.inner.append(inner)
