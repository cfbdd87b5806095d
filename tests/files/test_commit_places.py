"""Where a commit can write and where it cannot: mounts of several kinds, and other users."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from shlex import join

import committing
import killing
import pytest
from committing import accept, found, texts, version
from namespaces import mounted

from entrykit.files.transaction import commit

OLD, NEW = version("old"), version("new")
COMMIT = join([sys.executable, committing.__file__])
# Root may write anywhere: who is root becomes this user, others are such a user already.
UID = 12345 if os.geteuid() == 0 else os.geteuid()
GROUP = 0 if os.geteuid() == 0 else os.getegid()


@pytest.fixture
def open_folder():
    """A folder that every user can reach; those of tmp_path are for their owner only."""
    path = Path(tempfile.mkdtemp(prefix="entrykit-test-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


@pytest.fixture
def folder(tmp_path):
    """A folder with the old set in it."""
    commit(OLD, str(tmp_path / "live"), accept)
    return tmp_path / "live"


def outcome(process):
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def as_user(folder, name):
    """Commit as a user who may not do everything, with the group of images for any user."""
    argv = [sys.executable, committing.__file__, folder, name, f"--uid={UID}", f"--group={GROUP}"]
    return outcome(subprocess.run(argv, capture_output=True, text=True, check=False))


def refused(path, number, tip, uid=0):
    """What a commit says that cannot write."""
    reason = f"{os.strerror(number)} (errno {number}, as uid {uid})"
    return {"error": f"{path}: {reason}\nTIP: {tip}", "code": 73}


READ_ONLY = {
    "bind": 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"',
    "tmpfs": 'mount -t tmpfs none "$1"; cp "$2"/* "$1"; mount -o remount,ro "$1"',
}


@pytest.mark.parametrize("mount", READ_ONLY.values(), ids=READ_ONLY)
def test_a_read_only_folder_is_said_with_what_to_mount(folder, mount):
    """Path, errno, uid and what would help; exit code 73."""
    copy = shutil.copytree(folder, folder.with_name("copy"))

    said = outcome(mounted(f'{mount}; {COMMIT} "$1" new', folder, copy))

    tip = f"mount something writable at {folder} (a volume, or --tmpfs {folder})"
    assert said == refused(folder / ".entrykit.stage", errno.EROFS, tip)
    assert found(folder) == texts(OLD)


@pytest.mark.parametrize("mount", READ_ONLY.values(), ids=READ_ONLY)
def test_a_read_only_folder_is_enough_where_nothing_changes(folder, mount):
    """As of a config that was rendered at build time."""
    copy = shutil.copytree(folder, folder.with_name("copy"))

    said = outcome(mounted(f'{mount}; {COMMIT} "$1" old', folder, copy))

    assert said == {"changed": []}


@pytest.mark.parametrize("name", list(OLD))
def test_a_mounted_file_is_written_in_place(folder, name):
    """It cannot be renamed over (EBUSY): its inode is the mount, and stays."""
    mine = folder.with_name("mine")
    mine.write_text(f"{OLD[name].text}{'and more ' * 1000}")
    inode = mine.stat().st_ino

    script = f'mount --bind "$2" "$1/{name}"; {COMMIT} "$1" new; ls -A "$1" >&2'
    process = mounted(script, folder, mine)

    assert outcome(process) == {"changed": list(NEW)}
    assert process.stderr.split() == sorted(OLD)
    assert mine.read_text() == NEW[name].text
    assert mine.stat().st_ino == inode
    assert mine.stat().st_mode & 0o777 == NEW[name].mode
    assert found(folder) == texts(NEW) | {name: OLD[name].text}


@pytest.mark.parametrize("name", list(OLD))
def test_a_mounted_file_that_is_read_only_stops_the_commit_before_it_begins(folder, name):
    """Nothing changes in the other files either."""
    mine = folder.with_name("mine")
    mine.write_text(OLD[name].text)
    mount = f'mount --bind "$2" "$1/{name}"; mount -o remount,ro,bind "$1/{name}"'

    said = outcome(mounted(f'{mount}; {COMMIT} "$1" new', folder, mine))

    tip = f"mount something writable at {folder} (a volume, or --tmpfs {folder})"
    assert said == refused(folder / name, errno.EROFS, tip)
    assert found(folder) == texts(OLD)


def test_a_mounted_file_of_somebody_else_is_left_alone(folder):
    mine = folder.with_name("mine")
    mine.write_text("global\n")

    said = outcome(mounted(f'mount --bind "$2" "$1/main.cfg"; {COMMIT} "$1" new', folder, mine))

    assert said["code"] == 73
    assert "entrykit did not write this file" in said["error"]
    assert mine.read_text() == "global\n"
    assert found(folder) == texts(OLD)


def test_a_path_with_blanks_and_signs_can_be_a_mount(tmp_path):
    """The kernel's table of mounts escapes them."""
    folder = tmp_path / "a b\tc\\d\ne#f"
    commit(OLD, str(folder), accept)
    mine = tmp_path / "mine"
    mine.write_text(OLD["main.cfg"].text)
    mount = 'mount --bind "$2" "$1/main.cfg"; mount -o remount,ro,bind "$1/main.cfg"'

    said = outcome(mounted(f'{mount}; {COMMIT} "$1" new', folder, mine))

    assert said["code"] == 73
    assert found(folder) == texts(OLD)


def test_a_full_disk_leaves_the_old_set(tmp_path):
    """A tmpfs of 32 KiB, as a container may have it."""
    folder, after = tmp_path / "live", tmp_path / "after"
    folder.mkdir()
    mount = 'mount -t tmpfs -o size=32k none "$1"'
    commits = f'{COMMIT} "$1" old >&2; {COMMIT} "$1" new --filler 20000; cp -a "$1" "$2"'

    said = outcome(mounted(f"{mount}; {commits}", folder, after))

    tip = f"free some space on the file system of {folder}"
    assert said == refused(folder, errno.ENOSPC, tip)
    assert found(after) == texts(OLD)


@pytest.mark.parametrize("name", list(OLD))
def test_a_mounted_file_on_a_full_disk_leaves_a_whole_set_to_the_next_start(tmp_path, name):
    """The old one if nothing else was replaced before it, otherwise the new one."""
    folder, other, after = tmp_path / "live", tmp_path / "other", tmp_path / "after"
    commit(OLD, str(folder), accept)
    other.mkdir()
    mount = f"""mount -t tmpfs -o size=64k none "$2"
        cp "$1/{name}" "$2/mine"; head -c 50000 /dev/zero > "$2/others"
        mount --bind "$2/mine" "$1/{name}" """
    fails = f'{COMMIT} "$1" new --filler 20000 >&2; cp "$1/{name}" "$3"; rm "$2/others"'
    next_start = f'{COMMIT} "$1" last --refused; cp -a "$1" "$4"'

    process = mounted(f"{mount}; {fails}; {next_start}", folder, other, tmp_path / "then", after)

    assert f'"error": "{folder}: No space left on device' in process.stderr
    assert (tmp_path / "then").read_text() == OLD[name].text
    assert outcome(process)["code"] == 65
    assert found(after) == texts(OLD if name == "hosts.map" else version("new", "x" * 20000))


def test_a_folder_of_other_users_is_said_with_who_we_are(open_folder):
    commit(OLD, str(open_folder), accept)
    open_folder.chmod(0o555)

    tip = f"let uid {UID} or group {GROUP} write to {open_folder}"
    denied = refused(open_folder / ".entrykit.stage", errno.EACCES, tip, UID)
    assert as_user(open_folder, "new") == denied
    assert found(open_folder) == texts(OLD)


def test_any_user_can_work_in_a_folder_of_its_group(open_folder):
    """As platforms run images: an arbitrary uid, and group 0."""
    live = open_folder / "live"
    live.mkdir()
    os.chown(live, -1, GROUP)
    live.chmod(0o775)

    assert as_user(live, "old") == {"changed": list(OLD)}
    assert as_user(live, "new") == {"changed": list(NEW)}
    assert found(live) == texts(NEW)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in live.iterdir()} == {(UID, GROUP)}


def test_any_user_can_replace_what_another_one_of_its_group_has_written(open_folder):
    """The image was built by root, or the uid changed from one start to the next."""
    commit(OLD, str(open_folder), accept)
    os.chown(open_folder / "main.cfg", -1, GROUP)
    os.chown(open_folder, -1, GROUP)
    open_folder.chmod(0o775)

    assert as_user(open_folder, "new") == {"changed": list(NEW)}
    assert found(open_folder) == texts(NEW)


@pytest.mark.parametrize("name", [".entrykit.stage", ".entrykit.decided"])
def test_any_user_can_clear_up_what_a_killed_start_of_another_one_has_left(open_folder, name):
    """Stage and decision are as open to the group as the folder is; the files keep their modes."""
    live = open_folder / "live"
    commit(OLD, str(live), accept)
    os.chown(live, -1, GROUP)
    live.chmod(0o775)
    step = {
        ".entrykit.stage": f"rename {live}/.entrykit.stage",
        ".entrykit.decided": f"rename {live}/.entrykit.decided/sni.map",
    }[name]
    argv = [sys.executable, killing.__file__, live, "--from", "old", "--leave", step]
    subprocess.run(argv, check=True, timeout=60)
    left = live / name

    assert left.stat().st_mode & 0o777 == 0o770
    assert (left / "main.cfg").stat().st_mode & 0o777 == NEW["main.cfg"].mode
    assert as_user(live, "last") == {"changed": list(NEW)}
    assert found(live) == texts(version("last"))


def test_a_folder_that_its_group_may_not_write_to_gets_no_stage_for_the_group(tmp_path):
    seen = []
    (tmp_path / "live").mkdir(mode=0o755)

    commit(NEW, str(tmp_path / "live"), lambda stage: seen.append(os.stat(stage).st_mode & 0o777))

    assert seen == [0o750]


@pytest.mark.parametrize("name", ["new", "old"])
def test_a_mounted_file_of_another_user_is_said_before_anything_changes(open_folder, name):
    """Readable, not writable: enough where it does not change."""
    live, mine = open_folder / "live", open_folder / "mine"
    commit(OLD, str(live), accept)
    os.chown(live, UID, -1)
    mine.write_text(OLD["hosts.map"].text)
    mine.chmod(0o444)
    (live / "main.cfg").chmod(0o440)
    script = f'mount --bind "$2" "$1/hosts.map"; {COMMIT} "$1" {name} --uid={UID}'

    said = outcome(mounted(script, live, mine))

    tip = f"let uid {UID} or group {GROUP} write to {live}"
    denied = refused(live / "hosts.map", errno.EACCES, tip, UID)
    assert said == (denied if name == "new" else {"changed": []})
    assert found(live) == texts(OLD)
