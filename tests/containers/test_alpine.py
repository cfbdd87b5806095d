"""The images on Alpine's libc and shell: these are what they run by, and no others."""

from __future__ import annotations

import pytest
from containers.engine import podman
from containers.rows import REGISTRY
from image_data.listing import images

pytestmark = [pytest.mark.containers, pytest.mark.alpine]

ALONE = "localhost/entrykit/entrykit:alpine"
IMAGES = [
    f"localhost/entrykit/{name}:alpine" for name, image in images().items() if image.bases.alpine
]
LAYER = "/opt/entrykit"
# The base's own loader, which is older than Python in the layer.
OLD = "/lib/ld-musl-x86_64.so.1"


def inside(image, command):
    """Run a command of the image's shell, and return what it did, said and complained of."""
    options = ["--rm", "--network", "none", "--user", "root", "--entrypoint", "sh"]
    done = podman("run", *options, image, "-c", command, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_of_glibc_is_in_it(image):
    """The shell is busybox; there is one libc, and neither bash nor a package of Debian's."""
    names = "-name libc.so.6 -o -name 'ld-linux*' -o -name bash -o -path /var/lib/dpkg"

    assert inside(image, f"find / -xdev {names}")[:2] == (0, "")
    assert inside(image, "readlink -f /bin/sh")[1] == "/bin/busybox\n"


def test_python_in_the_layer_is_for_musl():
    named = f"{LAYER}/bin/python3 -c 'import sys; print(sys.implementation._multiarch)'"

    assert inside(ALONE, named)[:2] == (0, "x86_64-linux-musl\n")


def test_a_base_with_an_older_musl_is_no_hindrance():
    """Python lacks functions there; with the libc that is in the layer it has them."""
    image = REGISTRY.on_alpine.image

    assert "Version 1.2.3" in inside(image, OLD)[2]
    assert "preadv2: symbol not found" in inside(image, f"{OLD} {LAYER}/bin/python3 -c pass")[2]
    assert inside(image, f"{LAYER}/bin/python3 -c 'import os; print(os.preadv)'")[0] == 0
    assert inside(image, f"{LAYER}/bin/python3 -c 'import _ssl, zlib'")[0] == 0


def test_the_locale_does_not_matter():
    """musl knows UTF-8 and nothing else; Python takes LC_ALL=C for ASCII."""
    command = "LC_ALL=C entrykit render haproxy --no-env -e DOMAINS=web:münchen.example"
    status, said, _ = inside(ALONE, command)

    assert status == 0
    assert "xn--mnchen-3ya.example" in said
