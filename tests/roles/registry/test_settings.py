"""What the variables of the registry mean, where a case cannot show it."""

from __future__ import annotations

import re

import pytest
import yaml

import entrykit
from entrykit.discovery.finder import load_role
from entrykit.errors import InvalidValue, SettingsError
from entrykit.explain.reference import variables
from entrykit.roles.registry.host import RegistryHostFacts
from entrykit.roles.registry.release import SINCE_3, parse_release
from entrykit.roles.registry.settings import RegistrySettings
from entrykit.roles.registry.variables import types, users
from entrykit.variables.secret import Secret

HASH = "$2y$05$" + "a" * 53


def settings(warn=lambda _warning: None, **environ):
    return load_role("registry").read_settings(environ, warn)


def tree(**environ):
    return yaml.safe_load(entrykit.render("registry", environ)["config.yml"].text)


def errors_of(**environ):
    with pytest.raises(SettingsError) as error:
        settings(**environ)
    return error.value.messages


@pytest.mark.parametrize(
    ("text", "means"),
    [("30s", "30s"), ("1h30m", "1h30m"), ("1.5h", "1.5h"), ("7d", "168h"), ("500ms", "500ms")],
)
def test_a_duration_is_as_in_go_or_in_days(text, means):
    assert types.duration(text) == means


@pytest.mark.parametrize(
    "text", ["10", "0", "0s", "s", "1w", "1 s", "-1s", "1h30", "1d12h", "\u0661s"]
)
def test_a_duration_without_a_valid_unit_is_refused(text):
    with pytest.raises(InvalidValue, match="not a duration"):
        types.duration(text)


@pytest.mark.parametrize("text", ["5000", ":0", ":65536", "::1:5000", "a b:1", "http://a:5", ":"])
def test_invalid_addresses_are_refused(text):
    with pytest.raises(InvalidValue, match="not an address"):
        types.address(text)


@pytest.mark.parametrize(
    "text",
    ["ftp://a", "//a", "https://", "https://a:b@c", "https://a?b", "https://a/#b", "https://a:x"],
)
def test_invalid_urls_are_refused(text):
    with pytest.raises(InvalidValue):
        types.url(text)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_every_bcrypt_variant_is_accepted(prefix):
    text = f"alice:{prefix}10${'b' * 53}"

    assert users.parse_users(text) == Secret(text)


@pytest.mark.parametrize("text", [HASH, f":{HASH}", f"a:{HASH}x", "a:$2y$05$short", f"a:b:{HASH}"])
def test_invalid_users_are_refused(text):
    with pytest.raises(InvalidValue, match="entry 1: not a bcrypt hash"):
        users.parse_users(text)


@pytest.mark.parametrize("variable", variables(RegistrySettings), ids=lambda each: each.name)
def test_every_variable_has_a_valid_example_and_a_description(variable):
    shown = variable.default or variable.example

    assert shown or variable.kind.secret
    assert re.fullmatch(r"[A-Z`].*[^ ]\.", variable.meaning)
    for text in filter(None, (variable.default, variable.example)):
        RegistrySettings.model_validate({variable.name.lower(): text})


@pytest.mark.parametrize(
    ("environ", "driver"),
    [
        ({}, "filesystem"),
        ({"AWS_REGION": "us-east-1"}, "filesystem"),
        ({"S3_BUCKET": "b", "AWS_REGION": "us-east-1"}, "s3"),
        ({"REGISTRY_STORAGE": "inmemory"}, "inmemory"),
        ({"REGISTRY_EXTRA_YAML": "storage: {swift: {}}"}, None),
        ({"REGISTRY_EXTRA_YAML": "storage: {cache: {}}"}, "filesystem"),
    ],
)
def test_the_storage_is_that_whose_variables_are_set(environ, driver):
    assert settings(**environ).driver == driver


def test_an_endpoint_implies_buckets_in_paths():
    """2.8 does so by default; 3.x needs the setting."""
    store = {"S3_BUCKET": "b", "AWS_REGION": "x", "S3_ENDPOINT": "minio:9000"}

    assert tree(**store)["storage"]["s3"]["forcepathstyle"] is True
    off = tree(**store, REGISTRY_STORAGE_S3_FORCEPATHSTYLE="off")
    assert off["storage"]["s3"]["forcepathstyle"] is False


@pytest.mark.parametrize("key", ["0012345", "1e10", "0x10", "123_456", "yes", "a:b#c", '"q"', "~"])
def test_a_key_is_written_as_it_is(key):
    store = {"S3_BUCKET": "b", "AWS_REGION": "us-east-1"}

    written = tree(**store, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=f"{key}/")

    s3 = written["storage"]["s3"]
    assert (s3["accesskey"], s3["secretkey"]) == (key, f"{key}/")


@pytest.mark.parametrize(
    "environ",
    [
        {"REGISTRY_HTTP_SECRET": "x"},
        {"REGISTRY_EXTRA_YAML": "log: {fields: {a: b}}"},
        {"REGISTRY_NOTIFICATIONS_ENDPOINTS": '[{"name": "a", "url": "http://a/"}]'},
    ],
)
def test_a_file_with_a_secret_is_not_world_readable(environ):
    assert entrykit.render("registry", environ)["config.yml"].mode == 0o640


def test_a_file_without_a_secret_is_world_readable():
    assert entrykit.render("registry", {})["config.yml"].mode == 0o644


def test_secrets_within_maps_are_masked_too():
    endpoint = '[{"name": "ci", "url": "http://a/", "headers": {"X": ["bearer-1"]}}]'
    extra = "storage: {swift: {password: sesame-2, region: here}}"

    known = settings(
        REGISTRY_NOTIFICATIONS_ENDPOINTS=endpoint,
        REGISTRY_EXTRA_YAML=extra,
        REGISTRY_AUTH_HTPASSWD_USERS=f"alice:{HASH}",
    ).secrets()

    assert {"bearer-1", "sesame-2", f"alice:{HASH}"} <= {*known}
    assert "here" not in known


@pytest.mark.parametrize(
    ("output", "release"),
    [
        ("docker-registry github.com/docker/distribution 2.8.2+ds1", "2.8"),
        ("/bin/registry github.com/docker/distribution v2.8.3", "2.8"),
        ("registry github.com/distribution/distribution/v3 v3.1.2+unknown", "3"),
        ("registry github.com/distribution/distribution/v3 3.0.0", "3"),
        ("registry github.com/distribution/distribution/v3 v0.0.0+unknown", "3"),
        ("something else", None),
    ],
)
def test_the_release_is_parsed_from_the_version(output, release):
    assert parse_release(output) == release


def test_every_name_of_3x_is_a_variable():
    assert set(SINCE_3) <= RegistrySettings.model_fields.keys()


@pytest.mark.parametrize(("release", "wanted"), [("2.8", "3"), ("3", "2.8")])
def test_another_release_than_the_installed_is_refused(release, wanted):
    (message,) = RegistryHostFacts(release=release).conflicts(settings(REGISTRY_RELEASE=wanted))

    assert message.startswith(f"REGISTRY_RELEASE: {wanted}, and {release} is")


@pytest.mark.parametrize(
    ("release", "keys"),
    [
        ("2.8", {"addr", "pool"}),
        ("3", {"addrs", "maxidleconns"}),
        (None, {"addr", "pool", "addrs", "maxidleconns"}),
    ],
)
def test_redis_has_the_shape_of_the_release(release, keys):
    given = settings(REGISTRY_REDIS_ADDR="redis:6379", REGISTRY_REDIS_POOL_MAXIDLE="5")

    assert RegistryHostFacts(release=release).config(given)["redis"].keys() == keys


def test_what_2_8_would_ignore_is_refused_where_it_is_installed():
    given = settings(REGISTRY_HTTP_H2C_ENABLED="on", REGISTRY_REDIS_ADDR="a:1,b:2")

    messages = RegistryHostFacts(release="2.8").conflicts(given)

    assert [message.partition(":")[0] for message in messages] == [
        "REGISTRY_HTTP_H2C_ENABLED",
        "REGISTRY_REDIS_ADDR",
    ]


def test_an_old_name_without_a_meaning_is_warned_about():
    warnings = []

    settings(warnings.append, GUNICORN_WORKERS="4", STANDALONE="")

    assert warnings == [
        "GUNICORN_WORKERS: a variable of an older registry without meaning today; ignored"
    ]


@pytest.mark.parametrize("name", ["REGISTRY_HTTP_SECRET", "REGISTRY_EXTRA_YAML", "AWS_SECRET"])
def test_no_error_shows_a_secret(name):
    output = "\n".join(errors_of(**{name: "hush\thush: {"}, REGISTRY_STORAGE="x"))

    assert name in output
    assert "hush" not in output


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("auth:\n  # token: {}\n", "auth: removes what variables set"),
        ("auth: {htpasswd: }", "auth.htpasswd: removes what variables set"),
        ("http: {tls: {certificate: ~}}", "http.tls.certificate: removes what variables set"),
        ('http: {tls: {certificate: ""}}', "http.tls.certificate: removes what variables set"),
        ("auth: []", "auth: removes what variables set"),
        ("http: {debug: {addr: ':5001'}}", 'http.debug.addr: ":5001": shows profiles and secrets'),
        ("http: {draintimeout: 10}", "http.draintimeout: 10: not a duration (expected e.g. 10s)"),
        ('health: {tcp: [{interval: "5"}]}', "health.tcp.interval: 5: not a duration"),
    ],
)
def test_extra_yaml_removes_nothing_and_needs_units(extra, expected):
    """A key whose lines are all comments is null: the registry would be open."""
    pair = {"REGISTRY_HTTP_TLS_CERTIFICATE": "/a", "REGISTRY_HTTP_TLS_KEY": "/b"}
    users = {"REGISTRY_AUTH_HTPASSWD_USERS": f"alice:{HASH}"}

    (message,) = errors_of(**pair, **users, REGISTRY_EXTRA_YAML=extra)

    assert message.startswith(f"REGISTRY_EXTRA_YAML: {expected}")


@pytest.mark.parametrize(
    "extra",
    [
        "storage: {inmemory: }",
        "log: {fields: {age: 5, ttl: null}}",
        "{http: {draintimeout: 1m30s}, storage: {maintenance: {uploadpurging: {age: 0}}}}",
    ],
)
def test_extra_yaml_may_have_nulls_and_numbers_elsewhere(extra):
    assert settings(REGISTRY_EXTRA_YAML=extra).extra


@pytest.mark.parametrize("extra", ["auth: silly", "auth: {silly: {realm: r, service: s}}"])
def test_extra_yaml_cannot_let_every_client_in(extra):
    (message,) = errors_of(REGISTRY_EXTRA_YAML=extra)

    assert message.startswith("REGISTRY_EXTRA_YAML: auth.silly: lets every client in")


def test_extra_yaml_cannot_empty_the_secret_of_replicas():
    given = {"REGISTRY_REPLICAS": "2", "REGISTRY_HTTP_SECRET": "s"}

    (message,) = errors_of(**given, REGISTRY_EXTRA_YAML='http: {secret: ""}')

    assert message.startswith("REGISTRY_EXTRA_YAML: http.secret: removes what variables set")


@pytest.mark.parametrize(
    ("debug", "addr", "meet"),
    [
        ("127.0.0.1:5000", ":5000", True),
        ("0.0.0.0:5000", "127.0.0.1:5000", True),
        ("127.0.0.1:5000", "127.0.0.1:5000", True),
        ("127.0.0.1:5000", "127.0.0.2:5000", False),
        ("127.0.0.1:5001", ":5000", False),
    ],
)
def test_the_debug_server_needs_another_port(debug, addr, meet):
    given = {"REGISTRY_HTTP_DEBUG_ADDR": debug, "REGISTRY_HTTP_ADDR": addr}

    if not meet:
        assert settings(**given)
    else:
        assert errors_of(**given)[0].startswith("REGISTRY_HTTP_DEBUG_ADDR: the same as")


def test_a_directory_may_end_with_a_slash():
    given = settings(REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="/srv/images/")

    assert given.registry_storage_filesystem_rootdirectory == "/srv/images"


def test_a_name_that_only_resembles_a_link_is_an_error():
    messages = errors_of(REGISTRY_NAME="mine", REGISTRY_ENV_X="y", REGISTRY_HTTP_PORT="5000")

    assert [message.partition(":")[0] for message in messages] == [
        "REGISTRY_ENV_X",
        "REGISTRY_HTTP_PORT",
        "REGISTRY_NAME",
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a"},
            "AWS_SECRET_ACCESS_KEY: not set, but AWS_ACCESS_KEY_ID is",
        ),
        (
            {"AWS_REGION": "us-east-1", "REGISTRY_STORAGE_S3_SECRETKEY": "a"},
            "REGISTRY_STORAGE_S3_ACCESSKEY: not set, but REGISTRY_STORAGE_S3_SECRETKEY is",
        ),
        ({"AWS_REGION": "mars"}, 'AWS_REGION: "mars": not an AWS region'),
    ],
)
def test_an_error_has_the_name_that_is_set(given, expected):
    (message,) = errors_of(S3_BUCKET="images", **given)

    assert message.startswith(expected)


ENDPOINT = '"name": "a", "url": "http://a/"'


@pytest.mark.parametrize(
    ("variable", "text", "messages"),
    [
        ("NOTIFICATIONS_ENDPOINTS", "x", ["not a list of maps (expected keys name, url, "]),
        ("NOTIFICATIONS_ENDPOINTS", "[x]", ["entry 1: not a map (expected keys name, url, "]),
        (
            "NOTIFICATIONS_ENDPOINTS",
            '{"url": ["hush"], "timeout": {"hush": "hush"}}',
            [
                "entry 1: name: not set (expected a value)",
                "entry 1: url: not a scalar (expected a string, a number or a boolean)",
                "entry 1: timeout: not a scalar (expected a string, a number or a boolean)",
            ],
        ),
        (
            "NOTIFICATIONS_ENDPOINTS",
            f'{{{ENDPOINT}, "headers": {{"A B": "hush", "C": 5}}}}',
            [
                'entry 1: headers: "A B": not the name of a header (expected e.g. X-Name)',
                'entry 1: headers: "C": not a string or a list of strings (expected values in ',
            ],
        ),
        (
            "NOTIFICATIONS_ENDPOINTS",
            f'{{{ENDPOINT}, "disabled": 1, "threshold": true, "ignoredmediatypes": [5], "x": 1}}',
            [
                "entry 1: disabled: not a boolean (expected true or false)",
                "entry 1: threshold: not a whole number (expected e.g. 5, without quotes)",
                'entry 1: ignoredmediatypes: not a list of strings (expected e.g. ["a", "b"])',
                'entry 1: "x": unknown key (expected one of name, url, ',
            ],
        ),
        ("LOG_HOOKS", "[{type: 5}]", ["entry 1: type: not a string (expected one in quotes)"]),
        (
            "LOG_FIELDS",
            '{"a": {}, "b": [], "c": 1}',
            [
                '"a": not a scalar (expected a string, a number or a boolean)',
                '"b": not a scalar (expected a string, a number or a boolean)',
            ],
        ),
        ("LOG_FIELDS", "[]", ['not a map (expected e.g. {"service": "registry"})']),
    ],
)
def test_json_and_yaml_are_checked_by_one_schema(variable, text, messages):
    """All errors at once, each after its place, and without a value that may be a secret."""
    found = errors_of(**{f"REGISTRY_{variable}": text})

    assert len(found) == len(messages), found
    for line, message in zip(found, messages, strict=True):
        assert line.startswith(f"REGISTRY_{variable}: {message}")
        assert "hush" not in line
