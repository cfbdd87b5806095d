"""What is repaired in certbot's directories, what is set aside, and what is left alone."""

from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
import stat
import sys
from itertools import product
from pathlib import Path

import pytest
from certbot.lineage_tree import KINDS, Tree
from certbot.plans import plan_for
from namespaces import mounted

from entrykit.errors import CommitError
from entrykit.log import Log
from entrykit.roles.certbot.lineages.lineages import load_lineages
from entrykit.roles.certbot.lineages.repair import repair_all


class Patient(Tree):
    """A directory of certbot's that is repaired."""

    def __init__(self, folder, days=90):
        super().__init__(folder, days)
        self.said = ""
        self.ini = folder.with_suffix(".ini")
        self.ini.write_text("authenticator = dns-example\n")

    def repair(self, *groups, **fields):
        """Repair, and return what could not be repaired."""
        said = io.StringIO()
        wanted = [(name, ("a.test",)) for name in groups]
        try:
            plan = plan_for(self.folder, *wanted, ini=str(self.ini), **fields)
            return repair_all(plan, Log(said))
        finally:
            self.said = said.getvalue()

    def serials(self):
        return {name: lineage.serial for name, lineage in load_lineages(str(self.folder)).items()}


@pytest.fixture
def patient(tmp_path):
    return Patient(tmp_path / "letsencrypt")


def test_what_is_whole_is_left_alone(patient):
    patient.issue("web", "a.test")
    patient.issue("web", "a.test")
    patient.issue("shop", "b.test")
    before = patient.state()

    assert patient.repair("web", "shop", "new") == frozenset()
    assert patient.state() == before
    assert patient.said == ""


def test_an_empty_folder_is_whole(tmp_path):
    Patient(tmp_path / "letsencrypt").repair("web")
    shutil.rmtree(tmp_path / "letsencrypt")
    patient = Patient(tmp_path / "letsencrypt")
    shutil.rmtree(patient.folder)

    assert patient.repair("web") == frozenset()
    assert not patient.folder.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_link_is_made_again(patient, kind):
    serial = patient.issue("web", "a.test")
    patient.harm("web", kind, "unlinked")

    assert patient.repair("web") == frozenset()

    assert patient.serials() == {"web": serial}
    assert patient.said == "entrykit: warning: web: was torn, and has been repaired\n"
    assert patient.repair("web") == frozenset()
    assert patient.said == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("harm", ["empty", "cut", "gone", "another's"])
def test_one_torn_file_has_the_lineage_set_aside(patient, kind, harm):
    """So it is ordered again, once."""
    patient.issue("web", "a.test")
    patient.harm("web", kind, harm)
    files = {path.name: path.read_bytes() for path in patient.archive("web").iterdir()}

    assert patient.repair("web") == frozenset()

    torn = patient.folder / "torn" / "web"
    assert {path.name: path.read_bytes() for path in (torn / "archive").iterdir()} == files
    assert patient.serials() == {}
    assert patient.repair("web") == frozenset()
    assert patient.said == ""


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        *product(["empty", "cut", "gone"], [["privkey"], ["chain"], KINDS[::3], KINDS[2:]]),
        ("another's", ["privkey"]),
        ("another's", KINDS[::3]),
    ],
)
def test_where_it_cannot_be_the_certificate_before_is_served(patient, kinds, harm):
    serial = patient.issue("web", "a.test")
    patient.issue("web", "a.test")
    for kind in kinds:
        patient.harm("web", kind, harm)
    files = sorted(os.listdir(patient.archive("web")))

    patient.repair("web")

    assert patient.serials() == {"web": serial}
    kept = [name.removesuffix(".torn") for name in os.listdir(patient.archive("web"))]
    assert sorted(kept) == files


@pytest.mark.parametrize("kinds", [KINDS[:1], KINDS[:2], KINDS[1:]])
def test_links_to_two_certificates_lead_to_the_newest_one(patient, kinds):
    patient.issue("web", "a.test")
    serial = patient.issue("web", "a.test")
    for kind in kinds:
        patient.harm("web", kind, "unlinked")
        (patient.live("web") / f"{kind}.pem").symlink_to(f"../../archive/web/{kind}1.pem")
    (patient.live("web") / "previous_cert.pem").symlink_to("../../archive/web/cert1.pem")

    patient.repair("web")

    assert patient.serials() == {"web": serial}
    assert sorted(os.listdir(patient.live("web"))) == sorted(f"{kind}.pem" for kind in KINDS)


def test_a_renewal_that_is_whole_and_not_linked_yet_is_served(patient):
    """Else it would be ordered again: certbot itself links it only when it looks at it."""
    patient.issue("web", "a.test")
    serial = patient.issue("web", "a.test", link=False)

    patient.repair("web")

    assert patient.serials() == {"web": serial}


def test_files_that_were_copied_without_their_links_get_links(patient):
    serial = patient.issue("web", "a.test")
    files = {kind: (patient.live("web") / f"{kind}.pem").read_bytes() for kind in KINDS}
    shutil.rmtree(patient.archive("web"))
    for kind, data in files.items():
        (patient.live("web") / f"{kind}.pem").unlink()
        (patient.live("web") / f"{kind}.pem").write_bytes(data)
        (patient.live("web") / f"{kind}.pem").chmod(0o640)

    patient.repair("web")

    assert patient.serials() == {"web": serial}
    assert os.readlink(patient.live("web") / "privkey.pem") == "../../archive/web/privkey1.pem"
    assert stat.S_IMODE(patient.archived("web", "privkey", 1).stat().st_mode) == 0o640


@pytest.mark.parametrize("conf", ["", "\0" * 100, "cert = x\n", None])
def test_a_configuration_that_certbot_cannot_read_is_written_anew(patient, conf):
    serial = patient.issue("web", "a.test")
    patient.conf("web").unlink()
    if conf is not None:
        patient.conf("web").write_text(conf)

    patient.repair("web")

    assert patient.serials() == {"web": serial}
    assert patient.conf("web").read_text() == (
        "# Written by entrykit, because certbot's own was lost.\n"
        f"version = 5.5.0\narchive_dir = {patient.archive('web')}\n"
        + "".join(f"{kind} = {patient.live('web')}/{kind}.pem\n" for kind in KINDS)
        + "\n[renewalparams]\nserver = https://ca.test/dir\nkey_type = ecdsa\n"
        "authenticator = dns-example\n"
    )


def test_what_has_no_configuration_and_is_not_wanted_is_left_alone(patient):
    patient.issue("mine", "a.test")
    patient.conf("mine").unlink()
    before = patient.state()

    assert patient.repair("web") == frozenset()
    assert patient.state() == before


def test_a_folder_in_another_place_keeps_its_settings(patient, tmp_path):
    serial = patient.issue("web", "a.test")
    text = patient.conf("web").read_text()
    with patient.conf("web").open("a") as conf:
        conf.write("renew_hook = 'mine, \xe9'\n")
    moved = tmp_path / "a,b"
    patient.folder.rename(moved)
    copy = Patient(tmp_path / "made")
    copy.folder = moved

    copy.repair("web")

    assert copy.serials() == {"web": serial}
    assert f'cert = "{moved}/live/web/cert.pem"\n' in copy.conf("web").read_text()
    parameters = text.partition("[renewalparams]")[2]
    assert copy.conf("web").read_text().endswith(f"{parameters}renew_hook = 'mine, \xe9'\n")


def test_what_cannot_be_saved_is_out_of_certbots_sight_and_kept(patient):
    patient.issue("web", "a.test")
    key = (patient.live("web") / "privkey.pem").read_bytes()
    for kind in ("cert", "fullchain"):
        patient.harm("web", kind, "empty")
    patient.conf("web").write_text("")

    assert patient.repair("web") == frozenset()

    torn = patient.folder / "torn" / "web"
    assert not any(os.path.lexists(p) for p in map(patient_part(patient), ("conf", "live")))
    assert (torn / "archive" / "privkey1.pem").read_bytes() == key
    assert stat.S_IMODE(torn.stat().st_mode) == 0o700
    assert patient.said == (
        "entrykit: warning: web: its files are incomplete or do not match; "
        f"moved to {torn}, and ordered again if DOMAINS needs it\n"
    )


def test_what_was_set_aside_before_is_kept(patient):
    for number in (1, 2, 3):
        patient.issue("web", "a.test")
        patient.harm("web", "privkey", "empty")
        patient.repair("web")
        assert len(os.listdir(patient.folder / "torn")) == number

    assert sorted(os.listdir(patient.folder / "torn")) == ["web", "web.2", "web.3"]


def patient_part(patient):
    return lambda part: getattr(patient, part)("web")


@pytest.mark.parametrize("left", ["conf", "live", "archive"])
def test_what_is_in_the_way_of_a_wanted_lineage_is_put_away(patient, left):
    {"conf": Path.touch, "live": Path.mkdir, "archive": Path.mkdir}[left](
        getattr(patient, left)("web-2")
    )

    assert patient.repair("web") == frozenset()
    assert not getattr(patient, left)("web-2").exists()


def test_one_that_certbot_called_otherwise_is_left_alone(patient):
    """What certbot made in place of a torn lineage has the only certificate for its names."""
    serial = patient.issue("web-0001", "a.test")
    patient.conf("web").touch()

    patient.repair("web")

    assert patient.serials() == {"web-0001": serial}


def test_one_torn_lineage_does_not_stop_the_others(patient):
    """A file in its place that is none cannot be read."""
    serial = patient.issue("web", "a.test")
    patient.harm("web", "fullchain", "unlinked")
    patient.issue("shop", "b.test")
    patient.archived("shop", "cert", 1).unlink()
    patient.archived("shop", "cert", 1).mkdir()

    assert patient.repair("web", "shop") == {"shop"}
    assert patient.serials() == {"web": serial}
    assert "error: shop: cannot be read: [Errno 21] Is a directory" in patient.said


def test_one_whose_files_are_elsewhere_is_left_alone_and_told(patient, tmp_path):
    elsewhere = Patient(tmp_path / "elsewhere")
    elsewhere.issue("web", "a.test")
    shutil.copy(elsewhere.conf("web"), patient.conf("web"))
    before = patient.state()

    assert patient.repair("web") == {"web"}
    assert patient.state() | {patient.folder: 0} == before | {patient.folder: 0}
    assert "its renewal configuration names another directory" in patient.said


def test_nothing_is_repaired_while_another_certbot_is_running(patient):
    patient.issue("web", "a.test")
    with (patient.folder / ".certbot.lock").open("w") as lock:
        in_another_process(lock, patient.repair)
        patient.harm("web", "fullchain", "unlinked")
        before = patient.state()

        with pytest.raises(CommitError, match="another certbot is running"):
            in_another_process(lock, patient.repair)

    assert patient.state() == before
    patient.repair()
    assert "web" in patient.serials()
    assert not (patient.folder / ".certbot.lock").exists()


def in_another_process(lock, work):
    """Do something while another process has the lock: a record lock is a process's own."""
    done, end = os.pipe()
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        os.write(tell, b"x")
        os.close(end)
        os.read(done, 1)
        os._exit(0)
    os.read(told, 1)
    try:
        return work()
    finally:
        os.close(end)
        os.waitpid(child, 0)
        for descriptor in (done, told, tell):
            os.close(descriptor)


@pytest.mark.parametrize(
    ("certbot", "days", "due"),
    [
        ((2, 1, 0), 6, "renew_before_expiry = 72 hours\n"),
        ((4, 0, 0), 45, "renew_before_expiry = 360 hours\n"),
        ((4, 0, 0), 64, ""),
        ((2, 1, 0), 90, ""),
        ((4, 1, 0), 6, ""),
        ((5, 5, 0), 6, ""),
    ],
)
def test_an_old_certbot_is_told_when_a_short_certificate_is_due(tmp_path, certbot, days, due):
    patient = Patient(tmp_path / "letsencrypt", days)
    patient.issue("web", "a.test")
    before = patient.conf("web").read_text()

    patient.repair("web", certbot=certbot)
    assert patient.conf("web").read_text() == due + before
    state = patient.state()
    patient.repair("web", certbot=certbot)
    assert patient.state() == state


def test_what_a_person_says_of_that_is_not_changed(tmp_path):
    patient = Patient(tmp_path / "letsencrypt", 6)
    patient.issue("web", "a.test")
    text = patient.conf("web").read_text().replace("# renew_before", "renew_before")
    patient.conf("web").write_text(text)

    patient.repair("web", certbot=(2, 1, 0))

    assert patient.conf("web").read_text() == text


def test_an_account_that_was_cut_off_is_put_away(patient):
    folder = patient.folder / "accounts" / "ca.test" / "dir"
    for name, text in (("good", "{}"), ("torn", "")):
        (folder / name).mkdir(parents=True)
        (folder / name / "regr.json").write_text(text)

    patient.repair("web")

    assert os.listdir(folder) == ["good"]
    assert (patient.folder / "torn" / "account-torn" / "regr.json").exists()
    assert re.search(
        "warning: .*/torn: its registration is empty; moved to .*/account-torn", patient.said
    )


@pytest.mark.parametrize("harm", [True, False])
def test_a_folder_that_cannot_be_written_is_only_an_error_where_something_is_torn(patient, harm):
    patient.issue("web", "a.test")
    if harm:
        patient.harm("web", "fullchain", "empty")
    script = (
        'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; PYTHONPATH="$2" "$3" -c "$4" "$1"'
    )

    done = mounted(script, patient.folder, Path(__file__).parents[1], sys.executable, REPAIR)

    assert (done.returncode == 0) is not harm
    assert ("Read-only file system" in done.stderr) is harm


REPAIR = """
import sys
from certbot.plans import plan_for
from entrykit.log import Log
from entrykit.roles.certbot.lineages.repair import repair_all

repair_all(plan_for(sys.argv[1]), Log())
"""
