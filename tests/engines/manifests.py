"""The manifests of deploy/kubernetes, as kustomize itself makes them."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

HOME = Path(__file__).resolve().parents[2]
FOLDER = HOME / "deploy" / "kubernetes"
KUSTOMIZE = HOME / "tools" / "kustomize"
APPLIED = sorted(
    path.parent.name
    for path in FOLDER.glob("*/kustomization.yaml")
    if "kind: Kustomization\n" in path.read_text()
)


@cache
def built(folder):
    """Return the documents of a folder that is applied, by its name or its path: not to be changed.

    They are made and read once a process: tests have them for parameters.
    """
    argv = [KUSTOMIZE, "build", FOLDER / folder]
    made = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600)
    return tuple(yaml.safe_load_all(made.stdout))


@cache
def resting(folder):
    """Return the documents of an overlay that has a folder and the component `restore`."""
    with TemporaryDirectory() as overlay:
        base, component = (os.path.relpath(FOLDER / each, overlay) for each in (folder, "restore"))
        text = f"resources: [{base}]\ncomponents: [{component}]\n"
        Path(overlay, "kustomization.yaml").write_text(text)
        return built(overlay)


def named(documents, kind, name):
    """Return the document of a kind and a name; that of a ConfigMap may end in a hash."""
    found = [
        each
        for each in documents
        if each["kind"] == kind and f"{each['metadata']['name']}-".startswith(f"{name}-")
    ]
    assert len(found) == 1, [each["metadata"]["name"] for each in found]
    return found[0]


def pod_of(document):
    """Return the pod's own part of a Deployment, a StatefulSet or a CronJob; None of another."""
    spec = document.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template", {}).get("spec")


def containers_of(pod):
    """Return all containers of a pod, those that only begin it as well."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def environ_of(container, documents):
    """The variables of a container, as a cluster makes them: its own go before a ConfigMap's."""
    environ = {}
    for source in container.get("envFrom", ()):
        environ |= named(documents, "ConfigMap", source["configMapRef"]["name"])["data"]
    return environ | {each["name"]: each["value"] for each in container.get("env", ())}
