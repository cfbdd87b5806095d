"""The images on Debian 12: Python in their layer was made for its glibc, and not a newer one."""

from __future__ import annotations

import pytest
from containers.engine import layers_of, podman
from containers.rows import ROLES

pytestmark = [pytest.mark.containers, pytest.mark.bookworm]

ROWS = [row.on_bookworm for row in ROLES.values() if row.on_bookworm]
LIBC = "import os, sys; print(sys.version_info[:2], os.confstr('CS_GNU_LIBC_VERSION'))"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_python_runs_on_the_bases_own_glibc(row):
    """Which is 2.36, for as long as Debian 12 lives; a Python made on 13 asks for 2.38."""
    program = ("--entrypoint", "/opt/entrykit/bin/python3", row.image)
    done = podman("run", "--rm", "--network", "none", *program, "-c", LIBC)

    assert done.stdout == "(3, 13) glibc 2.36\n"


def test_the_layer_is_one_for_all():
    first = {layers_of(row.image)[len(layers_of(row.bare))] for row in ROWS}

    assert len(first) == 1
