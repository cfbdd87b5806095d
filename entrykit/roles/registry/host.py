"""What config.yml depends on that only the host knows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from entrykit.role import HostFacts
from entrykit.roles.registry import release
from entrykit.roles.registry.config import Tree, build
from entrykit.roles.registry.release import Release
from entrykit.roles.registry.rules.stock_config import is_stock
from entrykit.roles.registry.settings import RegistrySettings

_FOLDER_3: Final = "/etc/distribution"
_FOLDER_2_8: Final = "/etc/docker/registry"


@dataclass(frozen=True, slots=True)
class RegistryHostFacts(HostFacts):
    """The release of the registry on this host.

    Attributes:
        release: of the installed registry; None where it is unknown.
    """

    release: Release | None = None

    @classmethod
    def observe(cls, environ: Mapping[str, str]) -> Self:
        """Ask the installed registry for its release."""
        return cls(release=release.find_release(environ))

    def conflicts(self, settings: RegistrySettings) -> Iterator[str]:
        """Yield a message for what the installed release does not support, and for bad files."""
        from entrykit.roles.registry.rules.files import check_files

        yield from release.check_release(settings, self.release)
        yield from check_files(settings)

    @classmethod
    def defaults(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return the directory of the image, and allow replacing the file that it ships."""
        return defaults(environ)

    def config(self, settings: RegistrySettings) -> Tree:
        """Build config.yml for the release on this host."""
        return build(settings, self.release or settings.registry_release)


def defaults(
    environ: Mapping[str, str], old: str = _FOLDER_2_8, new: str = _FOLDER_3
) -> dict[str, str]:
    """Set CONFIG_DIR to the directory of the image, and allow replacing the image's own file.

    Args:
        environ: the environment; what it sets is kept.
        old: the directory of 2.8.
        new: the directory of 3.x, and of hosts that have neither.
    """
    found: dict[str, str] = {}
    given = environ.get("CONFIG_DIR") or environ.get("CONFIG_DIR_FILE")
    if not given and _is_release_2_8(environ, old, new):
        found["CONFIG_DIR"] = old
    folder = found.get("CONFIG_DIR") or RegistrySettings.folder(environ)
    requested = environ.get("ENTRYKIT_OVERWRITE") or environ.get("ENTRYKIT_OVERWRITE_FILE")
    has_users = os.path.lexists(os.path.join(folder, "htpasswd"))
    if not requested and not has_users and is_stock(os.path.join(folder, "config.yml")):
        found["ENTRYKIT_OVERWRITE"] = "on"
    return found


def _is_release_2_8(environ: Mapping[str, str], old: str, new: str) -> bool:
    """Whether the registry on this host is 2.8; without a registry, the directories decide."""
    found = release.find_release(environ)
    return found == "2.8" if found else os.path.isdir(old) and not os.path.isdir(new)
