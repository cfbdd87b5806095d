"""Names of variables that are one slip away from a known one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from entrykit.display import display
from entrykit.variables.service_links import is_service_link


def near_misses(environ: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    """Yield a warning for each set variable that is one slip away from a known one."""
    known = {*names, *(f"{name}_FILE" for name in names)}
    slips = {
        slip: name for name in sorted(known, reverse=True) for slip in _deletion_variants(name)
    }
    slips |= {name: name for name in known}  # HTTP_PORT is one letter short of HTTPS_PORT
    longest = max(map(len, known), default=0) + 1
    for name in sorted(environ):
        if name in known or len(name) > longest or is_service_link(name, environ[name]):
            continue
        meant = next(
            (slips[slip] for slip in _deletion_variants(name.upper()) if slip in slips), None
        )
        if meant:
            given = name if name.isidentifier() else display(name)
            yield f"{given}: no such variable; did you mean {meant}?"


def _deletion_variants(name: str) -> Iterable[str]:
    """The name and all that one missing character makes of it.

    Two names that share one of these differ by a swapped pair, or by a letter
    that is missing, added or wrong: the symmetric-delete way of spell checkers,
    which costs no comparison of every name with every other.
    """
    yield name
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
