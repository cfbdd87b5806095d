"""The plain form of DOMAINS: what it means, and every message for what it does not."""

from __future__ import annotations

import pytest

from entrykit.domains.entries import App, parse_domains
from entrykit.errors import InvalidValue

MIDDLE = "the port goes in the middle (expected app:port:domain,domain)"
NO_ENTRY = "(expected app:domain,domain or app:port:domain,domain)"
NO_NAME = "not an app name (expected a DNS name, an IPv4 address or an IPv6 address in brackets)"
NO_IPV4 = "not an IPv4 address (expected four numbers from 0 to 255)"
NO_IPV6 = "not an IPv6 address (expected [2001:db8::1])"
NO_PORT = "not a port (expected 1 to 65535)"
NO_PORT_OF_DOMAIN = "not a domain and a port (e.g. example.com/9000)"
COLONS = "too many colons (expected app:port:domain,domain, an IPv6 address in brackets)"
EMPTY_ITEM = "an empty item among the domains (expected single commas between)"
ODD = "cannot be in a domain (expected letters, digits, - and .)"
STAR = "a * that is not the whole first label before others (expected *.example.com)"
EMPTY_LABEL = "an empty label (expected one dot between labels)"
LONG_LABEL = "a label longer than 63 characters"
LONG = "longer than 253 characters"
HYPHEN = "a label that begins or ends with -"
NUMBER = "a number alone, which reads as a port (expected a name)"
NUMBER_LAST = "ends in a number and is not an IPv4 address"

LABEL = "l" * 63


def faults(text):
    with pytest.raises(InvalidValue) as caught:
        parse_domains(text)
    return caught.value.messages


@pytest.mark.parametrize(
    ("text", "apps"),
    [
        ("a:x", [("a", None, "x")]),
        (" a:x,y\n\tb:9000:z \r\n", [("a", None, "x y"), ("b", 9000, "z")]),
        ("# a:v\na:x # a:w\n #a:y\r\n\nb:y", [("a", None, "x"), ("b", None, "y")]),
        ("a:65535:x", [("a", 65535, "x")]),
        ("a:x/80,y,z/80,w/81", [("a", 80, "x z"), ("a", None, "y"), ("a", 81, "w")]),
        ("a:80:x/80,y", [("a", 80, "x y")]),
        ("a:x b:y a:z,x a:80:w", [("a", None, "x z"), ("b", None, "y"), ("a", 80, "w")]),
        ("Web_1.my-net:x", [("Web_1.my-net", None, "x")]),
        ("10.0.0.1:x", [("10.0.0.1", None, "x")]),
        ("[::1]:x [0:0::1]:9000:y", [("::1", None, "x"), ("::1", 9000, "y")]),
        (f"{LABEL}.{LABEL}.{LABEL}.{LABEL[2:]}:x", [(".".join([LABEL] * 4)[:-2], None, "x")]),
    ],
)
def test_entries(text, apps):
    expected = tuple(App(name, port, tuple(domains.split())) for name, port, domains in apps)

    assert parse_domains(text) == expected


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("EXAMPLE.Com", "example.com"),
        ("example.com.", "example.com"),
        ("*.Example.com", "*.example.com"),
        ("*.com", "*.com"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("a--b.1-c.d-2x", "a--b.1-c.d-2x"),
        ("a.1b", "a.1b"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("*.straße.example", "*.xn--strae-oqa.example"),
        ("пример.рф。", "xn--e1afmkfd.xn--p1ai"),
        ("\uff57.example", "w.example"),
        ("xn--i-7iq.ws", "xn--i-7iq.ws"),
        (f"{LABEL}.{LABEL}", f"{LABEL}.{LABEL}"),
        (f"{'a.' * 126}b.", f"{'a.' * 126}b"),
    ],
)
def test_domains_are_normalised(text, normal):
    assert parse_domains(f"a:z,{text},{normal}") == (App("a", None, ("z", normal)),)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", [f"no entry {NO_ENTRY}"]),
        (" \n # web:example.com", [f"no entry {NO_ENTRY}"]),
        ("w:x api:", [f'entry 2 "api:": no domain after the app name {NO_ENTRY}']),
        ("web", [f'entry 1 "web": no domain after the app name {NO_ENTRY}']),
        ("api:9000", [f'entry 1 "api:9000": no domain after the port {NO_ENTRY}']),
        ("api:9000:", [f'entry 1 "api:9000:": no domain after the port {NO_ENTRY}']),
        ("a:x:80", [f'entry 1 "a:x:80": {MIDDLE}']),
        ("a:80:90", [f'entry 1 "a:80:90": no domain after the port {NO_ENTRY}']),
        ("::1:80:x", [f'entry 1 "::1:80:x": {COLONS}']),
        (":x", [f'entry 1 ":x": "": {NO_NAME}']),
        ("-a:x", [f'entry 1 "-a:x": "-a": {NO_NAME}']),
        ("a..b:x", [f'entry 1 "a..b:x": "a..b": {NO_NAME}']),
        ("ä:x", [f'entry 1 "ä:x": "ä": {NO_NAME}']),
        ("300.1.1.1:x", [f'entry 1 "300.1.1.1:x": "300.1.1.1": {NO_IPV4}']),
        ("9000:x", [f'entry 1 "9000:x": "9000": {NO_IPV4}']),
        ("[::g]:x", [f'entry 1 "[::g]:x": "[::g]": {NO_NAME}']),
        ("[::1]a:x", [f'entry 1 "[::1]a:x": "[::1]a": {NO_NAME}']),
        ("[1:2]:x", [f'entry 1 "[1:2]:x": "[1:2]": {NO_IPV6}']),
        ("a::x", [f'entry 1 "a::x": "": {NO_PORT}']),
        ("a:0:x", [f'entry 1 "a:0:x": "0": {NO_PORT}']),
        ("a:080:x", [f'entry 1 "a:080:x": "080": {NO_PORT}']),
        ("a:+80:x", [f'entry 1 "a:+80:x": "+80": {NO_PORT}']),
        ("a:8_0:x", [f'entry 1 "a:8_0:x": "8_0": {NO_PORT}']),
        ("a:65536:x", [f'entry 1 "a:65536:x": "65536": {NO_PORT}']),
        ("a:x/", [f'entry 1 "a:x/": "x/": {NO_PORT_OF_DOMAIN}']),
        ("a:/80", [f'entry 1 "a:/80": "/80": {NO_PORT_OF_DOMAIN}']),
        ("a:1:x/2", ['entry 1 "a:1:x/2": "x/2": the port of the app is 1 (expected one port)']),
        ("a:,x,,y,", [f'entry 1 "a:,x,,y,": {EMPTY_ITEM}']),
        ("web:X api:9000:x.", ['"x" is named for both web and api:9000']),
        ("a:x/80,x", ['"x" is named for both a:80 and a']),
    ],
)
def test_faults_of_entries(text, messages):
    assert faults(text) == tuple(messages)


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("9000", NUMBER),
        ("300.1.1.1", NUMBER_LAST),
        ("*.127.0.0.1", NUMBER_LAST),
        ("a.9", NUMBER_LAST),
        ("*", STAR),
        ("a*.example.com", STAR),
        ("*.*.com", STAR),
        (".", EMPTY_LABEL),
        ("a..b", EMPTY_LABEL),
        (".a", EMPTY_LABEL),
        ("a..", EMPTY_LABEL),
        ("-a.b", HYPHEN),
        ("a-.b", HYPHEN),
        ("a.b-", HYPHEN),
        ("a_b.c", f'"_" {ODD}'),
        ("a?b", f'"?" {ODD}'),
        ("x#y", f'"#" {ODD}'),
        (f"{LABEL}l", LONG_LABEL),
    ],
)
def test_faults_of_domains(domain, reason):
    text = f"web:x.example,{domain}"

    assert faults(text) == (f'entry 1 "{text}": "{domain}": {reason}',)


@pytest.mark.parametrize(
    "domain", [f"{'a.' * 126}bc", "ü" * 254, f"*.{'a.' * 125}bc", "a" * 10**6, "." * 10**6]
)
def test_a_long_value_is_cut(domain):
    assert faults(f"w:{domain}") == (f'entry 1 "w:{domain[:78]}…": "{domain[:80]}…": {LONG}',)


@pytest.mark.parametrize("domain", ["❤.ws", "ü..de", "a_ü.de", "-ü.de", "ü" * 60, "\u0661.example"])
def test_what_idna_refuses_is_a_fault(domain):
    (fault,) = faults(f"w:{domain}")

    assert fault.startswith(
        f'entry 1 "w:{domain}": "{domain}": not an international domain name (idna says "'
    )


def test_every_fault_is_told_in_order():
    assert faults("a!:0:-,x/0 b c:y d:y,") == (
        f'entry 1 "a!:0:-,x/0": "a!": {NO_NAME}',
        f'entry 1 "a!:0:-,x/0": "0": {NO_PORT}',
        f'entry 1 "a!:0:-,x/0": "-": {HYPHEN}',
        f'entry 1 "a!:0:-,x/0": "x/0": {NO_PORT_OF_DOMAIN}',
        f'entry 2 "b": no domain after the app name {NO_ENTRY}',
        f'entry 4 "d:y,": {EMPTY_ITEM}',
        '"y" is named for both c and d',
    )


def test_nothing_reaches_a_terminal_raw():
    entry = r'entry 1 "a\x1b[31m:x\x00,\"\ud800"'
    idna = r"""(idna says "Codepoint U+D800 not allowed at position 2 in '\"\\ud800'")"""

    assert faults('a\x1b[31m:x\0,"\ud800') == (
        rf'{entry}: "a\x1b[31m": {NO_NAME}',
        rf'{entry}: "x\x00": "\x00" {ODD}',
        rf'{entry}: "\"\ud800": not an international domain name {idna}',
    )


@pytest.mark.parametrize(("apps", "each"), [(1, 100_000), (10_000, 10)])
def test_a_hundred_thousand_domains(apps, each):
    names = [[f"shop-{app}-{i}.example.com" for i in range(each)] for app in range(apps)]
    text = " ".join(f"app{app}:9000:{','.join(domains)}" for app, domains in enumerate(names))

    parsed = parse_domains(text)

    assert [list(app.domains) for app in parsed] == names
    assert {(app.name, app.port) for app in parsed} == {(f"app{app}", 9000) for app in range(apps)}
