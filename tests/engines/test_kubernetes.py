"""deploy/kubernetes: what kustomize makes of it is what a cluster takes."""

from __future__ import annotations

import os
import re

import kubernetes_validate
import pytest
from engines.manifests import (
    APPLIED,
    FOLDER,
    HOME,
    built,
    containers_of,
    environ_of,
    named,
    pod_of,
    resting,
)

import entrykit
from entrykit.discovery.finder import load_role, role_names

# The oldest and the newest that the documentation speaks of.
RELEASES = ("1.25", "1.34")
# Of cert-manager, whose schema is in the cluster only.
FOREIGN = {"cert-manager.io/v1"}

# All that is applied, by a name: also while a backup is brought back.
MADE = {folder: built(folder) for folder in APPLIED}
MADE |= {f"{folder}-resting": resting(folder) for folder in ("base", "cronjob", "cf-serverd")}

PODS = [
    pytest.param(pod_of(document), id=f"{name}-{document['metadata']['name']}")
    for name, documents in MADE.items()
    for document in documents
    if pod_of(document)
]


def test_there_is_something_to_judge():
    """The ways that docs/kubernetes.md lists, and nothing else."""
    assert {"base", "official", "cronjob", "cert-manager", "registry", "cf-serverd"} == {*APPLIED}
    several = {
        (folder, document["metadata"]["name"])
        for folder in APPLIED
        for document in built(folder)
        if document["kind"] == "Deployment" and document["spec"]["replicas"] > 1
    }
    assert ("base", "haproxy") in several


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_the_schemas_of_kubernetes_hold(made, release):
    """With no field that they do not know."""
    documents = [each for each in made if each["apiVersion"] not in FOREIGN]

    assert documents
    for document in documents:
        kubernetes_validate.validate(document, release, strict=True)


@pytest.mark.parametrize("pod", PODS)
def test_a_namespace_that_is_restricted_takes_the_pod(pod):
    """As "Pod Security Standards" of the Kubernetes documentation has the level `restricted`."""
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] > 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    kinds = {kind for volume in pod["volumes"] for kind in volume.keys() - {"name"}}
    assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
    for container in containers_of(pod):
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert not {"runAsUser", "runAsNonRoot", "seccompProfile", "privileged"} & own.keys()


@pytest.mark.parametrize("pod", PODS)
def test_no_pod_has_more_than_it_needs(pod):
    """No token of the cluster, no links of services, no root that can be written."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    for container in containers_of(pod):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("pod", PODS)
def test_every_mount_has_its_volume(pod):
    volumes = {volume["name"] for volume in pod["volumes"]}
    names = {mount["name"] for each in containers_of(pod) for mount in each["volumeMounts"]}

    claimed = {"work"}  # volumeClaimTemplates of the StatefulSet
    assert names <= volumes | claimed
    assert volumes <= names


@pytest.mark.parametrize("pod", PODS)
def test_every_image_has_a_tag_that_stands(pod):
    """That of entrykit's own is the version that this is."""
    for container in containers_of(pod):
        name, _, tag = container["image"].partition(":")
        assert tag not in {"", "latest"}
        assert not name.startswith("entrykit/") or tag == entrykit.__version__


@pytest.mark.parametrize("folder", APPLIED)
def test_what_is_there_more_than_once_outlives_a_drain(folder):
    """Each Deployment of several has a budget for its pods, and stops only after a pause."""
    documents = built(folder)
    for document in documents:
        if document["kind"] == "Deployment" and document["spec"]["replicas"] > 1:
            labels = document["spec"]["selector"]
            budget = named(documents, "PodDisruptionBudget", document["metadata"]["name"])
            assert budget["spec"] == {"maxUnavailable": 1, "selector": labels}
            (main, *_) = document["spec"]["template"]["spec"]["containers"]
            assert "preStop" in main["lifecycle"]
            assert {"readinessProbe", "livenessProbe", "startupProbe"} <= main.keys()


@pytest.mark.parametrize("folder", APPLIED)
def test_services_lead_to_pods(folder):
    """Selectors are the labels of pods, and ports have names that these have."""
    documents = built(folder)
    templates = [
        each["spec"]["template"] for each in documents if "template" in each.get("spec", {})
    ]
    for service in (each for each in documents if each["kind"] == "Service"):
        (template,) = (
            each
            for each in templates
            if service["spec"]["selector"].items() <= each["metadata"]["labels"].items()
        )
        ports = {
            port["name"]
            for each in template["spec"]["containers"]
            for port in each.get("ports", ())
        }
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


HELD = {
    "ACME_THUMBPRINT_FILE": "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n",
    "REGISTRY_AUTH_HTPASSWD_USERS_FILE": "alice:$2y$05$" + "a" * 53 + "\n",
}

STARTS = [
    pytest.param(container, built(folder), id=f"{folder}-{container['name']}")
    for folder in APPLIED
    for document in built(folder)
    for container in containers_of(pod_of(document) or {"containers": []})
    if container["image"].partition(":")[0].removeprefix("entrykit/") in role_names()
    or container.get("args", [""])[0] == "render"
]


@pytest.mark.parametrize(("container", "documents"), STARTS)
def test_variables_are_taken_without_a_warning(container, documents, tmp_path):
    """Those of files have to be there, so they are: with what such a file holds."""
    role = container["image"].partition(":")[0].removeprefix("entrykit/")
    role = container["args"][1] if role == "entrykit" else role
    environ, warnings = environ_of(container, documents), []
    for name in [name for name in environ if name.endswith("_FILE") and name != "THUMBPRINT_FILE"]:
        file = tmp_path / name
        file.write_text(HELD.get(name, "secret\n"))
        environ[name] = str(file)

    load_role(role).settings.from_environ(environ, warnings.append)

    assert warnings == []


def test_only_files_that_are_used_lie_there():
    """Each file of a folder is named by its kustomization."""
    for folder in FOLDER.iterdir():
        text = (folder / "kustomization.yaml").read_text()
        for path in folder.rglob("*"):
            if path.is_file() and path.name != "kustomization.yaml":
                assert str(path.relative_to(folder)) in text


@pytest.mark.parametrize(
    ("folder", "asleep"),
    [
        ("base", {"certbot"}),
        ("cronjob", {"certbot"}),
        ("official", {"certbot"}),
        ("cf-serverd", {"cf-serverd"}),
        ("registry", set()),
        ("cert-manager", set()),
    ],
)
def test_what_has_to_be_restored_sleeps_and_nothing_else_changes(folder, asleep):
    """A component may stand in any overlay: it has the daemon of each state sleep."""
    changed = [
        after
        for before, after in zip(built(folder), resting(folder), strict=True)
        if before != after
    ]
    slept = [container for each in changed for container in containers_of(pod_of(each))]

    assert {container["name"] for container in slept} == asleep
    assert all(container["command"] == ["sleep", "infinity"] for container in slept)
    assert not any("Probe" in key for container in slept for key in container)
    assert all(each["spec"]["suspend"] for each in changed if each["kind"] == "CronJob")


def test_the_policy_of_an_image_as_the_page_has_it(tmp_path):
    """A cluster takes the patch, also a namespace that is restricted."""
    page = (HOME / "docs" / "kubernetes.md").read_text()
    (shown,) = re.findall(r"```yaml\n(patches:\n  - patch:.*?)```", page, re.DOTALL)
    hub = os.path.relpath(FOLDER / "cf-serverd", tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{hub}]\n{shown}")

    document = named(built(tmp_path), "StatefulSet", "cf-serverd")

    pod = pod_of(document)
    assert {"name": "masterfiles", "emptyDir": {}} in pod["volumes"]
    kubernetes_validate.validate(document, RELEASES[0], strict=True)
    test_a_namespace_that_is_restricted_takes_the_pod(pod)
    test_no_pod_has_more_than_it_needs(pod)


def overlay_of_the_page(folder, *, without="", more=""):
    """Make the overlay that the page shows, less some lines: documents of it with this clone."""
    page = (HOME / "docs" / "kubernetes.md").read_text()
    shown = re.search(r"```yaml\n# kustomization.yaml\n(.*?)```", page, re.DOTALL)[1]
    base = os.path.relpath(FOLDER / "base", folder.resolve())
    (folder / "kustomization.yaml").write_text(re.sub(r"https://\S+", base, shown) + more)
    variables = re.search(r"```dotenv\n(.*?)```", page, re.DOTALL)[1]
    lines = variables.splitlines(keepends=True)
    kept = "".join(line for line in lines if not without or not line.startswith(without))
    (folder / "edge.env").write_text(kept)
    return built(folder)


@pytest.mark.parametrize("name", ["ACME_STAGING", "EMAIL"])
def test_a_variable_that_is_taken_away_is_gone(tmp_path, name):
    """Nothing of the base's takes its place: ACME_STAGING=on would stay for ever."""
    documents = overlay_of_the_page(tmp_path, without=name)

    assert {"DOMAINS", "EMAIL", "ACME_STAGING"} - {name} == {
        *named(documents, "ConfigMap", "edge")["data"]
    }


def test_the_example_of_an_app_can_be_taken_out(tmp_path):
    page = (HOME / "docs" / "kubernetes.md").read_text()
    (shown,) = re.findall(r"```yaml\npatches:\n(  - target: {name: nginx.*?)```", page, re.DOTALL)

    documents = overlay_of_the_page(tmp_path, more=shown)

    assert {each["metadata"]["name"] for each in documents if pod_of(each)} == {
        "certbot",
        "haproxy",
    }
    assert not [each for each in documents if each["metadata"]["name"] == "nginx-static"]


def test_the_overlay_that_the_page_shows(tmp_path):
    """With the folder of this clone in place of its address, and the variables that follow it."""
    documents = overlay_of_the_page(tmp_path)

    claim = named(documents, "PersistentVolumeClaim", "certs")
    assert claim["spec"]["storageClassName"] == "nfs"
    images = {
        container["image"]
        for document in documents
        for container in containers_of(pod_of(document) or {"containers": []})
    }
    assert all(image.startswith("registry.example.com/entrykit/") for image in images)
    assert named(documents, "ConfigMap", "edge")["data"]["EMAIL"] == "me@example.com"
