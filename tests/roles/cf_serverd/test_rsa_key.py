"""The modulus of a key, compared with what a library reads."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from entrykit.roles.cf_serverd.rsa_key import EncryptedKeyError, read_modulus
from entrykit.variables.secret import Secret


@pytest.fixture(scope="module", params=[1024, 2048, 4096])
def key(request):
    return rsa.generate_private_key(65537, request.param)


def number(text, *, private):
    return int.from_bytes(read_modulus(Secret(text), private=private), "big")


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
def test_of_a_private_key(key, form):
    plain = key.private_bytes(
        forms.Encoding.PEM, getattr(forms.PrivateFormat, form), forms.NoEncryption()
    ).decode()

    assert number(plain, private=True) == key.public_key().public_numbers().n
    assert number(f"a comment\n{plain}", private=True) == key.public_key().public_numbers().n
    with pytest.raises(ValueError, match="not a public key"):
        number(plain, private=False)


def public(key, form):
    return key.public_key().public_bytes(forms.Encoding.PEM, getattr(forms.PublicFormat, form))


def test_a_public_key_of_another_form_is_refused_with_the_way_from_there(key):
    """CFEngine reads none of those."""
    with pytest.raises(ValueError, match="openssl rsa -pubin -in FILE -RSAPublicKey_out"):
        number(public(key, "SubjectPublicKeyInfo").decode(), private=False)


def test_of_a_public_key(key):
    plain = public(key, "PKCS1")

    assert number(plain.decode(), private=False) == key.public_key().public_numbers().n
    with pytest.raises(ValueError, match="not a private key"):
        number(plain.decode(), private=True)


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
def test_of_an_encrypted_key_nothing_is_known(key, form):
    text = key.private_bytes(
        forms.Encoding.PEM,
        getattr(forms.PrivateFormat, form),
        forms.BestAvailableEncryption(b"Cfengine passphrase"),
    )

    with pytest.raises(EncryptedKeyError):
        number(text.decode(), private=True)


def test_another_kind_of_key_is_refused():
    text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )

    with pytest.raises(ValueError, match="not an RSA key"):
        number(text.decode(), private=True)


@pytest.mark.parametrize("cut", [0, 10, 100, 300, 600])
def test_half_a_file_is_refused(key, cut):
    text = key.private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, forms.NoEncryption()
    ).decode()
    end = "\n-----END RSA PRIVATE KEY-----\n"

    for broken in (text[:cut], text[:cut] + end, text[:cut] + "%" + text[cut:]):
        try:
            found = number(broken, private=True)
        except ValueError:
            continue
        assert found == key.public_key().public_numbers().n
