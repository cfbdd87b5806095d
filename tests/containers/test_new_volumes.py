"""A new volume is right for whoever uses it first: it is as the folder in the image was."""

from __future__ import annotations

import re

import pytest
from containers.engine import HOME, Container, podman
from containers.rows import ANY, ROLES, marks
from image_data.listing import images

pytestmark = pytest.mark.containers

IMAGES = "localhost/entrykit"
# Those that start on a volume which nobody has prepared.
STARTS = [row for row in ROLES.values() if row.container.new_volume is not None]
EACH = [*STARTS, *(row.on_alpine for row in STARTS if row.on_alpine)]
SHARED = ["/certs", "/run/haproxy"]
SHARING = [name for name, image in images().items() if {*SHARED} <= {*image.page.folders}]


@pytest.mark.parametrize("user", ["root", ANY])
@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row.name}{row.tag}", marks=marks(row)) for row in EACH]
)
def test_group_0_may_write_to_a_new_volume(row, user, evidence):
    """Root with no capability is no more than its group, as any other user of group 0."""
    options = ["--cap-drop", "ALL", "--user", user, *row.container.new_volume]
    with Container(row.image, options=options, evidence=evidence) as container:
        container.comes(container.is_healthy)


@pytest.mark.parametrize("name", SHARING)
def test_a_shared_volume_is_right_whoever_is_first(name):
    """As the image's user and as another, the folders are those of HAProxy's user and group 0."""
    for user in ((), ("--user", ANY)):
        volumes = [word for path in SHARED for word in ("--volume", path)]
        words = ("-c", f"stat -c %u:%g:%a {' '.join(SHARED)}")
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
