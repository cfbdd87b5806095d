"""Hide secrets in rendered files, and in the files on disk that they would replace.

Nothing is known of where a role writes its secrets, so that is found out: the files are
rendered twice more with made-up secrets, in the place of all that are set, and of each that is
not. Lines that differ follow a secret; what two of them have in common before and after it finds
the secret in the file on disk as well, where an older one may stand.

Any other line on disk, in a file that may hold secrets, is shown with those words alone that the
new files have too, or files of default values: it may hold a secret that moved or went away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from entrykit.variables.secret import MASK, SNIPPET_COMMENTS, Secret, is_private, mask_snippets
from entrykit.variables.settings import Settings, mask_secrets

# Made-up secrets, unlike any other, and unlike each other at both ends.
_MADE_UP: Final = ("Xq7Zk{}9Wm2T4v", "Lp3Rn{}8Yd6K1s")
_PUNCTUATION: Final = "\"'`(){}[]<>,;:="
_BRACKETS: Final = frozenset("{}()[];")

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
        self._base = self._render({})
        # By path: lines that follow a secret, lines that are hidden as a whole, and templates.
        self._private: dict[str, set[str]] = defaultdict(set)
        self._hidden: dict[str, set[str]] = defaultdict(set)
        self._templates: dict[str, dict[Template, None]] = defaultdict(dict)
        self._study()
        self._known = self._collect_words()

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
        private = private or self._may_hold_secrets(path)
        return [
            self.mask_line(path, line)
            if line in current
            else self._mask_unknown_line(path, line, private=private)
            for line in mask_snippets(text).split("\n")
        ]

    def _may_hold_secrets(self, path: str) -> bool:
        return any(path in found for found in (self._private, self._hidden, self._templates))

    def mask_line(self, path: str, line: str) -> str:
        """Return one line of a rendered file, secrets masked."""
        if line in self._hidden.get(path, ()):
            line = _hide(line)
        elif line in self._private.get(path, ()):
            line = self._match(path, line) or _hide(line)
        return mask_secrets(line, self._settings)

    def _study(self) -> None:
        """Find the lines that follow private variables, and what stands beside the values."""
        used, read = record_reads(self._settings)
        render(self._role, used, self._facts)
        model = type(self._settings).model_fields
        names = [name for name, field in model.items() if type_info(field).secret and name in read]
        exact = [name for name in names if _value_type(model[name].annotation) is Secret]
        self._exact = exact
        given = [name for name in names if is_private(getattr(self._settings, name))]
        together = [name for name in exact if name in given]
        self._study_together(together)
        for name in exact:
            if name not in given and (pair := self._find_pair([*together, name])):
                self._note_templates(pair)
        for name in given:
            if name not in exact:
                self._hide_lines(name)

    def _study_together(self, names: Sequence[str]) -> None:
        """Study all secrets that are set: a line may follow several of them."""
        if not names:
            return
        if pair := self._find_pair(names):
            self._note_templates(pair)
            for path, line in (found for texts in pair for found in self._lines_not_in(texts)):
                self._private[path].add(line)
            return
        for name in names:
            self._hide_lines(name)

    def _find_pair(self, names: Sequence[str]) -> tuple[Texts, Texts] | None:
        """Render with two made-up values of each; None where the role can make no use of them."""
        for make in (_make_up, self._make_similar):
            texts = [
                self._try(
                    {name: Secret(make(name, place, turn)) for place, name in enumerate(names)}
                )
                for turn in range(2)
            ]
            if texts[0] is not None and texts[1] is not None:
                return texts[0], texts[1]
        return None

    def _make_similar(self, name: str, place: int, turn: int) -> str:
        """Make up a secret of the same shape, as a pattern may demand."""
        value = getattr(self._settings, name)
        if not isinstance(value, Secret):
            return _make_up(name, place, turn)
        return "".join(_shift(char, turn + 1) for char in value.reveal())

    def _note_templates(self, pair: tuple[Texts, Texts]) -> None:
        first, second = pair
        for path in first:
            for one, two in _changed_lines(first[path], second.get(path, "")):
                before, after = _common_ends(one, two)
                if re.search(r"\w", before):  # a line's bare beginning says nothing of it
                    self._templates[path][before, after] = None

    def _hide_lines(self, name: str) -> None:
        """Hide every line that another value changes; where none can be tried, every line."""
        found = [*self._render_variants(name)]
        for path, line in (each for texts in found for each in self._lines_not_in(texts)):
            self._hidden[path].add(line)
        if not found:
            for path, text in self._base.items():
                self._hidden[path].update(text.split("\n"))

    def _render_variants(self, name: str) -> Iterator[Texts]:
        model = type(self._settings)
        variable = next(each for each in variables(model) if each.name == name.upper())
        value = getattr(self._settings, name)
        text = value.reveal() if isinstance(value, Secret) else str(value)
        for variant in find_variants(variable, model.model_fields[name], value, text):
            if (texts := self._try({name: variant.value})) is not None:
                yield texts

    def _render(self, changes: Mapping[str, object]) -> Texts:
        values = {name: getattr(self._settings, name) for name in type(self._settings).model_fields}
        given = self._settings.model_fields_set | changes.keys()
        settings = self._settings
        if changes:
            settings = settings.model_construct(_fields_set=given, **{**values, **changes})
        files = render(self._role, settings, self._facts)
        return {path: file.text for path, file in files.items()}

    def _try(self, changes: Mapping[str, object]) -> Texts | None:
        try:
            return self._render(changes)
        except Exception:  # noqa: BLE001 -- not values that this role can use
            return None

    def _lines_not_in(self, others: Texts) -> Iterator[tuple[str, str]]:
        for path, text in self._base.items():
            known = {*others.get(path, "").split("\n")}
            for line in text.split("\n"):
                if line not in known and line.strip() not in SNIPPET_COMMENTS:
                    yield path, line

    def _collect_words(self) -> set[str]:
        """Return the words that are no secrets: of the new files, and of default values."""
        seen = [line for path, text in self._base.items() for line in self.mask_new(path, text)]
        for text in (self._render_defaults() or {}).values():
            seen += text.split("\n")
        return {part for line in seen for word in line.split() for part in (word, _core(word))}

    def _render_defaults(self) -> Texts | None:
        """Render with default values, and with made-up secrets if any are needed."""
        fields = type(self._settings).model_fields
        values = {name: field.default for name, field in fields.items() if not field.is_required()}
        values["config_dir"] = self._settings.config_dir
        for place, (name, field) in enumerate(fields.items()):
            if is_private(values.get(name, getattr(self._settings, name))):
                if _value_type(field.annotation) is not Secret:
                    return None
                values[name] = Secret(_make_up(name, place, 0))
        made_up = {name: Secret(_make_up(name, 0, 0)) for name in self._exact}
        found = self._try(values)
        return self._try(values | made_up) if found is None else found

    def _match(self, path: str, line: str) -> str | None:
        """Return the line with a mask where a template has the value; None if none fits."""
        for before, after in self._templates.get(path, ()):
            room = len(line) - len(before) - len(after)
            if room >= 0 and line.startswith(before) and line.endswith(after):
                return f"{before}{MASK}{after}"
        return None

    def _mask_unknown_line(self, path: str, line: str, *, private: bool) -> str:
        if masked := self._match(path, line):
            return mask_secrets(masked, self._settings)
        return self._mask_unknown_words(line) if private else mask_secrets(line, self._settings)

    def _mask_unknown_words(self, line: str) -> str:
        def show(found: re.Match[str]) -> str:
            word = found[0]
            core = _core(word)
            known = core in self._known if core else word in self._known or word in _BRACKETS
            return word if known else MASK

        return re.sub(r"\S+", show, mask_secrets(line, self._settings))


def _make_up(_name: str, place: int, turn: int) -> str:
    return _MADE_UP[turn].format(place)


def _shift(char: str, steps: int) -> str:
    """Return another character of the same kind: a digit, a letter of hexadecimal, a letter."""
    for alphabet in (
        "0123456789",
        "abcdef",
        "ghijklmnopqrstuvwxyz",
        "ABCDEF",
        "GHIJKLMNOPQRSTUVWXYZ",
    ):
        if char in alphabet:
            return alphabet[(alphabet.index(char) + steps) % len(alphabet)]
    return char


def _hide(line: str) -> str:
    return re.sub(r"\S.*", MASK, line)


def _core(word: str) -> str:
    return word.strip(_PUNCTUATION)


def _value_type(annotation: object) -> object:
    """Return the class of a field's values: of `Annotated[Secret, …] | None` that is Secret."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) in (Union, UnionType) or hasattr(annotation, "__metadata__"):
        return _value_type(parts[0])
    return annotation


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
