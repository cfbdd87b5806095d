"""What has cf-serverd end, often with 0 and hardly a word: the role repairs it or refuses."""

from __future__ import annotations

import os
import shutil
import stat

import pytest
from cf_serverd.workdirs import programs
from haproxy.namespaces import own_network
from programs import script


def emptied(server):
    """No keys."""
    shutil.rmtree(server.ppkeys)
    server.ppkeys.mkdir(mode=0o700)


def spoilt(server):
    """A private key that is none."""
    (server.ppkeys / "localhost.priv").write_text("junk\n")


def public_only(server):
    (server.ppkeys / "localhost.priv").unlink()


def opened(server):
    server.ppkeys.chmod(0o755)


def shared(server):
    server.promises.chmod(0o664)


ENDINGS = {
    "no keys": (emptied, {}, 0, "Public/private key pair not loaded"),
    "junk for a key": (spoilt, {}, 0, "Error reading private key"),
    "no private key": (public_only, {}, 0, "Public/private key pair not loaded"),
    "keys for others to read": (opened, {}, 1, "was not private"),
    "a policy for others to write": (shared, {}, 1, "writable by others"),
    "ciphers that are none": (None, {"allowciphers": '"NONSENSE"'}, 0, "No valid ciphers"),
    "a device as an address": (None, {"bindtointerface": '"eth0"'}, 1, "Unable to start server"),
    "an address of elsewhere": (None, {"bindtointerface": '"192.0.2.1"'}, 1, "Could not bind"),
}


@pytest.mark.versions
@pytest.mark.parametrize(("damage", "attributes", "code", "words"), ENDINGS.values(), ids=ENDINGS)
def test_without_the_role_it_ends(hub, damage, attributes, code, words):
    server = hub.raw().policy(**attributes)
    server.prefix = own_network()
    if damage:
        damage(server)
    server.launch()

    assert server.ended() == code
    assert words in server.output
    assert "Server is starting" not in server.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CF_SERVERD_ALLOWCIPHERS", "NONSENSE"),
        ("CF_SERVERD_ALLOWCIPHERS", "AES256-GCM-SHA384:NONSENSE:"),
        ("CF_SERVERD_BINDTOINTERFACE", "eth0"),
        ("CF_SERVERD_BINDTOINTERFACE", "localhost"),
        ("CF_SERVERD_BINDTOINTERFACE", "127.0.0.1/8"),
        ("CF_SERVERD_PORT", "0"),
        ("CF_SERVERD_PORT", "65536"),
        ("CF_SERVERD_MAXCONNECTIONS", "0"),
        ("CF_SERVERD_LOG_LEVEL", "loud"),
        ("CF_SERVERD_SERVERFACILITY", "LOG_NONSENSE"),
        ("CF_SERVERD_PRIVATE_KEY_FILE", "/nonexistent"),
        ("CF_SERVERD_TRUSTED_KEYS_DIR", "/nonexistent"),
        ("PROMISES_FILE", "/nonexistent"),
    ],
)
def test_the_role_refuses_what_cannot_be(hub, name, value):
    refused = hub.made(**{name: value}).launch()

    assert refused.ended() == 78, refused.output
    assert name in refused.output
    assert not refused.promises.exists()


def test_every_error_is_reported_at_once(hub):
    """And nothing is made."""
    invalid = {
        "CF_SERVERD_ACL": "localhost",
        "CF_SERVERD_PORT": "http",
        "CF_SERVERD_ALLOWTLSVERSION": "9",
        "CF_SERVERD_BINDTOINTERFACE": "eth0",
        "CF_SERVERD_MASTERFILES": "relative",
        "CF_SERVERD_ACCESS": "{",
        "MPF": "perhaps",
    }
    refused = hub.made(**invalid).launch()

    assert refused.ended() == 78, refused.output
    assert [name for name in invalid if name not in refused.output] == []
    assert not refused.ppkeys.exists()
    assert not refused.promises.exists()


@pytest.mark.versions
def test_keys_are_made_where_there_are_none(hub):
    made = hub({"x": "x"})

    assert stat.S_IMODE(made.ppkeys.stat().st_mode) == 0o700
    assert stat.S_IMODE((made.ppkeys / "localhost.priv").stat().st_mode) == 0o600
    assert hub.client(made).get("masterfiles/x", made.port).text == "x"


@pytest.mark.versions
def test_the_folder_of_keys_is_closed(hub):
    served = hub.made({"x": "x"})
    served.ppkeys.mkdir()
    served.ppkeys.chmod(0o755)
    served.start()

    assert stat.S_IMODE(served.ppkeys.stat().st_mode) == 0o700
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


@pytest.mark.versions
@pytest.mark.parametrize("name", ["localhost.priv", "localhost.pub"])
def test_half_a_key_pair_is_told_of_and_left_alone(hub, name):
    """cf-key would make a new one beside the public key, and no client's pin would match."""
    halved = hub.made()
    halved.made()
    (halved.ppkeys / name).unlink()
    left = {path.name: path.read_bytes() for path in halved.ppkeys.iterdir()}
    halved.launch()

    assert halved.ended() not in (0, 70), halved.output
    assert name in halved.output
    assert {path.name: path.read_bytes() for path in halved.ppkeys.iterdir()} == left


@pytest.mark.versions
def test_junk_for_a_key_is_told_of_and_left_alone(hub):
    spoiled = hub.made()
    spoiled.made()
    spoilt(spoiled)
    spoiled.launch()

    assert spoiled.ended() not in (0, 70), spoiled.output
    assert "localhost.priv" in spoiled.output
    assert (spoiled.ppkeys / "localhost.priv").read_text() == "junk\n"


@pytest.mark.versions
def test_without_the_role_a_pair_that_is_none_starts(hub):
    """It shows the digest of the private key, which is not what cf-key says of the public one."""
    server, other = hub.raw({"x": "x"}).policy(), hub.client()
    server.public.write_bytes(other.public.read_bytes())
    server.start()
    client = hub.client(server)

    output = client.get("masterfiles/x", server.port).output
    assert server.digest == other.digest
    assert "Trusting new key" in output
    assert server.digest not in output


@pytest.mark.versions
def test_a_pair_that_is_none_is_refused(hub):
    mixed, other = hub.made(), hub.client()
    mixed.made()
    mixed.public.write_bytes(other.public.read_bytes())
    mixed.launch()

    assert mixed.ended() not in (0, 70), mixed.output
    assert "localhost.p" in mixed.output
    assert mixed.public.read_bytes() == other.public.read_bytes()


@pytest.mark.versions
def test_without_the_role_no_cf_promises_is_a_policy_of_its_own(hub):
    """Where the work dir is not the package's: it takes a right policy for a wrong one."""
    server = hub.raw().policy()
    server.prefix = own_network()
    (server.path / "bin/cf-promises").unlink()
    server.start()

    assert server.listening() == {("::", 5308)}
    assert "failsafe" in server.output


@pytest.mark.versions
@pytest.mark.parametrize("left", [None, "/nonexistent"])
def test_cf_promises_is_linked(hub, left):
    """Also in place of a link that leads nowhere, as of another image on the same volume."""
    served = hub.made({"x": "x"})
    if left:
        (served.path / "bin").mkdir()
        (served.path / "bin/cf-promises").symlink_to(left)
    served.start()

    assert os.path.realpath(served.path / "bin/cf-promises") == os.path.realpath(
        f"{programs()}/cf-promises"
    )
    assert served.listening() == {("127.0.0.1", served.port)}


def test_a_cf_promises_that_does_not_run_is_told_of(hub):
    """As of another image, on the same volume: to cf-serverd the policy would be invalid."""
    broken = hub.made({"x": "x"})
    (broken.path / "bin").mkdir()
    script(broken.path / "bin/cf-promises", "exit 1")
    broken.launch()

    assert broken.ended() == 73, broken.output
    assert "bin/cf-promises: does not run" in broken.output
    assert not broken.promises.exists()


@pytest.mark.versions
def test_a_port_that_is_taken_is_the_daemons_to_tell(hub):
    """Nothing else does it to a start: no failsafe, no other port."""
    first = hub()
    second = hub.made(CF_SERVERD_PORT=str(first.port)).launch()

    assert second.ended() == 1
    assert "Could not bind" in second.output
    assert "failsafe" not in second.output
