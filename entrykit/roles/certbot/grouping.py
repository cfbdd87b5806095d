"""Group names into certificates: by app, by registered domain, or one for each name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from entrykit.domains.apps import App
from entrykit.errors import InvalidValue
from entrykit.roles.certbot.plan import Group
from entrykit.variables.hostnames import is_address

CertPer: TypeAlias = Literal["app", "domain", "registered-domain"]
_Pair: TypeAlias = tuple[str, str]


def select_terminated(apps: Iterable[App]) -> Iterator[App]:
    """Yield the apps whose TLS HAProxy terminates: the others bring their own certificates."""
    return (app for app in apps if app.tls != "passthrough")


def find_unorderable(apps: Iterable[App], *, wildcards: bool) -> Iterator[str]:
    """Yield the names that cannot be ordered, in the order of DOMAINS.

    Args:
        apps: of DOMAINS.
        wildcards: whether the challenge proves them, as only dns-01 does (the Baseline
            Requirements, 3.2.2.4.19; RFC 8555, 7.1.3, leaves it to the CA).
    """
    for app in select_terminated(apps):
        yield from (name for name in app.domains if not _is_orderable(name, wildcards=wildcards))


def group_domains(apps: Iterable[App], per: CertPer, *, wildcards: bool) -> tuple[Group, ...]:
    """Return the certificates that are wanted, in the order of DOMAINS.

    Args:
        apps: of DOMAINS.
        per: what gets its own certificate.
        wildcards: as for `find_unorderable`, whose names are left out.

    Raises:
        InvalidValue: the list of registered domains is not installed.
    """
    groups: dict[str, list[str]] = {}
    for name, domain in _PAIR_BY[per](select_terminated(apps)):
        if _is_orderable(domain, wildcards=wildcards):
            groups.setdefault(name, []).append(domain)
    return tuple(Group(name, tuple(names)) for name, names in groups.items())


def _is_orderable(name: str, *, wildcards: bool) -> bool:
    return (wildcards or not name.startswith("*.")) and not is_address(name)


def lineage_name(name: str) -> str:
    """Return the name of a lineage for an app or a domain, which certbot and file systems accept.

    No app and no domain has a + in it, so no two names become the same. certbot itself has a
    file live/README.
    """
    return "+README" if name == "README" else name.replace("*", "+").replace(":", "+")


def _pair_by_app(apps: Iterable[App]) -> Iterator[_Pair]:
    for app in apps:
        name = lineage_name(app.name or app.domains[0])
        yield from ((name, domain) for domain in app.domains)


def _pair_by_domain(apps: Iterable[App]) -> Iterator[_Pair]:
    return ((lineage_name(domain), domain) for app in apps for domain in app.domains)


def _pair_by_registered_domain(apps: Iterable[App]) -> Iterator[_Pair]:
    registered = _load_suffix_list()
    for app in apps:
        for domain in app.domains:
            bare = domain.removeprefix("*.")
            # A public suffix itself, e.g. github.io for its owner, has no registered domain.
            yield lineage_name(registered(bare) or bare), domain


def _load_suffix_list() -> Callable[[str], str | None]:
    """Return the function that finds registered domains, by the list that CAs use as well."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        tip = "install it with `pip install 'entrykit[registered-domain]'`"
        message = f"registered-domain needs the Python package publicsuffixlist ({tip})"
        raise InvalidValue([message]) from None
    find: Callable[[str], str | None] = PublicSuffixList().privatesuffix
    return find


_PAIR_BY = {
    "app": _pair_by_app,
    "domain": _pair_by_domain,
    "registered-domain": _pair_by_registered_domain,
}
