"""The host of the registry: files, commands, its environment, its CONFIG_DIR."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
import trustme
from programs import entrykit, script, under_test

from entrykit.discovery.finder import load_role
from entrykit.errors import CommitError, UsageError
from entrykit.log import Log
from entrykit.rendering.role_files import render
from entrykit.roles.registry import command_line
from entrykit.roles.registry.host import RegistryHostFacts, defaults
from entrykit.roles.registry.prepare import prepare_host, stage
from entrykit.roles.registry.release import find_release
from entrykit.roles.registry.rules.files import check_files
from entrykit.roles.registry.rules.stock_config import is_stock
from entrykit.roles.registry.settings import RegistrySettings

ROLE = load_role("registry")
HASH = "$2y$05$" + "a" * 53
MAIN = "/etc/distribution/config.yml"


def settings(**environ):
    return RegistrySettings.from_environ(environ)


# Files


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    folder, ca = tmp_path_factory.mktemp("certs"), trustme.CA()
    for name in ("one", "two"):
        issued = ca.issue_cert(f"{name}.test")
        issued.cert_chain_pems[0].write_to_path(str(folder / f"{name}.crt"))
        issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
    (folder / "empty").write_text("")
    return folder


def tls(certs, certificate, key):
    return settings(
        REGISTRY_HTTP_TLS_CERTIFICATE=str(certs / certificate),
        REGISTRY_HTTP_TLS_KEY=str(certs / key),
    )


@pytest.mark.parametrize(
    ("certificate", "key", "names", "reason"),
    [
        ("one.crt", "two.key", ["KEY"], "not that of its first certificate"),
        ("none.crt", "none.key", ["CERTIFICATE", "KEY"], "No such file or directory"),
        ("one.key", "one.key", ["CERTIFICATE"], "no certificate in PEM format"),
        ("empty", "one.key", ["CERTIFICATE"], "no certificate in PEM format"),
        ("one.crt", "empty", ["KEY"], "OpenSSL"),
        (".", "one.key", ["CERTIFICATE"], "not a file"),
    ],
)
def test_an_invalid_pair_is_reported_by_name(certs, certificate, key, names, reason):
    found = [*check_files(tls(certs, certificate, key))]

    assert [message.partition(":")[0] for message in found] == [
        f"REGISTRY_HTTP_TLS_{name}" for name in names
    ]
    assert all(reason in message for message in found)


def test_a_valid_pair_is_accepted(certs):
    assert [*check_files(tls(certs, "one.crt", "one.key"))] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"# a comment\n\nalice:{HASH}\n", None),
        ("alice:secret\n", "line 1: not a bcrypt hash"),
        (f"alice:{HASH}\nbob:$apr1$x$y\n", "line 2: not a bcrypt hash"),
        ("# a comment\n", "no users"),
        (None, "No such file or directory"),
    ],
)
def test_a_password_file_is_read_as_the_registry_reads_it(tmp_path, text, reason):
    path = tmp_path / "htpasswd"
    if text is not None:
        path.write_text(text)

    found = [*check_files(settings(REGISTRY_AUTH_HTPASSWD_PATH=str(path)))]

    assert bool(found) == bool(reason)
    assert all(reason in message and "secret" not in message for message in found)


LOST = {
    "REGISTRY_HTTP_TLS_CERTIFICATE": "/nowhere/a",
    "REGISTRY_HTTP_TLS_KEY": "/nowhere/b",
    "REGISTRY_HTTP_TLS_CLIENTCAS": "/nowhere/c,/nowhere/d",
    "REGISTRY_REDIS_ADDR": "redis:6379",
    "REGISTRY_REDIS_TLS_ROOTCAS": "/nowhere/e",
    "REGISTRY_AUTH_HTPASSWD_PATH": "/nowhere/f",
    "REGISTRY_PROXY_REMOTEURL": "https://registry.test",
    "REGISTRY_PROXY_EXEC_COMMAND": "/nowhere/g",
    "REGISTRY_STORAGE_DELETE_ENABLED": "on",
}


def test_all_missing_files_are_reported_at_once():
    messages = [*RegistryHostFacts().conflicts(settings(**LOST))]

    assert [text.partition(":")[0] for text in messages] == [
        "REGISTRY_HTTP_TLS_CERTIFICATE",
        "REGISTRY_HTTP_TLS_KEY",
        "REGISTRY_AUTH_HTPASSWD_PATH",
        "REGISTRY_HTTP_TLS_CLIENTCAS",
        "REGISTRY_HTTP_TLS_CLIENTCAS",
        "REGISTRY_REDIS_TLS_ROOTCAS",
        "REGISTRY_PROXY_EXEC_COMMAND",
    ]


@pytest.mark.parametrize("release", [None, "2.8", "3"])
def test_rendering_is_pure(release):
    """What the host lacks is a conflict of its facts, and never an error of a template."""
    facts = RegistryHostFacts(release=release)

    files = render(ROLE, settings(**LOST, REGISTRY_RELEASE="3"), facts)

    assert '"/nowhere/a"' in files["config.yml"].text


# Prints what was opened or executed while rendering; an audit hook cannot be taken out again.
TRACED = """
import os, sys
import entrykit
entrykit.render("registry", {})
EVENTS = {"open", "os.listdir", "subprocess.Popen", "os.posix_spawn", "os.exec", "socket.connect"}
sys.addaudithook(lambda event, args: event in EVENTS and print(event, args[0]))
assert "/nowhere/a" in entrykit.render("registry", dict(os.environ))["config.yml"].text
"""


def test_rendering_offline_opens_no_file_that_a_variable_names(tmp_path):
    version = "echo registry github.com/docker/distribution v2.8.3"
    script(tmp_path / "registry", f"touch {tmp_path}/was-run; {version}")
    environ = {**LOST, "PATH": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", TRACED], env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "/nowhere" not in done.stdout
    assert "subprocess" not in done.stdout
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("verb", "status"), [(["render"], 0), (["check"], 78), (["diff"], 78), ([], 78)]
)
def test_files_are_checked_by_all_but_rendering(tmp_path, verb, status):
    version = "registry github.com/distribution/distribution/v3 v3.1.2"
    script(tmp_path / "registry", f"echo {version}")
    environ = {**LOST, "PATH": f"{tmp_path}:/usr/bin:/bin", "CONFIG_DIR": str(tmp_path / "there")}

    done = entrykit(*verb, "registry", environ=environ)

    assert done.returncode == status, done.stderr
    reported = {name for name in LOST if f"error: {name}: /nowhere/" in done.stderr}
    missing = {name for name, text in LOST.items() if text.startswith("/nowhere")}
    assert reported == (missing if status else set())
    assert not (tmp_path / "there").exists()


# Images


def test_the_directory_of_images_is_created(tmp_path):
    images = tmp_path / "a" / "images"
    given = settings(REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(images))

    stage(given, "", Log())
    assert not images.exists()
    prepare_host(given, Log())
    assert images.is_dir()


def test_a_file_in_its_place_is_an_error(tmp_path):
    (tmp_path / "images").write_text("")
    given = settings(REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(tmp_path / "images"))

    with pytest.raises(CommitError, match="images"):
        prepare_host(given, Log())


# Commands


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        (["registry"], ["registry", "serve", MAIN]),
        (["serve"], ["serve", MAIN]),
        (["registry", "serve"], ["registry", "serve", MAIN]),
        ([MAIN], ["serve", MAIN]),
        (["/etc/docker/registry/config.yml"], ["serve", MAIN]),
        (["serve", "/etc/docker/registry/config.yml"], ["serve", MAIN]),
        (["/bin/registry", "serve", MAIN], ["/bin/registry", "serve", MAIN]),
        (["docker-registry", MAIN], ["docker-registry", "serve", MAIN]),
        (["garbage-collect"], ["garbage-collect", MAIN]),
        (
            ["garbage-collect", "-m", "--dry-run", MAIN],
            ["garbage-collect", "-m", "--dry-run", MAIN],
        ),
        (["registry", "garbage-collect", "-d"], ["registry", "garbage-collect", "-d", MAIN]),
        (["--unknown"], ["--unknown"]),
    ],
)
def test_a_command_gets_the_rendered_file(given, completed):
    assert command_line.complete_command(given, MAIN) == completed


@pytest.mark.parametrize("given", [["/mine.yml"], ["serve", "/mine.yml"], ["serve", "x"]])
def test_another_file_is_refused(given):
    """No variable would apply to it, e.g. no password."""
    with pytest.raises(UsageError, match="to which no variable applies"):
        command_line.complete_command(given, MAIN)


@pytest.mark.parametrize(
    ("words", "is_own"),
    [
        ([], True),
        (["registry"], True),
        (["docker-registry", "serve"], True),
        (["serve"], True),
        (["garbage-collect"], True),
        (["help"], True),
        (["/etc/x.yaml"], True),
        (["--version"], True),
        (["bash"], False),
        (["sh", "-c", "registry"], False),
    ],
)
def test_commands_are_recognized_as_by_the_official_entrypoint(words, is_own):
    assert ROLE.daemon.owns(words) is is_own


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--version"], True),
        (["registry", "-v"], True),
        (["help", "serve"], True),
        (["serve", "--help"], True),
        (["serve"], False),
        (["garbage-collect", "-m"], False),
        ([], False),
        (["bash", "--help"], False),
    ],
)
def test_informational_commands_are_not_configured(words, says):
    assert command_line.prints_and_exits(words) is says


def test_the_version_is_asked_without_secrets_and_without_stdin(tmp_path):
    seen = f"env > {tmp_path}/env; cat > {tmp_path}/stdin"
    script(tmp_path / "registry", f"{seen}; echo registry github.com/docker/distribution v2.8.3")

    found = find_release({"PATH": str(tmp_path), "REGISTRY_HTTP_SECRET": "hush"})

    assert found == "2.8"
    assert "hush" not in (tmp_path / "env").read_text()
    assert (tmp_path / "stdin").read_bytes() == b""


# Its environment


def test_no_variable_that_would_override_the_file_is_handed_over(tmp_path):
    old = script(tmp_path / "registry", "echo registry github.com/docker/distribution v2.8.3")
    s3 = {"S3_BUCKET": "b", "AWS_REGION": "us-east-1"}
    role = {"AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}
    more = {"S3_ENDPOINT_FILE": "", "REGISTRY_STORAGE_PORT": "tcp://10.0.0.1:80", "KEPT": "1"}
    environ = {"PATH": str(old.parent), "REGISTRY_LOG_LEVEL": "info", **s3, **role, **more}

    given = ROLE.daemon.environ(RegistrySettings.from_environ(environ), environ)

    assert given == {"PATH": str(old.parent), **role, "KEPT": "1"}


def test_other_variables_are_kept_for_a_registry_on_disk():
    environ = {"AWS_REGION": "us-east-1", "PATH": "/nowhere"}

    assert ROLE.daemon.environ(RegistrySettings.from_environ(environ), environ) == environ


@pytest.mark.parametrize(
    ("version", "given", "exporter"),
    [
        ("distribution/v3 v3.1.2", {}, "none"),
        ("distribution/v3 v3.1.2", {"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ("distribution 2.8.2", {}, None),
    ],
)
def test_traces_are_off_unless_configured(tmp_path, version, given, exporter):
    script(tmp_path / "registry", f"echo registry github.com/{version}")
    environ = {"PATH": str(tmp_path), **given}

    found = ROLE.daemon.environ(settings(), environ)

    assert found.get("OTEL_TRACES_EXPORTER") == exporter


# CONFIG_DIR

STOCK = """
version: 0.1
log: {fields: {service: registry}}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}}
health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}
"""


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        (STOCK, True),
        (STOCK.replace("inmemory", "redis"), False),
        (f"{STOCK}proxy: {{remoteurl: https://a}}\n", False),
        ("", False),
        ("- a", False),
        ("{", False),
    ],
)
def test_the_file_of_an_image_is_recognized_by_its_settings(tmp_path, text, stock):
    (tmp_path / "config.yml").write_text(text)

    assert is_stock(str(tmp_path / "config.yml")) is stock


def test_the_file_of_an_image_is_replaced_and_a_user_s_is_not(tmp_path):
    folder = {"CONFIG_DIR": str(tmp_path)}
    (tmp_path / "config.yml").write_text(STOCK)

    assert defaults(folder) == {"ENTRYKIT_OVERWRITE": "on"}
    assert defaults(folder | {"ENTRYKIT_OVERWRITE": "off"}) == {}
    (tmp_path / "htpasswd").write_text("mine\n")
    assert defaults(folder) == {}
    (tmp_path / "htpasswd").unlink()
    (tmp_path / "config.yml").write_text(f"{STOCK}\nredis: {{}}\nproxy: {{remoteurl: x}}\n")
    assert defaults(folder) == {}


@pytest.mark.parametrize(
    ("there", "expected"), [(["old"], "old"), (["new"], None), (["old", "new"], None), ([], None)]
)
def test_config_dir_is_that_of_the_image(tmp_path, there, expected):
    for name in there:
        (tmp_path / name).mkdir()

    nothing = {"PATH": str(tmp_path)}  # an installed registry would be asked

    found = defaults(nothing, str(tmp_path / "old"), str(tmp_path / "new"))

    assert found.get("CONFIG_DIR") == (str(tmp_path / expected) if expected else None)


@pytest.mark.parametrize(
    ("version", "moved"), [("distribution 2.8.2", True), ("distribution/v3 v3.0.0", False)]
)
def test_the_installed_release_decides_on_config_dir(tmp_path, version, moved):
    script(tmp_path / "registry", f"echo registry github.com/{version}")
    places = str(tmp_path / "old"), str(tmp_path / "new")

    assert defaults({"PATH": str(tmp_path)}, *places) == (
        {"CONFIG_DIR": places[0]} if moved else {}
    )


@pytest.mark.versions
def test_a_rendered_directory_can_be_served_from_anywhere(tmp_path):
    """Its paths are absolute: the registry resolves others against its working directory."""
    environ = {"PATH": os.environ["PATH"], "REGISTRY_AUTH_HTPASSWD_USERS": f"alice:{HASH}"}
    done = entrykit("render", "registry", "-o", "there", environ=environ, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "there" / "config.yml").read_text()
    assert f'path: "{tmp_path}/there/htpasswd"' in text
    assert stat.S_IMODE((tmp_path / "there" / "htpasswd").stat().st_mode) == 0o640

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker-registry").symlink_to(under_test("registry"))
    config = {"CONFIG_DIR": str(tmp_path / "there"), "PATH": str(tmp_path / "bin")}
    output = entrykit("registry", "docker-registry", "--version", environ=config)
    assert "distribution" in output.stdout
