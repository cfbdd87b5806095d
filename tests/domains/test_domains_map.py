"""DOMAINS as a map: what it means in JSON and in YAML, and every message for what it does not."""

from __future__ import annotations

import json

import pytest

from entrykit.domains.entries import App, parse_domains
from entrykit.errors import InvalidValue

WEB = App("web", None, ("example.com",))
API = App("api", 9000, ("api.example.com",), replicas=3, check="/healthz?full=1")

NO_DOMAIN = 'no domain (expected a list such as ["example.com"])'
NO_MAP = 'not a map of apps (e.g. {"web": ["example.com"]})'
NO_NAME = "not an app name (expected a DNS name, an IPv4 address or an IPv6 address in brackets)"
NO_PATH = "not a path (e.g. /healthz)"
NO_NUMBER = "not a whole number (expected 1 to 1000)"
NO_TEXT = "(expected text or a number)"
NO_OPTION = "no such option (expected port, domains, replicas, check or tls)"
EMPTY_ITEM = "an empty item among the domains (expected single commas between)"
ADDRESS = "replicas with an IP address (expected a name that resolves to several addresses)"
BEFORE = "where this app and port were named before (expected the same)"
ALIAS = '(expected no alias; what begins with * needs quotes: "*.example.com")'


def faults(text):
    with pytest.raises(InvalidValue) as caught:
        parse_domains(text)
    return caught.value.messages


@pytest.mark.parametrize(
    "text",
    [
        """{"web": ["example.com"], "api": {"port": 9000, "domains": ["api.example.com"],
            "replicas": 3, "check": "/healthz?full=1"}}""",
        """{"web": "example.com", "api:9000": {"port": "9000", "domains": "api.example.com",
            "replicas": "3", "check": "/healthz?full=1", "tls": "terminate"}}""",
        """{web: [Example.com], api: {domains: api.example.com/9000, replicas: 3,
            check: /healthz?full=1}}""",
        """\
web:  # the site
- example.com
api:
  port: 9000
  domains:
  - api.example.com
  replicas: 3
  check: /healthz?full=1
""",
        """\
# apps
---
web: "example.com, example.com."
api: {port: 9000, domains: [api.example.com], replicas: 3, check: "/healthz?full=1"}
""",
    ],
)
def test_maps(text):
    assert parse_domains(text) == (WEB, API)


@pytest.mark.parametrize(
    "text",
    [
        "web: [example.com]",
        "web: example.com",
        " web:\t{domains: [Example.com.]}\n",
        '"web": example.com',
    ],
)
def test_a_map_of_yaml_may_have_one_line(text):
    """A blank after the first colon: no entry has that."""
    assert parse_domains(text) == (WEB,)


@pytest.mark.parametrize("text", ["web:", "web: api:a.test", "web: [::1]:80:a.test", "web: api:"])
def test_an_entry_without_domains_is_no_map(text):
    assert faults(text)[0].startswith('entry 1 "web:": no domain after the app name')


PORTS = {"terminate": 80, "passthrough": 443}
SAME = [
    ("web:a.test web:80:b.test", App("web", None, ("a.test", "b.test"))),
    ("web:80:a.test web:b.test,a.test", App("web", 80, ("a.test", "b.test"))),
    ("[::1]:a.test [0::1]:b.test/80", App("::1", None, ("a.test", "b.test"))),
    (
        '{web: {tls: passthrough, domains: a.test}, "web:443": {tls: passthrough, domains: b.x}}',
        App("web", None, ("a.test", "b.x"), tls="passthrough"),
    ),
]


@pytest.mark.parametrize(("text", "app"), SAME)
def test_the_same_app_with_and_without_its_port_is_one_where_the_port_is_known(text, app):
    assert parse_domains(text, ports=PORTS) == (app,)
    assert len(parse_domains(text.replace("b.test,a.test", "b.test"))) == 2


def test_what_is_said_of_apps_names_them_as_they_were_written():
    with pytest.raises(InvalidValue) as caught:
        parse_domains("web:a.test api:80:a.test web:80:b.test", ports=PORTS)

    assert caught.value.messages == ('"a.test" is named for both web and api:80',)


def test_yaml_guesses_no_types():
    text = '---\nno: ["on", null]\n"[::1]:80": {domains: 1e3, tls: passthrough}\n'

    assert parse_domains(text) == (
        App("no", None, ("on", "null")),
        App("::1", 80, ("1e3",), tls="passthrough"),
    )


def test_keys_that_mean_the_same_app_and_port_are_merged():
    here = {"domains": ["x"], "replicas": 2}
    there = {"port": 80, "domains": "y, x", "replicas": "2"}

    apps = parse_domains(json.dumps({"a:80": here, "a": there}))

    assert apps == (App("a", 80, ("x", "y"), replicas=2),)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("{}", ["no entry (expected app:domain,domain or app:port:domain,domain)"]),
        ("---\n- a", [NO_MAP]),
        ('{"a": "x", "a": "y"}', ['app "a": given twice (expected each key once)']),
        ("a:\n- x\na:\n- y", ['app "a": given twice (expected each key once)']),
        ('{"a": {}}', [f'app "a": {NO_DOMAIN}']),
        ('{"a": []}', [f'app "a": {NO_DOMAIN}']),
        ("a:\n  port: 1\nb:\n", [f'app "a": {NO_DOMAIN}', f'app "b": {NO_DOMAIN}']),
        ('{"a": null}', ['app "a": domains: null (expected a list of domains)']),
        ('{"a": "x,"}', [f'app "a": {EMPTY_ITEM}']),
        ('{"": "x"}', [f'app "": "": {NO_NAME}']),
        ('{"a:": "x"}', ['app "a:": "": not a port (expected 1 to 65535)']),
        ('{"a": 80}', ['app "a": "80": a number alone, which reads as a port (expected a name)']),
    ],
)
def test_faults_of_maps(text, messages):
    assert faults(text) == tuple(messages)


def test_faults_of_lists():
    assert faults('{"a": [true, null, {}, [], "-", "x,y", ""]}') == (
        'app "a": domains: true in the list (expected text)',
        'app "a": domains: null in the list (expected text)',
        'app "a": domains: a map in the list (expected text)',
        'app "a": domains: a list in the list (expected text)',
        f'app "a": {EMPTY_ITEM}',
        'app "a": "-": a label that begins or ends with -',
        'app "a": "x,y": "," cannot be in a domain (expected letters, digits, - and .)',
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('"port": 1, "port": 1', '"port": given twice (expected each option once)'),
        ('"Port": 1', f'"Port": {NO_OPTION}'),
        ('"\\u001b": 1', f'"\\x1b": {NO_OPTION}'),
        ('"port": 1e3', '"1e3": not a port (expected 1 to 65535)'),
        ('"port": []', f"port: a list {NO_TEXT}"),
        ('"replicas": 0', f'replicas: "0": {NO_NUMBER}'),
        ('"replicas": 1001', f'replicas: "1001": {NO_NUMBER}'),
        ('"replicas": 1.0', f'replicas: "1.0": {NO_NUMBER}'),
        ('"replicas": -Infinity', f'replicas: "-Infinity": {NO_NUMBER}'),
        ('"check": "healthz"', f'check: "healthz": {NO_PATH}'),
        ('"check": "/a b"', f'check: "/a b": {NO_PATH}'),
        ('"check": "/#"', f'check: "/#": {NO_PATH}'),
        ('"check": "/ä"', f'check: "/ä": {NO_PATH}'),
        ('"tls": false', f"tls: false {NO_TEXT}"),
        ('"tls": "off"', 'tls: "off": not known (expected terminate or passthrough)'),
    ],
)
def test_faults_of_options(options, message):
    assert faults(f'{{"a": {{"domains": ["x"], {options}}}}}') == (f'app "a": {message}',)


def test_null_is_unset():
    options = dict.fromkeys(["port", "replicas", "check", "tls"])
    text = json.dumps({"web": {"domains": "example.com", **options}})

    assert parse_domains(text) == (WEB,)


def test_an_ipv6_address_wants_brackets():
    said = "too many colons (expected an IPv6 address in brackets)"
    assert faults('{"2001:db8::1": "x"}') == (f'app "2001:db8::1": {said}',)


@pytest.mark.parametrize("address", ["10.0.0.1", "[::1]"])
def test_an_address_has_no_replicas(address):
    options = {"domains": "x", "replicas": 2}

    assert faults(json.dumps({address: options})) == (f'app "{address}": {ADDRESS}',)


def test_what_is_said_twice_is_said_alike():
    text = '{"a:80": {"port": 81, "domains": "x"}, "a": {"port": 81, "domains": "y", "check": "/"}}'

    assert faults(text) == (
        'app "a:80": port: "81", and another in the name (expected one)',
        f'app "a": check is "/" here and not set {BEFORE}',
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\na: &x [b]\nc: *x", f"not understood: line 3 column 4: an alias {ALIAS}"),
        ("---\n? [a]\n: b", "not understood: a key that is not text"),
        ("---\n" + "- " * 30, "not understood: nested too deep"),
        ("---\na: b\n---\nc: d", "not YAML: 2 documents (expected 1)"),
        ('{"a":' * 100_000, "not JSON: nested too deep; not understood: nested too deep"),
    ],
)
def test_what_is_not_understood(text, message):
    assert faults(text) == (message,)


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("---\nweb: [*.example.com]", 'not YAML: line 2 column 8: "', f'" {ALIAS}'),
        ("---\na: \0", 'not YAML: "', 'not allowed"'),
        ("---\na: \ud800", 'not YAML: "', 'not allowed"'),
        ('{"a": ["b"}', "not JSON: Expecting ',' delimiter: line 1 column 11 (char 10); ", '"'),
        ("{a\x1b: b}", "not JSON: Expecting property name", 'not allowed"'),
    ],
)
def test_what_the_parser_says_is_quoted(text, begin, end):
    (fault,) = faults(text)

    assert fault.startswith(begin)
    assert fault.endswith(end)


def test_a_hundred_thousand_domains():
    names = {f"app{n}": [f"shop-{n}-{i}.example.com" for i in range(10)] for n in range(10_000)}

    apps = parse_domains(json.dumps(names))

    assert {app.name: list(app.domains) for app in apps} == names
