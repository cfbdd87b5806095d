"""What has to be there beside the policy: made, mended or refused before cf-serverd starts."""

from __future__ import annotations

import io
import os
import subprocess

import pytest
from haproxy.ports import free_port
from programs import under_test

from entrykit.errors import CommitError, SettingsError
from entrykit.files.config_file import add_mark
from entrykit.log import Log
from entrykit.roles.cf_serverd.prepare import prepare_host
from entrykit.roles.cf_serverd.settings import CfServerdSettings


class Place:
    """A work directory, and the messages about it."""

    def __init__(self, path):
        self.path, self.output = path, ""
        self.keys = path / "ppkeys"
        (path / "masterfiles").mkdir(parents=True)
        (path / "masterfiles" / "promises.cf").write_text("# a policy\n")

    def prepared(self, **variables):
        """Prepare for a start with these variables."""
        given = {"CF_SERVERD_ACL": "::1", "CFENGINE_WORKDIR": str(self.path), "PATH": PATH}
        settings = CfServerdSettings.from_environ(given | variables)
        stream = io.StringIO()
        try:
            prepare_host(settings, Log(stream))
        finally:
            self.output = stream.getvalue()
        return self

    @property
    def pair(self):
        return [(self.keys / f"localhost.{half}").read_bytes() for half in ("priv", "pub")]

    def give(self, name, text):
        """Write a file into ppkeys."""
        self.keys.mkdir(0o700, exist_ok=True)
        (self.keys / name).write_bytes(text)


PATH = f"{os.path.dirname(under_test('cf-serverd'))}:{os.environ['PATH']}"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "work")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another hub, with a pair of its own."""
    return Place(tmp_path_factory.mktemp("other") / "work").prepared()


def digest(path):
    argv = [under_test("cf-key"), "-p", path]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_everything_is_made_once(place):
    place.prepared()

    assert place.keys.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in place.keys.iterdir()} == {
        "localhost.priv": 0o600,
        "localhost.pub": 0o600,
    }
    assert os.access(place.path / "bin" / "cf-promises", os.X_OK)
    known = place.pair
    assert place.prepared().pair == known


def test_the_digest_is_logged_as_clients_pin_it(place):
    output = place.prepared().output

    known = digest(place.keys / "localhost.pub")
    assert (
        f"this hub's key is {known}: clients pin localhost.pub as ppkeys/root-{known}.pub" in output
    )


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o707, 0o777])
def test_keys_that_others_could_read_are_closed(place, mode):
    place.keys.mkdir()
    place.keys.chmod(mode)

    assert "its mode is 700 now" in place.prepared().output
    assert place.keys.stat().st_mode & 0o777 == 0o700


def test_keys_that_only_their_owner_can_read_stay_so(place):
    place.prepared().keys.chmod(0o500)

    assert "its mode" not in place.prepared().output
    assert place.keys.stat().st_mode & 0o777 == 0o500


@pytest.mark.parametrize("half", ["localhost.priv", "localhost.pub"])
def test_half_a_pair_is_refused_and_left_as_it_is(place, other, half):
    place.give(half, (other.keys / half).read_bytes())

    with pytest.raises(CommitError, match="the other half of the pair"):
        place.prepared()
    assert [path.name for path in place.keys.iterdir()] == [half]


def test_two_halves_of_different_pairs_are_refused(place, other):
    place.prepared()
    place.give("localhost.priv", (other.keys / "localhost.priv").read_bytes())

    with pytest.raises(CommitError, match="not the private half of the public key"):
        place.prepared()


@pytest.mark.parametrize("half", ["localhost.priv", "localhost.pub"])
@pytest.mark.parametrize("junk", [b"", b"junk\n", b"-----BEGIN RSA PRIVATE KEY-----\nAA==\n"])
def test_what_is_no_key_is_refused(place, half, junk):
    place.prepared().give(half, junk)

    with pytest.raises(CommitError, match=r"not a (private|public) key"):
        place.prepared()


def test_a_start_that_was_killed_between_the_halves_is_carried_through(place):
    known = place.prepared().pair
    new = place.keys / ".entrykit.new" / "ppkeys"
    new.mkdir(parents=True)
    (place.keys / "localhost.pub").rename(new / "localhost.pub")

    assert place.prepared().pair == known
    assert not (place.keys / ".entrykit.new").exists()


def test_what_a_killed_cf_key_left_behind_is_no_pair(place):
    new = place.keys / ".entrykit.new" / "ppkeys"
    new.mkdir(parents=True)
    place.keys.chmod(0o700)
    (new / "localhost.priv").write_text("half")

    place.prepared()

    assert sorted(path.name for path in place.keys.iterdir()) == ["localhost.priv", "localhost.pub"]


def given(hub):
    return {
        f"CF_SERVERD_{half}_KEY_FILE": str(hub.keys / f"localhost.{name}")
        for half, name in (("PRIVATE", "priv"), ("PUBLIC", "pub"))
    }


def test_keys_that_are_given_are_used(place, other):
    place.prepared(**given(other))

    assert place.pair == other.pair
    assert {path.stat().st_mode & 0o777 for path in place.keys.iterdir()} == {0o600}
    assert place.prepared(**given(other)).pair == other.pair


def test_other_keys_than_those_that_are_there_are_refused(place, other):
    known = place.prepared().pair

    with pytest.raises(SettingsError, match="another key, which clients know; it is not replaced"):
        place.prepared(**given(other))
    assert place.pair == known


def test_given_keys_that_are_no_pair_are_refused_and_not_written(place, other, tmp_path):
    third = Place(tmp_path / "third").prepared()
    mixed = given(other) | {"CF_SERVERD_PUBLIC_KEY_FILE": str(third.keys / "localhost.pub")}

    with pytest.raises(SettingsError, match="CF_SERVERD_PRIVATE_KEY: not the private half"):
        place.prepared(**mixed)
    assert list(place.keys.iterdir()) == []


def info(hub):
    """The public key of a pair, in the form that openssl makes of its own accord."""
    argv = ["openssl", "rsa", "-pubout", "-in", hub.keys / "localhost.priv"]
    return subprocess.run(argv, capture_output=True, check=True).stdout


def encrypted(hub):
    argv = ["openssl", "rsa", "-aes128", "-passout", "pass:x", "-in", hub.keys / "localhost.priv"]
    return subprocess.run(argv, capture_output=True, check=True).stdout


@pytest.mark.parametrize("private", ["plain", "encrypted"])
def test_a_public_key_that_cfengine_does_not_read_is_refused_and_not_written(
    place, other, tmp_path, private
):
    (tmp_path / "priv").write_bytes(other.pair[0] if private == "plain" else encrypted(other))
    (tmp_path / "pub").write_bytes(info(other))
    given = {
        "CF_SERVERD_PRIVATE_KEY_FILE": str(tmp_path / "priv"),
        "CF_SERVERD_PUBLIC_KEY_FILE": str(tmp_path / "pub"),
    }

    with pytest.raises(SettingsError, match="CF_SERVERD_PUBLIC_KEY: not a public key as CFEngine"):
        place.prepared(**given)
    assert list(place.keys.iterdir()) == []


@pytest.mark.parametrize("half", ["localhost.priv", "localhost.pub"])
def test_the_half_that_is_wrong_is_named(place, half):
    place.prepared().give(half, b"junk\n")

    with pytest.raises(CommitError, match=rf"^{place.keys}/{half}: not a (private|public) key"):
        place.prepared()


@pytest.mark.parametrize("half", ["localhost.priv", "localhost.pub"])
def test_a_dangling_link_is_not_reported_as_missing(place, half):
    place.prepared()
    (place.keys / half).unlink()
    (place.keys / half).symlink_to("absent")

    with pytest.raises(CommitError, match=rf"^{place.keys}/{half}: not a file or a link to one"):
        place.prepared()


@pytest.fixture
def folder(tmp_path):
    """A folder for the public keys of clients."""
    path = tmp_path / "trusted: user@host"
    path.mkdir()
    return path


def test_keys_in_the_folder_are_trusted(place, other, folder):
    (folder / "client 1.pub").write_bytes((other.keys / "localhost.pub").read_bytes())
    (folder / "README").write_text("no key\n")

    place.prepared(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder))

    known = digest(other.keys / "localhost.pub")
    assert (place.keys / f"root-{known}.pub").read_bytes() == other.pair[1]
    assert len(list(place.keys.iterdir())) == 3


def test_what_is_no_public_key_in_the_folder_is_refused_by_its_name(place, other, folder):
    (folder / "a.pub").write_text("junk\n")
    (folder / "b.pub").write_bytes(other.pair[0])

    with pytest.raises(SettingsError) as caught:
        place.prepared(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder))

    assert list(caught.value.messages) == [
        f'CF_SERVERD_TRUSTED_KEYS_DIR: "{name}.pub": not a public key in PEM' for name in "ab"
    ]


def test_what_is_no_file_in_the_folder_is_refused_by_its_name(place, folder):
    """A pipe would be waited for; and neither has anything to do with the work directory."""
    os.mkfifo(folder / "a.pub")
    (folder / "b.pub").symlink_to("absent")
    (folder / "c.pub").mkdir()

    with pytest.raises(SettingsError) as caught:
        place.prepared(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder))

    assert list(caught.value.messages) == [
        f'CF_SERVERD_TRUSTED_KEYS_DIR: "{name}.pub": not a file or a link to one' for name in "abc"
    ]


def test_a_directory_without_keys_is_warned_of(place, other, folder):
    """A secret of Kubernetes has whatever names it was given."""
    (folder / "client").write_bytes(other.pair[1])

    assert (
        "contains no file *.pub" in place.prepared(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder)).output
    )


def test_what_is_to_be_served_has_to_be_there(place, tmp_path):
    absent = str(tmp_path / "absent")

    with pytest.raises(SettingsError) as caught:
        place.prepared(
            CF_SERVERD_MASTERFILES=absent,
            CF_SERVERD_ACCESS=f'[{{"path": "{absent}"}}]',
            CF_SERVERD_BINDTOINTERFACE="192.0.2.1",
            CF_SERVERD_PORT=str(free_port()),
        )

    assert [message.split(":")[0] for message in caught.value.messages] == [
        *["CF_SERVERD_MASTERFILES", "CF_SERVERD_ACCESS", "CF_SERVERD_BINDTOINTERFACE"]
    ]


def test_the_tree_of_a_framework_is_linked_and_nothing_of_it_replaced(place, tmp_path):
    own = place.path / "inputs"
    own.mkdir()
    (own / "lib").write_text("mine\n")
    (own / "services").symlink_to(tmp_path)
    for name in ("lib", "services", "controls"):
        (place.path / "masterfiles" / name).mkdir()
    (place.path / "masterfiles" / "def.json").write_text("{}")

    output = place.prepared(MPF="on").output

    assert (own / "promises.cf").read_text() == "# a policy\n"
    assert (own / "controls").readlink() == place.path / "masterfiles" / "controls"
    assert (own / "lib").read_text() == "mine\n"
    assert (own / "services").readlink() == tmp_path
    assert not (own / "def.json").exists()
    assert f"{own}/lib is used instead of {place.path}/masterfiles/lib" in output
    assert f"{own}/services is used instead of " in output
    assert "controls" not in output


def test_a_link_into_another_framework_is_made_anew(place, tmp_path):
    """CFENGINE_WORKDIR has moved, and CONFIG_DIR has not."""
    other = tmp_path / "old" / "masterfiles"
    other.mkdir(parents=True)
    (other / "promises.cf").write_text("# of old\n")
    (place.path / "inputs").mkdir()
    (place.path / "inputs" / "promises.cf").symlink_to(other / "promises.cf")

    place.prepared(MPF="on")

    assert (place.path / "inputs" / "promises.cf").read_text() == "# a policy\n"
    assert (other / "promises.cf").read_text() == "# of old\n"


class Killed(BaseException):
    """What SIGKILL would be."""


@pytest.mark.parametrize("call", ["symlink", "rename"])
@pytest.mark.parametrize("link", ["bin/cf-promises", "inputs/promises.cf"])
def test_a_start_killed_while_it_replaces_a_link_leaves_the_old_one(
    place, tmp_path, monkeypatch, link, call
):
    """Without a link there, cf-serverd starts with its built-in policy, on every address."""
    path = place.prepared(MPF="on").path / link
    new, old = path.readlink(), tmp_path / "masterfiles" / path.name
    path.unlink()
    path.symlink_to(old)

    def kill(_source, target):
        if path.name in os.path.basename(target):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, call, kill)
        with pytest.raises(Killed):
            place.prepared(MPF="on")

    assert path.readlink() == old
    place.prepared(MPF="on")
    assert path.readlink() == new


def test_a_folder_of_policy_may_be_masterfiles_itself(place):
    (place.path / "inputs").symlink_to("masterfiles")

    assert "is used" not in place.prepared(MPF="on").output
    assert (place.path / "masterfiles" / "promises.cf").read_text() == "# a policy\n"


def test_a_user_supplied_promises_cf_is_not_taken_for_the_frameworks(place):
    (place.path / "inputs").mkdir()
    own = place.path / "inputs" / "promises.cf"
    own.write_text("# a policy\n")
    place.prepared(MPF="on")
    own.write_text("# mine\n")

    with pytest.raises(CommitError, match="neither from the framework nor written by entrykit"):
        place.prepared(MPF="on")
    assert own.read_text() == "# mine\n"


@pytest.mark.parametrize("made", ["{}\n", "mine\n"])
def test_unused_augments_are_removed_if_entrykit_wrote_them(place, made):
    path = place.path / "inputs" / "def.json"
    path.parent.mkdir()
    text = add_mark("def.json", made, "for a test") if made == "{}\n" else made
    path.write_text(text)

    place.prepared()

    assert path.exists() is (made == "mine\n")


def test_a_file_that_would_be_read_in_place_of_def_json_is_refused(place):
    (place.path / "inputs").mkdir()
    (place.path / "inputs" / "def_preferred.json").write_text("{}")

    with pytest.raises(CommitError, match=r"def_preferred\.json: cf-serverd would read it"):
        place.prepared(MPF="on")


def test_a_framework_that_is_not_there_is_refused(place):
    (place.path / "masterfiles" / "promises.cf").unlink()

    with pytest.raises(SettingsError, match=r"MPF: .* has no promises\.cf"):
        place.prepared(MPF="on")


def test_the_directory_of_the_policy_is_not_writable_by_everyone(place):
    (place.path / "inputs").mkdir()
    (place.path / "inputs").chmod(0o777)

    place.prepared()

    assert (place.path / "inputs").stat().st_mode & 0o777 == 0o755
