"""The sites of this container: those of one app of DOMAINS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from entrykit.display import display
from entrykit.domains.apps import App, Site, label


class Sites(NamedTuple):
    """What nginx looks up by the host of a request.

    Attributes:
        folders: a domain, or a wildcard as `*.example.com`, to the name of its directory.
        www: `www.example.com` to `example.com`, for each domain that is served.
        spa: `/index.html` or nothing, for each directory that differs from the default.
    """

    folders: dict[str, str]
    www: dict[str, str]
    spa: dict[str, str]

    @property
    def has_wildcards(self) -> bool:
        """Whether any of them is a wildcard."""
        return any(name[0] == "*" for name in self.folders)


def check_app(apps: Sequence[App], app: str | None) -> Iterator[str]:
    """Yield an error if NGINX_APP does not select an app of DOMAINS."""
    known = ", ".join(dict.fromkeys(other.name for other in apps))
    expected = f"expected {_join_choices(known)}"
    if app is not None and apps[0].name and not _select_apps(apps, app):
        yield f"NGINX_APP: {display(app)}: DOMAINS has no such app ({expected})"
    elif app is None and "," in known:
        yield f"NGINX_APP: not set, and DOMAINS has several apps ({expected})"


def select_sites(apps: Sequence[App], app: str | None, *, spa: bool) -> Sites:
    """Return the sites of one app.

    Args:
        apps: those of DOMAINS.
        app: NGINX_APP, or None for the only one.
        spa: the default for domains without that option.
    """
    own_apps = _select_apps(apps, app)
    names = dict.fromkeys(name for own in own_apps for name in own.domains)
    redirected = {f"www.{name}" for name in names}
    folders = {name: name for name in names if name not in redirected}
    own_sites = {name: site for own in own_apps for name, site in own.sites.items()}
    return Sites(
        folders=folders,
        www={f"www.{name}": name for name in folders if name[0] != "*"},
        spa={
            name: "" if spa else "/index.html"
            for name in names
            if _differs(own_sites.get(name), spa)
        },
    )


def _select_apps(apps: Sequence[App], app: str | None) -> list[App]:
    if app is None or not apps[0].name:  # a plain list has no apps to select
        return [*apps]
    return [own for own in apps if app in (own.name, label(own.name, own.port))]


def _differs(site: Site | None, spa: bool) -> bool:
    return site is not None and site.spa not in (None, spa)


def _join_choices(known: str) -> str:
    return f"one of {known}" if "," in known else known
