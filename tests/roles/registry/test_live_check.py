"""The check by the daemon, and a start with minimal privileges."""

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

UID = 12345  # without an account, as platforms run images; with group 0
USER = ["unshare", "--user", f"--map-user={UID}", "--map-group=0"]
# A map, and the daemon has no such way to log in.
WRONG = "auth: {nonsense: {realm: here}}"


def files(folder):
    """Map the paths below a directory to inode and mtime."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def test_what_the_daemon_refuses_changes_nothing(registry):
    """Its output is shown; no process and no file is left behind."""
    first = registry()
    first.stop()
    before = files(first.config)

    second = registry.create(CONFIG_DIR=str(first.config), REGISTRY_EXTRA_YAML=WRONG)
    code, output = second.run_to_end()

    assert code == 65
    assert "nonsense" in output
    assert "nothing was changed" in output
    assert files(first.config) == before
    assert processes(str(first.config)) == []


@pytest.mark.parametrize(("extra", "code"), [("{}", 0), (WRONG, 65)])
def test_the_check_command_leaves_nothing_behind(registry, extra, code):
    """It checks what a start would write, beside a registry that runs with other files."""
    started = registry()
    before = files(started.folder)

    environ = started.environ | {"REGISTRY_EXTRA_YAML": extra}
    done = entrykit("check", "registry", environ=environ)

    assert done.returncode == code, done.stderr
    assert files(started.folder).keys() == before.keys()
    assert children(started.running.pid) == []
    assert processes(str(started.config)) == [started.running.pid]


def test_the_check_command_warns_like_a_start(registry):
    started = registry(
        REGISTRY_STORAGE="inmemory",
        REGISTRY_HTTP_SECRET="s",
        REGISTRY_HTTP_DEBUG_ADDR=f"0.0.0.0:{free_port()}",
    )
    done = entrykit("check", "registry", environ=started.environ)

    output = [line for line in done.stderr.splitlines() if "warning: " in line]
    assert [line.split(": ")[2] for line in output] == [
        "REGISTRY_STORAGE",
        "REGISTRY_HTTP_DEBUG_ADDR",
        "REGISTRY_HTTP_SECRET",
    ]
    assert [line for line in started.output.splitlines() if "entrykit: warning: " in line] == output


def test_a_first_start_that_is_refused_leaves_nothing(registry):
    new = registry.create(REGISTRY_EXTRA_YAML=WRONG)

    assert new.run_to_end()[0] == 65
    assert files(new.folder).keys() <= {"log"}


def test_without_the_check_the_daemon_is_started(registry):
    """It reports the same error itself."""
    code, output = registry.create(REGISTRY_EXTRA_YAML=WRONG, ENTRYKIT_CHECK="off").run_to_end()

    assert code not in {0, 65, 78}
    assert "nonsense" in output


def test_a_secret_is_masked_in_the_output_of_the_daemon(registry):
    """The daemon shows values that it cannot use."""
    given = {"REGISTRY_HTTP_SECRET": "hush-hush", "REGISTRY_EXTRA_YAML": "redis: {db: hush-hush}"}

    code, output = registry.create(**given).run_to_end()

    assert code == 65
    assert "hush" not in output
    assert "hush-hush" in registry.create(**given, ENTRYKIT_CHECK="off").run_to_end()[1]


def test_a_cache_is_checked_without_its_remote(registry):
    """The daemon contacts its remote at its own start, and panics without an answer."""
    url = f"http://127.0.0.1:{free_port()}"
    mirror = {"REGISTRY_PROXY_REMOTEURL": url, "REGISTRY_STORAGE_DELETE_ENABLED": "true"}

    code, output = registry.create(**mirror).run_to_end()

    assert code == 2
    assert "connection refused" in output


def test_the_check_needs_neither_of_its_ports(registry):
    """A second registry with the same address fails because of that, not because of the check."""
    first = registry()

    code, output = registry.create(REGISTRY_HTTP_ADDR=first.host).run_to_end()

    assert code not in {0, 65, 78}
    assert "address already in use" in output


def test_a_good_start_leaves_the_files_and_no_more(registry):
    started = registry()

    assert "config.yml" in files(started.config)
    assert processes(str(started.config)) == [started.running.pid]
    again = registry.create(CONFIG_DIR=str(started.config))
    before = files(started.config)
    started.stop()
    again.start()
    assert files(started.config).keys() == before.keys()


def test_config_dir_is_that_of_the_release(registry, release, tmp_path):
    """The directory of the official image, by default."""
    etc = tmp_path / "etc"
    etc.mkdir()
    new = registry.create(CONFIG_DIR=None)

    new.with_prefix(*another_etc(etc)).start()

    place = "docker/registry" if release == "2.8" else "distribution"
    assert [str(path.relative_to(etc)) for path in etc.rglob("*.yml")] == [f"{place}/config.yml"]
    words = Path(f"/proc/{new.running.pid}/cmdline").read_bytes().split(b"\0")
    assert f"/etc/{place}/config.yml".encode() in words


def test_it_stops_at_once_during_the_check(registry, tmp_path):
    """Stopped before the daemon runs, it leaves no process behind."""
    started_file = tmp_path / "begun"
    slow = tmp_path / "slow"
    slow.mkdir()
    program = registry.path.partition(":")[0] + "/registry"
    waits = f'[ "$1" = serve ] && touch {started_file} && exec sleep 59'
    script(slow / "registry", f'{waits}\nexec {program} "$@"')
    new = registry.create(PATH=f"{slow}:/usr/bin:/bin").launch()
    eventually(lambda: started_file.exists() and is_waiting(new.running.pid), 30)
    children = new.running.children

    new.running.process.send_signal(signal.SIGTERM)

    assert new.running.ended(20) == 128 + signal.SIGTERM
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def is_waiting(pid):
    """Whether its child is up: while that comes up, there is a pipe between the two."""
    return not [text for text in opened(pid) if text.startswith("pipe:")]


def test_any_user_can_start_it_on_a_read_only_root(registry, carry):
    """One writable directory, here a tmpfs, is all that entrykit and the registry need."""
    new = registry.create()
    for folder in (new.config, new.data):
        folder.mkdir()
    only = new.folder / "only"
    only.mkdir()
    new.environ |= {
        "CONFIG_DIR": str(only / "config"),
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(only / "data"),
    }
    mounts = 'mount -t tmpfs none "$0"; mount -o remount,ro,bind /; exec "$@"'

    new.with_prefix(*UNSHARE, "sh", "-euc", mounts, str(only), *USER).start()
    carry(new)

    pid = new.running.pid
    assert int(status(pid)["CapEff"], 16) == 0
    there = Path(f"/proc/{pid}/root{only}")
    assert (there / "config" / "config.yml").is_file()
    assert list(only.iterdir()) == []
    new.running.process.terminate()
    assert new.running.ended(20) == 0


@pytest.fixture
def open_folder():
    """A directory that other users can reach: those of pytest are private."""
    with TemporaryDirectory(prefix="entrykit-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.parametrize("uid", [1000, 65534])
def test_an_ordinary_user_writes_nothing_that_others_read(registry, open_folder, uid):
    mine = open_folder / "mine"
    mine.mkdir()
    os.chown(mine, uid, 0)
    new = registry.create(
        CONFIG_DIR=str(mine / "config"),
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(mine / "data"),
        REGISTRY_HTTP_SECRET="shared",
    )

    new.with_prefix("setpriv", f"--reuid={uid}", "--regid=0", "--clear-groups").start()

    assert new.client.get("/v2/").status_code == 200
    found = (mine / "config" / "config.yml").stat()
    assert (found.st_uid, found.st_mode & 0o027) == (uid, 0)


STRANGER = 4321


@pytest.mark.parametrize("foreign", ["data", "docker/registry/v2", "docker/registry/v2/blobs"])
def test_images_of_another_user_are_reported_before_the_first_push(registry, foreign):
    """As on the volume of a registry that ran as root; the daemon alone answers 500."""
    new = registry.create()
    for name in ("blobs", "repositories"):
        (new.data / "docker/registry/v2" / name).mkdir(parents=True)
    folder = new.data if foreign == "data" else new.data / foreign
    for path in (folder, *folder.rglob("*")):
        os.chown(path, STRANGER, STRANGER)

    code, output = new.with_prefix(*USER).run_to_end()

    assert code == 73, output
    assert "Permission denied (as uid 12345)" in output
    assert str(folder) in output


def test_a_read_only_registry_can_use_images_of_another_user(registry, carry):
    started = registry.create()
    for name in ("blobs", "repositories"):
        (started.data / "docker/registry/v2" / name).mkdir(parents=True)
    os.chown(started.data, STRANGER, STRANGER)

    carry.into(started.with_prefix(*USER).start())
