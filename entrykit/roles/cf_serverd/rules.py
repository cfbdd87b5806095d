"""Conflicts between variables, and warnings about open access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from entrykit.display import display
from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd.policy import AUGMENT_VARIABLES, OUTSIDE_POLICY

if TYPE_CHECKING:
    from entrykit.roles.cf_serverd.variables import CfServerdVariables


def conflicts(settings: CfServerdVariables) -> Iterator[str]:
    """Yield a message for each conflict between values that are valid by themselves."""
    if settings.external_policy and not settings.entrykit_check:
        reason = f"an unchecked policy from {settings.external_policy} may admit everyone"
        yield f"ENTRYKIT_CHECK: off, but {reason} (expected on)"
    if settings.promises and settings.mpf:
        yield "MPF and PROMISES are both set; set only one"
    yield from _check_overridden(settings)
    yield from _check_ciphers(settings)
    yield from _check_key_pair(settings)


def _check_overridden(settings: CfServerdVariables) -> Iterator[str]:
    """Yield each variable that has no effect, because the policy is external."""
    order = [*type(settings).model_fields].index
    for name in sorted(settings.model_fields_set, key=order):
        if not name.startswith("cf_serverd_") or name in OUTSIDE_POLICY:
            continue
        if settings.promises:
            yield f"{name.upper()}: has no effect with PROMISES; set only one"
        elif settings.mpf and name not in AUGMENT_VARIABLES:
            yield f"{name.upper()}: has no effect with MPF=on; the policy in masterfiles decides"


def _check_ciphers(settings: CfServerdVariables) -> Iterator[str]:
    ciphers = settings.cf_serverd_allowciphers or "TLS_"
    if settings.cf_serverd_allowtlsversion == "1.3" and "TLS_" not in ciphers:
        reason = "no TLS 1.3 cipher suite, but CF_SERVERD_ALLOWTLSVERSION is 1.3"
        yield f"CF_SERVERD_ALLOWCIPHERS: {reason} (add one that begins with TLS_)"


def _check_key_pair(settings: CfServerdVariables) -> Iterator[str]:
    private, public = settings.cf_serverd_private_key, settings.cf_serverd_public_key
    if (private is None) != (public is None):
        missing = "CF_SERVERD_PRIVATE_KEY" if private is None else "CF_SERVERD_PUBLIC_KEY"
        yield f"{missing}: not set, but the other half of the pair is; set both"


def find_open_access(settings: CfServerdVariables) -> Iterator[str]:
    """Yield a warning for each list that is open to everyone, and for trust in unknown keys."""
    for name in ("cf_serverd_acl", "cf_serverd_allowconnects", "cf_serverd_admit_ips"):
        for reason in acl.find_openness(getattr(settings, name)):
            yield f"{name.upper()}: {reason}"
    if settings.cf_serverd_trustkeysfrom:
        known = ", ".join(settings.cf_serverd_trustkeysfrom)
        yield f"CF_SERVERD_TRUSTKEYSFROM: any unknown key from {display(known)} is trusted"
