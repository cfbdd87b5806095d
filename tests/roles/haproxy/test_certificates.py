"""Certificates: chosen by SNI from whatever lies in CERTS_DIR."""

from __future__ import annotations

import os
import ssl
import stat

import pytest
from haproxy.namespaces import read_only
from haproxy.polling import eventually

pytestmark = pytest.mark.versions

UNRECOGNIZED = "UNRECOGNIZED_NAME"


@pytest.fixture(scope="module")
def several(shared_edge, authority, web, api):
    """Serves names of three certificates, and one name that has none."""
    return shared_edge(
        DOMAINS=f"{web.serves('one.test', 'two.test', 'bare.test', '*.wild.test')} "
        f"{api.serves('other.test', 'own.wild.test')}",
        certificates=[
            authority.pem("one.test", "two.test"),
            authority.pem("other.test"),
            authority.pem("*.wild.test"),
        ],
    )


@pytest.mark.parametrize(
    ("sni", "names"),
    [
        ("one.test", ("one.test", "two.test")),
        ("two.test", ("one.test", "two.test")),
        ("TWO.test", ("one.test", "two.test")),
        ("other.test", ("other.test",)),
        ("any.wild.test", ("*.wild.test",)),
        ("own.wild.test", ("*.wild.test",)),
    ],
)
def test_the_sni_says_which_certificate_is_presented(several, sni, names):
    answer = several.https(sni)

    assert (answer.status, answer.certificate) == (200, names)


@pytest.mark.parametrize("sni", [None, "nobody.test", "bare.test", "a.b.wild.test", "wild.test"])
def test_a_name_without_a_certificate_is_refused(several, sni):
    """No certificate is presented that is not asked for: it would tell what else is here."""
    with pytest.raises(ssl.SSLError, match=UNRECOGNIZED), several.tls(sni):
        pass


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (("h2", "http/1.1"), "h2"),
        (("http/1.1", "h2"), "h2"),
        (("http/1.1",), "http/1.1"),
        (("gopher",), None),
        ((), None),
    ],
)
def test_http_2_is_preferred(several, authority, offered, agreed):
    with several.tls("one.test", authority.client(offered)) as connection:
        assert connection.selected_alpn_protocol() == agreed


def test_http_2_is_routed_by_host(several):
    with several.h2("one.test") as get:
        answer = get("two.test", "/path?q=1")

    assert (answer.http_version, answer.json()["app"]) == ("HTTP/2", "web")
    assert answer.json()["path"] == "/path?q=1"


def test_a_connection_serves_the_names_of_its_certificate_only(several):
    """Browsers use one connection for all names of a certificate; for others they get 421."""
    hosts = ["one.test", "two.test", "other.test", "nobody.test", "bare.test", "ONE.test:443"]
    with several.h2("one.test") as get:
        assert [get(host).status_code for host in hosts] == [200, 200, 421, 421, 421, 200]


def test_names_of_one_wildcard_certificate_share_a_connection(several):
    with several.h2("a.wild.test") as get:
        answers = [get(host) for host in ("b.wild.test", "own.wild.test", "one.test")]

    assert [answer.status_code for answer in answers] == [200, 200, 421]
    assert [answer.json()["app"] for answer in answers[:2]] == ["web", "api"]


@pytest.mark.parametrize(
    ("sni", "host", "status"),
    [
        ("one.test", "two.test", 200),
        ("one.test", "other.test", 421),
        ("other.test", "one.test", 421),
        ("a.wild.test", "other.test", 421),
    ],
)
def test_http_1_is_held_to_its_certificate_too(several, sni, host, status):
    assert several.https(host, sni=sni).status == status


def test_it_starts_without_any_certificate_and_serves_one_from_the_next_start_on(
    edge, authority, web
):
    """Whoever put it there, under whatever name."""
    served = edge(DOMAINS=web.serves("one.test"))
    with pytest.raises(ssl.SSLError), served.tls("one.test"):
        pass

    served.stop()
    (served.certs / "from-somewhere.pem").write_bytes(authority.pem("one.test"))
    served.start()

    assert served.https("one.test").app == "web"


def test_a_reload_serves_what_the_crt_list_names_by_then(edge, authority, web):
    """So certbot, on the same volume, needs no more than to write there and to reload."""
    served = edge(
        DOMAINS=web.serves("one.test", "two.test"), certificates=[authority.pem("one.test")]
    )
    (served.certs / "two.pem").write_bytes(authority.pem("two.test"))
    for name, line in {"names.map": "two.test two.pem\n", "crt-list.txt": "two.pem\n"}.items():
        with (served.certs / name).open("a") as file:
            file.write(line)
    served.signal("USR2")

    eventually(lambda: served.https("two.test").app == "web")
    assert served.https("one.test").app == "web"


BROKEN = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"\x00\xffnothing\n",
    "no key": lambda pem: pem[pem.index(b"-----BEGIN CERT") :],
    "no certificate": lambda pem: pem[: pem.index(b"-----BEGIN CERT")],
    "cut short": lambda pem: pem[: pem.rindex(b"-----END") - 70],
    "not base64": lambda pem: pem.replace(b"MII", b"%%%"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_does_not_harm_a_good_one(edge, authority, web, broken):
    """And it is named in the log."""
    pems = [broken(authority.pem("broken.test")), authority.pem("one.test")]
    served = edge(DOMAINS=web.serves("one.test", "broken.test"), certificates=pems)

    assert served.https("one.test").app == "web"
    assert "0.pem" in served.said


def test_a_key_of_another_certificate_does_not_harm_a_good_one(edge, authority, web):
    key, chain = authority.pem("broken.test"), authority.pem("broken.test")
    mixed = key[: key.index(b"-----BEGIN CERT")] + chain[chain.index(b"-----BEGIN CERT") :]
    served = edge(
        DOMAINS=web.serves("one.test", "broken.test"),
        certificates=[mixed, authority.pem("one.test")],
    )

    assert served.https("one.test").app == "web"
    assert "0.pem" in served.said


def test_broken_company_of_a_certificate_does_not_harm(edge, authority, web):
    """HAProxy would refuse to start for what it cannot read beside a PEM file."""
    made = edge.made(DOMAINS=web.serves("one.test"), certificates=[authority.pem("one.test")])
    for ending in ("ocsp", "sctl", "issuer"):
        (made.certs / f"0.pem.{ending}").write_bytes(b"garbage\n")

    assert made.start().https("one.test").app == "web"


def test_a_key_may_lie_beside_its_certificate(edge, authority, web):
    made = edge.made(DOMAINS=web.serves("one.test"))
    pem = authority.pem("one.test")
    start = pem.index(b"-----BEGIN CERT")
    (made.certs / "one.pem").write_bytes(pem[start:])
    (made.certs / "one.pem.key").write_bytes(pem[:start])

    assert made.start().https("one.test").app == "web"


def test_a_read_only_folder_is_served(edge, authority, web):
    """As a secret that is mounted into the container."""
    made = edge.made(DOMAINS=web.serves("one.test"), certificates=[authority.pem("one.test")])
    served = made.prefixed(read_only(made.certs)).start()

    assert served.https("one.test").app == "web"
    assert [path.name for path in served.certs.iterdir()] == ["0.pem"]


def test_certificates_lie_in_the_config_folder_unless_told(edge, authority, web):
    made = edge.made(DOMAINS=web.serves("one.test"), CERTS_DIR=None)
    folder = made.config / "certs"
    folder.mkdir(parents=True)
    (folder / "one.pem").write_bytes(authority.pem("one.test"))

    assert made.start().https("one.test").app == "web"


def test_a_folder_that_was_not_there_is_made_and_said(edge, web):
    """It may be a slip: there is nothing in it."""
    made = edge.made(DOMAINS=web.serves("one.test"))
    made.certs.rmdir()
    served = made.start()

    assert f"{served.certs} did not exist: created, without certificates" in served.said
    assert served.certs.is_dir()


def test_a_folder_that_cannot_be_made_is_warned_of(edge, web):
    made = edge.made(DOMAINS=web.serves("one.test"))
    made.certs.rmdir()
    made.environ["CERTS_DIR"] = absent = "/proc/self/certs"

    assert f"warning: {absent} does not exist: no certificates" in made.start().said


def test_a_file_in_place_of_the_folder_stops_the_start(edge, web):
    made = edge.made(DOMAINS=web.serves("one.test"))
    made.certs.rmdir()
    made.certs.write_text("no folder\n")
    made.launch()

    assert made.ended() == 73
    uid = os.geteuid()
    assert f"{made.certs}: Not a directory (errno 20, as uid {uid})" in made.said
    assert f"TIP: set CERTS_DIR to a directory that uid {uid} can read" in made.said
    assert not (made.config / "haproxy.cfg").exists()


def test_no_made_folder_can_be_written_by_others_whatever_the_umask(edge, web):
    """Some container runtimes begin with 0."""
    made = edge.made(DOMAINS=web.serves("one.test"), ADMIN_SOCKET="run/admin.sock")
    made.certs.rmdir()
    served = made.prefixed(("sh", "-c", 'umask 0; exec "$@"', "sh")).start()

    folders = [served.config, served.certs, served.folder / "run"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o755] * 3
