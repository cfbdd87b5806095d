"""Rendered files in tests: their text, sections and directives, or data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from entrykit.files.config_file import MARK
from entrykit.quoting.haproxy import quote_haproxy
from entrykit.quoting.nginx import quote_nginx
from entrykit.role import Role
from entrykit.testing.sections import Directive, Section

# Have pytest show failures at the line of the test (see entrykit.testing).
__tracebackhide__ = True


@dataclass(frozen=True, repr=False)
class RenderedFile:
    """One file of a role.

    Attributes:
        path: relative to the role's directory.
        text: the content, including secrets.
        mode: the permissions, 0640 if it contains a secret.
        role: the role.
    """

    path: str
    text: str
    mode: int
    role: Role[Any]

    def __repr__(self) -> str:
        return f"<{self.path}>"  # a failed assertion shows this; the text may contain secrets

    @cached_property
    def content(self) -> Section:
        """The whole file as a section; for haproxy.cfg and nginx.conf.

        Raises:
            AssertionError: the file has another format or is invalid.
        """
        quote = self.role.files.quoting[Path(self.path).suffix]
        if quote is quote_haproxy:
            from entrykit.testing.haproxy import parse
        elif quote is quote_nginx:
            from entrykit.testing.nginx import parse
        else:
            raise AssertionError(f"{self.path} is neither a haproxy.cfg nor an nginx.conf")
        return parse(self.path, self.text)

    def section(self, name: str) -> Section:
        """Return the section of this name; see `Section.section`."""
        return self.content.section(name)

    def sections(self, name: str) -> list[Section]:
        """Return all sections of this name; see `Section.sections`."""
        return self.content.sections(name)

    def directive(self, name: str) -> Directive:
        """Return the directive of this name; see `Section.directive`."""
        return self.content.directive(name)

    def directives(self, name: str) -> list[Directive]:
        """Return all directives of this name; see `Section.directives`."""
        return self.content.directives(name)

    @cached_property
    def data(self) -> Any:  # noqa: ANN401 -- JSON and YAML contain anything
        """The data of a JSON or YAML file.

        Raises:
            AssertionError: the file is neither.
        """
        import yaml

        try:
            return _parse_data(self.text)
        except (ValueError, yaml.YAMLError) as error:
            mark = getattr(error, "problem_mark", None)  # not the text, which may contain secrets
            line = f" (line {mark.line + 1})" if mark else ""
            raise AssertionError(f"{self.path} is neither JSON nor YAML{line}") from None


def _parse_data(text: str) -> object:
    """Parse JSON after entrykit's mark, which is not JSON; else YAML, where it is a comment."""
    import json

    import yaml

    _, _, below = text.partition("\n")
    try:
        return json.loads(below if text.startswith(MARK) else text)
    except ValueError:
        found = yaml.safe_load(text)
    if not isinstance(found, dict | list):
        raise ValueError("not a map or a list")  # noqa: TRY004 -- any text is a YAML string
    return found


class RenderedFiles(Mapping[str, RenderedFile]):
    """The files of a role by path, in the order in which they become live."""

    def __init__(self, files: Iterable[RenderedFile]) -> None:
        self._files = {file.path: file for file in files}

    def __getitem__(self, path: str) -> RenderedFile:
        if path not in self._files:
            raise KeyError(f"no file {path} (files: {', '.join(self._files)})")
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"RenderedFiles({', '.join(self._files)})"
