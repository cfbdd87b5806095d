"""A small image, and skopeo to carry it in and out of a registry."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Image:
    """An image in a directory, in the OCI layout (image-spec, image-layout.md).

    Attributes:
        folder: the directory of the layout.
        digest: of its manifest, as `sha256:…`.
        layer: of its only layer.
    """

    folder: Path
    digest: str
    layer: str


def image(folder, text="hello"):
    """Write an image of one layer, which has one file with that text."""
    folder.mkdir()
    tar = _tar(text.encode())
    layer = _blob(folder, gzip.compress(tar, mtime=0), _LAYER)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _blob(folder, _json(config), _CONFIG),
        "layers": [layer],
    }
    top = _blob(folder, _json(manifest), MANIFEST)
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return Image(folder, top["digest"], layer["digest"])


def _tar(data):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("greeting")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def _json(value):
    return json.dumps(value).encode()


def _digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _blob(folder, data, kind):
    digest = _digest(data)
    path = folder / "blobs" / digest.replace(":", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"mediaType": kind, "digest": digest, "size": len(data)}


class Skopeo:
    """skopeo(1) without logins and policies of the host.

    Args:
        folder: an empty directory for its files.
    """

    def __init__(self, folder):
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "REGISTRY_AUTH_FILE": str(folder / "auth.json"),
        }

    def __call__(self, *words):
        """Run it; the result has its output and its status."""
        argv = ["skopeo", "--insecure-policy", *map(str, words)]
        streams = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        return subprocess.run(argv, env=self._environ, timeout=60, check=False, **streams)

    def push(self, image, name, *words):
        """Copy an image into a registry: `127.0.0.1:5000/app:1`."""
        words = words or ["--dest-tls-verify=false"]
        return self("copy", "-q", *words, f"oci:{image.folder}", f"docker://{name}")

    def pull(self, name, folder, *words):
        """Copy an image out of a registry into an OCI layout."""
        words = words or ["--src-tls-verify=false"]
        return self("copy", "-q", *words, f"docker://{name}", f"oci:{folder}")


class Carry:
    """A fixture's value: call it with a registry to carry an image in, and out by its digest.

    Args:
        skopeo: who carries.
        image: which.
        folder: a directory for pulled images, which are numbered.
    """

    def __init__(self, skopeo, image, folder):
        self._skopeo, self.image, self._folder = skopeo, image, folder
        folder.mkdir()

    def __call__(self, registry):
        self.into(registry)
        self.out_of(registry)

    def into(self, registry, *words):
        """Carry it in as `app:1`, with words for `skopeo copy`; fails unless that works."""
        pushed = self._skopeo.push(self.image, f"{registry.host}/app:1", *words)
        assert pushed.returncode == 0, pushed.stderr

    def out_of(self, registry, *words):
        """Carry it out by its digest; fails unless it is the same."""
        folder = self._folder / str(len(os.listdir(self._folder)))
        name = f"{registry.host}/app@{self.image.digest}"
        pulled = self._skopeo.pull(name, folder, *words)
        assert pulled.returncode == 0, pulled.stderr
        layer = self.image.layer.replace(":", "/")
        pulled_layer, pushed_layer = (
            path / "blobs" / layer for path in (folder, self.image.folder)
        )
        assert pulled_layer.read_bytes() == pushed_layer.read_bytes()
