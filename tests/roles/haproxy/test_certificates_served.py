"""The crt-list and the map of names, as HAProxy understands them.

The other tests of certificates go through the whole of `entrykit haproxy`; these have a
configuration of no more than what uses the two files.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess

import pytest
import trustme
from haproxy.client import ask, connect, written
from trustme import KeyType

from entrykit.files.config_file import MARK
from entrykit.tls.certificate_folder import NAMES_MAP, index
from entrykit.tls.crt_list import mirror, write_index

pytestmark = pytest.mark.versions

FIRST_LINE = f"{MARK} for a test."
ECDSA_ONLY, RSA_ONLY = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"

CONFIG = """
global
    default-path config
    crt-base certs
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend https
    bind fd@{listener} ssl crt-list certs/crt-list.txt strict-sni alpn http/1.1
    http-request set-var(txn.host) req.fhdr(host),host_only,lower
    http-request set-var(txn.hg) var(txn.host),map_str(certs/names.map)
    http-request set-var(txn.hg) var(txn.host),regsub(^[^.]+\\.,*.),map_str(certs/names.map) \
        if !{{ var(txn.hg) -m found }}
    http-request set-var(sess.sg) ssl_fc_sni,lower,map_str(certs/names.map)
    http-request set-var(sess.sg) ssl_fc_sni,lower,regsub(^[^.]+\\.,*.),map_str(certs/names.map) \
        if !{{ var(sess.sg) -m found }}
    http-request return status 421 unless {{ var(txn.hg),strcmp(sess.sg) eq 0 }}
    http-request return status 200 hdr X-Group %[var(sess.sg)]
"""


class Served:
    """HAProxy with a folder of certificates.

    Attributes:
        certs: the folder.
        left_out: what is said of files that cannot be served.
    """

    def __init__(self, folder, program):
        self.certs = folder / "certs"
        self.certs.mkdir()
        self.left_out = ()
        self._folder, self._program = folder, program
        self._ca = trustme.CA()
        self._process = None

    def issue(self, name, *hosts, **how):
        """Put a certificate into the folder."""
        issued = self._ca.issue_cert(*hosts, **how)
        (self.certs / name).write_bytes(issued.private_key_and_cert_chain_pem.bytes())

    def start(self, mirrored=None):
        """Index the folder, or make another one of links to it, and start HAProxy with that."""
        if mirrored:
            self.left_out = mirror(mirrored, self.certs, FIRST_LINE).left_out
        else:
            found = index(self.certs)
            write_index(self.certs, found, FIRST_LINE)
            self.left_out = found.left_out
        config = self._folder / "haproxy.cfg"
        # HAProxy inherits the listening socket: no port to guess, no start to wait for.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]
            config.write_text(CONFIG.format(listener=listener.fileno()))
            self._process = subprocess.Popen(
                [self._program, "-db", "-f", str(config)],
                stdin=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
            )

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def https(self, sni, host=None, ciphers=None):
        """Ask for a host, that of the SNI unless told; return the answer and the certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        self._ca.configure_trust(context)
        if ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        with (
            connect(self._port) as plain,
            context.wrap_socket(plain, server_hostname=sni) as connection,
        ):
            answer = ask(connection, written(host or sni))
            return answer, ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))

    def status(self, sni, host=None):
        return self.https(sni, host)[0].status

    def presented(self, sni, ciphers=None):
        """Name the file whose certificate is presented."""
        certificate = self.https(sni, ciphers=ciphers)[1]
        files = [path for path in self.certs.iterdir() if path.name[0] != "."]
        [name] = [path.name for path in files if certificate in path.read_text()]
        return name


@pytest.fixture
def served(tmp_path, search_path):
    started = Served(tmp_path, shutil.which("haproxy", path=search_path))
    yield started
    started.stop()


def test_every_file_is_presented_for_its_names(served):
    served.issue("1.pem", "a.test", "b.test")
    served.issue("no-ending", "*.c.test")
    served.issue("odd'\"\\$%,!~.pem", "d.test")
    served.issue("many.pem", *(f"{number}.many.test" for number in range(100)))
    served.start()

    assert served.presented("a.test") == served.presented("B.test") == "1.pem"
    assert served.presented("x.c.test") == "no-ending"
    assert served.presented("d.test") == "odd'\"\\$%,!~.pem"
    assert served.presented("99.many.test") == "many.pem"


def test_an_empty_folder_starts_and_refuses_every_name(served):
    served.start()

    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        served.https("a.test")


def test_broken_files_are_told_and_do_not_stop_it(served):
    served.issue("good.pem", "good.test")
    served.issue("key.pem", "key.test")
    whole = (served.certs / "key.pem").read_bytes()
    key, certificate = whole.split(b"-----BEGIN CERT")
    (served.certs / "key.pem").write_bytes(b"-----BEGIN CERT" + certificate)
    (served.certs / "torn.pem").write_bytes(whole[:-40])
    (served.certs / "old.pem").write_bytes(key)
    (served.certs / "a blank.pem").write_bytes(whole)
    (served.certs / "@x.pem").write_bytes(whole)
    served.start()

    assert served.presented("good.test") == "good.pem"
    assert [message.partition(":")[0] for message in served.left_out] == [
        "@x.pem",
        "a blank.pem",
        "key.pem",
        "old.pem",
        "torn.pem",
    ]


def test_a_key_beside_is_found_and_so_is_a_folder_behind_links(served, tmp_path):
    """A folder of links serves one that cannot be written."""
    served.issue("a.pem", "a.test")
    served.issue("b.pem", "b.test")
    key, certificate = (served.certs / "b.pem").read_bytes().split(b"-----BEGIN CERT")
    (served.certs / "b.pem.key").write_bytes(key)
    (served.certs / "b.pem").write_bytes(b"-----BEGIN CERT" + certificate)
    elsewhere = served.certs.rename(tmp_path / "elsewhere")
    served.start(mirrored=elsewhere)

    assert served.presented("a.test") == "a.pem"
    assert served.presented("b.test") == "b.pem"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["a.pem", "b.pem", "b.pem.key"]


@pytest.mark.parametrize(
    ("sni", "host", "status"),
    [
        ("a.test", "b.test", 200),
        ("a.test", "other.test", 421),
        ("a.test", "nobody.test", 421),
        ("x.w.test", "y.w.test", 200),
        ("x.w.test", "exact.w.test", 421),
        ("exact.w.test", "x.w.test", 421),
        ("exact.w.test", "exact.w.test", 200),
        ("a.test", "both.test", 200),
        ("other.test", "both.test", 421),
        ("cn.test", "other.test", 200),
        ("variant.test", "second.test", 200),
    ],
)
def test_a_host_of_another_certificate_than_the_sni_is_misdirected(served, sni, host, status):
    served.issue("1.pem", "a.test", "b.test", "both.test")
    served.issue("2.pem", "other.test", "both.test", common_name="cn.test")
    served.issue("3.pem", "*.w.test")
    served.issue("4.pem", "exact.w.test")
    served.issue("5.ecdsa", "variant.test", "second.test")
    served.issue("5.rsa", "second.test", "variant.test", key_type=KeyType.RSA)
    served.start()

    assert served.status(sni, host) == status


def test_a_common_name_is_served_beside_the_subject_alternative_names(served):
    """HAProxy does so whether or not there are any, and the map has to say the same."""
    served.issue("1.pem", "a.test", common_name="CN.test")
    served.issue("2.pem", "b.test", common_name="not a host")
    served.start()

    assert served.presented("cn.test") == "1.pem"
    assert served.status("a.test", "cn.test") == 200


def test_the_map_says_what_is_presented(served):
    """Each name of several certificates, of both kinds and by wildcards, is of the right group."""
    served.issue("1-rsa", "a.test", "s.test", "t.test", key_type=KeyType.RSA)
    served.issue("2-ec", "b.test", "s.test", "u.test")
    served.issue("3-ec", "c.test", "u.test", "t.test")
    served.issue("4-wild-ec", "*.w.test")
    served.issue("5-exact-rsa", "x.w.test", "v.test", key_type=KeyType.RSA)
    served.issue("6-exact-ec", "y.w.test", "v.test")
    served.issue("7-wild-ec", "*.w.test", "z.test")
    served.start()
    names = [line.split()[0] for line in (served.certs / NAMES_MAP).read_text().splitlines()[1:]]
    names = [name.replace("*", "any") for name in names]

    told = {name: served.https(name)[0].headers["X-Group"] for name in names}
    assert len(names) == 11
    assert told == {name: served.presented(name) for name in names}


def test_a_client_is_given_the_variant_that_it_can_do(served):
    """Both are of one group, so the map is right for either client."""
    served.issue("web.ecdsa", "a.test")
    served.issue("web.rsa", "a.test", key_type=KeyType.RSA)
    served.start()

    assert served.presented("a.test", ECDSA_ONLY) == "web.ecdsa"
    assert served.presented("a.test", RSA_ONLY) == "web.rsa"
    assert served.https("a.test", ciphers=RSA_ONLY)[0].headers["X-Group"] == "web.ecdsa"


def test_a_renewed_certificate_keeps_its_group(served):
    served.issue("web.pem", "a.test", "b.test")
    served.start()
    before = (served.certs / NAMES_MAP).read_bytes()
    served.stop()
    served.issue("web.pem", "b.test", "a.test")
    served.start()

    assert (served.certs / NAMES_MAP).read_bytes() == before
    assert served.status("a.test", "b.test") == 200
