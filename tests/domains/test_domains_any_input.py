"""What holds of DOMAINS whatever the text."""

from __future__ import annotations

import ipaddress
import json
import string

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from entrykit.domains.entries import App, parse_domains
from entrykit.errors import InvalidValue

settings.register_profile("domains", deadline=None, max_examples=300)
patiently = settings(settings.get_profile("domains"))

HOST = string.ascii_lowercase + string.digits + "-"
GRAMMAR = ":,/[]{}\"*.#- \n\t|>&!%@`'?\\~_19abéüß☃\u200d\u3002\x1b\0\ud800"

LETTERS = st.sampled_from(string.ascii_lowercase)
PARTS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)
LABELS = st.lists(PARTS, min_size=1, max_size=2).map("--".join)
DOMAINS = st.builds(
    lambda star, labels, letter, last: (
        star + "".join(f"{label}." for label in labels) + letter + last
    ),
    st.sampled_from(["", "*."]),
    st.lists(LABELS, max_size=3),
    LETTERS,
    LABELS,
)
NAMES = st.builds("{}{}_{}.{}".format, LETTERS | LETTERS.map(str.upper), LABELS, PARTS, LABELS)
ADDRESSES = st.ip_addresses().map(str)
PORTS = st.none() | st.integers(1, 65535)
NO_OPTIONS = st.just({})
OPTIONS = st.builds(
    lambda check, tls: {"check": check} if check else {"tls": tls},
    st.none() | st.sampled_from(["/", "/healthz", "/a%20b?c=d&e"]),
    st.sampled_from(["terminate", "passthrough"]),
)


@st.composite
def apps(draw, options=NO_OPTIONS):
    """Apps with no domain of two, in the form that parsing gives them."""
    domains = draw(st.lists(DOMAINS, min_size=1, max_size=12, unique=True))
    keys = draw(st.lists(st.tuples(NAMES | ADDRESSES, PORTS), min_size=1, unique=True, max_size=5))
    keys = keys[: len(domains)]
    return tuple(
        App(*key, tuple(domains[place :: len(keys)]), **draw(options))
        for place, key in enumerate(keys)
    )


def address(app):
    host = f"[{app.name}]" if ":" in app.name else app.name
    return f"{host}:{app.port}" if app.port else host


def as_entries(apps):
    return " ".join(f"{address(app)}:{','.join(app.domains)}" for app in apps)


def as_map(apps):
    return {
        address(app): {
            "domains": {name: as_options(app.sites.get(name)) for name in app.domains}
            if app.sites
            else list(app.domains),
            "replicas": app.replicas,
            "tls": app.tls,
            **({"check": app.check} if app.check else {}),
        }
        for app in apps
    }


def as_options(site):
    return {} if site is None or site.spa is None else {"spa": site.spa}


def outcome(text):
    try:
        return parse_domains(text), ()
    except InvalidValue as error:
        return (), error.messages


def check_outcome(text):
    """Apps in normal form, which they keep; or printable faults; and nothing else is raised."""
    parsed, faults = outcome(text)

    assert bool(parsed) is not bool(faults)
    assert all(fault.isprintable() and len(fault) < 2000 for fault in faults)
    assert all(is_domain(domain) for app in parsed for domain in app.domains)
    assert not parsed or parse_domains(json.dumps(as_map(parsed))) == parsed


def is_domain(name):
    """Judge a normalised domain by the rules, one after the other."""
    labels = name.removeprefix("*.").split(".")
    if labels[-1].isdigit():
        return is_ipv4(name)
    return len(name) <= 253 and all(
        0 < len(label) <= 63 and label == label.strip("-") and not label.strip(HOST)
        for label in labels
    )


def is_ipv4(name):
    try:
        return str(ipaddress.IPv4Address(name)) == name
    except ValueError:
        return False


@patiently
@given(apps())
def test_entries_that_are_written_are_read(apps):
    assert parse_domains(as_entries(apps)) == apps


@patiently
@given(apps(OPTIONS))
def test_json_that_is_written_is_read(apps):
    assert parse_domains(json.dumps(as_map(apps))) == apps


@patiently
@given(apps(OPTIONS))
def test_yaml_that_is_written_is_read(apps):
    assert parse_domains(yaml.safe_dump(as_map(apps), sort_keys=False)) == apps


@patiently
@given(st.text(f"{HOST}.*A_", min_size=1, max_size=20))
def test_a_domain_is_accepted_if_and_only_if_it_keeps_the_rules(text):
    normal = text.lower().removesuffix(".")

    parsed, _ = outcome(f"a:{text}")

    assert parsed == ((App("a", None, (normal,)),) if is_domain(normal) else ())


@patiently
@given(st.text())
def test_any_text(text):
    check_outcome(text)


@patiently
@given(
    st.sampled_from(["", "{", "---\n", "a:\n", '{"a":', "a:", "[::1]:"]),
    st.text(GRAMMAR),
    st.sampled_from(["", "}", "\n", "]}"]),
)
def test_any_text_of_the_grammars_characters(before, text, after):
    check_outcome(before + text + after)


@patiently
@given(st.text(st.characters(min_codepoint=0x80), min_size=1, max_size=12))
def test_any_international_domain(text):
    check_outcome(f"a:{text}.example,*.b{text}")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(GRAMMAR)
ODD_KEYS = st.text(GRAMMAR) | st.sampled_from(["web", "web:80", "[::1]:80", "10.0.0.1"])
FIELDS = st.sampled_from(["port", "domains", "replicas", "check", "tls"])
TEXTS = SCALARS | DOMAINS
SITES = st.dictionaries(
    TEXTS.filter(lambda key: isinstance(key, str)),
    SCALARS | st.dictionaries(st.sampled_from(["spa", "x"]), SCALARS | st.just("on")),
    max_size=3,
)
VALUES = TEXTS | st.lists(TEXTS | st.lists(SCALARS, max_size=2), max_size=4) | SITES
TREES = VALUES | st.dictionaries(FIELDS | ODD_KEYS, VALUES, max_size=5)


@patiently
@given(st.dictionaries(ODD_KEYS, TREES, max_size=4))
def test_any_json(tree):
    check_outcome(json.dumps(tree))
    check_outcome(json.dumps(tree, ensure_ascii=False))


@patiently
@given(st.dictionaries(ODD_KEYS, TREES, max_size=4))
def test_any_yaml(tree):
    check_outcome("---\n" + yaml.safe_dump(tree, allow_unicode=True))
