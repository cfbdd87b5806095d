"""No right is needed but to write into one folder: any user, on a root that is read-only."""

from __future__ import annotations

from pathlib import Path

import pytest
from namespaces import UNSHARE
from programs import ENTRYKIT, Running, edge_environ, serves, status

UID = 12345  # arbitrary, as platforms run images; with group 0
USER = ["unshare", "--user", f"--map-user={UID}", "--map-group=0"]


@pytest.mark.versions
def test_any_user_can_start_the_daemon_on_a_read_only_root(tmp_path, search_path):
    """One writable folder, a tmpfs here, is all that entrykit and HAProxy need."""
    folder = tmp_path / "config"
    folder.mkdir()
    environ = edge_environ(folder, search_path)
    mounts = 'mount -t tmpfs none "$0"; mount -o remount,ro,bind /; exec "$@"'
    argv = [*UNSHARE, "sh", "-euc", mounts, folder, *USER, ENTRYKIT, "-v", "haproxy"]

    with Running(argv, environ, tmp_path / "log") as running:
        running.comes(lambda: serves(running.pid, environ))

        there = Path(f"/proc/{running.pid}/root{folder}")
        assert sorted(path.name for path in there.glob("*.*")) == [
            "haproxy.cfg",
            "hosts.map",
            "sni.map",
        ]
        assert int(status(running.pid)["CapEff"], 16) == 0
        assert root_options(running.pid)[0] == "ro"
        running.process.terminate()
        assert running.ended(20) == 0
    assert list(folder.iterdir()) == []


def root_options(pid):
    """How / is mounted for a process (proc_pid_mountinfo(5), field 6)."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    return next(line.split()[5].split(",") for line in lines if line.split()[4] == "/")


@pytest.mark.parametrize(("group", "more"), [(0, ""), (99, " --group-add 0")])
def test_a_read_only_root_without_a_writable_folder_is_said(tmp_path, search_path, group, more):
    """With the folder to mount, and nothing is executed.

    Engines make a tmpfs root's, and as open as the folder in the image: to its group.
    """
    environ = edge_environ(tmp_path / "config", search_path)
    user = [*USER[:-1], f"--map-group={group}"]
    argv = [*UNSHARE, "sh", "-euc", 'mount -o remount,ro,bind /; exec "$@"', "sh", *user,
            ENTRYKIT, "haproxy"]  # fmt: skip

    with Running(argv, environ, tmp_path / "log") as running:
        assert running.ended() == 73

    said = (tmp_path / "log").read_text()
    folder = environ["CONFIG_DIR"]
    assert f"Read-only file system (errno 30, as uid {UID})" in said
    assert (
        f"TIP: mount something writable at {folder} (a volume, or --tmpfs {folder}{more})" in said
    )
