"""The lineages that certbot has: what lies in live, archive and renewal."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from entrykit.roles.certbot.lineages import pem_set, renewal_conf
from entrykit.roles.certbot.lineages.pem_set import KINDS, PemSet
from entrykit.tls import x509

DAY: Final = 86_400
_SHORT_LIFETIME: Final = 10 * DAY  # a lifetime below this: as certbot since 4.1 has it

_ARCHIVE_FILE: Final = re.compile(rf"(?P<kind>{'|'.join(KINDS)})(?P<number>[1-9][0-9]*)\.pem")


@dataclass(frozen=True, slots=True)
class Lineage:
    """One that can be served.

    Attributes:
        name: certbot's, for --cert-name.
        names: the host names of the certificate, in lower case.
        not_before: from when it is valid, in Unix seconds.
        not_after: until when.
        serial: its number.
        live: the folder of its four files.
    """

    name: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    serial: int
    live: str

    @property
    def margin(self) -> float:
        """The seconds before its end when it is to be renewed.

        A third of its lifetime, or half of a short one: what certbot since 4.1 does and
        Let's Encrypt asks for.
        """
        lifetime = self.not_after - self.not_before
        return lifetime / 2 if lifetime < _SHORT_LIFETIME else lifetime / 3

    def due(self, now: float) -> bool:
        """Whether it is to be renewed.

        Args:
            now: Unix seconds.
        """
        return self.not_after - now < self.margin

    def late(self, now: float) -> bool:
        """Whether half of the time for its renewal is over.

        Args:
            now: Unix seconds.
        """
        return self.not_after - now < self.margin / 2


@dataclass(frozen=True, slots=True)
class LineageState:
    """What there is of a lineage.

    Attributes:
        name: certbot's.
        folder: certbot's --config-dir.
        conf: what is in its renewal configuration; nothing if there is none.
        archived: which numbers there are in the archive, by kind.
        linked: the number that its links lead to; None if they do not lead to one.
        live: the files in its live folder.
    """

    name: str
    folder: str
    conf: str
    archived: Mapping[str, set[int]]
    linked: int | None
    live: PemSet

    @property
    def sound(self) -> bool:
        """Whether certbot can go on with it, and would serve nothing else after its next run.

        It then turns to the newest files, if there are four of them, whatever is in them.
        """
        return (
            self.linked is not None
            and self.linked >= max(self.complete, default=0)
            and renewal_conf.is_legible(self.conf)
            and self.is_here
            and self.live.whole
        )

    @property
    def complete(self) -> set[int]:
        """The numbers that have all four files."""
        return set.intersection(*self.archived.values())

    @property
    def is_here(self) -> bool:
        """Whether its configuration names the files that are here."""
        named, here = renewal_conf.parse_paths(self.conf), self.places
        return {*KINDS} <= {*named} and all(_is_same_file(named[key], here[key]) for key in named)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its configuration names files that are, but in another place."""
        named = renewal_conf.parse_paths(self.conf)
        return (
            not self.is_here and {*KINDS} <= {*named} and all(map(os.path.exists, named.values()))
        )

    @property
    def archive(self) -> str:
        """The folder of all files that it has had."""
        return os.path.join(self.folder, "archive", self.name)

    @property
    def places(self) -> dict[str, str]:
        """The paths that its configuration has to name."""
        return {"archive_dir": self.archive, **self.live.paths}

    def numbered(self, number: int) -> dict[str, str]:
        """Return the paths of the four files with a number, by kind."""
        return {kind: os.path.join(self.archive, f"{kind}{number}.pem") for kind in KINDS}


def lineages(config_dir: str) -> dict[str, Lineage]:
    """Return those that can be served and go on, by name.

    Four files are there that belong together, their numbers are the same, and certbot
    can read its configuration. What is not so is for `healing` to see to.

    Args:
        config_dir: certbot's --config-dir.
    """
    found = {}
    for name in names(config_dir):
        with suppress(OSError, ValueError):
            state = inspect_lineage(config_dir, name)
            if state.sound:
                found[name] = parse_lineage(state)
    return found


def names(config_dir: str) -> list[str]:
    """Return the names of all lineages that have a configuration, sorted.

    Raises:
        OSError: they cannot be listed.
    """
    files = list_folder(os.path.join(config_dir, "renewal"))
    return sorted(
        file.removesuffix(renewal_conf.ENDING)
        for file in files
        if file.endswith(renewal_conf.ENDING) and not file.startswith(".")
    )


def inspect_lineage(config_dir: str, name: str) -> LineageState:
    """Look at all that there is of a lineage.

    Raises:
        OSError: something cannot be read.
    """
    live = os.path.join(config_dir, "live", name)
    archive = os.path.join(config_dir, "archive", name)
    return LineageState(
        name,
        config_dir,
        renewal_conf.read(config_dir, name),
        _read_archive_numbers(archive),
        _read_live_number(live, archive),
        pem_set.read({kind: os.path.join(live, f"{kind}.pem") for kind in KINDS}),
    )


def parse_lineage(state: LineageState) -> Lineage:
    """Read what the certificate of a lineage says.

    Raises:
        ValueError: it is none.
    """
    leaf = state.live.leaf
    live = os.path.dirname(state.live.paths["cert"])
    return Lineage(state.name, x509.dns_names(leaf), *x509.validity(leaf), x509.serial(leaf), live)


def list_folder(folder: str) -> list[str]:
    """Return what is in a folder; nothing if it is not there.

    Raises:
        OSError: it cannot be listed.
    """
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _read_archive_numbers(archive: str) -> Mapping[str, set[int]]:
    numbers: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for file in list_folder(archive):
        if match := _ARCHIVE_FILE.fullmatch(file):
            numbers[match["kind"]].add(int(match["number"]))
    return numbers


def _read_live_number(live: str, archive: str) -> int | None:
    """Return the one number that all links lead to."""
    numbers = {_read_link_number(live, kind, archive) for kind in KINDS}
    return numbers.pop() if len(numbers) == 1 else None


def _read_link_number(live: str, kind: str, archive: str) -> int | None:
    try:
        folder, file = os.path.split(os.readlink(os.path.join(live, f"{kind}.pem")))
    except OSError:  # it is not there, or no link
        return None
    match = _ARCHIVE_FILE.fullmatch(file)
    if match is None or match["kind"] != kind:
        return None
    usual = os.path.join("..", "..", "archive", os.path.basename(archive))
    is_here = folder == usual or _is_same_file(os.path.join(live, folder), archive)
    return int(match["number"]) if is_here else None


def _is_same_file(one: str, other: str) -> bool:
    """Whether two paths name one file, or one folder; only what leads there may be linked."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)
