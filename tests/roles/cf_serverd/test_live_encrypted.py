"""A hub whose private key is encrypted, as old releases made them."""

from __future__ import annotations

import subprocess

import pytest

pytestmark = pytest.mark.versions

OWN = "Cfengine passphrase"
FORMS = {"traditional": ["-traditional", "-des3"], "PKCS8": ["-aes256"]}
form = pytest.mark.parametrize("form", FORMS)


def lock(workdir, form, passphrase=OWN):
    """Encrypt the private key that is there."""
    path = workdir.ppkeys / "localhost.priv"
    words = ["openssl", "rsa", *FORMS[form], "-passout", f"pass:{passphrase}", "-in", path]
    path.write_bytes(subprocess.run(words, capture_output=True, check=True).stdout)
    assert b"ENCRYPTED" in path.read_bytes()


@form
def test_without_the_role_another_passphrase_is_an_end_with_0(hub, form):
    server = hub.raw().policy()
    lock(server, form, "another")
    server.launch()

    assert server.ended() == 0
    assert "Error reading private key" in server.output


@form
def test_the_role_refuses_another_passphrase(hub, form):
    made = hub.made()
    made.made()
    lock(made, form, "another")
    made.launch()

    assert made.ended() == 73, made.output
    assert "localhost.priv: encrypted, and not with CFEngine's own passphrase" in made.output


@form
def test_and_in_a_key_that_it_is_given(hub, form):
    owner = hub.client()
    lock(owner, form, "another")
    given = {
        "CF_SERVERD_PRIVATE_KEY": (owner.ppkeys / "localhost.priv").read_text(),
        "CF_SERVERD_PUBLIC_KEY_FILE": str(owner.public),
    }
    made = hub.made(**given).launch()

    assert made.ended() == 78, made.output
    assert "CF_SERVERD_PRIVATE_KEY: encrypted, and not with" in made.output
    assert not list(made.ppkeys.iterdir())


@form
def test_one_with_cfengines_own_serves(hub, form):
    made = hub.made({"x": "x"})
    made.made()
    lock(made, form)
    served = made.start()

    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


@form
def test_the_private_half_of_another_pair_is_refused(hub, form):
    """cf-serverd starts with it, and clients that have pinned the public half find a stranger."""
    made, other = hub.made(), hub.client()
    made.made()
    lock(other, form)
    (made.ppkeys / "localhost.priv").write_bytes((other.ppkeys / "localhost.priv").read_bytes())
    made.launch()

    assert made.ended() == 73, made.output
    assert "localhost.priv: not the private half of the public key" in made.output
