"""What config.yml has to know of the machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from entrykit.errors import SettingsError
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
    """The machine as the registry finds it.

    Attributes:
        observed: whether anybody has looked; else no file is asked for.
        release: of the registry that is installed; None where that is not known.
    """

    observed: bool = False
    release: Release | None = None

    @classmethod
    def observe(cls, environ: Mapping[str, str]) -> Self:
        """Look at this machine, and at the registry that it has."""
        return cls(observed=True, release=release.find_release(environ))

    @classmethod
    def defaults(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return CONFIG_DIR where the image has its file, and let that file give way."""
        return defaults(environ)

    def config(self, settings: RegistrySettings) -> Tree:
        """Build config.yml for this machine.

        Raises:
            SettingsError: files that variables name are not there or not what they are for, or
                the release does not know a variable.
        """
        if self.observed:
            from entrykit.roles.registry.rules.files import check_files

            faults = [*release.check_release(settings, self.release), *check_files(settings)]
            if faults:
                raise SettingsError(dict.fromkeys(faults))
        return build(settings, self.release or settings.registry_release)


def defaults(
    environ: Mapping[str, str], old: str = _FOLDER_2_8, new: str = _FOLDER_3
) -> dict[str, str]:
    """Put CONFIG_DIR where the image has its file, and let that file give way.

    Args:
        environ: what is set there is left alone.
        old: the folder of 2.8.
        new: the folder of 3.x, and of machines that have neither.
    """
    found: dict[str, str] = {}
    given = environ.get("CONFIG_DIR") or environ.get("CONFIG_DIR_FILE")
    if not given and _is_release_2_8(environ, old, new):
        found["CONFIG_DIR"] = old
    folder = found.get("CONFIG_DIR") or RegistrySettings.folder(environ)
    asked = environ.get("ENTRYKIT_OVERWRITE") or environ.get("ENTRYKIT_OVERWRITE_FILE")
    own = os.path.lexists(os.path.join(folder, "htpasswd"))
    if not asked and not own and is_stock(os.path.join(folder, "config.yml")):
        found["ENTRYKIT_OVERWRITE"] = "on"
    return found


def _is_release_2_8(environ: Mapping[str, str], old: str, new: str) -> bool:
    """Whether this machine's registry is 2.8; where there is none to ask, folders tell."""
    found = release.find_release(environ)
    return found == "2.8" if found else os.path.isdir(old) and not os.path.isdir(new)
