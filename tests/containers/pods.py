"""Pods of deploy/kubernetes in podman, which takes most of a manifest and no cluster.

They have the network of this machine, so that an authority on loopback can be asked and asks;
so each port is told by a variable, and nothing listens elsewhere. What podman 4.3 does otherwise
than Kubernetes is changed before:

- a volume that is empty would be shared by all that have one of that name: it is a folder;
- variables of a ConfigMap would go before a container's own: they are its own;
- a Secret's files would hold base64: tests give a folder that is laid out as Kubernetes does it;
- probes want systemd: tests run them by hand;
- init containers that have ended would be started anew, or cannot be removed: there are no
  restarts, and an annotation keeps them.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
from secrets import token_hex

from containers.engine import ENGINE, podman
from engines.manifests import containers_of, environ_of, named, pod_of
from haproxy.polling import eventually
from programs import DEADLINE

ENDED = {"io.podman.annotations.init.container.type": "always"}


def claimed(folder, group):
    """Make a folder as `fsGroup` leaves a new volume: root's, and open to the group."""
    folder.mkdir(parents=True)
    os.chown(folder, 0, group)
    folder.chmod(0o2775)
    for each in (folder.parent, *folder.parents[1:3]):
        each.chmod(0o755)
    return folder


class Pod:
    """One pod, which runs until the `with` block ends.

    Args:
        documents: of a folder, as `engines.manifests` has them.
        kind: of the document with the pod.
        name: of that document.
        number: of the replica.
        folder: for the file that is played.
        environ: variables of the containers that have any by a ConfigMap.
        folders: the name of a volume to a folder of this machine that takes its place.
        evidence: the list of that fixture.
    """

    def __init__(  # noqa: PLR0913 -- each is a part of what a pod is
        self,
        documents,
        kind,
        name,
        *,
        folder,
        environ,
        evidence,
        number=0,
        folders=None,
    ):
        self.name = f"{name}-{number}-{token_hex(4)}"
        self._file, self._evidence = folder / f"{self.name}.yaml", evidence
        pod = copy.deepcopy(pod_of(named(documents, kind, name)))
        self._containers = [each["name"] for each in containers_of(pod)]
        played = self._played(pod, documents, environ, folders or {})
        configs = [each for each in documents if each["kind"] == "ConfigMap"]
        self._file.write_text("\n---\n".join(map(json.dumps, [*configs, played])))

    def _played(self, pod, documents, environ, folders):
        pod |= {"hostNetwork": True, "restartPolicy": "Never"}
        for container in containers_of(pod):
            self._localize(container, documents, environ)
        claimed = [{"name": name} for name in folders]  # a StatefulSet names them elsewhere
        volumes = {each["name"]: each for each in [*claimed, *pod["volumes"]]}
        pod["volumes"] = [self._volume(each, folders) for each in volumes.values()]
        metadata = {"name": self.name, "annotations": ENDED}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}

    def _localize(self, container, documents, environ):
        container.pop("ports", None)  # the network of this machine has no mappings
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            container.pop(probe, None)  # they want systemd here; tests run them by hand
        name, _, tag = container["image"].partition(":")
        ours = name.startswith("entrykit/")
        container["image"] = f"localhost/{name}:latest" if ours else f"{name}:{tag}"
        container["imagePullPolicy"] = "Never"
        if "envFrom" in container:
            own = environ_of(container, documents) | environ
            container["env"] = [{"name": key, "value": own[key]} for key in own]
            del container["envFrom"]

    def _volume(self, volume, folders):
        name = volume["name"]
        if name in folders:
            where = {"path": str(folders[name]), "type": "Directory"}
            return {"name": name, "hostPath": where}
        if "emptyDir" in volume:
            empty = self._file.with_suffix(f".{name}")
            empty.mkdir()
            empty.chmod(0o777)
            return {"name": name, "hostPath": {"path": str(empty), "type": "Directory"}}
        return volume

    def __enter__(self):
        try:
            podman("kube", "play", self._file)  # returns once init containers have ended
        except AssertionError as error:
            said = "\n".join(text for _, text in self.evidence())
            self._remove()
            raise AssertionError(said) from error
        self._evidence.append(self.evidence)
        return self

    def __exit__(self, *_):
        self._evidence.remove(self.evidence)
        self._remove()

    def _remove(self):
        podman("pod", "rm", "--force", "--time", "0", self.name, check=False)

    def evidence(self):
        """For the report of a failure: what each container has said."""
        yield self.name, self._file.read_text()
        for name in self._containers:
            yield f"log of {self.name}-{name}", self.log(name)

    def log(self, container):
        done = podman("logs", f"{self.name}-{container}", check=False)
        return done.stdout + done.stderr

    def inspect(self, container):
        return json.loads(podman("inspect", f"{self.name}-{container}").stdout)[0]

    def exec(self, container, *words, check=True):
        return podman("exec", f"{self.name}-{container}", *words, check=check)

    def pipe(self, words, data=b""):
        """Run a program in the first container, with these bytes for it to read.

        What it did; its streams are bytes.
        """
        argv = [ENGINE, "exec", "-i", f"{self.name}-{self._containers[0]}", *words]
        return subprocess.run(argv, input=data, capture_output=True, timeout=DEADLINE, check=False)

    def comes(self, condition, seconds=DEADLINE):
        """Wait for a condition, and return what is true then."""
        return eventually(condition, seconds)
