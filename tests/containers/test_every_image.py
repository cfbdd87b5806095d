"""Each image, as any user, on any root: what ends before there is a daemon."""

from __future__ import annotations

import itertools

import pytest
from containers.engine import Container, podman
from containers.rows import ANY, LOW_PORTS, ROLES, marks

pytestmark = pytest.mark.containers

# Without systemd podman complains of each health check that it cannot have started.
ALONE = ("--network", "none", "--no-healthcheck")
# What podman itself changes in a container: its user gets a line.
ENGINES = {"C /etc", "C /etc/passwd", "C /etc/group"}


def uids(row):
    """Root, the image's own user or the one that its folders are for, and anybody; their ids."""
    return {"root": "0", row.container.user: row.container.uid, ANY: "12345"}


def options_for(row, user, *, writable):
    """Options for one user, with no capability."""
    words = [*LOW_PORTS, *ALONE, "--cap-drop", "ALL", "--user", user]
    if not writable:
        words += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", row.container.scratch]
    return words


EACH_BASE = [each for row in ROLES.values() for each in (row, row.on_alpine) if each]
EVERY_WAY = [
    pytest.param(
        row,
        user,
        writable,
        id=f"{row.name}{row.tag}-{user}-{'writable' if writable else 'read-only'}",
        marks=marks(row),
    )
    for row in EACH_BASE
    for user, writable in itertools.product(uids(row), (True, False))
]
EACH = [pytest.param(row, id=f"{row.name}{row.tag}", marks=marks(row)) for row in EACH_BASE]


@pytest.mark.parametrize(("row", "user", "writable"), EVERY_WAY)
def test_bad_variables_start_nothing(row, user, writable, evidence):
    """Exit code 78, each variable in the log, and no daemon that was half configured."""
    options = options_for(row, user, writable=writable)
    with Container(
        row.image, options=options, environ=row.container.bad, evidence=evidence
    ) as container:
        assert container.ended() == 78
        lines = container.log.splitlines()
        assert {line.split(": ")[2] for line in lines} == {*row.container.bad}
        assert {tuple(line.split(": ")[:2]) for line in lines} == {("entrykit", "error")}
        assert {*podman("diff", container.id).stdout.splitlines()} <= ENGINES


@pytest.mark.parametrize(("row", "user", "writable"), EVERY_WAY)
def test_another_command_is_just_run(row, user, writable):
    """`run IMAGE sh -c id`: nothing is configured, no variable is missing."""
    done = podman(
        *("run", "--rm", *options_for(row, user, writable=writable)),
        *(row.image, "sh", "-c", "id -u; exec id -u"),
    )

    assert done.stdout.split() == [uids(row)[user]] * 2
    assert done.stderr == ""


@pytest.mark.parametrize("row", EACH)
def test_what_it_runs_is_as_with_no_entrypoint(row):
    """User, groups, folder and variables are those that the engine gives by the image."""
    ask = "id; pwd; env | grep -v ^HOSTNAME= | sort"
    ours = podman("run", "--rm", *ALONE, row.image, "sh", "-c", ask)
    engines = podman("run", "--rm", *ALONE, "--entrypoint", "sh", row.image, "-c", ask)

    assert ours.stdout == engines.stdout


@pytest.mark.parametrize("row", EACH)
def test_its_version_is_told_without_a_variable(row):
    """`run IMAGE DAEMON --version`, as with the image below."""
    word = row.role_image.daemon.version
    ours = podman("run", "--rm", *ALONE, row.image, row.daemon, word)
    engines = podman("run", "--rm", *ALONE, "--entrypoint", row.daemon, row.image, word)

    assert ours.stdout + ours.stderr == engines.stdout + engines.stderr != ""
