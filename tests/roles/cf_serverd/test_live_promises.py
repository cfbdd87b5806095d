"""External policies: PROMISES, and the Masterfiles Policy Framework."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cf_serverd.hubs import MAIN
from cf_serverd.workdirs import programs
from haproxy.namespaces import own_network
from haproxy.polling import eventually

pytestmark = pytest.mark.versions

# As `tools/daemon-release` has it, or as Debian's package.
_PLACES = (Path(programs()).parent / "root", Path("/"))


@pytest.fixture(scope="session")
def framework():
    """The folder of the framework of the version under test."""
    places = [root / "usr/share/cfengine3/masterfiles" for root in _PLACES]
    return next(place for place in places if place.is_dir())


def own(server, shortcut="mine"):
    """A policy of a user's, with blanks and line ends of several kinds."""
    return (
        f"# mine, $(sys.workdir) \u00e9 \t \r\n\n{MAIN}"
        f'body server control {{ port => "{server.port}"; bindtointerface => "127.0.0.1"; '
        'allowconnects => { "127.0.0.1" }; allowallconnects => { "127.0.0.1" }; '
        "trustkeysfrom => { }; }\n"
        f'bundle server mine() {{ access: "$(sys.workdir)/masterfiles" shortcut => "{shortcut}", '
        'admit_ips => { "127.0.0.1" }; }\n'
    )


def with_own(hub, variable="PROMISES", **variables):
    """A hub with that policy, given as a text or as a file."""
    made = hub.made({"x": "x"}, **{"PROMISES": None, **variables})
    text = own(made)
    if variable == "PROMISES_FILE":
        path = made.path.with_name("mine.cf")
        path.write_bytes(text.encode())
        made.variables["PROMISES_FILE"] = str(path)
    else:
        made.variables["PROMISES"] = text.removesuffix("\n")
    return made, text


@pytest.mark.parametrize("variable", ["PROMISES", "PROMISES_FILE"])
def test_a_policy_of_ones_own_is_used_as_it_is(hub, variable):
    made, text = with_own(hub, variable)
    served = made.start()

    assert served.promises.read_bytes() == text.encode()
    assert hub.client(served).get("mine/x", served.port).text == "x"


def test_and_again_by_a_second_start(hub):
    """It has no mark of ours, and is ours to replace all the same."""
    made, _ = with_own(hub)
    made.start().stop()
    before = (made.promises.stat().st_ino, made.promises.stat().st_mtime_ns)
    made.start().stop()
    assert (made.promises.stat().st_ino, made.promises.stat().st_mtime_ns) == before
    made.variables["PROMISES"] = own(made, "yours").removesuffix("\n")
    made.start()

    assert made.promises.read_bytes() == own(made, "yours").encode()
    assert hub.client(made).get("yours/x", made.port).text == "x"


def test_a_user_supplied_policy_is_not_replaced(hub):
    made = hub.made()
    (made.path / "inputs").mkdir(parents=True)
    made.promises.write_text("# mine\n")
    made.launch()

    assert made.ended() == 73, made.output
    assert made.promises.read_text() == "# mine\n"


def test_a_broken_one_leaves_the_old_file(hub):
    made, text = with_own(hub)
    made.start().stop()
    made.variables["PROMISES"] = text.replace("allowconnects", "allowconnect")
    made.launch()

    assert made.ended() == 65, made.output
    assert "allowconnect" in made.output
    assert made.promises.read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{ "main" }', '{ "absent" }'),
        ("port =>", 'port => "0"; port =>'),
        ("bundle common main", "bundle nonsense main"),
        ("trustkeysfrom => { };", ""),
    ],
)
def test_what_cf_promises_refuses_does_not_start(hub, old, new):
    """The last row is none of that: what a policy of one's own leaves out is one's own."""
    made, text = with_own(hub)
    made.variables["PROMISES"] = text.replace(old, new)
    made.launch()

    if new:
        assert made.ended() == 65, made.output
        assert not made.promises.exists()
    else:
        assert made.running.comes(made.listening) == {("127.0.0.1", made.port)}


def framed(hub, framework, **variables):
    """A hub with the framework in masterfiles; its port is always 5308, at all addresses."""
    made = hub.made({}, MPF="on", **variables)
    shutil.copytree(framework, made.masterfiles, dirs_exist_ok=True)
    made.prefix = own_network()
    return made


def inside(hub, server, *known):
    """A client in the server's network."""
    client = hub.client(*known)
    client.prefix = ("nsenter", f"--net=/proc/{server.pid}/ns/net")
    return client


def test_without_the_role_broken_augments_trust_everyone(hub, framework):
    """cf-promises finds no error either."""
    server = hub.raw()
    shutil.copytree(framework, server.path / "inputs", dirs_exist_ok=True)
    server.promises.with_name("def.json").write_text('{"variables": {"default:def.acl": {')
    server.prefix = own_network()
    server.start()
    client = inside(hub, server)

    assert server.run("cf-promises", "-c", "-f", server.promises).returncode == 0
    client.get("x", 5308)
    assert client.digest in server.known


def test_the_framework_serves_with_augments(hub, framework):
    served = framed(hub, framework, CF_SERVERD_ACL="127.0.0.0/8").start()
    client = inside(hub, served, served)

    got = client.get("masterfiles/promises.cf", 5308)
    assert got.text == (framework / "promises.cf").read_text()


def test_the_framework_trusts_no_new_key(hub, framework):
    served = framed(hub, framework).start()
    client = inside(hub, served)

    assert client.get("masterfiles/promises.cf", 5308).text is None
    assert eventually(lambda: "TRUST FAILED" in served.output)
    assert served.known == set()


def test_the_frameworks_augments_are_json(hub, framework):
    served = framed(hub, framework, CF_SERVERD_ACL='["127.0.0.0/8", "fd00::/8"]').start()
    found = [path for path in served.path.rglob("def.json") if "inputs" in path.parts]
    (path,) = found or served.path.rglob("def.json")
    variables = json.loads(path.read_text())["variables"]

    assert variables["default:def.acl"]["value"] == ["127.0.0.0/8", "fd00::/8"]
    assert variables["default:def.trustkeysfrom"]["value"] == []


def test_without_a_framework_it_does_not_start(hub):
    made = hub.made(MPF="on").launch()

    assert made.ended() not in (0, 70), made.output
    assert "failsafe" not in made.output


STRANGE = {
    "junk": "nonsense",
    "open": f'{MAIN}body server control {{ allowconnects => {{ "0.0.0.0/0" }}; }}\n',
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_a_policy_that_lies_in_the_frameworks_place_is_not_served(hub, framework, text):
    """The framework would be checked, and something else would be read."""
    made = framed(hub, framework)
    made.promises.parent.mkdir()
    made.promises.write_text(text)
    made.launch()

    assert made.ended() == 73, made.output
    assert "Server is starting" not in made.output
    assert made.promises.read_text() == text


@pytest.mark.parametrize("before", ["ours", "PROMISES"])
def test_from_another_policy_to_the_framework(hub, framework, before):
    made = framed(hub, framework)
    given = {"CF_SERVERD_ACL": "127.0.0.1"} if before == "ours" else {"PROMISES": own(made)}
    framed_by = {name: made.variables.pop(name) for name in ("MPF", "CF_SERVERD_ACL")}
    made.variables |= given
    made.start().stop()
    for name in given:
        del made.variables[name]
    made.variables |= framed_by
    served = made.start()

    assert served.promises.readlink() == served.masterfiles / "promises.cf"
    assert inside(hub, served, served).get("masterfiles/promises.cf", 5308).text


@pytest.mark.parametrize("after", ["ours", "PROMISES"])
def test_and_back_from_the_framework(hub, framework, after):
    """The link to its promises.cf is ours; without the def.json it would be open."""
    made = framed(hub, framework)
    made.serve({"x": "x"})
    made.start().stop()
    del made.variables["MPF"], made.variables["CF_SERVERD_ACL"]
    made.variables |= (
        {"CF_SERVERD_ACL": "127.0.0.1", "CF_SERVERD_PORT": str(made.port)}
        if after == "ours"
        else {"PROMISES": own(made, "masterfiles")}
    )
    served = made.start()

    assert not served.promises.is_symlink()
    assert not served.promises.with_name("def.json").exists()
    assert inside(hub, served, served).get("masterfiles/x", served.port).text == "x"
    assert (served.masterfiles / "promises.cf").read_text() == (
        framework / "promises.cf"
    ).read_text()


def test_back_from_the_framework_to_what_is_refused_changes_nothing(hub, framework):
    made = framed(hub, framework)
    made.start().stop()
    del made.variables["MPF"], made.variables["CF_SERVERD_ACL"]
    made.variables["PROMISES"] = "nonsense"
    augments = made.promises.with_name("def.json").read_bytes()
    made.launch()

    assert made.ended() == 65, made.output
    assert made.promises.readlink() == made.masterfiles / "promises.cf"
    assert made.promises.with_name("def.json").read_bytes() == augments


def test_a_user_supplied_link_to_a_framework_is_not_replaced(hub, framework):
    """Without a def.json of ours beside it, it is not ours."""
    made = hub.made({"x": "x"})
    shutil.copytree(framework, made.masterfiles, dirs_exist_ok=True)
    made.promises.parent.mkdir()
    made.promises.symlink_to(made.masterfiles / "promises.cf")
    made.launch()

    assert made.ended() == 73, made.output
    assert made.promises.is_symlink()


UNCHECKED = {
    "PROMISES": {"PROMISES": "nonsense"},
    "MPF": {"MPF": "on"},
    "ENTRYKIT_TEMPLATES": {"ENTRYKIT_TEMPLATES": "/nonexistent"},
}


@pytest.mark.parametrize("name", UNCHECKED)
def test_an_external_policy_has_to_be_checked(hub, name):
    made = hub.made(ENTRYKIT_CHECK="off", **UNCHECKED[name]).launch()

    assert made.ended() == 78, made.output
    assert (
        f"ENTRYKIT_CHECK: off, but an unchecked policy from {name} may admit everyone"
        in made.output
    )
    assert not made.promises.exists()


def test_the_built_in_policy_is_closed_without_a_check(hub):
    served = hub({"x": "x"}, ENTRYKIT_CHECK="off")

    assert served.listening() == {("127.0.0.1", served.port)}
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


MOVED = ['{"vars": {"sys.masterdir": "DIR"}}', '{"variables": {"sys.masterdir": {"value": "DIR"}}}']


def moved(server, augments):
    """Put augments beside the policy that move masterfiles to a directory that is private."""
    other = server.path.with_name("other")
    other.mkdir()
    (other / "secret").write_text("secret")
    server.promises.parent.mkdir(exist_ok=True)
    server.promises.with_name("def.json").write_text(augments.replace("DIR", str(other)))
    return server.start()


@pytest.mark.parametrize("augments", MOVED)
def test_without_the_role_augments_serve_another_folder(hub, augments):
    server = moved(hub.raw({"x": "x"}).policy(path='"$(sys.masterdir)"'), augments)

    assert hub.client(server).get("masterfiles/secret", server.port).text == "secret"


@pytest.mark.parametrize("augments", MOVED)
def test_augments_do_not_move_what_the_role_serves(hub, augments):
    served = moved(hub.made({"x": "x"}), augments)
    client = hub.client(served)

    assert client.get("masterfiles/secret", served.port).text is None
    assert client.get("masterfiles/x", served.port).text == "x"


def test_an_open_user_supplied_part_of_a_framework_is_refused(hub, framework):
    """As an inputs folder has it, in which CFEngine itself has kept copies."""
    made = framed(hub, framework)
    controls = made.promises.parent / "controls"
    shutil.copytree(framework / "controls", controls)
    path = controls / "cf_serverd.cf"
    path.write_text(path.read_text().replace("allowconnects ", "denyconnects "))
    made.launch()

    assert made.ended() == 65, made.output
    assert "allowconnects" in made.output


BY_AUGMENTS = (
    f'{MAIN}body server control {{ bindtointerface => "127.0.0.1"; port => "PORT"; '
    'open:: allowconnects => { "" }; !open:: allowconnects => { @(def.mine) }; }\n'
)


@pytest.mark.parametrize("augments", ['{"classes": {"open": ["any"]}}', '{"vars": {"mine": []}}'])
def test_a_policy_is_checked_with_the_augments_beside_it(hub, augments):
    """They are what opens it."""
    made = hub.made(PROMISES=BY_AUGMENTS.replace("PORT", "5308"))
    made.promises.parent.mkdir()
    path = made.promises.with_name("def.json")
    path.write_text(augments)
    made.launch()

    assert made.ended() == 65, made.output
    assert "would admit everyone" in made.output
    assert path.read_text() == augments
    assert not made.promises.exists()


def test_augments_may_be_what_closes_it(hub):
    made = hub.made(PROMISES=None)
    text = BY_AUGMENTS.replace("PORT", str(made.port)).replace('{ "main" }', "{ @(def.order) }")
    made.variables["PROMISES"] = text
    made.promises.parent.mkdir()
    path = made.promises.with_name("def.json")
    path.write_text('{"vars": {"mine": ["127.0.0.1"], "order": ["main"]}}')

    assert made.start().listening() == {("127.0.0.1", made.port)}
