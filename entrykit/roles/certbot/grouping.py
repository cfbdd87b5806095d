"""Which names share a certificate: those of an app, or of a registered domain, or each alone."""

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
    """Yield the apps whose TLS HAProxy ends: others have certificates of their own."""
    return (app for app in apps if app.tls != "passthrough")


def find_unorderable(apps: Iterable[App], *, wildcards: bool) -> Iterator[str]:
    """Yield the names that no order can have, in order.

    Args:
        apps: of DOMAINS.
        wildcards: whether the challenge proves them: only dns-01 does (RFC 8555, 7.1.3
            leaves it to the CA; the Baseline Requirements, 3.2.2.4.19, do not).
    """
    for app in select_terminated(apps):
        yield from (name for name in app.domains if not _is_orderable(name, wildcards=wildcards))


def group_domains(apps: Iterable[App], per: CertPer, *, wildcards: bool) -> tuple[Group, ...]:
    """Return the certificates that are wanted, in the order of DOMAINS.

    Args:
        apps: of DOMAINS.
        per: what has a certificate of its own.
        wildcards: as for `unfit`, whose names are left out.

    Raises:
        Faults: registered domains are not known here.
    """
    groups: dict[str, list[str]] = {}
    for name, domain in _PAIR_BY[per](select_terminated(apps)):
        if _is_orderable(domain, wildcards=wildcards):
            groups.setdefault(name, []).append(domain)
    return tuple(Group(name, tuple(names)) for name, names in groups.items())


def _is_orderable(name: str, *, wildcards: bool) -> bool:
    return (wildcards or not name.startswith("*.")) and not is_address(name)


def lineage_name(name: str) -> str:
    """Return an app's name or a domain as certbot and file systems take it.

    No app and no domain has a + in it, so that no two names become one. certbot has a
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
            # A public suffix, as github.io is for its owner, is nobody's but its own.
            yield lineage_name(registered(bare) or bare), domain


def _load_suffix_list() -> Callable[[str], str | None]:
    """Return what finds a registered domain; CAs count by the same list (publicsuffix.org)."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        tip = "expected `pip install 'entrykit[registered-domain]'`"
        fault = f"registered-domain needs the Python package publicsuffixlist ({tip})"
        raise InvalidValue([fault]) from None
    find: Callable[[str], str | None] = PublicSuffixList().privatesuffix
    return find


_PAIR_BY = {
    "app": _pair_by_app,
    "domain": _pair_by_domain,
    "registered-domain": _pair_by_registered_domain,
}
