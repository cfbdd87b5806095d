"""examples/rabbitmq before the server runs: what is passed on to it, and what is refused."""

from __future__ import annotations

import json
import os
import re

import pytest
from programs import script
from rabbitmq.brokers import EXAMPLES

from entrykit.cli.main import main
from entrykit.discovery.finder import load_role
from entrykit.explain.reference import describe

# The list that docker-entrypoint.sh of the official image goes through; it then ends with 1.
DROPPED = [
    "RABBITMQ_DEFAULT_PASS_FILE", "RABBITMQ_DEFAULT_USER_FILE",
    *(
        f"RABBITMQ_{part}SSL_{name}"
        for part in ("", "MANAGEMENT_")
        for name in ("CACERTFILE", "CERTFILE", "DEPTH", "FAIL_IF_NO_PEER_CERT", "KEYFILE", "VERIFY")
    ),
    "RABBITMQ_VM_MEMORY_HIGH_WATERMARK",
]  # fmt: skip


def test_nothing_of_what_the_official_entrypoint_refuses_reaches_it(home, certificates, tmp_path):
    """All fifteen are set; and what it would pass on is not among them."""
    show = script(tmp_path / "entrypoint", "echo words: $*\nenv")
    (tmp_path / "user").write_text("admin")
    (tmp_path / "pass").write_text("hush-hush")
    management = {f"RABBITMQ_MANAGEMENT{name.removeprefix('RABBITMQ')}": path
                  for name, path in certificates.items()}  # fmt: skip
    given = {
        **certificates, **management, "RABBITMQ_DEFAULT_USER_FILE": str(tmp_path / "user"),
        "RABBITMQ_DEFAULT_PASS_FILE": str(tmp_path / "pass"), "RABBITMQ_SSL_DEPTH": "2",
        "RABBITMQ_SSL_VERIFY": "verify_peer", "RABBITMQ_SSL_FAIL_IF_NO_PEER_CERT": "true",
        "RABBITMQ_MANAGEMENT_SSL_DEPTH": "2", "RABBITMQ_MANAGEMENT_SSL_VERIFY": "verify_peer",
        "RABBITMQ_MANAGEMENT_SSL_FAIL_IF_NO_PEER_CERT": "true",
        "RABBITMQ_VM_MEMORY_HIGH_WATERMARK": "0.5",
    }  # fmt: skip
    assert given.keys() == set(DROPPED)
    own = {"CONFIG_DIR": str(tmp_path / "conf.d"), "ENTRYKIT_UPSTREAM": str(show)}

    done = home.entrykit("rabbitmq", **given, **own)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("words: rabbitmq-server\n")
    passed = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert passed & {*DROPPED, "RABBITMQ_DEFAULT_PASS", "RABBITMQ_DEFAULT_USER"} == set()
    assert f"RABBITMQ_CONFIG_FILES={tmp_path}/conf.d/*.conf" in done.stdout
    assert "RABBITMQ_NODENAME" in passed
    assert "hush-hush" not in done.stdout + done.stderr


def test_65_the_schemas_of_rabbitmq_refuse_what_is_no_setting(home):
    done = home.entrykit("check", "rabbitmq", RABBITMQ_EXTRA_CONF="vm_memory.high = 1")

    assert done.returncode == 65
    assert "attempted to set unknown variable: vm_memory.high" in done.stderr


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("heartbeat = often", "heartbeat"),
        ("no equals sign", "Syntax error"),
        ("ssl_options.cacertfile = /absent", "file does not exist"),
    ],
)
def test_65_they_refuse_values_as_well(home, lines, said):
    done = home.entrykit("check", "rabbitmq", RABBITMQ_EXTRA_CONF=lines)

    assert done.returncode == 65
    assert said in done.stderr


def test_78_a_key_of_another_certificate_is_refused(home, certificates, ca, tmp_path):
    ca.issue_cert("other.test").private_key_pem.write_to_path(tmp_path / "other.key")
    wrong = certificates | {"RABBITMQ_SSL_KEYFILE": str(tmp_path / "other.key")}

    for words in (["check", "rabbitmq"], ["rabbitmq"]):
        own = {"CONFIG_DIR": str(tmp_path / "conf.d")}
        done = home.entrykit(*words, **wrong | own)
        assert done.returncode == 78
        assert "RABBITMQ_SSL_KEYFILE: " in done.stderr
        assert "its private key is not that of its first certificate" in done.stderr
    assert not list(tmp_path.glob("conf.d/*"))


def test_78_certificates_that_are_not_there_are_named(home):
    paths = {"RABBITMQ_SSL_CERTFILE": "/absent.pem", "RABBITMQ_SSL_KEYFILE": "/absent.key"}

    done = home.entrykit("check", "rabbitmq", **paths)

    assert done.returncode == 78
    assert "RABBITMQ_SSL_CERTFILE: /absent.pem: no file" in done.stderr
    assert "RABBITMQ_SSL_KEYFILE: /absent.key: no file" in done.stderr


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("0.4", "relative = 0.4"), (".25", "relative = 0.25"), ("40%", "relative = 0.40"),
        ("12.5%", "relative = 0.125"), ("100%", "relative = 1.00"), ("1.0", "relative = 1.0"),
        ("512MiB", "absolute = 512MiB"), ("1073741824", "absolute = 1073741824"),
        ("2GB", "absolute = 2GB"),
    ],
)  # fmt: skip
def test_every_form_of_the_limit_of_memory_is_accepted(home, capsys, given, line):
    environ = home.environ | {"RABBITMQ_VM_MEMORY_HIGH_WATERMARK": given}

    assert [main(["entrykit", verb, "rabbitmq"], environ) for verb in ("render", "check")] == [0, 0]
    assert f"\nvm_memory_high_watermark.{line}\n" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["0", "0%", "0.0", "1.5", "101%", "-1", "40 %", "4TB", "", "x"])
def test_what_is_no_limit_is_refused(home, given):
    environ = home.environ | {"RABBITMQ_VM_MEMORY_HIGH_WATERMARK": given}

    assert main(["entrykit", "render", "rabbitmq"], environ) == (78 if given else 0)


def test_the_diff_shows_no_hash(home, variables, tmp_path):
    own = {"CONFIG_DIR": str(tmp_path / "absent")}

    done = home.entrykit("diff", "rabbitmq", **variables | own)

    assert done.returncode == 1
    assert '"password_hash": "***' in done.stdout
    assert "made-up" not in done.stdout


README = EXAMPLES / "rabbitmq" / "README.md"
TABLE = re.compile(r"(<!-- variables: begin -->\n).*?(<!-- variables: end -->\n)", re.DOTALL)


def test_the_readme_has_every_variable():
    written = README.read_text()
    table = describe(load_role("rabbitmq", {"ENTRYKIT_ROLES_PATH": str(EXAMPLES)}), "markdown")
    current = TABLE.sub(lambda marks: f"{marks[1]}{table}{marks[2]}", written)
    if os.environ.get("UPDATE_CASES") == "1":
        README.write_text(current)
        written = current

    assert table in current
    assert written == current


def test_the_users_of_the_readme_are_what_the_role_takes(home):
    (listed,) = re.findall(r"```json\n(.*?)```", README.read_text(), re.DOTALL)

    done = home.entrykit("check", "rabbitmq", RABBITMQ_USERS=listed)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(listed)) == 3
