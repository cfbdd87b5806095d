"""How the variables are read, and the warnings about them."""

from __future__ import annotations

import pytest
from programs import script

from entrykit.errors import SettingsError
from entrykit.roles.cf_serverd.settings import CfServerdSettings
from entrykit.roles.cf_serverd.workdir import (
    WORKDIR_OVERRIDE,
    build_program_environ,
    find_workdir,
)


def warnings(**variables):
    output = []
    CfServerdSettings.from_environ(variables, output.append)
    return output


@pytest.mark.parametrize(
    ("acl", "output"),
    [
        ("10.0.0.0/8", []),
        ("0.0.0.0/0,::/0", ["open to every IPv4 address", "open to every IPv6 address"]),
        ("0.0.0.0/1,128.0.0.0/1,::1", ["open to every IPv4 address"]),
        (
            "0.0.0.0/0",
            ["open to every IPv4 address", "contains no IPv6 address (::/0 is all of them)"],
        ),
        (
            "::/0",
            [
                "open to every IPv6 address",
                "contains no IPv4 address (0.0.0.0/0 is all of them)",
            ],
        ),
    ],
)
def test_an_acl_that_is_open_to_everyone_is_warned_of(acl, output):
    assert warnings(CF_SERVERD_ACL=acl) == [f"CF_SERVERD_ACL: {reason}" for reason in output]


def test_trust_in_unknown_keys_is_warned_of():
    assert warnings(CF_SERVERD_ACL="10.0.0.1", CF_SERVERD_TRUSTKEYSFROM="10.0.0.1") == [
        'CF_SERVERD_TRUSTKEYSFROM: any unknown key from "10.0.0.1" is trusted'
    ]


@pytest.mark.parametrize("name", ["ALLOWCONNECTS", "ADMIT_IPS"])
def test_any_list_that_opens_is_warned_of(name):
    variables = {"CF_SERVERD_ACL": "10.0.0.1", f"CF_SERVERD_{name}": "0.0.0.0/0,10.0.0.1"}

    assert f"CF_SERVERD_{name}: open to every IPv4 address" in warnings(**variables)


@pytest.mark.parametrize("missing", [{}, {"CF_SERVERD_ACL": ""}, {"PROMISES": ""}])
def test_without_an_acl_there_is_no_hub(missing):
    with pytest.raises(SettingsError, match=r"^CF_SERVERD_ACL: not set"):
        CfServerdSettings.from_environ(missing)


def test_an_invalid_acl_is_reported_once():
    with pytest.raises(SettingsError) as caught:
        CfServerdSettings.from_environ({"CF_SERVERD_ACL": "x", "CF_SERVERD_PORT": "x"})

    assert [message.split(":")[0] for message in caught.value.messages] == [
        *["CF_SERVERD_ACL", "CF_SERVERD_PORT"]
    ]


@pytest.mark.parametrize(
    ("variables", "folders"),
    [
        ({"CFENGINE_WORKDIR": "/w"}, ("/w", "/w/inputs")),
        ({"CFENGINE_WORKDIR": "/w/"}, ("/w", "/w/inputs")),
        ({"CFENGINE_WORKDIR": "/w", "CONFIG_DIR": "/c"}, ("/w", "/c")),
    ],
)
def test_the_work_directory_moves_everything(variables, folders):
    found = CfServerdSettings.from_environ({"CF_SERVERD_ACL": "::1", **variables})

    assert (found.cfengine_workdir, found.config_dir) == folders
    assert CfServerdSettings.folder(variables) == found.config_dir


def test_an_invalid_work_directory_does_not_hide_where_an_earlier_start_was_killed():
    given = {"CFENGINE_WORKDIR": "relative", "PATH": ""}

    assert CfServerdSettings.folder(given) == f"{find_workdir(given)}/inputs"


def test_the_default_is_that_of_the_package(tmp_path):
    """Programs of the vendor's packages are in its bin; without one there is nothing to ask."""
    script(tmp_path / "cf-serverd", "exit 0")

    assert find_workdir({"PATH": str(tmp_path)}) in {"/var/cfengine", "/var/lib/cfengine3"}
    assert find_workdir({"PATH": str(tmp_path / "none")}) == "/var/cfengine"


def test_secrets_and_a_policy_do_not_reach_the_daemon():
    hidden = CfServerdSettings.secret_variables()

    assert {"PROMISES", "CF_SERVERD_PRIVATE_KEY", "CF_SERVERD_PRIVATE_KEY_FILE"} <= hidden
    assert "CF_SERVERD_ACL" not in hidden


def test_settings_carry_no_environment():
    """It may hold secrets of others; what a start needs of it are plain values."""
    given = {"CF_SERVERD_ACL": "::1", "CFENGINE_WORKDIR": "/work", "PATH": "/bin"}

    found = CfServerdSettings.from_environ(given | {"DATABASE_PASSWORD": "hunter2"})

    assert found.__pydantic_private__ == {"_search_path": "/bin", "_private_key_file": ""}
    assert build_program_environ(found) == {"PATH": "/bin", WORKDIR_OVERRIDE: "/work"}


def test_the_file_of_the_private_key_is_remembered(tmp_path):
    """What is served must not contain it."""
    for half in ("PRIVATE", "PUBLIC"):
        (tmp_path / half).write_text("-----BEGIN RSA KEY-----\n")
    files = {f"CF_SERVERD_{half}_KEY_FILE": str(tmp_path / half) for half in ("PRIVATE", "PUBLIC")}

    found = CfServerdSettings.from_environ({"CF_SERVERD_ACL": "::1", **files})

    assert found.private_key_file == str(tmp_path / "PRIVATE")
