"""The hub's keys: generated once, never replaced, logged at each start as clients pin them."""

from __future__ import annotations

import pytest
from cf_serverd.workdirs import digest

pytestmark = pytest.mark.versions


def state(*paths):
    """What changes when a file is touched, by its path."""
    found = {}
    for path in paths:
        seen = path.lstat()
        found[path] = (seen.st_ino, seen.st_mtime_ns, seen.st_mode)
    return found


def pair(workdir):
    return [workdir.ppkeys / f"localhost.{kind}" for kind in ("priv", "pub")]


def again(hub, first, **variables):
    """A new container on the volume of another one, which has ended."""
    second = hub.made(CFENGINE_WORKDIR=str(first.path), **variables)
    second.path = first.path
    return second


def test_the_digest_is_told_in_the_form_that_clients_see(hub):
    served = hub()
    output = hub.client().get("masterfiles/x", served.port).output

    assert served.digest.startswith("MD5=")
    assert f"Trusting new key: {served.digest}" in output
    assert served.digest in served.output


def test_a_new_container_on_the_same_volume_keeps_the_keys(hub):
    first = hub({"x": "x"})
    client = hub.client(first)
    before = state(*pair(first))
    first.stop()
    second = again(hub, first).start()

    assert state(*pair(second)) == before
    assert first.digest in second.output
    assert client.get("masterfiles/x", second.port).text == "x"


def test_several_that_start_at_once_on_one_volume_have_one_pair(hub, tmp_path):
    """Each has all else to itself, as containers have it."""
    (tmp_path / "volume").mkdir(0o700)
    hubs = [hub.made({"x": "x"}) for _ in range(5)]
    for each in hubs:
        each.ppkeys.symlink_to(tmp_path / "volume")
        each.launch()
    for each in hubs:
        each.running.comes(each.listening)

    assert sum("generated a new key pair" in each.output for each in hubs) == 1
    assert all(f"this hub's key is {hubs[0].digest}" in each.output for each in hubs)


def test_a_second_start_touches_nothing(hub):
    first = hub({"x": "x"})
    first.stop()
    paths = [first.promises, *pair(first), first.path / "bin/cf-promises", first.ppkeys]
    before = state(*paths)
    second = again(hub, first, CF_SERVERD_PORT=str(first.port)).start()

    assert state(*paths) == before
    assert "nothing changed" in second.output


def given(client):
    private, public = pair(client)
    names = ("CF_SERVERD_PRIVATE_KEY_FILE", "CF_SERVERD_PUBLIC_KEY_FILE")
    return dict(zip(names, map(str, (private, public)), strict=True))


def test_keys_that_are_given_are_the_hubs(hub):
    owner = hub.client()
    served = hub({"x": "x"}, **given(owner))
    client = hub.client(served)

    assert served.digest == owner.digest
    assert f"Trusting new key: {owner.digest}" in hub.client().get("x", served.port).output
    assert client.get("masterfiles/x", served.port).text == "x"


def test_other_keys_than_those_that_are_there_are_refused(hub):
    first = hub()
    first.stop()
    before = state(*pair(first))
    second = again(hub, first, **given(hub.client())).launch()

    assert second.ended() not in (0, 70), second.output
    assert "CF_SERVERD_PRIVATE_KEY" in second.output
    assert state(*pair(first)) == before


def test_the_same_keys_again_are_nothing_new(hub):
    owner = hub.client()
    first = hub({"x": "x"}, **given(owner))
    first.stop()
    before = state(*pair(first))
    second = again(hub, first, **given(owner)).start()

    assert state(*pair(second)) == before


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("CF_SERVERD_PRIVATE_KEY_FILE", "CF_SERVERD_PUBLIC_KEY"),
        ("CF_SERVERD_PUBLIC_KEY_FILE", "CF_SERVERD_PRIVATE_KEY"),
    ],
)
def test_half_a_pair_is_refused(hub, name, missing):
    refused = hub.made(**{name: given(hub.client())[name]}).launch()

    assert refused.ended() == 78, refused.output
    assert missing in refused.output
    assert not pair(refused)[0].exists()


def test_a_pair_of_two_halves_is_refused(hub):
    one, other = given(hub.client()), given(hub.client())
    mixed = one | {"CF_SERVERD_PUBLIC_KEY_FILE": other["CF_SERVERD_PUBLIC_KEY_FILE"]}
    refused = hub.made(**mixed).launch()

    assert refused.ended() not in (0, 70), refused.output
    assert "CF_SERVERD_P" in refused.output
    assert not pair(refused)[0].exists()


def test_clients_of_a_folder_are_known(hub, tmp_path):
    """By whatever name their keys have there."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    clients = [hub.client() for _ in range(2)]
    for number, client in enumerate(clients):
        (folder / f"client{number}.pub").write_bytes(client.public.read_bytes())
    served = hub({"x": "x"}, CF_SERVERD_TRUSTED_KEYS_DIR=str(folder))

    for client in clients:
        assert client.get("masterfiles/x", served.port).text == "x"
    assert served.known == {client.digest for client in clients}
    assert hub.client().get("masterfiles/x", served.port).text is None


def test_junk_in_that_folder_is_refused_by_its_name(hub, tmp_path):
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "junk.pub").write_text("junk\n")
    refused = hub.made(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder)).launch()

    assert refused.ended() not in (0, 70), refused.output
    assert "junk.pub" in refused.output
    assert "CF_SERVERD_TRUSTED_KEYS_DIR" in refused.output


def test_the_name_of_a_trusted_key_is_its_digest(hub, tmp_path):
    folder = tmp_path / "trusted"
    folder.mkdir()
    client = hub.client()
    (folder / "a.pub").write_bytes(client.public.read_bytes())
    served = hub(CF_SERVERD_TRUSTED_KEYS_DIR=str(folder))
    (path,) = served.ppkeys.glob("root-*.pub")

    assert path.name == f"root-{digest(client.public)}.pub"
