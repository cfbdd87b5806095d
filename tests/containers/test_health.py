"""HEALTHCHECK where the container is not run as usual: a daemon that works is healthy."""

from __future__ import annotations

import pytest
from containers.engine import Container, config_of, podman
from containers.rows import TAGS

pytestmark = pytest.mark.containers

HUB = {"CF_SERVERD_ACL": "127.0.0.1", "CF_SERVERD_BINDTOINTERFACE": "127.0.0.2"}
NOWHERE = {"DOMAINS": "web:example.com", "ACME_SERVER": "https://127.0.0.1:1/dir"}


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("address", ["127.0.0.2:5001", ":5001", "0.0.0.0:5001"])
def test_a_registry_is_asked_where_it_listens(tag, address, evidence):
    environ = {"REGISTRY_HTTP_ADDR": address}
    with Container(f"localhost/entrykit/registry{tag}", environ=environ, evidence=evidence) as it:
        it.comes(it.is_healthy)


def test_a_hub_is_asked_where_it_listens(evidence):
    with Container("localhost/entrykit/cf-serverd", environ=HUB, evidence=evidence) as container:
        container.comes(container.is_healthy)


@pytest.mark.parametrize("tag", TAGS)
def test_the_keeper_is_healthy_below_an_init(tag, evidence):
    """With --init PID 1 is the engine's; and a container without a keeper is not healthy."""
    image = f"localhost/entrykit/certbot{tag}"
    with Container(image, options=["--init"], environ=NOWHERE, evidence=evidence) as container:
        container.comes(container.is_healthy)
    with Container(image, "sleep", "60", options=["--init"], evidence=evidence) as container:
        container.comes(lambda: "sleep" in container.exec("cat", "/proc/1/cmdline"))
        check = config_of(image)["Healthcheck"]["Test"][1]
        done = podman("exec", container.id, "sh", "-c", check, check=False)
        assert done.returncode == 1  # engines know no other code of an error
