"""The settings of the cf-serverd role: how its variables are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final, Self

from entrykit.errors import InvalidValue
from entrykit.roles.cf_serverd.access import Access
from entrykit.roles.cf_serverd.policy import Promise, build_augments, build_promises
from entrykit.roles.cf_serverd.rules import find_open_access
from entrykit.roles.cf_serverd.variables import ACL_EXAMPLE, CfServerdVariables
from entrykit.roles.cf_serverd.workdir import find_workdir
from entrykit.variables import reading as environment
from entrykit.variables.parsers import parse_folder
from entrykit.variables.settings import Rules, ignore_warning, no_rules

_NOT_SET: Final = f"CF_SERVERD_ACL: not set (expected who may connect, e.g. {ACL_EXAMPLE})"


class CfServerdSettings(CfServerdVariables):
    """The settings of the cf-serverd role."""

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = ignore_warning,
        rules: Rules = no_rules,
    ) -> Self:
        """Read the role's variables; the installed package decides directories that are not set.

        Args:
            environ: the environment; cf-serverd is looked up in its PATH.
            warn: called with a line for each probable mistake, and for each way in which the
                server is open.
            rules: of the role: yields a message for each conflict.

        Raises:
            SettingsError: with every error of every variable.
        """
        found = super().from_environ(environ, warn, rules)
        place = found.cfengine_workdir or find_workdir(environ)
        folder = found.config_dir or f"{place}/inputs"
        found = found.model_copy(update={"cfengine_workdir": place, "config_dir": folder})
        found._search_path = environ.get("PATH", "")  # noqa: SLF001 -- a frozen model's own part
        found._private_key_file = environ.get("CF_SERVERD_PRIVATE_KEY_FILE", "")  # noqa: SLF001
        for warning in find_open_access(found):
            warn(warning)
        return found

    @classmethod
    def from_reading(cls, reading: environment.Reading, rules: Rules = no_rules) -> Self:
        """Require the ACL before anything else is validated: without it, all or none are served."""
        present = reading.values.keys() | reading.errors.keys()
        if not {"CF_SERVERD_ACL", "PROMISES"} & present:
            reading.errors["CF_SERVERD_ACL"] = reading.empty.get("CF_SERVERD_ACL", _NOT_SET)
        return super().from_reading(reading, rules)

    @classmethod
    def folder(cls, environ: Mapping[str, str]) -> str:
        """Return CONFIG_DIR even if other variables are invalid; the default if it is itself."""
        for name, below in (("CONFIG_DIR", ""), ("CFENGINE_WORKDIR", "/inputs")):
            try:
                if given := environment.peek(environ, name):
                    return f"{parse_folder(given)}{below}"
            except InvalidValue:
                continue
        return f"{find_workdir(environ)}/inputs"

    @property
    def access_promises(self) -> list[Promise]:
        """The promises of type `access`; the path of masterfiles is empty if it is the default."""
        served = Access(self.cf_serverd_masterfiles or "", "masterfiles", ())
        return build_promises((served, *self.cf_serverd_access), self.admit_lists)

    @property
    def augments(self) -> dict[str, object]:
        """The content of def.json."""
        return build_augments(self)
