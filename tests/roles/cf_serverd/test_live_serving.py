"""What a hub serves, and to whom: cf-net on loopback, and on cables between networks."""

from __future__ import annotations

import json
import socket
import ssl

import pytest
import trustme

pytestmark = pytest.mark.versions

TREE = {"promises.cf": "# policy\n", "lib/files.cf": "# library\n"}


@pytest.mark.parametrize("path", TREE)
def test_a_client_with_a_known_key_gets_masterfiles(hub, path):
    served = hub(TREE)
    client = hub.client(served)

    assert client.get(f"masterfiles/{path}", served.port).text == TREE[path]
    assert client.get(served.masterfiles / path, served.port).text == TREE[path]


def test_a_client_with_an_unknown_key_gets_nothing_and_stays_unknown(hub):
    served = hub(TREE)

    assert hub.client().get("masterfiles/promises.cf", served.port).text is None
    assert "TRUST FAILED" in served.output
    assert served.known == set()


def test_what_is_not_admitted_is_refused(hub):
    """The hub's own files above all; also by a link, and by a path with two dots."""
    served = hub(TREE)
    client = hub.client(served)
    (served.masterfiles / "out").symlink_to("/etc/hostname")
    (served.masterfiles / "keys").symlink_to(served.ppkeys)
    paths = [
        "/etc/passwd",
        served.promises,
        served.ppkeys / "localhost.priv",
        f"{served.masterfiles}/../ppkeys/localhost.priv",
        "masterfiles/../ppkeys/localhost.priv",
        "masterfiles/out",
        "masterfiles/keys/localhost.priv",
    ]

    for path in paths:
        got = client.get(path, served.port)
        assert got.text is None, path
        assert "refus" in got.output or "Could not stat" in got.output, path
    assert client.get("masterfiles/promises.cf", served.port).text == "# policy\n"


def test_masterfiles_may_be_anywhere(hub, tmp_path):
    folder = tmp_path / 'elsewhere "and" \\here'
    folder.mkdir()
    (folder / "x").write_text("x")
    served = hub({"x": "not this"}, CF_SERVERD_MASTERFILES=str(folder))

    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


def test_a_config_map_of_kubernetes_is_served(hub):
    """Its files are links to a folder, which is a link as well."""
    made = hub.made({"..2026/x": "x"})
    (made.masterfiles / "..data").symlink_to("..2026")
    (made.masterfiles / "x").symlink_to("..data/x")
    served = made.start()

    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


ADDRESSES = {
    # variables, to who gets a file: an address of a first client, and of a second one
    "an address": ({"ACL": "10.77.0.2"}, {"10.77.0.2"}),
    "a network": ({"ACL": "10.77.1.0/24"}, {"10.77.1.2"}),
    "networks": ({"ACL": "10.77.0.0/24, 10.77.1.0/24"}, {"10.77.0.2", "10.77.1.2"}),
    "JSON": ({"ACL": '["10.77.0.2", "fd77:1::2"]'}, {"10.77.0.2", "fd77:1::2"}),
    "a network of IPv6": ({"ACL": "fd77::/64"}, {"fd77:0::2"}),
    "an address of IPv6": ({"ACL": "FD77:0001:0:0:0:0:0:2"}, {"fd77:1::2"}),
    "all of IPv4": ({"ACL": "0.0.0.0/0"}, {"10.77.0.2", "10.77.1.2"}),
    "all of IPv6": ({"ACL": "::/0"}, {"fd77:0::2", "fd77:1::2"}),
    "all": ({"ACL": "0.0.0.0/0,::/0"}, {"10.77.0.2", "10.77.1.2", "fd77:0::2", "fd77:1::2"}),
    "but not these": ({"ACL": "10.77.0.0/16", "DENYCONNECTS": "10.77.1.2"}, {"10.77.0.2"}),
    "fewer may connect": ({"ACL": "10.77.0.0/16", "ALLOWCONNECTS": "10.77.1.0/24"}, {"10.77.1.2"}),
    "fewer get files": ({"ACL": "10.77.0.0/16", "ADMIT_IPS": "10.77.1.0/24"}, {"10.77.1.2"}),
    "more may connect": ({"ACL": "10.77.0.2", "ALLOWCONNECTS": "10.77.0.0/16"}, {"10.77.0.2"}),
}


@pytest.mark.parametrize(("variables", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_acl_admits_its_entries_only(hub, network, variables, expected):
    hosts = [network.client(), network.client()]
    named = {f"CF_SERVERD_{name}": text for name, text in variables.items()}
    made = hub.made({"x": "x"}, CF_SERVERD_BINDTOINTERFACE=None, **named)
    made.prefix = network.hub.prefix
    served = made.start()
    clients = [hub.client(served, prefix=host.prefix) for host in hosts]

    got = {
        own
        for host, client in zip(hosts, clients, strict=True)
        for own, hubs in ((host.address, host.hub), (host.address6, host.hub6))
        if client.get("masterfiles/x", served.port, hubs).text
    }
    assert got == expected


def test_whom_it_refuses_stands_in_the_log(hub, network):
    host = network.client()
    made = hub.made(CF_SERVERD_ACL="192.0.2.1", CF_SERVERD_BINDTOINTERFACE=host.hub)
    made.prefix = network.hub.prefix
    served = made.start()
    client = hub.client(served, prefix=host.prefix)

    assert client.get("masterfiles/x", served.port, host.hub).text is None
    assert f"Remote host '{host.address}' not in allowconnects" in served.output


def test_it_listens_at_one_address_where_that_is_asked_for(hub, network):
    host = network.client()
    made = hub.made({"x": "x"}, CF_SERVERD_ACL=host.address, CF_SERVERD_BINDTOINTERFACE=host.hub)
    made.prefix = network.hub.prefix

    assert made.start().listening() == {(host.hub, made.port)}


def test_paths_of_ones_own(hub, tmp_path):
    """CF_SERVERD_ACCESS: the ACL counts there too, and the deepest path first."""
    data = tmp_path / "data"
    (data / "closed").mkdir(parents=True)
    (data / "open").write_text("open")
    (data / "closed/secret").write_text("secret")
    paths = [
        {"path": str(data), "shortcut": "data"},
        {"path": str(data / "closed"), "admit_ips": ["192.0.2.1"]},
    ]
    served = hub({"x": "x"}, CF_SERVERD_ACCESS=json.dumps(paths))
    client = hub.client(served)

    assert client.get("data/open", served.port).text == "open"
    assert client.get(data / "open", served.port).text == "open"
    assert client.get("data/closed/secret", served.port).text is None
    assert client.get("masterfiles/x", served.port).text == "x"


def test_a_path_for_one_key(hub, tmp_path):
    (tmp_path / "data").write_text("data")
    one, other = hub.client(), hub.client()
    path = {"path": str(tmp_path / "data"), "admit_keys": [one.digest]}
    served = hub.made(CF_SERVERD_ACCESS=json.dumps([path]))
    for client in (one, other):
        served.pin(client)
    served.start()

    assert one.get(tmp_path / "data", served.port).text == "data"
    assert other.get(tmp_path / "data", served.port).text is None


@pytest.mark.parametrize("also", [{}, {"CF_SERVERD_ADMIT_HOSTNAMES": "elsewhere.example.com"}])
def test_files_may_be_for_certain_keys(hub, also):
    """In place of the ACL, which goes on to say who may connect."""
    one, other = hub.client(), hub.client()
    served = hub.made({"x": "x"}, CF_SERVERD_ADMIT_KEYS=one.digest, **also)
    for client in (one, other):
        served.pin(client)
    served.start()

    assert one.get("masterfiles/x", served.port).text == "x"
    assert other.get("masterfiles/x", served.port).text is None


@pytest.mark.parametrize(("name", "expected"), [("localhost", "x"), ("hub.example.com", None)])
def test_files_may_be_for_certain_names(hub, name, expected):
    served = hub({"x": "x"}, CF_SERVERD_ADMIT_HOSTNAMES=name)

    assert hub.client(served).get("masterfiles/x", served.port).text == expected


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A client's: up to TLS 1.2 there is no handshake without; whose it is, is asked afterwards."""
    path = tmp_path_factory.mktemp("certificate") / "client.pem"
    ca = trustme.CA(key_type=trustme.KeyType.RSA)
    issued = ca.issue_cert("client.test", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    return path


def spoken(port, certificate, **limits):
    """The version of TLS and the cipher that a hub agrees to; None if it does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate)
    for name, value in limits.items():
        setattr(context, name, value)
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        try:
            with context.wrap_socket(plain) as connection:
                return connection.version(), connection.cipher()[0]
        except (ssl.SSLError, OSError):
            return None


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        ("1.2", ssl.TLSVersion.TLSv1_1, None),
        ("1.2", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("1.3", ssl.TLSVersion.TLSv1_2, None),
        ("1.3", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_the_lowest_version_of_tls(hub, certificate, lowest, highest, expected):
    served = hub({"x": "x"}, CF_SERVERD_ALLOWTLSVERSION=lowest)
    lower = {"minimum_version": ssl.TLSVersion.MINIMUM_SUPPORTED, "maximum_version": highest}

    assert (spoken(served.port, certificate, **lower) or (None,))[0] == expected
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


def test_ciphers_of_ones_own(hub, certificate):
    ciphers = "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256"
    served = hub({"x": "x"}, CF_SERVERD_ALLOWCIPHERS=ciphers)
    older = {"maximum_version": ssl.TLSVersion.TLSv1_2}

    assert spoken(served.port, certificate) == ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
    assert spoken(served.port, certificate, **older) == ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


def test_roles_are_the_servers(hub):
    roles = json.dumps([{"classes": "deploy_.*", "authorize": ["root"]}])
    served = hub(CF_SERVERD_ROLES=roles, CF_SERVERD_LOG_LEVEL="verbose")

    assert served.says("Role: deploy_.*")
