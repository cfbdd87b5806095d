"""The base of every role's settings: made of environment variables, frozen, self-describing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from entrykit.errors import InvalidValue, SettingsError
from entrykit.variables import reading as environment
from entrykit.variables import types
from entrykit.variables.metadata import aliases, check_secret_values, type_info
from entrykit.variables.parsers import parse_folder
from entrykit.variables.secret import Secret, mask
from entrykit.variables.validation_errors import empty_secret_errors, errors_by_variable

_VARIABLE_NAME: Final = re.compile(r"\b[A-Z][A-Z0-9_]+\b")


def ignore_warning(_warning: str) -> None:
    """Drop a warning: the default of the library."""


def no_rules(_settings: Any) -> Iterable[str]:  # noqa: ANN401 -- for any model
    """Accept any combination of valid values."""
    return ()


Rules = Callable[[Any], Iterable[str]]


class Settings(BaseModel):
    """The variables that every role has, whatever its daemon.

    A field is a variable: `http_port` is HTTP_PORT. Its annotation is a type of
    `entrykit.variables.types` or a Literal, its description the meaning in the reference,
    its first example what the documentation shows. Fields have no nested models.
    """

    # Deferred: this class itself is never validated, and its building would cost start time.
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )

    config_dir: types.Folder = Field(description="Directory of the daemon's files.")
    entrykit_check: types.Switch = Field(
        default=True, description="Have the daemon check the files before they become live."
    )
    entrykit_overwrite: types.Switch = Field(
        default=False, description="Replace files that entrykit did not write."
    )
    entrykit_upstream: types.Line | None = Field(
        default=None,
        description="Program to hand over to, in place of the image's own entrypoint.",
        examples=["/usr/local/bin/docker-entrypoint.sh"],
    )
    entrykit_templates: types.Folder | None = Field(
        default=None,
        description="Directory of templates that override the role's of the same name.",
        examples=["/templates"],
    )
    entrykit_wait: types.Targets = Field(
        default=(),
        description="What has to be there before the daemon starts: `tcp://host:port`, "
        "`http://host/path`, `file:/path` or `unix:/path`, separated by blanks or commas.",
        examples=["tcp://db:5432 http://app:8080/health"],
    )
    entrykit_wait_timeout: types.Duration = Field(
        default="30s", description="Longest time that ENTRYKIT_WAIT may take."
    )
    entrykit_log_format: Literal["text", "json"] = Field(
        default="text", description="How entrykit's own messages look."
    )

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = ignore_warning,
        rules: Rules = no_rules,
    ) -> Self:
        """Read the role's variables.

        Args:
            environ: names to texts; nothing else is read but the files of `NAME_FILE`.
            warn: called with a line for each thing that is probably a mistake.
            rules: of the role: yields what does not go together.

        Raises:
            SettingsError: with everything that is wrong with any variable.
        """
        return cls.from_reading(cls.reading(environ, warn), rules)

    @classmethod
    def reading(
        cls, environ: Mapping[str, str], warn: Callable[[str], None] = ignore_warning
    ) -> environment.Reading:
        """Look up the role's variables, each file once: a pipe can be read no second time.

        Args:
            environ: names to texts.
            warn: called with a line for each thing that is probably a mistake.

        Raises:
            SettingsError: something in `environ` is no text.
        """
        if errors := environment.find_non_text(environ):
            raise SettingsError(errors)
        refused = cls.find_refusals(environ)
        rest = {name: text for name, text in environ.items() if name not in refused}
        names = [name.upper() for name in cls.model_fields]
        reading = environment.read(rest, names, aliases(cls.model_fields))
        reading.refused.extend(refused.values())
        for warning in reading.warnings:
            warn(warning)
        return reading

    @classmethod
    def find_refusals(cls, _environ: Mapping[str, str]) -> Mapping[str, str]:
        """Name the set variables that are none, where it is not safe to go on without them.

        Returns:
            Each with its error, a line that begins with the name.
        """
        return {}

    @classmethod
    def from_reading(cls, reading: environment.Reading, rules: Rules = no_rules) -> Self:
        """Check what was read.

        Raises:
            SettingsError: with everything that is wrong with any variable.
        """
        texts = {name.lower(): text for name, text in reading.values.items()}
        errors = {**empty_secret_errors(cls.model_fields, reading), **reading.errors}
        settings: Self | None
        try:
            settings = cls.model_validate(texts)
        except ValidationError as error:
            errors = {**errors_by_variable(cls.model_fields, error, reading), **errors}
            errors |= {name: text for name, text in reading.empty.items() if name in errors}
            settings = cls._build_with_examples(texts, errors)
        conflicts = _drop_conflicts_of_invalid(errors, rules(settings)) if settings else []
        if errors or conflicts or reading.refused:
            ordered = (
                errors[name] + environment.quotes_hint(name, reading.values.get(name, ""))
                for name in map(str.upper, cls.model_fields)
                if name in errors
            )
            known = [*"\n".join(ordered).splitlines(), *conflicts]
            raise SettingsError([*_name_as_given(known, reading.aliases), *reading.refused])
        if not settings:
            raise AssertionError("a model without errors is valid")
        check_secret_values(settings)
        return settings

    @classmethod
    def _build_with_examples(
        cls, texts: Mapping[str, str], errors: Mapping[str, str]
    ) -> Self | None:
        """Build the model with the valid values, so that conflicts are found as well."""
        examples = {
            name: str(field.examples[0])
            for name, field in cls.model_fields.items()
            if field.is_required() and field.examples and name.upper() in errors
        }
        good = {name: text for name, text in texts.items() if name.upper() not in errors}
        try:
            return cls.model_validate({**good, **examples})
        except ValidationError:
            return None

    @classmethod
    def folder(cls, environ: Mapping[str, str]) -> str:
        """Return CONFIG_DIR while other variables may be invalid; if it is itself, the default."""
        given = environment.peek(environ, "CONFIG_DIR")
        with suppress(InvalidValue):
            return parse_folder(given or "")
        return str(cls.model_fields["config_dir"].default)

    def secrets(self) -> list[str]:
        """Return every secret text, longest first: what must not be seen anywhere."""
        values = (getattr(self, name) for name in type(self).model_fields)
        texts = {value.reveal() for value in values if isinstance(value, Secret)}
        return sorted(texts, key=len, reverse=True)

    @classmethod
    def secret_variables(cls) -> frozenset[str]:
        """Return the variables that no other program may see, and their `_FILE` forms."""
        names = {
            name.upper() for name, field in cls.model_fields.items() if type_info(field).secret
        }
        names |= {alias for name in names for alias in aliases(cls.model_fields).get(name, ())}
        return frozenset(names | {f"{name}_FILE" for name in names})


def _name_as_given(messages: Iterable[str], aliases: Mapping[str, str]) -> Iterable[str]:
    """Begin each message with the name that was set, be it an alias."""
    for message in messages:
        found = _VARIABLE_NAME.match(message)
        base = found[0].removesuffix("_FILE") if found else ""
        yield aliases.get(base, base) + message.removeprefix(base)


def _drop_conflicts_of_invalid(errors: Mapping[str, str], conflicts: Iterable[str]) -> list[str]:
    """Drop conflicts with a variable that is invalid itself: its value is not known."""
    return [text for text in conflicts if errors.keys().isdisjoint(_VARIABLE_NAME.findall(text))]


def mask_secrets(text: str, settings: Settings) -> str:
    """Replace every secret of `settings` in `text`."""
    return mask(settings.secrets(), text)
