"""What TLS is spoken: Mozilla's profiles, and HSTS."""

from __future__ import annotations

import ssl
import warnings

import pytest

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module")
def profiles(shared_edge, authority, web):
    """An edge for each TLS_PROFILE; modern has HSTS as well."""
    names = {"DOMAINS": web.serves("one.test"), "certificates": [authority.pem("one.test")]}
    return {
        "intermediate": shared_edge(**names),
        "modern": shared_edge(TLS_PROFILE="modern", HSTS_MAX_AGE="63072000", **names),
    }


def client(authority, version):
    """A client of one TLS version; the old ones need leave to be spoken at all."""
    context = authority.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize(
    ("profile", "version", "spoken"),
    [
        ("intermediate", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        ("intermediate", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("modern", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    ],
)
def test_a_profile_accepts(profiles, authority, profile, version, spoken):
    with profiles[profile].tls("one.test", client(authority, version)) as connection:
        assert connection.version() == spoken


@pytest.mark.parametrize(
    ("profile", "version"),
    [
        ("intermediate", ssl.TLSVersion.TLSv1_1),
        ("intermediate", ssl.TLSVersion.TLSv1),
        ("modern", ssl.TLSVersion.TLSv1_2),
    ],
)
def test_a_profile_refuses(profiles, authority, profile, version):
    refused = pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION")
    with refused, profiles[profile].tls("one.test", client(authority, version)):
        pass


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"])
def test_intermediate_has_no_cipher_without_forward_secrecy_or_aead(profiles, authority, cipher):
    context = client(authority, ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    refused = pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE")
    with refused, profiles["intermediate"].tls("one.test", context):
        pass


def test_the_client_chooses_among_the_ciphers(profiles, authority):
    """Mozilla: it knows whether it has AES in hardware."""
    names = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    for order in (names, names[::-1]):
        context = client(authority, ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(":".join(order))
        with profiles["intermediate"].tls("one.test", context) as connection:
            assert connection.cipher()[0] == order[0]


def test_no_curve_is_accepted_that_mozilla_does_not_name(profiles, authority):
    context = client(authority, ssl.TLSVersion.TLSv1_3)
    context.set_ecdh_curve("secp521r1")
    refused = pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE")
    with refused, profiles["intermediate"].tls("one.test", context):
        pass


def test_sessions_are_not_given_away_in_tickets(profiles, authority):
    """Their key would have to be changed daily; nobody does."""
    context = client(authority, ssl.TLSVersion.TLSv1_2)
    with profiles["intermediate"].tls("one.test", context) as connection:
        assert not connection.session.has_ticket


@pytest.mark.parametrize(
    ("profile", "header"), [("intermediate", None), ("modern", "max-age=63072000")]
)
def test_hsts_is_sent_if_told(profiles, profile, header):
    assert profiles[profile].https("one.test").headers["Strict-Transport-Security"] == header


def test_hsts_comes_with_every_answer_over_https_and_none_over_http(profiles):
    """RFC 6797, 7.2: not over HTTP."""
    name = "Strict-Transport-Security"

    assert name in profiles["modern"].https("nobody.test", sni="one.test").headers
    assert name not in profiles["modern"].http("one.test").headers
