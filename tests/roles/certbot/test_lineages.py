"""What lies in certbot's folders, and when it is due."""

from __future__ import annotations

import shutil

import pytest
from certbot.lineage_tree import Tree
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.x509 import load_pem_x509_certificate

from entrykit.roles.certbot.lineages.lineages import DAY, Lineage, load_lineages


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "letsencrypt")


def test_a_lineage_says_what_its_certificate_says(tree):
    tree.issue("web", "b.test", "A.test")

    certificate = load_pem_x509_certificate((tree.live("web") / "cert.pem").read_bytes())
    assert load_lineages(str(tree.folder)) == {
        "web": Lineage(
            "web",
            ("b.test", "a.test"),
            certificate.not_valid_before_utc.timestamp(),
            certificate.not_valid_after_utc.timestamp(),
            certificate.serial_number,
            str(tree.live("web")),
        )
    }


def test_there_are_none_in_a_folder_that_is_empty_or_not_there(tmp_path):
    assert load_lineages(str(tmp_path)) == {}
    assert load_lineages(str(tmp_path / "absent")) == {}


def test_the_newest_of_several_certificates_is_served(tree):
    tree.issue("web", "a.test")
    serial = tree.issue("web", "a.test", "b.test")

    assert load_lineages(str(tree.folder))["web"].serial == serial


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())]
)
@pytest.mark.parametrize("written", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_of_every_kind_and_format_are_known(tree, key, written):
    tree.issue("web", "a.test", key=key, written=written)

    assert "web" in load_lineages(str(tree.folder))


def test_a_key_without_its_public_key_is_judged_by_openssl(tree):
    """As some programs write it: in RFC 5915 the public key is optional."""
    key = ec.derive_private_key(5, ec.SECP256R1())
    tree.issue("web", "a.test", key=key)
    tree.issue("other", "a.test")
    body = b"\x30\x31\x02\x01\x01\x04\x20" + (5).to_bytes(32) + b"\xa0\x0a"
    bare = body + b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    for name in ("web", "other"):
        tree.write(name, privkey=tree.pem("EC PRIVATE KEY", bare))

    assert list(load_lineages(str(tree.folder))) == ["web"]


def test_a_file_with_text_between_its_certificates_is_fine(tree):
    tree.issue("web", "a.test")
    chain = (tree.live("web") / "chain.pem").read_bytes()
    tree.write("web", chain=b"Subject: CN = one\n\n" + chain)

    assert "web" in load_lineages(str(tree.folder))


@pytest.mark.parametrize("kind", ["cert", "privkey", "chain", "fullchain"])
@pytest.mark.parametrize("harm", ["empty", "cut", "gone", "another's", "unlinked"])
def test_one_that_is_torn_is_not_there(tree, kind, harm):
    tree.issue("web", "a.test")
    tree.issue("other", "a.test")
    tree.harm("web", kind, harm)

    assert list(load_lineages(str(tree.folder))) == ["other"]


@pytest.mark.parametrize(
    "conf",
    ["", "\0" * 400, "version = 2.1.0\n", "[renewalparams]\n", 'x = "cut\n[renewalparams]\ny = "c'],
)
def test_one_that_certbot_does_not_see_is_not_there(tree, conf):
    tree.issue("web", "a.test")
    tree.conf("web").write_text(conf)

    assert load_lineages(str(tree.folder)) == {}


def test_one_whose_configuration_leads_away_is_not_there(tree, tmp_path):
    tree.issue("web", "a.test")
    shutil.copytree(tree.folder, tmp_path / "copy", symlinks=True)

    assert load_lineages(str(tmp_path / "copy")) == {}


def test_a_folder_that_is_reached_by_a_link_is_the_same(tree, tmp_path):
    tree.issue("web", "a.test")
    (tmp_path / "link").symlink_to(tree.folder)

    assert list(load_lineages(str(tmp_path / "link"))) == ["web"]


def test_what_a_person_wrote_into_a_configuration_is_understood(tree):
    tree.issue("web", "a.test")
    with tree.conf("web").open("a") as conf:
        conf.write('pre_hook = """first\nsecond"""\npost_hook = \'say "it"\'\n')
        conf.write("[[webroot_map]]\n  a.test = /srv\n[acme_renewal_info]  # since 4.1\n")

    assert list(load_lineages(str(tree.folder))) == ["web"]


@pytest.mark.parametrize(
    ("lifetime", "margin"), [(90, 30), (64, 64 / 3), (45, 15), (10, 10 / 3), (9.9, 4.95), (6, 3)]
)
def test_a_third_of_the_lifetime_before_its_end_it_is_due_and_half_of_a_short_one(lifetime, margin):
    end = 1_900_000_000
    lineage = Lineage("web", ("a.test",), end - lifetime * DAY, end, 1, "")

    assert not lineage.is_due(end - margin * DAY - 1)
    assert lineage.is_due(end - margin * DAY + 1)
    assert lineage.is_due(end + 1)
