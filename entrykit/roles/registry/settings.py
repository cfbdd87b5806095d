"""All variables of the registry role, with the rules for reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Self

from entrykit.roles.registry.variables.model import RegistryVariables
from entrykit.variables.settings import Rules, ignore_warning, no_rules


class RegistrySettings(RegistryVariables):
    """The settings of the registry role."""

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = ignore_warning,
        rules: Rules = no_rules,
    ) -> Self:
        """Read the variables, and warn of those that only older registries knew."""
        from entrykit.roles.registry.rules.legacy_names import find_ignored

        for warning in find_ignored(environ):
            warn(warning)
        return super().from_environ(environ, warn, rules)

    @classmethod
    def find_refusals(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Name what upstream would ignore, and what only older images understood."""
        from entrykit.roles.registry.rules.legacy_names import find_unsupported_variables

        return find_unsupported_variables(environ, [name.upper() for name in cls.model_fields])
