"""The unit that the labels INSTALL and UNINSTALL write: valid, and nobody else's is touched."""

from __future__ import annotations

import re

import pytest
from containers.engine import podman

pytestmark = pytest.mark.containers

IMAGE = "localhost/entrykit/haproxy"
UNITS = "systemd/system"


@pytest.fixture
def unit(tmp_path):
    """Call the image's program, with a folder in the place of /etc: exit code and messages."""
    (tmp_path / UNITS).mkdir(parents=True)

    def unit(*words):
        options = ("--rm", "--network", "none", "--user", "0", "--volume", f"{tmp_path}:/host")
        program = ("--entrypoint", "/opt/entrykit/bin/unit", IMAGE)
        done = podman("run", *options, *program, *words, check=False)
        return done.returncode, done.stderr

    return unit


@pytest.mark.parametrize("words", [("install", "haproxy", "edge", IMAGE), ("uninstall", "edge")])
@pytest.mark.parametrize("theirs", ["[Unit]\n", "", None])
def test_a_unit_of_somebody_else_is_left_alone(unit, tmp_path, words, theirs):
    """As that of a daemon of the host's own with the image's name; nothing is a masked one."""
    path = tmp_path / UNITS / "edge.service"
    if theirs is None:
        path.symlink_to("/dev/null")
    else:
        path.write_text(theirs)
    code, said = unit(*words)

    assert code == 73
    assert "edge.service is not entrykit's: choose another --name" in said
    assert path.is_symlink() if theirs is None else path.read_text() == theirs
    assert not (tmp_path / "entrykit").exists()


@pytest.mark.parametrize("name", ["", "../edge", "a/b", "a b", "-x", "@", "a%h"])
def test_a_name_that_is_no_container_s_is_refused(unit, tmp_path, name):
    for words in (("install", "haproxy", name, IMAGE), ("uninstall", name)):
        code, said = unit(*words)
        assert code == 64
        assert "no name for a container" in said
    assert [*tmp_path.rglob("*")] == [tmp_path / "systemd", tmp_path / UNITS]


def test_what_systemd_would_read_otherwise_is_quoted(unit, tmp_path):
    """Blanks, quotes, its specifiers and variables are those of a value."""
    words = ("A=b c", "P=100%", "D=$HOME", 'Q="', "B=\\n", "")
    assert unit("install", "haproxy", "edge", IMAGE, "--network", "apps", *words)[0] == 0
    text = (tmp_path / UNITS / "edge.service").read_text()

    (told,) = re.findall(r"^ExecStart=.* --network apps (.*) \S+$", text, re.MULTILINE)
    assert told == r'"A=b c" "P=100%%" "D=$$HOME" "Q=\"" "B=\\n" ""'


def test_what_was_enabled_is_gone_with_the_unit(unit, tmp_path):
    """A link to nothing would stay, which `systemctl disable` does not find any more."""
    assert unit("install", "haproxy", "edge", IMAGE)[0] == 0
    wants = tmp_path / UNITS / "multi-user.target.wants"
    wants.mkdir()
    (wants / "edge.service").symlink_to("/etc/systemd/system/edge.service")
    assert unit("uninstall", "edge")[0] == 0

    assert [*(tmp_path / UNITS).rglob("*")] == [wants]
    code, said = unit("uninstall", "edge")
    assert (code, "there is no /etc/systemd/system/edge.service" in said) == (64, True)
