"""Each image, as any user, on any root: what ends before there is a daemon."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from containers.engine import Container, podman
from containers.rows import ANY, LOW_PORTS, SERVERS

pytestmark = pytest.mark.containers

# Without systemd podman complains of each health check that it cannot have started.
ALONE = ("--network", "none", "--no-healthcheck")
# What podman itself changes in a container: its user gets a line.
ENGINES = {"C /etc", "C /etc/passwd", "C /etc/group"}


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        name: of its folder, with a tag on Alpine.
        daemon: the word on its command line.
        users: root, its own or the one that its folders are for, and anybody; with their ids.
        bad: variables that are wrong.
        scratch: the one folder that has to be writable.
    """

    name: str
    daemon: str
    users: dict[str, str]
    bad: dict[str, str]
    scratch: str

    @property
    def tag(self):
        return f"localhost/entrykit/{self.name}"

    def options(self, user, *, writable):
        words = [*LOW_PORTS, *ALONE, "--cap-drop", "ALL", "--user", user]
        if not writable:
            words += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", self.scratch]
        return words


OWN = {"haproxy": "99", "nginx-static": "101", "registry": "1000"}
IMAGES = (
    *(
        Image(
            row.name,
            row.daemon,
            {"root": "0", row.own: OWN[row.name], ANY: "12345"},
            row.bad,
            row.scratch,
        )
        for row in SERVERS
    ),
    Image(
        "certbot",
        "certbot",
        {"root": "0", "99:99": "99", ANY: "12345"},
        {"DOMAINS": "web:", "PORT": "http"},
        "/tmp",
    ),
    Image(
        "cf-serverd",
        "cf-serverd",
        {"root": "0", "hub": "1000", ANY: "12345"},
        {"CF_SERVERD_ACL": "everybody", "CF_SERVERD_PORT": "cf"},
        "/work",
    ),
)
ON_ALPINE = tuple(
    replace(image, name=f"{image.name}:alpine") for image in IMAGES if image.name != "cf-serverd"
)
BOTH = [*((image, ()) for image in IMAGES), *((image, pytest.mark.alpine) for image in ON_ALPINE)]
EVERY_WAY = [
    pytest.param(
        image,
        user,
        writable,
        id=f"{image.name}-{user}-{'writable' if writable else 'read-only'}",
        marks=marks,
    )
    for image, marks in BOTH
    for user, writable in itertools.product(image.users, (True, False))
]
EACH = [pytest.param(image, id=image.name, marks=marks) for image, marks in BOTH]


@pytest.mark.parametrize(("image", "user", "writable"), EVERY_WAY)
def test_bad_variables_start_nothing(image, user, writable, evidence):
    """Exit code 78, each variable in the log, and no daemon that was half configured."""
    options = image.options(user, writable=writable)
    with Container(image.tag, options=options, environ=image.bad, evidence=evidence) as container:
        assert container.ended() == 78
        lines = container.log.splitlines()
        assert {line.split(": ")[2] for line in lines} == {*image.bad}
        assert {tuple(line.split(": ")[:2]) for line in lines} == {("entrykit", "error")}
        assert {*podman("diff", container.id).stdout.splitlines()} <= ENGINES


@pytest.mark.parametrize(("image", "user", "writable"), EVERY_WAY)
def test_another_command_is_just_run(image, user, writable):
    """`run IMAGE sh -c id`: nothing is configured, no variable is missing."""
    done = podman(
        *("run", "--rm", *image.options(user, writable=writable)),
        *(image.tag, "sh", "-c", "id -u; exec id -u"),
    )

    assert done.stdout.split() == [image.users[user]] * 2
    assert done.stderr == ""


@pytest.mark.parametrize("image", EACH)
def test_what_it_runs_is_as_with_no_entrypoint(image):
    """User, groups, folder and variables are those that the engine gives by the image."""
    ask = "id; pwd; env | grep -v ^HOSTNAME= | sort"
    ours = podman("run", "--rm", *ALONE, image.tag, "sh", "-c", ask)
    engines = podman("run", "--rm", *ALONE, "--entrypoint", "sh", image.tag, "-c", ask)

    assert ours.stdout == engines.stdout


@pytest.mark.parametrize("image", EACH)
def test_its_version_is_told_without_a_variable(image):
    """`run IMAGE DAEMON --version`, as with the image below."""
    word = "-v" if image.daemon in ("haproxy", "nginx") else "--version"
    ours = podman("run", "--rm", *ALONE, image.tag, image.daemon, word)
    engines = podman("run", "--rm", *ALONE, "--entrypoint", image.daemon, image.tag, word)

    assert ours.stdout + ours.stderr == engines.stdout + engines.stderr != ""
