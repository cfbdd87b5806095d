"""The pods of deploy/kubernetes, run by podman: from empty volumes to HTTPS that is trusted."""

from __future__ import annotations

import os
import ssl
from contextlib import ExitStack

import pytest
from certbot.pebble import Pebble
from containers.edges import HOST, Edge
from containers.engine import podman
from containers.pods import Pod
from engines.kubelet import Mounted
from engines.manifests import built, named, pod_of
from haproxy.authority import Authority
from haproxy.ports import free_port
from programs import status

pytestmark = pytest.mark.containers

CA = Authority()
HAPROXY_UID = 99


@pytest.fixture
def volumes(tmp_path):
    """Folders in place of claims, which belong to whom `fsGroup` gives them in a cluster.

    And in place of a ConfigMap: podman has no links in its own.
    """
    folders = {name: tmp_path / name for name in ("certs", "letsencrypt")}
    for folder in folders.values():
        folder.mkdir()
        os.chown(folder, HAPROXY_UID, HAPROXY_UID)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    folders["site"] = tmp_path / "site"
    folders["site"].mkdir()
    files = named(built("base"), "ConfigMap", "site")["data"]
    Mounted(folders["site"]).hold({name: text.encode() for name, text in files.items()})
    return folders


@pytest.fixture
def pods(tmp_path, volumes, evidence):
    """Start a pod of a folder of deploy/kubernetes; it is gone when the test ends."""
    with ExitStack() as stack:

        def start(documents, kind, name, **how):
            pod = Pod(
                documents, kind, name, folder=tmp_path, folders=volumes, evidence=evidence, **how
            )
            return stack.enter_context(pod)

        yield start


@pytest.fixture
def site(pods):
    """Start nginx of a folder: its port."""

    def site(documents):
        port = free_port()
        own = {"BIND": "127.0.0.1", "HTTP_PORT": str(port), "HEALTH_PORT": str(free_port())}
        own |= {"DOMAINS": f"127.0.0.1:{port}:{HOST}", "NGINX_APP": "127.0.0.1"}
        pods(documents, "Deployment", "nginx-static", environ=own)
        return port

    return site


@pytest.fixture
def keeper(pods):
    """Start certbot's pod with an authority for tests, of which it knows nothing yet."""

    def keeper(pebble, edge, folder="base", kind="Deployment", number=0):
        own = {
            "DOMAINS": edge.environ["DOMAINS"],
            "ACME_STAGING": "off",
            "ACME_SERVER": pebble.directory,
            "ACME_CA_BUNDLE": "/etc/letsencrypt/pebble/bundle.pem",
            "HAPROXY_URL": f"http://127.0.0.1:{edge.http}",
        }
        return pods(built(folder), kind, "certbot", environ=own, number=number)

    return keeper


def hurry(pod):
    """Have what follows the certificates look now, as it does every ten seconds."""
    podman("kill", "--signal", "USR1", f"{pod.name}-follow")


def confined(pod, container):
    """Whether a container is as restricted as its manifest says."""
    main = status(pod.inspect(container)["State"]["Pid"])
    assert main["NoNewPrivs"] == "1"
    assert {int(main[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {0}
    assert main["Uid"].split()[0] != "0"
    return pod.inspect(container)["HostConfig"]["ReadonlyRootfs"]


@pytest.fixture
def pebble(volumes, edges, evidence):
    """An authority that comes to the first HAProxy."""
    with Pebble(volumes["letsencrypt"] / "pebble", http_port=edges[0].http) as pebble:
        pebble.folder.chmod(0o755)
        pebble.bundle.chmod(0o644)
        evidence.append(pebble.evidence)
        yield pebble
        evidence.remove(pebble.evidence)


@pytest.fixture
def edges(site):
    web = site(built("base"))
    return [Edge(web), Edge(web)]


def test_from_empty_volumes_to_trusted_https(pods, keeper, edges, pebble, volumes):
    """On every replica, each of which could have answered the authority."""
    trust = ssl.create_default_context(cadata=pebble.root())
    certbot = keeper(pebble, edges[0])
    replicas = [
        pods(built("base"), "Deployment", "haproxy", number=number, environ=edge.environ)
        for number, edge in enumerate(edges)
    ]
    thumbprint = (volumes["certs"] / "thumbprint").read_text().strip()
    for edge, pod in zip(edges, replicas, strict=True):
        answer, _ = pod.comes(lambda edge=edge: edge.secured(trust))
        assert b"A page from a ConfigMap." in answer.body
        challenge = edge.plain("/.well-known/acme-challenge/token")
        assert challenge.body.decode().strip() == f"token.{thumbprint}"
        assert confined(pod, "haproxy")
        assert confined(pod, "follow")
        pod.exec("haproxy", "/opt/entrykit/bin/healthy", edge.health, "/healthz")
    assert confined(certbot, "certbot")

    is_renewed_with_no_reload(certbot, edges, replicas, trust)

    orders = pebble.orders()
    podman("pod", "stop", "--time", "10", certbot.name)
    once = keeper(pebble, edges[0], "cronjob", "CronJob", 1)
    assert podman("wait", f"{once.name}-certbot").stdout.strip() == "0"
    assert pebble.orders() == orders


def is_renewed_with_no_reload(certbot, edges, replicas, trust):
    before = [edge.secured(trust)[1] for edge in edges]
    running = [processes(pod) for pod in replicas]
    certbot.exec("certbot", "entrykit", "certbot", "renew", "--force-renewal")
    for edge, pod, old in zip(edges, replicas, before, strict=True):
        hurry(pod)
        pod.comes(lambda edge=edge, old=old: edge.secured(trust)[1] != old)
    assert [processes(pod) for pod in replicas] == running


def processes(pod):
    """HAProxy's master and its worker, as this machine counts."""
    return podman("top", f"{pod.name}-haproxy", "hpid").stdout


def test_official_images_that_are_as_they_are(pods, site, volumes):
    """What was rendered beside them is served, and what is renewed as well."""
    documents = built("official")
    (volumes["certs"] / "thumbprint").write_text("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n")
    write(volumes["certs"] / "web.pem")
    edge = Edge(site(documents))
    pod = pods(documents, "Deployment", "haproxy", environ=edge.environ)

    pod.comes(lambda: edge.secured(CA.client())[0].status == 200)
    answer, first = edge.secured(CA.client())
    assert b"A page from a ConfigMap." in answer.body
    assert pod.inspect("haproxy")["ImageName"] == "docker.io/library/haproxy:3.2"
    assert pod.exec("haproxy", "ls", "/opt/entrykit", check=False).returncode != 0
    assert confined(pod, "haproxy")

    write(volumes["certs"] / "web.pem")
    hurry(pod)
    pod.comes(lambda: edge.secured(CA.client())[1] != first)


def write(path):
    """Put a new certificate into place, at once, as certbot's role does."""
    new = path.with_name(".new")
    new.write_bytes(CA.pem(HOST))
    os.chown(new, HAPROXY_UID, HAPROXY_UID)
    new.rename(path)


def test_what_the_daemon_refuses_does_not_start_the_official_image(pods, volumes):
    """The daemon itself judges what was rendered, before any container of the pod starts."""
    (volumes["certs"] / "thumbprint").write_text("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n")
    edge = Edge(1)
    edge.environ["HAPROXY_EXTRA_FRONTEND"] = "    no such words"

    with pytest.raises(AssertionError, match="unknown keyword"):
        pods(built("official"), "Deployment", "haproxy", environ=edge.environ)


SHAPES = {
    # What the projection of the manifest makes of the Secret's tls.crt and tls.key.
    "two files": lambda chain, key: {"example.com.pem": chain, "example.com.pem.key": key},
    # What a Certificate with `additionalOutputFormats: [{type: CombinedPEM}]` has as well.
    "one file": lambda chain, key: {"tls-combined.pem": key + b"\n" + chain},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_certificates_of_a_secret(pods, site, volumes, shape):
    """As cert-manager makes one; its folder cannot be written, and has no crt-list."""

    def issued():
        issued = CA.issue(HOST, f"www.{HOST}")
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        return shape(chain, issued.private_key_pem.bytes())

    documents = built("cert-manager")
    certs = Mounted(volumes["certs"])
    edge = Edge(site(documents))
    pod = pods(documents, "Deployment", "haproxy", environ=edge.environ)
    pod.comes(lambda: edge.plain("/").status == 301)  # before there is any certificate

    certs.hold(issued())
    hurry(pod)
    _, first = pod.comes(lambda: edge.secured(CA.client()))
    certs.hold(issued())
    hurry(pod)
    pod.comes(lambda: edge.secured(CA.client())[1] != first)


def test_the_projection_names_the_files_so():
    """What the test above puts there is what a cluster would."""
    volumes = pod_of(named(built("cert-manager"), "Deployment", "haproxy"))["volumes"]
    (certs,) = (each["projected"] for each in volumes if each["name"] == "certs")
    items = [each for source in certs["sources"] for each in source["secret"]["items"]]

    assert {each["key"]: each["path"] for each in items} == {
        "tls.crt": "example.com.pem",
        "tls.key": "example.com.pem.key",
    }
