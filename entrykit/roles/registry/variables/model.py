"""All variables of the registry role, and the values derived from them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field

from entrykit.roles.registry.variables import maps
from entrykit.roles.registry.variables.auth import AuthVariables
from entrykit.roles.registry.variables.s3 import ALIASES, S3Variables
from entrykit.roles.registry.variables.sensitive import SensitiveTree
from entrykit.roles.registry.variables.server import ServerVariables
from entrykit.roles.registry.variables.services import ServiceVariables
from entrykit.roles.registry.variables.storage import StorageVariables
from entrykit.variables import types
from entrykit.variables.metadata import Alias
from entrykit.variables.secret import Secret

_DRIVERS: Final = ("filesystem", "s3", "azure", "gcs")
# Keys of `storage` that are not drivers.
_NOT_DRIVERS: Final = ("cache", "delete", "maintenance", "redirect", "tag")


# Fields are in the order of the bases from last to first.
class RegistryVariables(
    ServiceVariables, AuthVariables, S3Variables, StorageVariables, ServerVariables
):
    """The variables of the registry role."""

    config_dir: types.Folder = Field(
        default="/etc/distribution",
        description="Directory of config.yml; with an installed registry 2.8, the default is "
        "/etc/docker/registry.",
    )
    registry_replicas: Annotated[types.Count, Alias("REPLICAS")] = Field(
        default=1, description="Number of registries that share one storage and one name."
    )
    registry_release: Literal["2.8", "3"] | None = Field(
        default=None,
        description="Release that the file is for; by default the installed one, or both "
        "if there is none.",
        examples=["3"],
    )
    registry_extra_yaml: maps.Extra | None = Field(
        default=None,
        description="A YAML map that is merged into config.yml and overrides variables.",
    )

    def secrets(self) -> list[str]:
        """Return every secret, also those inside maps and lists."""
        values = [getattr(self, name) for name in type(self).model_fields]
        found = {
            leaf for value in values if isinstance(value, SensitiveTree) for leaf in value.leaves()
        }
        if self.registry_auth_htpasswd_users:
            found.update(self.registry_auth_htpasswd_users.reveal().splitlines())
        return sorted({*found, *super().secrets()}, key=len, reverse=True)

    @cached_property
    def effective_values(self) -> dict[str, object]:
        """The variables that are set or have a default, by field name.

        A short name of S3 sets the long one, if the storage is S3.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        for short, name in ALIASES.items():
            given = values.pop(short)
            if values[name] is None and self.driver == "s3":
                values[name] = given
        return {name: value for name, value in values.items() if value is not None}

    @cached_property
    def drivers(self) -> dict[str, str]:
        """The kinds of storage with variables that are set, each with the first such variable."""
        found: dict[str, str] = {}
        if self.registry_storage:
            found[self.registry_storage] = "REGISTRY_STORAGE"
        for driver in _DRIVERS:
            prefix = f"registry_storage_{driver}_"
            names = [name for name in sorted(self.model_fields_set) if name.startswith(prefix)]
            if driver == "s3":
                names += sorted(self.model_fields_set & {"s3_bucket", "s3_endpoint"})
            if names:
                found.setdefault(driver, names[0].upper())
        return found

    @cached_property
    def driver(self) -> str | None:
        """The kind of storage; None if REGISTRY_EXTRA_YAML decides."""
        if self.drivers:
            return next(iter(self.drivers))
        return None if self.extra_kinds("storage") else "filesystem"

    @cached_property
    def logins(self) -> dict[str, str]:
        """The kinds of auth with variables that are set, each with the first such variable."""
        found: dict[str, str] = {}
        if self.registry_auth:
            found[self.registry_auth] = "REGISTRY_AUTH"
        for kind in ("htpasswd", "token"):
            prefix = f"registry_auth_{kind}_"
            names = [name for name in sorted(self.model_fields_set) if name.startswith(prefix)]
            if names:
                found.setdefault(kind, names[0].upper())
        return found

    @cached_property
    def login(self) -> str:
        """How clients log in, or `none`."""
        return next(iter(self.logins), "none")

    @cached_property
    def redis(self) -> list[str]:
        """The addresses of Redis."""
        return self.registry_redis_addr or self.registry_redis_addrs or []

    @property
    def extra(self) -> dict[str, object]:
        """The map of REGISTRY_EXTRA_YAML."""
        tree = self.registry_extra_yaml.tree if self.registry_extra_yaml else {}
        return dict(tree) if isinstance(tree, dict) else {}

    def extra_kinds(self, section: str) -> list[str]:
        """Return the kinds of storage or auth that REGISTRY_EXTRA_YAML configures."""
        given = self.extra.get(section)
        if isinstance(given, str):
            return [given]
        names = given if isinstance(given, dict) else {}
        return [name for name in names if name not in _NOT_DRIVERS]

    @property
    def htpasswd_path(self) -> str | None:
        """The password file that the registry reads."""
        if self.registry_auth_htpasswd_users:
            return f"{self.config_dir}/htpasswd"
        return self.registry_auth_htpasswd_path

    @property
    def htpasswd_lines(self) -> Secret:
        """The lines of the rendered password file."""
        return self.registry_auth_htpasswd_users or Secret("")
