"""A new volume is right for whoever uses it first: it is as the folder in the image was."""

from __future__ import annotations

import re

import pytest
from containers.engine import HOME, Container, podman
from containers.rows import ANY

pytestmark = pytest.mark.containers

IMAGES = "localhost/entrykit"
# What each needs to start, with a volume that nobody has prepared.
STARTS = {
    "certbot": ("--env=DOMAINS=web:example.com", "--env=ACME_SERVER=https://127.0.0.1:1/dir"),
    "cf-serverd": (
        "--env=CF_SERVERD_ACL=127.0.0.1",
        "--env=CFENGINE_WORKDIR=/work",
        "--volume=/work",
    ),
    "registry": ("--read-only", "--tmpfs=/etc/docker/registry"),
}
STARTS |= {f"{name}:alpine": STARTS[name] for name in ("certbot", "registry")}


@pytest.mark.parametrize("user", ["root", ANY])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.alpine if name.endswith(":alpine") else ())
        for name in STARTS
    ],
)
def test_group_0_may_write_to_a_new_volume(name, user, evidence):
    """Root with no capability is no more than its group, as any other user of group 0."""
    options = ["--cap-drop", "ALL", "--user", user, *STARTS[name]]
    with Container(f"{IMAGES}/{name}", options=options, evidence=evidence) as container:
        container.comes(container.is_healthy)


@pytest.mark.parametrize("name", ["haproxy", "certbot", "entrykit"])
def test_a_shared_volume_is_right_whoever_is_first(name):
    """As the image's user and as another, the folders are those of HAProxy's user and group 0."""
    for user in ((), ("--user", ANY)):
        volumes = ("--volume", "/certs", "--volume", "/run/haproxy")
        words = ("-c", "stat -c %u:%g:%a /certs /run/haproxy")
        argv = [*user, *volumes, "--entrypoint", "sh", f"{IMAGES}/{name}", *words]

        assert podman("run", "--rm", "--network", "none", *argv).stdout == "99:0:775\n" * 2


def test_a_restored_volume_is_as_open_as_before():
    """What docs/deploy.md restores with keeps modes, whatever the umask is."""
    page = (HOME / "docs/deploy.md").read_text()
    (extract,) = {*re.findall(r"tar -C / (-x\w+) - <backup", page)}
    script = (
        "tar -C / -cf /tmp/backup.tar certs && chmod 700 /certs"
        f" && umask 077 && tar -C / {extract} - </tmp/backup.tar && stat -c %a /certs"
    )
    done = podman("run", "--rm", "--user", "99:99", f"{IMAGES}/certbot", "sh", "-c", script)

    assert done.stdout == "775\n"
