"""Hide secrets in rendered files, and in the files on disk that they would replace.

Nothing is known of where a role writes its secrets, so that is found out: the files are
rendered again with other values of each private variable, set or not. Lines that differ follow
the variable. What two renderings of such a line have in common, before and after the value,
finds the value in the file on disk as well, where an older secret may stand.

A line on disk that no rendering has, in a file that is not world-readable, is shown with those
words alone that the new files have too: it may hold a secret that moved or went away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import takewhile
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from entrykit.explain.field_usage import record_reads
from entrykit.explain.reference import variables
from entrykit.explain.variants import find_variants
from entrykit.rendering.role_files import render
from entrykit.role import HostFacts, Role
from entrykit.variables.metadata import type_info
from entrykit.variables.secret import MASK, SNIPPET_COMMENTS, Secret, mask_snippets
from entrykit.variables.settings import Settings, mask_secrets

# Values unlike any other, and unlike each other at both ends.
_SENTINELS: Final = ("Xq7Zk9Wm2T4v", "Lp3Rn8Yd6K1s")
_WORD: Final = re.compile(r"[\w-]+")
_is_small_number: Final = re.compile(r"[0-9]{1,5}").fullmatch

Template = tuple[str, str]
Texts = Mapping[str, str]


class Masker:
    """Masks the lines of a role's files.

    Args:
        role: whose files.
        settings: its variables.
        facts: what the files are rendered with; those of an ordinary host where left out.
    """

    def __init__(self, role: Role[Any], settings: Settings, facts: HostFacts | None = None) -> None:
        self._role, self._settings, self._facts = role, settings, facts
        self._base = self._render(settings)
        self._private: dict[str, set[str]] = defaultdict(set)
        self._templates: dict[str, dict[Template, None]] = defaultdict(dict)
        used, read = record_reads(settings)
        render(role, used, facts)
        for name in _private_fields(type(settings)):
            if name in read:
                self._study(name)
        seen = (line for path, text in self._base.items() for line in self.mask_new(path, text))
        self._known = {word for line in seen for word in _WORD.findall(line)}

    def mask_new(self, path: str, text: str) -> list[str]:
        """Return the lines of a rendered file, secrets masked."""
        return [self.mask_line(path, line) for line in mask_snippets(text).split("\n")]

    def mask_old(self, path: str, text: str, *, private: bool) -> list[str]:
        """Return the lines of a file on disk, secrets masked that stand there now or once did.

        Args:
            path: its name among the role's files.
            text: what it holds.
            private: whether it is not world-readable, as files with secrets are not.
        """
        current = set(mask_snippets(self._base.get(path, "")).split("\n"))
        return [
            self.mask_line(path, line)
            if line in current
            else self._mask_unknown_line(path, line, private=private)
            for line in mask_snippets(text).split("\n")
        ]

    def _render(self, settings: Settings) -> Texts:
        files = render(self._role, settings, self._facts)
        return {path: file.text for path, file in files.items()}

    def _study(self, name: str) -> None:
        """Find the lines that follow one variable, and what they have beside its value."""
        exact = self._sentinel_renderings(name)
        if name in self._settings.model_fields_set:  # nothing follows a secret that is not set
            for texts in exact or self._variant_renderings(name):
                for path, line in _missing_lines(self._base, texts):
                    self._private[path].add(line)
        for path in set().union(*exact):
            for first, second in _changed_lines(*(texts.get(path, "") for texts in exact)):
                before, after = _common_ends(first, second)
                if _WORD.search(before):  # one that is the line's beginning says nothing of it
                    self._templates[path][before, after] = None

    def _sentinel_renderings(self, name: str) -> list[Texts]:
        """Render with two made-up secrets; nothing where the role can make no use of them."""
        if _value_type(type(self._settings).model_fields[name].annotation) is not Secret:
            return []
        return [*self._try({name: Secret(text)} for text in _SENTINELS)]

    def _variant_renderings(self, name: str) -> list[Texts]:
        """Render with other valid values, and with none."""
        model = type(self._settings)
        variable = next(each for each in variables(model) if each.name == name.upper())
        value = getattr(self._settings, name)
        given = _text_of(value) if name in self._settings.model_fields_set else None
        found = find_variants(variable, model.model_fields[name], value, given)
        return [*self._try({name: each.value} for each in found)]

    def _try(self, changes: Iterable[dict[str, object]]) -> Iterator[Texts]:
        values = {name: getattr(self._settings, name) for name in type(self._settings).model_fields}
        for change in changes:
            given = self._settings.model_fields_set | change.keys()
            other = self._settings.model_construct(_fields_set=given, **values | change)
            try:
                yield self._render(other)
            except Exception:  # noqa: BLE001, S112 -- not a value that this role can use
                continue

    def _match(self, path: str, line: str) -> str | None:
        """Return the line with a mask where a template has the value; None if none fits."""
        for before, after in self._templates[path]:
            room = len(line) - len(before) - len(after)
            if room >= 0 and line.startswith(before) and line.endswith(after):
                return f"{before}{MASK}{after}"
        return None

    def mask_line(self, path: str, line: str) -> str:
        """Return one line of a rendered file, secrets masked."""
        if line in self._private[path]:
            line = self._match(path, line) or re.sub(r"\S.*", MASK, line)
        return mask_secrets(line, self._settings)

    def _mask_unknown_line(self, path: str, line: str, *, private: bool) -> str:
        if masked := self._match(path, line):
            return mask_secrets(masked, self._settings)
        return self._mask_unknown_words(line) if private else mask_secrets(line, self._settings)

    def _mask_unknown_words(self, line: str) -> str:
        def show(found: re.Match[str]) -> str:
            word = found[0]
            return word if word in self._known or _is_small_number(word) else MASK

        return _WORD.sub(show, mask_secrets(line, self._settings))


def _private_fields(model: type[Settings]) -> list[str]:
    """Return the fields whose values are secrets, raw lines or whole files."""
    return [name for name, field in model.model_fields.items() if type_info(field).secret]


def _value_type(annotation: object) -> object:
    """Return the class of a field's values: of `Annotated[Secret, …] | None` that is Secret."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) in (Union, UnionType) or hasattr(annotation, "__metadata__"):
        return _value_type(parts[0])
    return annotation


def _text_of(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


def _missing_lines(texts: Texts, others: Texts) -> Iterator[tuple[str, str]]:
    for path, text in texts.items():
        known = {*others.get(path, "").split("\n"), *SNIPPET_COMMENTS}
        yield from (
            (path, line)
            for line in text.split("\n")
            if line.strip() not in known and line not in known
        )


def _changed_lines(first: str, second: str) -> Iterator[tuple[str, str]]:
    """Yield each line of one text with its counterpart where the other text differs."""
    one, two = first.split("\n"), second.split("\n")
    if len(one) == len(two):
        yield from ((a, b) for a, b in zip(one, two, strict=True) if a != b)
        return
    for _, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if b - a == d - c:
            pairs = zip(one[a:b], two[c:d], strict=True)
            yield from ((left, right) for left, right in pairs if left != right)


def _common_ends(first: str, second: str) -> Template:
    """Return what two lines have in common at their beginning and at their end.

    Words are left out in which a value may begin or end: two values may share a letter.
    """
    before = _common_prefix(first, second)
    rest = [line[len(before) :][::-1] for line in (first, second)]
    after = _common_prefix(*rest)[::-1]
    return re.sub(r"[\w-]+\Z", "", before), re.sub(r"\A[\w-]+", "", after)


def _common_prefix(first: str, second: str) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return "".join(char for char, _ in pairs)
