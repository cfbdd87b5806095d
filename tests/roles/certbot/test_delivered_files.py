"""What lies in CERTS_DIR, for whom, and what is there when something goes wrong."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from certbot.lineages import PYTHON, Lineages
from haproxy.authority import Authority
from haproxy.polling import eventually
from namespaces import mounted

from entrykit.errors import CommitError
from entrykit.files.config_file import MARK
from entrykit.tls.certificate_folder import CRT_LIST, NAMES_MAP

CA = Authority()
GROUP = 99 if os.geteuid() == 0 else os.getegid()
HOOK = f"{PYTHON} -m entrykit.roles.certbot.deploy"


@pytest.fixture
def lineages(tmp_path):
    return Lineages(tmp_path / "letsencrypt", tmp_path / "certs", CA, certs_group=GROUP)


def found(folder):
    """Text, inode, mode, group and time of all in a folder."""
    return {path.name: (path.read_bytes(), _facts(path.stat())) for path in folder.iterdir()}


def _facts(status):
    return status.st_ino, stat.S_IMODE(status.st_mode), status.st_gid, status.st_mtime_ns


def mode(path):
    status = path.stat()
    return stat.S_IMODE(status.st_mode), status.st_gid


def test_chain_and_key_are_one_file_for_one_group(lineages):
    lineages.issue("web", "one.test", "two.test")
    live = lineages.config / "live" / "web"

    assert lineages.deliver("web")[0]

    lines = (lineages.certs / "web.pem").read_text().splitlines(keepends=True)
    assert lines[0].startswith(MARK)
    whole = (live / "fullchain.pem").read_text() + (live / "privkey.pem").read_text()
    assert "".join(lines[1:]) == whole.replace("\n\n", "\n")
    assert mode(lineages.certs / "web.pem") == (0o640, GROUP)
    assert (lineages.certs / CRT_LIST).read_text().splitlines()[1:] == ["web.pem"]
    assert (lineages.certs / NAMES_MAP).read_text().splitlines()[1:] == [
        "one.test web.pem",
        "two.test web.pem",
    ]


def test_nothing_is_touched_where_nothing_changes(lineages):
    for name in ("one", "two"):
        lineages.issue(name, f"{name}.test")
    lineages.deliver("one", "two")
    before = found(lineages.certs)

    assert lineages.deliver("one", "two") == (True, "")

    assert found(lineages.certs) == before
    lineages.issue("two", "two.test")
    lineages.deliver("one", "two")
    assert {name for name, facts in found(lineages.certs).items() if before[name] != facts} == {
        "two.pem"
    }


def test_one_that_is_not_there_yet_is_no_fault(lineages):
    """Nor one that certbot has lost: what was delivered of it is still good."""
    lineages.issue("one", "one.test")
    lineages.deliver("one")
    for part in ("fullchain", "privkey"):
        (lineages.config / "live" / "one" / f"{part}.pem").unlink()

    assert lineages.deliver("one", "two") == (True, "")

    assert sorted(found(lineages.certs)) == [CRT_LIST, NAMES_MAP, "one.pem"]


def test_what_nobody_wants_is_removed_and_what_we_have_not_written_is_not(lineages):
    own = {"own.pem": CA.pem("own.test"), "notes.pem": b"notes\n", "README": f"{MARK}\n".encode()}
    lineages.certs.mkdir()
    for name, data in own.items():
        (lineages.certs / name).write_bytes(data)
    lineages.issue("one", "one.test")
    lineages.deliver("one")

    assert lineages.deliver()[0]

    left = {name: data for name, (data, _) in found(lineages.certs).items()}
    assert own.items() <= left.items()
    assert sorted(left.keys() - own) == [CRT_LIST, NAMES_MAP]
    assert left[CRT_LIST].splitlines()[1:] == [b"own.pem"]


def test_several_keepers_deliver_into_one_folder(tmp_path, lineages):
    """One for wildcards, say: each removes only what it has delivered itself, then or earlier."""
    other = Lineages(tmp_path / "other", lineages.certs, CA, certs_group=GROUP)
    lineages.issue("web", "one.test")
    other.issue("wild", "*.wild.test")
    assert lineages.deliver("web")[0]
    assert other.hook("wild").returncode == 0

    for one, name in ((lineages, "web"), (other, "wild")):
        assert one.deliver(name) == (True, "")
        assert sorted(found(lineages.certs)) == [CRT_LIST, NAMES_MAP, "web.pem", "wild.pem"]

    assert other.deliver()[0]
    assert sorted(found(lineages.certs)) == [CRT_LIST, NAMES_MAP, "web.pem"]


def test_a_file_that_we_have_not_written_is_kept_and_the_others_are_delivered(lineages):
    lineages.certs.mkdir()
    (lineages.certs / "mine.pem").write_bytes(CA.pem("mine.test"))
    (lineages.certs / "dir.pem").mkdir()
    before = found(lineages.certs / "dir.pem"), (lineages.certs / "mine.pem").read_bytes()
    for name in ("dir", "mine", "one"):
        lineages.issue(name, f"{name}.test")

    ok, said = lineages.deliver("dir", "mine", "one")

    assert not ok
    for name in ("dir", "mine"):
        assert f"{lineages.certs}/{name}.pem: entrykit did not write this file" in said
    assert (lineages.certs / "one.pem").exists()
    assert (found(lineages.certs / "dir.pem"), (lineages.certs / "mine.pem").read_bytes()) == before


def whole(lineages, name, part):
    return (lineages.config / "live" / name / f"{part}.pem").read_bytes()


TORN = {
    "empty chain": lambda _: {"fullchain": b""},
    "empty key": lambda _: {"privkey": b""},
    "mixed": lambda other: {"privkey": other("privkey")},
    "cut": lambda other: {"fullchain": other("fullchain")[:-60]},
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_a_lineage_in_pieces_is_not_delivered(lineages, torn):
    """certbot may be in the middle, or was killed there; the old one is served on."""
    lineages.issue("one", "one.test")
    lineages.issue("two", "two.test")
    lineages.deliver("one", "two")
    before = found(lineages.certs)
    lineages.write("one", **torn(lambda part: whole(lineages, "two", part)))
    lineages.issue("three", "three.test")

    ok, said = lineages.deliver("one", "two", "three")

    assert not ok
    assert f"{lineages.certs}/one.pem: certificate not delivered: " in said
    after = found(lineages.certs)
    assert after["one.pem"] == before["one.pem"]
    assert "three.pem" in after


@pytest.mark.parametrize("name", ["a b", "a;quit", "-a", "é", "a\nb", "[x]"])
def test_a_name_that_is_no_word_of_haproxys_is_refused(lineages, name):
    lineages.issue(name, "one.test")

    ok, said = lineages.deliver(name)

    assert not ok
    assert "its name cannot be that of a file in CERTS_DIR" in said
    assert sorted(found(lineages.certs)) == [CRT_LIST, NAMES_MAP]


# for whom


def test_a_key_is_never_open_to_others(lineages):
    """Not for a moment, whatever the umask and whatever stood there."""
    names = [f"n{number}" for number in range(20)]
    for name in names:
        lineages.issue(name, f"{name}.test")
    modes = set()
    before = os.umask(0)
    try:
        with ThreadPoolExecutor(1) as threads:
            delivered = threads.submit(lineages.deliver, *names)
            while not delivered.done():
                modes |= seen(lineages.certs)
    finally:
        os.umask(before)

    assert modes <= {0o600, 0o640}
    assert {mode(lineages.certs / f"{name}.pem") for name in names} == {(0o640, GROUP)}


def seen(folder):
    modes = set()
    for entry in os.scandir(folder) if folder.exists() else ():
        if ".pem" in entry.name:
            try:
                modes.add(stat.S_IMODE(entry.stat().st_mode))
            except FileNotFoundError:
                continue
    return modes


@pytest.mark.parametrize("loose", [0o644, 0o660, 0o777])
def test_one_that_is_open_to_others_is_closed(lineages, loose):
    lineages.issue("web", "one.test")
    lineages.deliver("web")
    (lineages.certs / "web.pem").chmod(loose)

    assert lineages.deliver("web")[0]

    assert mode(lineages.certs / "web.pem") == (0o640, GROUP)


def test_without_a_group_it_is_for_its_owner(lineages):
    lineages.issue("web", "one.test")
    lineages.deliver("web")

    ok, said = lineages.deliver("web", certs_group=None)

    assert ok
    assert "wrote " in said
    assert mode(lineages.certs / "web.pem")[0] == 0o600
    assert lineages.deliver("web", certs_group=None) == (True, "")


def as_user(folder, groups=()):
    """A prefix: run by a user who may do nothing but write to a folder, with these groups."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 12345, 12345)
    for path in [folder, *folder.parents][:4]:
        path.chmod(path.stat().st_mode | 0o111)
    extra = ",".join(map(str, groups))
    supplement = f"--groups={extra}" if extra else "--clear-groups"
    return "setpriv", "--reuid=12345", "--regid=12345", supplement


def test_a_member_of_the_group_can_give_it_the_file(tmp_path, lineages):
    lineages.issue("web", "one.test")
    prefix = as_user(tmp_path, [99])

    assert lineages.hook("web", prefix=prefix, certs_group=99).returncode == 0

    assert mode(lineages.certs / "web.pem") == (0o640, 99)


def test_who_is_no_member_is_told_that_nobody_else_can_read_it(tmp_path, lineages):
    """The file is closed; it is opened as soon as that can be done."""
    lineages.issue("web", "one.test")
    prefix = as_user(tmp_path)

    done = lineages.hook("web", prefix=prefix, certs_group=99)

    assert done.returncode == 0
    assert "warning" in done.stderr
    assert "web.pem: only uid 12345 can read it" in done.stderr
    assert "group 99" in done.stderr
    assert mode(lineages.certs / "web.pem") == (0o600, 12345)
    before = found(lineages.certs)["web.pem"]
    assert lineages.hook("web", prefix=prefix, certs_group=99).stderr.count("written") == 0
    assert found(lineages.certs)["web.pem"] == before
    lineages.hook("web", prefix=as_user(tmp_path, [99]), certs_group=99)
    assert mode(lineages.certs / "web.pem") == (0o640, 99)


# where it cannot be written


def hook_in(lineages, mount):
    """Run the hook for `web` after a mount that it alone sees; its streams as text."""
    script = f'{mount}; export RENEWED_LINEAGE="$2"; exec {HOOK} "$3"'
    live = lineages.config / "live" / "web"
    return mounted(script, lineages.certs, live, lineages.keeper_conf())


def test_a_read_only_folder_is_said_with_what_to_mount(lineages):
    lineages.issue("web", "one.test")
    lineages.deliver("web")
    before = found(lineages.certs)
    lineages.issue("web", "one.test")

    done = hook_in(lineages, 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"')

    assert done.returncode == 73
    assert f"entrykit: error: {lineages.certs}/.web.pem." in done.stderr
    assert f"Read-only file system (errno 30, as uid {os.geteuid()})" in done.stderr
    assert f"TIP: mount something writable at {lineages.certs}" in done.stderr
    assert found(lineages.certs) == before


def test_a_read_only_folder_is_enough_where_nothing_changes(lineages):
    lineages.issue("web", "one.test")
    lineages.deliver("web")

    done = hook_in(lineages, 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"')

    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_leaves_the_old_files_whole(lineages):
    """And nothing beside them."""
    lineages.issue("web", "one.test")
    lineages.deliver("web")
    before = {name: data for name, (data, _) in found(lineages.certs).items()}
    copy = lineages.certs.rename(lineages.certs.with_name("copy"))
    lineages.certs.mkdir()
    lineages.issue("web", "one.test")

    fill = (
        'mount -t tmpfs -o size=64k none "$1"; cp "$1/../copy"/* "$1"; ! cat /dev/zero >"$1/fill"'
    )
    again = f'{fill}; export RENEWED_LINEAGE="$2"; {HOOK} "$3" || code=$?; rm "$1/fill"; '
    again += 'cp -a "$1" "$1/../after"; exit $code'
    done = mounted(again, lineages.certs, lineages.config / "live" / "web", lineages.keeper_conf())

    assert done.returncode == 73
    assert "No space left on device (errno 28" in done.stderr
    assert f"TIP: free some space on the file system of {lineages.certs}" in done.stderr
    after = {name: data for name, (data, _) in found(copy.with_name("after")).items()}
    assert after == before


def test_what_a_kill_leaves_is_swept(lineages):
    lineages.issue("web", "one.test")
    lineages.certs.mkdir()
    (lineages.certs / f".web.pem.{'0' * 16}").write_bytes(b"half a key")

    assert lineages.deliver("web")[0]

    assert sorted(found(lineages.certs)) == [CRT_LIST, NAMES_MAP, "web.pem"]


def test_a_crt_list_of_a_person_is_kept(lineages):
    lineages.issue("web", "one.test")
    lineages.certs.mkdir()
    (lineages.certs / CRT_LIST).write_text("web.pem\n")

    with pytest.raises(CommitError, match=f"{CRT_LIST}: entrykit did not write this file"):
        lineages.deliver("web")

    assert (lineages.certs / CRT_LIST).read_text() == "web.pem\n"


def test_one_delivery_at_a_time(lineages):
    """The second one waits for the first."""
    lineages.issue("web", "one.test")
    lineages.certs.mkdir()
    lock = os.open(lineages.certs, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)

    with ThreadPoolExecutor(1) as threads:
        delivered = threads.submit(lineages.deliver, "web")
        eventually(lambda: opened(lineages.certs) > 1)
        assert not delivered.done()
        assert list(lineages.certs.iterdir()) == []
        os.close(lock)
        assert delivered.result()[0]


def opened(path):
    """How often this process has a file open."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.append(descriptor.readlink())
        except FileNotFoundError:
            continue
    return links.count(path)


def test_killed_at_any_moment_the_next_delivery_completes(tmp_path, lineages):
    """No torn file at any time, and no key left beside."""
    program = tmp_path / "killed.py"
    program.write_text(KILLED)
    lineages.issue("gone", "gone.test")
    conf = lineages.keeper_conf()
    calls = []
    for step in range(1, 200):
        lineages.issue("web", "one.test")
        lineages.deliver("gone")
        argv = [sys.executable, program, str(step), conf]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
        torn = [path for path in lineages.certs.glob("[!.]*.pem") if not is_whole(path)]
        assert not torn
        if done.returncode == 0:
            break
        calls.append(json.loads(done.stdout))
        assert lineages.deliver("web")[0]
        assert [path.name for path in lineages.certs.glob("*.pem*")] == ["web.pem"]
    assert len(calls) > 10, calls


def test_killed_at_any_moment_of_a_renewal_the_next_delivery_tells_haproxy(tmp_path, lineages):
    """Also where that means a reload: from the files alone nobody would know that it is due."""
    program = tmp_path / "killed.py"
    program.write_text(KILLED)
    conf = lineages.keeper_conf()
    lineages.issue("web", "one.test")
    lineages.deliver("web")
    missed = []
    for step in range(1, 200):
        lineages.issue("web", "one.test")
        argv = [sys.executable, program, str(step), conf]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            break
        told = [TOLD in said for said in (done.stderr, lineages.deliver("web")[1])]
        missed += [] if any(told) else [done.stdout]
    assert step > 10
    assert missed == []


TOLD = "HAProxy will serve the certificates after its next start"


def is_whole(path):
    text = path.read_text()
    return text.startswith(MARK) and text.endswith("PRIVATE KEY-----\n")


KILLED = """
import json, os, signal, sys
from functools import partial

step, conf = int(sys.argv[1]), sys.argv[2]

def call(name, real, *args, **named):
    global step
    step -= 1
    if not step:
        print(json.dumps(name), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **named)

from entrykit.log import Log
from entrykit.roles.certbot.delivery.delivery import deliver
from entrykit.roles.certbot.plan import read_plan

plan = read_plan(conf)
for name in ("open", "rename", "unlink", "fchmod", "fchown", "fsync"):
    setattr(os, name, partial(call, name, getattr(os, name)))
deliver(plan, ["web"], Log())
"""


def test_a_pipe_in_the_place_of_a_file_hangs_nothing(lineages):
    lineages.issue("web", "one.test")
    lineages.issue("api", "two.test")
    lineages.certs.mkdir()
    os.mkfifo(lineages.certs / "web.pem")

    ok, said = lineages.deliver("web", "api")

    assert not ok
    assert f"{lineages.certs}/web.pem" in said
    assert (lineages.certs / "api.pem").is_file()
