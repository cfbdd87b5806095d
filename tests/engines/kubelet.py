"""A Secret or a ConfigMap as Kubernetes mounts it."""

from __future__ import annotations


class Mounted:
    """A folder of links through one link, which changes at once (the kubelet's AtomicWriter).

    Args:
        folder: the folder, which is there and empty.
    """

    def __init__(self, folder):
        self.folder = folder
        self._number = 0

    def hold(self, files):
        """Have it hold these, names to bytes, and nothing else."""
        self._number += 1
        inside = self.folder / f"..{self._number}"
        inside.mkdir()
        for name, data in files.items():
            (inside / name).write_bytes(data)
        link = self.folder / "..new"
        link.symlink_to(inside.name)
        link.rename(self.folder / "..data")
        there = {path.name for path in self.folder.iterdir() if path.name[:2] != ".."}
        for name in there - files.keys():
            (self.folder / name).unlink()
        for name in files.keys() - there:
            (self.folder / name).symlink_to(f"..data/{name}")
