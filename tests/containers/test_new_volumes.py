"""A new volume is right for whoever uses it first: it is as the folder in the image was."""

from __future__ import annotations

import pytest
from containers.engine import Container
from containers.rows import ANY

pytestmark = pytest.mark.containers

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


@pytest.mark.parametrize("user", ["root", ANY])
@pytest.mark.parametrize("name", STARTS)
def test_group_0_may_write_to_a_new_volume(name, user, evidence):
    """Root with no capability is no more than its group, as any other user of group 0."""
    options = ["--cap-drop", "ALL", "--user", user, *STARTS[name]]
    with Container(f"localhost/entrykit/{name}", options=options, evidence=evidence) as container:
        container.comes(container.is_healthy)
