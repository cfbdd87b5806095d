"""The daemon's verdict on the files, and a start with as few rights as there are."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from haproxy.namespaces import another_etc
from haproxy.polling import eventually
from haproxy.ports import free_port
from namespaces import UNSHARE
from programs import children, entrykit, opened, script, status
from registry.registries import processes

UID = 12345  # that nobody knows, as platforms run images; with group 0
USER = ["unshare", "--user", f"--map-user={UID}", "--map-group=0"]
# A map, and the daemon has no such way to log in.
WRONG = "auth: {nonsense: {realm: here}}"


def files(folder):
    """Paths below a folder to what must not change of them."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def test_what_the_daemon_refuses_changes_nothing(registry):
    """Its own words are told, no process and no file is left."""
    first = registry()
    first.stop()
    before = files(first.config)

    second = registry.made(CONFIG_DIR=str(first.config), REGISTRY_EXTRA_YAML=WRONG)
    code, said = second.ends()

    assert code == 65
    assert "nonsense" in said
    assert "nothing was changed" in said
    assert files(first.config) == before
    assert processes(str(first.config)) == []


@pytest.mark.parametrize(("extra", "code"), [("{}", 0), (WRONG, 65)])
def test_the_verb_check_leaves_nothing(registry, extra, code):
    """It judges what a start would write, beside a registry that runs with other files."""
    started = registry()
    before = files(started.folder)

    environ = started.environ | {"REGISTRY_EXTRA_YAML": extra}
    done = entrykit("check", "registry", environ=environ)

    assert done.returncode == code, done.stderr
    assert files(started.folder).keys() == before.keys()
    assert children(started.running.pid) == []
    assert processes(str(started.config)) == [started.running.pid]


def test_the_verb_check_warns_of_what_a_start_warns_of(registry):
    started = registry(
        REGISTRY_STORAGE="inmemory",
        REGISTRY_HTTP_SECRET="s",
        REGISTRY_HTTP_DEBUG_ADDR=f"0.0.0.0:{free_port()}",
    )
    done = entrykit("check", "registry", environ=started.environ)

    said = [line for line in done.stderr.splitlines() if "warning: " in line]
    assert [line.split(": ")[2] for line in said] == [
        "REGISTRY_STORAGE",
        "REGISTRY_HTTP_DEBUG_ADDR",
        "REGISTRY_HTTP_SECRET",
    ]
    assert [line for line in started.said.splitlines() if "entrykit: warning: " in line] == said


def test_a_first_start_that_is_refused_leaves_nothing(registry):
    made = registry.made(REGISTRY_EXTRA_YAML=WRONG)

    assert made.ends()[0] == 65
    assert files(made.folder).keys() <= {"log"}


def test_without_the_check_the_daemon_is_started(registry):
    """And says the same by itself."""
    code, said = registry.made(REGISTRY_EXTRA_YAML=WRONG, ENTRYKIT_CHECK="off").ends()

    assert code not in {0, 65, 78}
    assert "nonsense" in said


def test_a_secret_is_masked_in_what_the_daemon_says(registry):
    """It shows what it cannot use."""
    given = {"REGISTRY_HTTP_SECRET": "hush-hush", "REGISTRY_EXTRA_YAML": "redis: {db: hush-hush}"}

    code, said = registry.made(**given).ends()

    assert code == 65
    assert "hush" not in said
    assert "hush-hush" in registry.made(**given, ENTRYKIT_CHECK="off").ends()[1]


def test_a_mirror_is_judged_without_what_it_mirrors(registry):
    """The daemon asks that at its own start, and panics where there is no answer."""
    url = f"http://127.0.0.1:{free_port()}"
    mirror = {"REGISTRY_PROXY_REMOTEURL": url, "REGISTRY_STORAGE_DELETE_ENABLED": "true"}

    code, said = registry.made(**mirror).ends()

    assert code == 2
    assert "connection refused" in said


def test_the_check_needs_neither_of_its_ports(registry):
    """A second registry with the same address fails because of that, not because of the check."""
    first = registry()

    code, said = registry.made(REGISTRY_HTTP_ADDR=first.host).ends()

    assert code not in {0, 65, 78}
    assert "address already in use" in said


def test_a_good_start_leaves_the_files_and_no_more(registry):
    started = registry()

    assert "config.yml" in files(started.config)
    assert processes(str(started.config)) == [started.running.pid]
    again = registry.made(CONFIG_DIR=str(started.config))
    before = files(started.config)
    started.stop()
    again.start()
    assert files(started.config).keys() == before.keys()


def test_the_folder_is_that_of_the_release(registry, release, tmp_path):
    """Where the official image has its file, if nothing else is said."""
    etc = tmp_path / "etc"
    etc.mkdir()
    made = registry.made(CONFIG_DIR=None)

    made.prefixed(*another_etc(etc)).start()

    place = "docker/registry" if release == "2.8" else "distribution"
    assert [str(path.relative_to(etc)) for path in etc.rglob("*.yml")] == [f"{place}/config.yml"]
    words = Path(f"/proc/{made.running.pid}/cmdline").read_bytes().split(b"\0")
    assert f"/etc/{place}/config.yml".encode() in words


def test_it_stops_at_once_while_it_is_judged(registry, tmp_path):
    """Told to stop before the daemon runs, it leaves no process behind."""
    begun = tmp_path / "begun"
    slow = tmp_path / "slow"
    slow.mkdir()
    program = registry.path.partition(":")[0] + "/registry"
    waits = f'[ "$1" = serve ] && touch {begun} && exec sleep 59'
    script(slow / "registry", f'{waits}\nexec {program} "$@"')
    made = registry.made(PATH=f"{slow}:/usr/bin:/bin").launch()
    eventually(lambda: begun.exists() and is_waiting(made.running.pid), 30)
    judging = made.running.children

    made.running.process.send_signal(signal.SIGTERM)

    assert made.running.ended(20) == 128 + signal.SIGTERM
    assert [pid for pid in judging if Path(f"/proc/{pid}").exists()] == []


def is_waiting(pid):
    """Whether its child is up: while that comes up, there is a pipe between the two."""
    return not [text for text in opened(pid) if text.startswith("pipe:")]


def test_any_user_can_start_it_on_a_read_only_root(registry, carry):
    """One writable folder, a tmpfs here, is all that entrykit and the registry need."""
    made = registry.made()
    for folder in (made.config, made.data):
        folder.mkdir()
    only = made.folder / "only"
    only.mkdir()
    made.environ |= {
        "CONFIG_DIR": str(only / "config"),
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(only / "data"),
    }
    mounts = 'mount -t tmpfs none "$0"; mount -o remount,ro,bind /; exec "$@"'

    made.prefixed(*UNSHARE, "sh", "-euc", mounts, str(only), *USER).start()
    carry(made)

    pid = made.running.pid
    assert int(status(pid)["CapEff"], 16) == 0
    there = Path(f"/proc/{pid}/root{only}")
    assert (there / "config" / "config.yml").is_file()
    assert list(only.iterdir()) == []
    made.running.process.terminate()
    assert made.running.ended(20) == 0


@pytest.fixture
def open_folder():
    """A folder that others can reach: pytest's own are for their owner only."""
    with TemporaryDirectory(prefix="entrykit-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.parametrize("uid", [1000, 65534])
def test_an_ordinary_user_writes_nothing_that_others_read(registry, open_folder, uid):
    mine = open_folder / "mine"
    mine.mkdir()
    os.chown(mine, uid, 0)
    made = registry.made(
        CONFIG_DIR=str(mine / "config"),
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(mine / "data"),
        REGISTRY_HTTP_SECRET="shared",
    )

    made.prefixed("setpriv", f"--reuid={uid}", "--regid=0", "--clear-groups").start()

    assert made.client.get("/v2/").status_code == 200
    found = (mine / "config" / "config.yml").stat()
    assert (found.st_uid, found.st_mode & 0o027) == (uid, 0)


STRANGER = 4321


@pytest.mark.parametrize("theirs", ["data", "docker/registry/v2", "docker/registry/v2/blobs"])
def test_images_of_another_user_are_told_of_before_the_first_push(registry, theirs):
    """As on a volume that a registry has had as root; the daemon alone answers 500."""
    made = registry.made()
    for name in ("blobs", "repositories"):
        (made.data / "docker/registry/v2" / name).mkdir(parents=True)
    folder = made.data if theirs == "data" else made.data / theirs
    for path in (folder, *folder.rglob("*")):
        os.chown(path, STRANGER, STRANGER)

    code, said = made.prefixed(*USER).ends()

    assert code == 73, said
    assert "Permission denied (as uid 12345)" in said
    assert str(folder) in said


def test_what_is_not_written_there_may_be_another_users(registry, carry):
    started = registry.made()
    for name in ("blobs", "repositories"):
        (started.data / "docker/registry/v2" / name).mkdir(parents=True)
    os.chown(started.data, STRANGER, STRANGER)

    carry.into(started.prefixed(*USER).start())
