"""cf-serverd fails open; with the role it does not: one row of `traps` for each way."""

from __future__ import annotations

import json

import pytest
from cf_serverd.traps import CHECKED, OTHER, TRAPS, deaf, listed
from haproxy.namespaces import own_network

from entrykit.cli.main import main

# The first way into each trap by a start, and the others by `check`, which checks the same.
FIRST = [pytest.param(trap, id=name) for name, trap in TRAPS.items() if trap.refused]
OTHERS = [
    pytest.param(trap, variables, id=f"{name}: {next(iter(variables.values()))!r}")
    for name, trap in TRAPS.items()
    for variables in trap.refused[1:]
]


def alone(server):
    """In a network of its own, where port 5308 is free on every host."""
    server.prefix = own_network()
    return server


def neighbour(hub, server):
    """A client in the server's network, each with the other's key."""
    client = hub.client(server)
    client.prefix = ("nsenter", f"--net=/proc/{server.pid}/ns/net")
    return client


@pytest.mark.versions
@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_without_the_role_it_is_open_or_deaf_and_looks_healthy(hub, trap):
    server = alone(hub.raw({"x": "x"}))
    trap.fall(server)
    server.start()

    assert trap.seen(server, neighbour(hub, server))


@pytest.mark.versions
def test_a_list_that_is_right_keeps_others_out(hub):
    """What the rows of `admits` are compared with."""
    server = alone(hub.raw({"x": "x"}))
    listed(OTHER)(server)
    server.start()

    assert deaf(server, neighbour(hub, server))
    assert "not in allowconnects" in server.output


@pytest.mark.parametrize("trap", FIRST)
def test_the_role_refuses_it_by_name_and_starts_nothing(hub, trap):
    refused = hub.made({"x": "x"}, **trap.refused[0])
    refused.launch()

    assert refused.ended() == trap.code, refused.output
    assert trap.named in refused.output
    assert "Server is starting" not in refused.output
    assert not refused.promises.exists()


@pytest.mark.parametrize(("trap", "variables"), OTHERS)
def test_the_role_refuses_all_that_is_like_it(hub, capsys, trap, variables):
    refused = hub.made({"x": "x"}, **variables)

    code = main(["entrykit", "check", "cf-serverd"], refused.variables)

    output = capsys.readouterr().err
    assert code == trap.code, output
    assert trap.named in output
    assert not refused.promises.exists()


@pytest.mark.versions
@pytest.mark.parametrize("name", CHECKED)
def test_the_role_refuses_a_policy_of_ones_own_with_it(hub, name):
    server = hub.raw()
    TRAPS[name].fall(server)
    text = server.promises.read_text()
    refused = hub.made(PROMISES=text).launch()

    assert refused.ended() == 65, refused.output
    assert "Server is starting" not in refused.output
    assert not refused.promises.exists()


SHELL = ['a"b', "a$HOME", "a`id`", "a\\\\b"]


@pytest.mark.versions
@pytest.mark.parametrize("name", SHELL)
def test_without_the_role_such_a_work_dir_is_a_policy_of_its_own(hub, tmp_path, name):
    """A shell gets its path between double quotes, to run cf-promises; a backtick is executed."""
    server = alone(hub.raw({"x": "x"}).policy())
    server.path.rename(tmp_path / name)
    server.environ["CFENGINE_TEST_OVERRIDE_WORKDIR"] = str(tmp_path / name)
    server.start()

    assert server.listening() == {("::", 5308)}
    assert "failsafe" in server.output


@pytest.mark.parametrize("name", SHELL)
@pytest.mark.parametrize("variable", ["CFENGINE_WORKDIR", "CONFIG_DIR"])
def test_the_role_refuses_such_a_folder(hub, tmp_path, variable, name):
    refused = hub.made(**{variable: str(tmp_path / name)}).launch()

    assert refused.ended() == 78, refused.output
    assert f"{variable}: " in refused.output
    assert not (tmp_path / name).exists()


@pytest.mark.versions
@pytest.mark.parametrize("name", ["a b;c|d&(e)*\u00e9", "a'b"])
def test_any_other_folder_will_do(hub, tmp_path, name):
    made = hub.made(CFENGINE_WORKDIR=str(tmp_path / name))
    made.path.rename(tmp_path / name)
    made.path = tmp_path / name
    served = made.start()

    assert served.listening() == {("127.0.0.1", served.port)}


def places(made):
    """Paths that the hub's private key lies below, also by a link."""
    link = made.path.with_name("link")
    link.symlink_to(made.path)
    return [made.path, made.ppkeys, made.ppkeys / "localhost.priv", link, "/"]


@pytest.mark.versions
def test_without_the_role_a_folder_that_is_served_may_hold_the_private_key(hub):
    server = hub.raw()
    server.policy(path=f'"{server.path}"').start()
    client = hub.client(server)

    assert "PRIVATE KEY" in client.get(server.ppkeys / "localhost.priv", server.port).text


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("variable", ["CF_SERVERD_MASTERFILES", "CF_SERVERD_ACCESS"])
def test_the_role_refuses_to_serve_its_private_key(hub, variable, place):
    made = hub.made({"x": "x"})
    made.made()
    path = str(places(made)[place])
    value = json.dumps([{"path": path}]) if variable == "CF_SERVERD_ACCESS" else path
    made.variables[variable] = value
    made.launch()

    assert made.ended() == 78, made.output
    assert f"{variable}: " in made.output


def test_the_role_refuses_to_serve_the_key_that_it_was_given(hub, tmp_path):
    """As secrets are mounted: in a folder with other files, which are to be served."""
    made = hub.made({"x": "x"})
    client = hub.client()
    for half in ("priv", "pub"):
        (tmp_path / half).write_bytes((client.ppkeys / f"localhost.{half}").read_bytes())
    made.variables |= {
        "CF_SERVERD_PRIVATE_KEY_FILE": str(tmp_path / "priv"),
        "CF_SERVERD_PUBLIC_KEY_FILE": str(tmp_path / "pub"),
        "CF_SERVERD_ACCESS": json.dumps([{"path": str(tmp_path)}]),
    }
    made.launch()

    assert made.ended() == 78, made.output
    assert "CF_SERVERD_ACCESS: " in made.output
    assert "contains the hub's private key" in made.output


@pytest.mark.parametrize("linked", ["ppkeys", "ppkeys/localhost.priv"])
def test_the_role_refuses_masterfiles_that_the_key_is_linked_to(hub, linked):
    made = hub.made({"x": "x"})
    made.made()
    place = made.masterfiles / "kept"
    (made.path / linked).rename(place)
    (made.path / linked).symlink_to(place)
    made.launch()

    assert made.ended() == 78, made.output
    assert "CFENGINE_WORKDIR: " in made.output
    assert "contains the hub's private key" in made.output


def test_without_the_role_two_promises_for_one_place_add_up(hub):
    """The second one says who is admitted, and all of the first are as well."""
    server = hub.raw({"x": "x"}).policy()
    second = f'bundle server more() {{ access: "{server.masterfiles}" admit_ips => {OTHER}; }}\n'
    server.write(server.promises.read_text() + second).start()

    assert hub.client(server).get("masterfiles/x", server.port).text == "x"


@pytest.mark.parametrize("also", ["", "/../link"])
def test_the_role_refuses_such_promises(hub, also):
    made = hub.made({"x": "x"})
    (made.path / "link").symlink_to("masterfiles")
    narrower = {"path": f"{made.masterfiles}{also}", "admit_ips": ["192.0.2.1"]}
    made.variables["CF_SERVERD_ACCESS"] = json.dumps([narrower])
    made.launch()

    assert made.ended() == 78, made.output
    assert "this is masterfiles, whose clients would be admitted as well" in made.output


def test_the_role_refuses_a_place_that_is_there_twice_by_a_link(hub, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    made = hub.made({"x": "x"})
    paths = [{"path": str(tmp_path / name)} for name in ("data", "link")]
    made.variables["CF_SERVERD_ACCESS"] = json.dumps(paths)
    made.launch()

    assert made.ended() == 78, made.output
    assert "the same path as" in made.output


def test_masterfiles_may_be_denied_to_some(hub):
    made = hub.made({"x": "x"})
    denied = {"path": str(made.masterfiles), "deny_ips": ["127.0.0.1"]}
    made.variables["CF_SERVERD_ACCESS"] = json.dumps([denied])
    served = made.start()

    assert hub.client(served).get("masterfiles/x", served.port).text is None
