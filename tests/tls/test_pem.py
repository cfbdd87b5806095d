"""Which files can be served, and what is said of those that cannot."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from trustme import KeyType

from entrykit.tls.pem import InvalidPem, Pem, read, refuse_pair

CA = trustme.CA()


class Parts:
    """The key and the chain of a certificate."""

    def __init__(self, *names, **how):
        issued = CA.issue_cert(*names, **how)
        self.key = issued.private_key_pem.bytes()
        self.chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.pem = self.key + self.chain

    def encrypted(self, form=serialization.PrivateFormat.PKCS8):
        key = serialization.load_pem_private_key(self.key, None)
        lock = serialization.BestAvailableEncryption(b"secret")
        return key.private_bytes(serialization.Encoding.PEM, form, lock)


ONE, OTHER, RSA = Parts("a.test"), Parts("a.test"), Parts("a.test", key_type=KeyType.RSA)
CA_PEM = CA.cert_pem.bytes()
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.fixture
def judge(tmp_path):
    """Write a file, and perhaps one with its key, and have it judged."""

    def judged(data, key=None, name="web.pem"):
        (tmp_path / name).write_bytes(data)
        if key is not None:
            (tmp_path / f"{name}.key").write_bytes(key)
        return read(str(tmp_path / name))

    return judged


@pytest.mark.parametrize(
    "data",
    [
        ONE.key + ONE.chain,
        ONE.chain + ONE.key,
        ONE.key + ONE.chain + CA_PEM,
        ONE.pem.replace(b"\n", b"\r\n"),
        ONE.pem.removesuffix(b"\n"),
        b"\xef\xbb\xbf" + ONE.pem,
        b"subject=CN = a.test\n" + ONE.pem + b"-----\n",
        PARAMETERS + ONE.pem,
        ONE.pem + OTHER.key,
    ],
)
def test_chain_and_key_in_any_order_and_dress_are_served(judge, data):
    assert judge(data) == Pem("web.pem", ("a.test",), "ecdsa")


def test_the_kind_of_key_is_told(judge):
    assert judge(RSA.pem) == Pem("web.pem", ("a.test",), "rsa")


def test_the_key_may_lie_beside(judge):
    assert judge(ONE.chain, key=ONE.key) == Pem("web.pem", ("a.test",), "ecdsa")


def test_a_key_beside_is_not_looked_at_where_there_is_one_inside(judge):
    assert judge(ONE.pem, key=b"nothing\n") == Pem("web.pem", ("a.test",), "ecdsa")


@pytest.mark.parametrize(
    "name", ["web", "web.pem.ecdsa", "wéb", "a'b\"c\\d$e%f*g,h!i;j~", "x" * 250]
)
def test_any_name_that_a_crt_list_can_express_will_do(judge, name):
    assert judge(ONE.pem, name=name) == Pem(name, ("a.test",), "ecdsa")


def test_an_expired_certificate_is_served(judge):
    """Its visitors see what is wrong, and the other names are not harmed."""
    from datetime import UTC, datetime

    assert judge(Parts("old.test", not_after=datetime(2020, 1, 1, tzinfo=UTC)).pem)


def replaced(data, old, new):
    assert old in data
    return data.replace(old, new, 1)


NO_KEY = "no private key (expected in it, or in web.pem.key)"
MISMATCH = "its private key is not that of its first certificate"
LOCKED = "its private key is encrypted (expected one without a passphrase)"
TORN = "incomplete: a part of it begins and does not end"
MIDDLE = ONE.chain[100:104]

REFUSED = {
    "empty": (b"", None, "no certificate in PEM format"),
    "binary": (b"\x30\x82\xff\x00", None, "no certificate in PEM format"),
    "a key only": (ONE.key, None, "no certificate in PEM format"),
    "no key": (ONE.chain, None, NO_KEY),
    "another's key": (ONE.chain + OTHER.key, None, MISMATCH),
    "another's key beside": (ONE.chain, OTHER.key, MISMATCH),
    "a key of another kind": (ONE.chain + RSA.key, None, MISMATCH),
    "the issuer first": (CA_PEM + ONE.pem, None, MISMATCH),
    "encrypted": (ONE.chain + ONE.encrypted(), None, LOCKED),
    "encrypted the older way": (
        ONE.chain + ONE.encrypted(serialization.PrivateFormat.TraditionalOpenSSL),
        None,
        LOCKED,
    ),
    "encrypted beside": (ONE.chain, ONE.encrypted(), LOCKED),
    "cut in the key": (ONE.chain + ONE.key[:90], None, TORN),
    "cut in the certificate": (ONE.key + ONE.chain[:200], None, TORN),
    "cut in the chain": (ONE.pem + CA_PEM[:200], None, TORN),
    "cut in a boundary": (ONE.pem + CA_PEM[:18], None, TORN),
    "overwritten from the start": (ONE.pem + CA_PEM[200:], None, TORN),
    "no base64": (
        replaced(ONE.chain, MIDDLE, b"!!!!") + ONE.key,
        None,
        "not an X.509 certificate (Only base64 data is allowed)",
    ),
    "no base64 in the chain": (
        ONE.pem + replaced(CA_PEM, CA_PEM[100:104], b"!!!!"),
        None,
        "OpenSSL refuses it (bad base64 decode)",
    ),
    "a key that is none": (
        ONE.chain + b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        None,
        "OpenSSL cannot read it",
    ),
    "no host name": (
        Parts("192.0.2.1").pem,
        None,
        "no host name (expected a dNSName in its subjectAltName)",
    ),
    "endless": (ONE.pem + b"\n" * (1 << 20), None, "larger than 1 MiB"),
}


@pytest.mark.parametrize(("data", "key", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_served_is_refused_with_a_reason(judge, data, key, reason):
    with pytest.raises(InvalidPem) as refusal:
        judge(data, key)

    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    "name",
    ["a b", "a\tb", "a\nb", "a\rb", "a\x0bb", "a\x01", "a\x7f", "#a", "@a", "[a", "a[b", "a]"],
)
def test_a_name_that_a_crt_list_cannot_express_is_refused(judge, name):
    with pytest.raises(InvalidPem, match="its name cannot be used in a crt-list"):
        judge(ONE.pem, name=name)


def test_a_link_to_nothing_is_refused_with_the_words_of_the_system(tmp_path):
    """As in certbot's live folder where its archive is not mounted."""
    (tmp_path / "web.pem").symlink_to("../archive/web.pem")

    with pytest.raises(InvalidPem, match=r"^cannot be read \(No such file or directory\)$"):
        read(str(tmp_path / "web.pem"))


@pytest.mark.parametrize("name", ["README", "web.cnf", "notes of today.txt", "privkey"])
def test_what_is_no_certificate_is_passed_over(judge, name):
    assert judge(ONE.key, name=name) is None


@pytest.mark.parametrize("name", ["cert.PEM", "web.crt", "web.cer"])
def test_what_is_no_certificate_but_is_called_so_is_refused(judge, name):
    with pytest.raises(InvalidPem, match="no certificate in PEM format"):
        judge(b"", name=name)


def test_a_folder_and_a_pipe_are_passed_over(tmp_path):
    """Without opening it: a pipe would block."""
    (tmp_path / "folder.pem").mkdir()
    os.mkfifo(tmp_path / "pipe.pem")

    assert read(str(tmp_path / "folder.pem")) is None
    assert read(str(tmp_path / "pipe.pem")) is None


def test_an_encrypted_key_asks_nobody_at_the_terminal(tmp_path):
    """With a terminal there to ask at: OpenSSL would wait for an answer."""
    (tmp_path / "web.pem").write_bytes(ONE.chain + ONE.encrypted())
    ours, theirs = os.openpty()
    script = "import sys, entrykit.tls.pem as pem; pem.read(sys.argv[1])"
    answer = subprocess.run(
        # setsid --ctty makes it the terminal of the process, which is what OpenSSL opens.
        ["setsid", "--ctty", "--wait", sys.executable, "-c", script, str(tmp_path / "web.pem")],
        stdin=theirs,
        capture_output=True,
        timeout=30,
        check=False,
    )
    os.set_blocking(ours, False)
    os.close(theirs)

    assert LOCKED.encode() in answer.stderr
    with pytest.raises(OSError, match=r"."):  # nothing was written there
        os.read(ours, 100)
    os.close(ours)


def test_openssl_is_loaded_for_a_candidate_only(tmp_path):
    (tmp_path / "web.pem").write_bytes(ONE.chain + ONE.key)
    script = (
        "import sys, entrykit.tls.certificate_folder as c; c.index(sys.argv[1]); "
        "print('ssl' in sys.modules, 'cryptography' in sys.modules)"
    )

    def loaded(folder):
        return subprocess.check_output([sys.executable, "-c", script, str(folder)], text=True)

    assert loaded(tmp_path / "absent") == "False False\n"
    assert loaded(tmp_path) == "True False\n"


def test_a_pair_in_two_files_is_judged_as_one_is(tmp_path):
    ca = trustme.CA()
    for name in ("one", "two"):
        issued = ca.issue_cert(f"{name}.test")
        issued.cert_chain_pems[0].write_to_path(str(tmp_path / f"{name}.crt"))
        issued.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
    one = str(tmp_path / "one.crt")

    refuse_pair(one, str(tmp_path / "one.key"))
    with pytest.raises(InvalidPem, match="not that of its first certificate"):
        refuse_pair(one, str(tmp_path / "two.key"))
