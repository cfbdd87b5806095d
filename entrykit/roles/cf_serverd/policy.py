"""The content of promises.cf, and of def.json, which is written instead for a framework."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from entrykit.quoting.base import QuotedText
from entrykit.roles.cf_serverd.access import Access, Lists

if TYPE_CHECKING:
    from entrykit.roles.cf_serverd.variables import CfServerdVariables

# Augments of the Masterfiles Policy Framework (its reference, "Masterfiles Policy Framework"):
# variables to attributes of `body server control`.
AUGMENTS: Final = {
    "acl": "allowconnects",
    "trustkeysfrom": "trustkeysfrom",
    "control_server_maxconnections": "maxconnections",
    "control_server_allowusers": "allowusers",
    "control_server_allowtlsversion": "allowtlsversion",
    "control_server_allowciphers": "allowciphers",
}

# Variables that do not concern the policy: they may be set with an external one.
OUTSIDE_POLICY: Final = frozenset(
    (
        "cf_serverd_log_level", "cf_serverd_private_key", "cf_serverd_public_key",
        "cf_serverd_trusted_keys_dir",
    )
)  # fmt: skip
# What the Masterfiles Policy Framework takes from def.json.
AUGMENT_VARIABLES: Final = frozenset(
    (
        "cf_serverd_acl", "cf_serverd_trustkeysfrom", "cf_serverd_maxconnections",
        "cf_serverd_allowusers", "cf_serverd_allowtlsversion", "cf_serverd_allowciphers",
    )
)  # fmt: skip


class Promise(NamedTuple):
    """One promise of type `access` as the template writes it."""

    path: str
    shortcut: str | None
    lists: tuple[tuple[QuotedText, tuple[str, ...]], ...]


def build_promises(access: Iterable[Access], admitted: Lists) -> list[Promise]:
    """Build the promises, each with its access lists."""
    return [
        Promise(
            one.path,
            one.shortcut,
            tuple((QuotedText(name), items) for name, items in one.attributes(admitted)),
        )
        for one in access
    ]


def build_augments(settings: CfServerdVariables) -> dict[str, object]:
    """Build the content of def.json.

    `acl` and `trustkeysfrom` always: the framework's own defaults are a /16 around the hub, and
    everyone. The others only if they are set, because older frameworks ignore them.
    """
    values: dict[str, object] = {
        "acl": [*settings.cf_serverd_acl],
        "trustkeysfrom": [*settings.cf_serverd_trustkeysfrom],
        "control_server_maxconnections": str(settings.cf_serverd_maxconnections),
    }
    for name in ("allowusers", "allowtlsversion", "allowciphers"):
        if f"cf_serverd_{name}" in settings.model_fields_set:
            value = getattr(settings, f"cf_serverd_{name}")
            values[f"control_server_{name}"] = [*value] if isinstance(value, tuple) else value
    variables = {f"default:def.{name}": {"value": value} for name, value in values.items()}
    return {"variables": variables}
