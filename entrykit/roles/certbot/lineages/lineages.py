"""certbot's lineages, as found in its directories live, archive and renewal."""

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
_SHORT_LIFETIME: Final = 10 * DAY  # as in certbot since 4.1

_ARCHIVE_FILE: Final = re.compile(rf"(?P<kind>{'|'.join(KINDS)})(?P<number>[1-9][0-9]*)\.pem")


@dataclass(frozen=True, slots=True)
class Lineage:
    """A lineage that can be served.

    Attributes:
        name: of the lineage, for certbot's --cert-name.
        names: the host names of the certificate, in lower case.
        not_before: start of its validity, in Unix seconds.
        not_after: end of its validity.
        serial: its serial number.
        live: the directory of its four files.
    """

    name: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    serial: int
    live: str

    @property
    def margin(self) -> float:
        """How many seconds before its end it is due for renewal.

        A third of its lifetime, or half of a short one, as certbot does since 4.1 and
        Let's Encrypt recommends.
        """
        lifetime = self.not_after - self.not_before
        return lifetime / 2 if lifetime < _SHORT_LIFETIME else lifetime / 3

    def is_due(self, now: float) -> bool:
        """Whether it is due for renewal.

        Args:
            now: Unix seconds.
        """
        return self.not_after - now < self.margin

    def is_overdue(self, now: float) -> bool:
        """Whether half of the time for its renewal has passed.

        Args:
            now: Unix seconds.
        """
        return self.not_after - now < self.margin / 2


@dataclass(frozen=True, slots=True)
class LineageState:
    """The files of a lineage, in whatever state they are.

    Attributes:
        name: of the lineage.
        folder: certbot's --config-dir.
        conf: the text of its renewal configuration; empty if there is none.
        archive_numbers: the numbers of the files in the archive, by kind.
        live_number: the number that its links lead to; None if they do not agree on one.
        live: the files in its live directory.
    """

    name: str
    folder: str
    conf: str
    archive_numbers: Mapping[str, set[int]]
    live_number: int | None
    live: PemSet

    @property
    def is_intact(self) -> bool:
        """Whether certbot can go on with it, and still serves the same after its next run.

        certbot switches to the newest four files then, whatever is in them.
        """
        return (
            self.live_number is not None
            and self.live_number >= max(self.complete_numbers, default=0)
            and renewal_conf.is_legible(self.conf)
            and self.names_own_paths
            and self.live.is_consistent
        )

    @property
    def complete_numbers(self) -> set[int]:
        """The numbers that have all four files."""
        return set.intersection(*self.archive_numbers.values())

    @property
    def names_own_paths(self) -> bool:
        """Whether its configuration names the files in this directory."""
        named, here = renewal_conf.parse_paths(self.conf), self.expected_paths
        return {*KINDS} <= {*named} and all(_is_same_file(named[key], here[key]) for key in named)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its configuration names files that exist in another directory."""
        named = renewal_conf.parse_paths(self.conf)
        exist = {*KINDS} <= {*named} and all(map(os.path.exists, named.values()))
        return exist and not self.names_own_paths

    @property
    def archive(self) -> str:
        """The directory of all files that it has had."""
        return os.path.join(self.folder, "archive", self.name)

    @property
    def expected_paths(self) -> dict[str, str]:
        """The paths that its configuration has to name."""
        return {"archive_dir": self.archive, **self.live.paths}

    def archive_paths(self, number: int) -> dict[str, str]:
        """Return the paths of the four files with a number, by kind."""
        return {kind: os.path.join(self.archive, f"{kind}{number}.pem") for kind in KINDS}


def load_lineages(config_dir: str) -> dict[str, Lineage]:
    """Return the lineages that can be served and go on, by name.

    Their four files match and have one number, and certbot can read their configuration.
    The others are left to `repair`.

    Args:
        config_dir: certbot's --config-dir.
    """
    found = {}
    for name in list_names(config_dir):
        with suppress(OSError, ValueError):
            state = inspect_lineage(config_dir, name)
            if state.is_intact:
                found[name] = parse_lineage(state)
    return found


def list_names(config_dir: str) -> list[str]:
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
    """Read all files of a lineage.

    Raises:
        OSError: one of them cannot be read.
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
    """Read the certificate of a lineage.

    Raises:
        ValueError: it is not a certificate.
    """
    leaf = state.live.leaf
    live = os.path.dirname(state.live.paths["cert"])
    return Lineage(state.name, x509.dns_names(leaf), *x509.validity(leaf), x509.serial(leaf), live)


def list_folder(folder: str) -> list[str]:
    """Return the names in a directory; none if it does not exist.

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
    """Return the number that all links lead to, if it is the same."""
    numbers = {_read_link_number(live, kind, archive) for kind in KINDS}
    return numbers.pop() if len(numbers) == 1 else None


def _read_link_number(live: str, kind: str, archive: str) -> int | None:
    try:
        folder, file = os.path.split(os.readlink(os.path.join(live, f"{kind}.pem")))
    except OSError:  # missing, or not a link
        return None
    match = _ARCHIVE_FILE.fullmatch(file)
    if match is None or match["kind"] != kind:
        return None
    usual = os.path.join("..", "..", "archive", os.path.basename(archive))
    is_own = folder == usual or _is_same_file(os.path.join(live, folder), archive)
    return int(match["number"]) if is_own else None


def _is_same_file(one: str, other: str) -> bool:
    """Whether two paths name one file or directory, perhaps by way of symbolic links."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)
