"""DOMAINS as a plain list, where a role takes one, and with options of domains."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrykit.domains.apps import Site
from entrykit.domains.entries import App, parse_domains
from entrykit.domains.plain_list import parse_domains_or_list
from entrykit.errors import InvalidValue

EMPTY_ITEM = "an empty item among the domains (expected single commas between)"
URL = "a URL (expected the domain alone)"
NO_ENTRY = "(expected app:domain,domain or app:port:domain,domain)"
NO_MAP = 'not a map of options (expected {"spa": true})'
NO_SWITCH = "spa: neither on nor off (expected one of them)"


def faults(parse, text):
    with pytest.raises(InvalidValue) as caught:
        parse(text)
    return caught.value.messages


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("example.com", "example.com"),
        ("b.test,A.test.,b.test", "b.test a.test"),
        (" a.test,b.test\n\tc.test\n", "a.test b.test c.test"),
        ("# the shop\na.test # new\nb.test", "a.test b.test"),
        ('["a.test", "Bücher.test"]', "a.test xn--bcher-kva.test"),
        ('\n[\n "a.test"\n]\n', "a.test"),
        ("*.a.test,localhost,127.0.0.1", "*.a.test localhost 127.0.0.1"),
    ],
)
def test_lists(text, domains):
    """They are one app, which has no name."""
    assert parse_domains_or_list(text) == (App("", None, tuple(domains.split())),)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("a.test,,-b", [EMPTY_ITEM, '"-b": a label that begins or ends with -']),
        ("a.test/80", ['"a.test/80": "/" cannot be in a domain']),
        ('["a.test", 1]', ['"[\\"a.test\\", 1]": not a list of strings']),
        ("9000", ['"9000": a number alone']),
        ("a.test,http://b.test:80/ -c", [f'"http://b.test:80/": {URL}', '"-c": a label that']),
        (" , ,", [EMPTY_ITEM]),
    ],
)
def test_faults_of_lists(text, messages):
    found = faults(parse_domains_or_list, text)

    assert all(fault.startswith(begin) for fault, begin in zip(found, messages, strict=False))
    assert len(found) == len(messages)


@pytest.mark.parametrize(
    "text", ["web:a.test", "web:80:a.test b:b.test", '{"web": ["a.test"]}', "web:\n- a.test\n"]
)
def test_anything_else_is_what_it_is_for_other_roles(text):
    assert parse_domains_or_list(text) == parse_domains(text)


@pytest.mark.parametrize("text", ["", " # a.test", "web:a.test b.test", "web:", "{", "[::1]:80"])
def test_and_refused_with_the_same_words(text):
    assert faults(parse_domains_or_list, text) == faults(parse_domains, text)


def test_a_role_that_connects_to_apps_refuses_a_list():
    """As it has no app to connect to."""
    assert faults(parse_domains, "a.test,b.test") == (
        f'entry 1 "a.test,b.test": no domain after the app name {NO_ENTRY}',
    )


@given(st.text())
def test_any_text(text):
    """Apps, or faults that can be printed, and nothing else is raised."""
    try:
        outcome = parse_domains_or_list(text)
    except InvalidValue as error:
        outcome = error.messages

    assert outcome
    assert all(isinstance(item, App) or item.isprintable() for item in outcome)


DOMAINS = {"a.test": {"spa": True}, "B.test.": {"spa": "off"}, "c.test": {}, "d.test": None}


def test_domains_may_have_options():
    (app,) = parse_domains(json.dumps({"web": {"domains": DOMAINS, "port": 9000}}))

    assert app.domains == ("a.test", "b.test", "c.test", "d.test")
    assert app.sites == {"a.test": Site(spa=True), "b.test": Site(spa=False)}


def test_in_yaml_too():
    text = "web:\n  domains:\n    a.test: {spa: yes}\n    b.test:\n    c.test/9000: {spa: no}\n"
    web, other = parse_domains(text)

    assert (web.domains, dict(web.sites)) == (("a.test", "b.test"), {"a.test": Site(spa=True)})
    assert (other.port, dict(other.sites)) == (9000, {"c.test": Site(spa=False)})


def test_they_are_the_same_wherever_a_domain_is_named():
    text = '{"a:80": {"domains": {"x": {"spa": true}}}, "a": {"port": 80, "domains": ["y", "x"]}}'
    (app,) = parse_domains(text)

    assert (app.domains, app.sites) == (("x", "y"), {"x": Site(spa=True)})


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ('{"x": 1}', f'"x": {NO_MAP}'),
        ('{"x": false}', f'"x": {NO_MAP}'),
        ('{"x": []}', f'"x": {NO_MAP}'),
        ('{"x": {"spa": null}}', f'"x": {NO_SWITCH}'),
        ('{"x": {"spa": 2}}', f'"x": {NO_SWITCH}'),
        ('{"x": {"\\u001b": 1}}', '"x": "\\x1b": no such option (expected spa)'),
        (
            '{"x": {"spa": true}, "X": {"spa": false}}',
            '"X": has other options before (expected the same)',
        ),
        ('{"-x": {"spa": true}}', '"-x": a label that begins or ends with -'),
        ("{}", 'no domain (expected a list such as ["example.com"])'),
    ],
)
def test_faults_of_options_of_domains(domains, message):
    assert faults(parse_domains, f'{{"a": {{"domains": {domains}}}}}') == (f'app "a": {message}',)


def test_an_option_of_a_domain_among_those_of_an_app():
    (message, _) = faults(parse_domains, '{"a.test": {"spa": true}}')

    expected = '(e.g. {"web": {"domains": {"example.com": {"spa": true}}}})'
    assert message == f'app "a.test": "spa": an option of a domain {expected}'


@pytest.mark.parametrize("parse", [parse_domains_or_list, parse_domains])
def test_a_hundred_thousand_domains_with_options(parse):
    names = {f"shop-{n}.example.com": {"spa": n % 2 == 0} for n in range(100_000)}
    (app,) = parse(json.dumps({"web": {"domains": names}}))

    assert app.domains == tuple(names)
    assert len(app.sites) == 100_000
