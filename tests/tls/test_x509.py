"""The reader of certificates, with the cryptography package as its judge."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from entrykit.tls.x509 import dns_names, key_kind, public_key, serial, validity

DAY = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
ORGANISATION = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example, Inc.")

LABELS = st.from_regex(r"(?!-)[A-Za-z0-9_-]{1,20}(?<!-)", fullmatch=True)
NAMES = st.builds(
    lambda star, labels: star + ".".join([*labels, "test"]),
    st.sampled_from(["", "*."]),
    st.lists(LABELS, min_size=1, max_size=4),
)
COMMON_NAMES = NAMES.filter(lambda name: len(name) <= 64)  # RFC 5280, appendix A.1
SINCE = dt.datetime(1950, 1, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
TIMES = st.integers(0, int((UNTIL - SINCE).total_seconds())).map(
    lambda seconds: SINCE + dt.timedelta(seconds=seconds)
)
OTHERS = st.one_of(
    st.ip_addresses().map(x509.IPAddress),
    st.sampled_from(
        [x509.RFC822Name("me@a.test"), x509.UniformResourceIdentifier("https://a.test/")]
    ),
)


def certificate(
    alternatives: Iterable[x509.GeneralName],
    common_names: Iterable[str] = (),
    key=KEY,
    times=(DAY, DAY),
    number=2**158,
) -> bytes:
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names]
    name = x509.Name([ORGANISATION, *common])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(times[0])
        .not_valid_after(times[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if alternatives := list(alternatives):
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.DER)


def dns(*names: str) -> list[x509.DNSName]:
    return [x509.DNSName(name) for name in names]


def judged(der: bytes) -> list[str]:
    """What the cryptography package finds."""
    parsed = x509.load_der_x509_certificate(der)
    found = [item.value for item in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return found
    return [*extension.value.get_values_for_type(x509.DNSName), *found]


@given(
    st.lists(st.one_of(NAMES.map(x509.DNSName), OTHERS), max_size=8),
    st.lists(COMMON_NAMES, max_size=2),
)
def test_finds_every_host_name_that_cryptography_finds(alternatives, common_names):
    der = certificate(alternatives, common_names)

    assert dns_names(der) == tuple(dict.fromkeys(name.lower() for name in judged(der)))


def test_a_hundred_names():
    names = [f"host{number}.example.com" for number in range(100)]

    assert dns_names(certificate(dns(*names))) == tuple(names)


def test_an_international_name_comes_as_punycode():
    assert dns_names(certificate(dns("xn--bcher-kva.example"))) == ("xn--bcher-kva.example",)


def test_a_name_in_both_places_comes_once():
    assert dns_names(certificate(dns("A.test"), ["a.test"])) == ("a.test",)


def test_a_certificate_without_subject_alternative_names_has_its_common_names():
    assert dns_names(certificate([], ["a.test", "b.test"])) == ("a.test", "b.test")


@pytest.mark.parametrize(
    "text",
    [
        "Example CA",
        "bücher.example",
        "192.0.2.1",
        "2001:db8::1",
        "a.test.",
        "*",
        "*.",
        "*a.test",
        "f*.a.test",
        "*.*.a.test",
        "!a.test",
        "#a.test",
        "-a.test",
        "a..test",
        "a.test\nb.test web.pem",
        "a.test\0.b.test",
        "a.test\u2028",
        "\u212a.test",
        "a" * 64,
    ],
)
def test_what_is_no_host_name_is_passed_over(text):
    assert dns_names(certificate(dns("good.test"), [text])) == ("good.test",)


def test_a_name_longer_than_a_host_name_is_passed_over():
    longest = ".".join(["a" * 49] * 5) + ".ab"
    assert len(longest) == 252

    assert dns_names(certificate(dns(longest + "c", longest + "cd"))) == (longest + "c",)


def test_a_common_name_in_sixteen_bit_characters_is_read():
    der = certificate([], ["a.test"])
    wide = b"\x1e\x0c" + "a.test".encode("utf-16-be")
    narrow = b"\x0c\x06a.test"

    assert dns_names(lengthened(der, narrow, wide)) == ("a.test",)


def lengthened(der: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a value in the subject, and correct the lengths of what it is in."""
    parsed = x509.load_der_x509_certificate(der)
    subject = parsed.subject.public_bytes()
    place = subject.index(old)
    wider = subject.replace(old, new)
    # Attribute, set and name each have a length of one octet right before or at their start.
    header = bytearray(wider)
    for at in (1, place - 8, place - 6):
        header[at] += len(new) - len(old)
    whole = parsed.tbs_certificate_bytes.replace(subject, bytes(header))
    content = whole[4:]
    return sequence(sequence(content))


def sequence(content: bytes) -> bytes:
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (KEY, "ecdsa"),
        (rsa.generate_private_key(65537, 2048), "rsa"),
        (ed25519.Ed25519PrivateKey.generate(), "other"),
    ],
)
def test_the_kind_of_key(key, kind):
    assert key_kind(certificate(dns("a.test"), key=key)) == kind


@given(
    st.integers(1, 2**159 - 1),
    st.lists(TIMES, min_size=2, max_size=2).map(sorted),
)
def test_number_and_times_are_those_that_it_was_given(number, times):
    """Years up to 2049 are written with two digits, others with four."""
    der = certificate([], number=number, times=times)

    assert serial(der) == number
    assert validity(der) == tuple(time.timestamp() for time in times)


@pytest.mark.parametrize(
    "time",
    [
        b"\x17\x0d300101000000+",
        b"\x17\x0d301301000000Z",
        b"\x17\x0d30010100000Z0",
        b"\x18\x0d300101000000Z",
        b"\x04\x0d300101000000Z",
    ],
)
def test_a_time_that_is_none_is_a_value_error(time):
    der = certificate([]).replace(b"\x17\x0d300101000000Z", time)

    with pytest.raises(ValueError, match=r"time|month"):
        validity(der)


@pytest.mark.parametrize("key", [KEY, rsa.generate_private_key(65537, 2048)])
@pytest.mark.parametrize("written", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_the_public_key_is_a_part_of_the_private_one(key, written):
    private = key.private_bytes(Encoding.DER, written, NoEncryption())

    assert len(public_key(certificate([], key=key))) > 32
    assert public_key(certificate([], key=key)) in private
    assert public_key(certificate([], key=ec.generate_private_key(ec.SECP256R1()))) not in private


WHOLE = certificate(
    [*dns("a.test", "*.b.test"), x509.IPAddress(ipaddress.ip_address("::1"))], ["c"]
)


def only_value_errors(der: bytes) -> None:
    for read in (dns_names, key_kind, public_key, serial, validity):
        with suppress(ValueError):
            read(der)


@given(st.data())
def test_a_damaged_certificate_is_read_or_a_value_error(data):
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    only_value_errors(bytes(damaged))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_a_value_error(data):
    only_value_errors(data)


def test_every_single_octet_changed_is_read_or_a_value_error():
    for place in range(len(WHOLE)):
        for octet in (0x00, 0x1F, 0x30, 0x7F, 0x80, 0x84, 0xFF):
            only_value_errors(WHOLE[:place] + bytes([octet]) + WHOLE[place + 1 :])


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_what_is_cut_off_is_a_value_error(end):
    with pytest.raises(ValueError, match=r"."):
        dns_names(WHOLE[:end])


@pytest.mark.parametrize(
    ("der", "reason"),
    [
        (WHOLE + b"\0", "without a header"),
        (WHOLE + WHOLE, "2 values in place of one"),
        (b"\x30\x80" + WHOLE[4:] + b"\0\0", "not DER"),  # BER's indefinite length
        (b"\x30\x83\0" + WHOLE[2:], "not DER"),  # a zero before the length
        (b"\x30\x81\x05\x30\x03\x02\x01\x00", "not DER"),  # a longer form than needed
        (b"\x30\xff" + b"\xff" * 127, "cut off"),
        (b"\x3f\x1f\x00", "without a header"),
        (b"\x31\x00", "no value of type 0x30"),
        (b"\x30\x02\x30\x00", "not those of a certificate"),
        (b"", "0 values in place of one"),
    ],
)
def test_what_is_not_a_certificate_in_der_is_a_value_error(der, reason):
    with pytest.raises(ValueError, match=reason):
        dns_names(der)
