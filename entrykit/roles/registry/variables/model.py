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
from entrykit.variables.aliases import Alias
from entrykit.variables.secret import Secret

_DRIVERS: Final = ("filesystem", "s3", "azure", "gcs")
# What `storage` has beside one driver.
_BESIDE_DRIVER: Final = ("cache", "delete", "maintenance", "redirect", "tag")


# Fields are in the order of the bases from last to first.
class RegistryVariables(
    ServiceVariables, AuthVariables, S3Variables, StorageVariables, ServerVariables
):
    """The variables of the registry role."""

    config_dir: types.Folder = Field(
        default="/etc/distribution",
        description="Folder of config.yml; at a start /etc/docker/registry where that is there "
        "and the other is not, as in images of 2.8.",
    )
    registry_replicas: Annotated[types.Count, Alias("REPLICAS")] = Field(
        default=1, description="How many registries there are on one storage, behind one name."
    )
    registry_release: Literal["2.8", "3"] | None = Field(
        default=None,
        description="Release that the file is for; asked of the registry that is installed, and "
        "for both where there is none to ask.",
        examples=["3"],
    )
    registry_extra_yaml: maps.Extra | None = Field(
        default=None,
        description="More of config.yml, a YAML map that goes over everything else.",
    )

    def secrets(self) -> list[str]:
        """Return every secret text, those within maps and lists too."""
        values = [getattr(self, name) for name in type(self).model_fields]
        found = {
            leaf for value in values if isinstance(value, SensitiveTree) for leaf in value.leaves()
        }
        if self.registry_auth_htpasswd_users:
            found.update(self.registry_auth_htpasswd_users.reveal().splitlines())
        return sorted({*found, *super().secrets()}, key=len, reverse=True)

    @cached_property
    def effective_values(self) -> dict[str, object]:
        """The variables that are set or have a default, by the names of their fields.

        A short name stands for the long one, and none of S3 without S3.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        for short, name in ALIASES.items():
            given = values.pop(short)
            if values[name] is None and self.driver == "s3":
                values[name] = given
        return {name: value for name, value in values.items() if value is not None}

    @cached_property
    def drivers(self) -> dict[str, str]:
        """Each kind of storage that a variable is set of, with the first such variable."""
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
        """The kind of storage; None where REGISTRY_EXTRA_YAML has one of its own."""
        if self.drivers:
            return next(iter(self.drivers))
        return None if self.extra_kinds("storage") else "filesystem"

    @cached_property
    def logins(self) -> dict[str, str]:
        """Each way to log in that a variable is set of, with the first such variable."""
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
        """Where redis answers."""
        return self.registry_redis_addr or self.registry_redis_addrs or []

    @property
    def extra(self) -> dict[str, object]:
        """What REGISTRY_EXTRA_YAML says."""
        tree = self.registry_extra_yaml.tree if self.registry_extra_yaml else {}
        return dict(tree) if isinstance(tree, dict) else {}

    def extra_kinds(self, section: str) -> list[str]:
        """Return the kinds of storage, or of login, that REGISTRY_EXTRA_YAML has."""
        given = self.extra.get(section)
        if isinstance(given, str):
            return [given]
        names = given if isinstance(given, dict) else {}
        return [name for name in names if name not in _BESIDE_DRIVER]

    @property
    def htpasswd_path(self) -> str | None:
        """The password file that the registry reads."""
        if self.registry_auth_htpasswd_users:
            return f"{self.config_dir}/htpasswd"
        return self.registry_auth_htpasswd_path

    @property
    def htpasswd_lines(self) -> Secret:
        """The lines of our own password file."""
        return self.registry_auth_htpasswd_users or Secret("")
