"""The ways in which cf-serverd comes up open, or deaf, and looks healthy: found by trying.

All of 3.21.0, 3.24.1 and 3.27.3 behave so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cf_serverd.hubs import MAIN

OTHER = '{ "192.0.2.1" }'


@dataclass(frozen=True)
class Trap:
    """One of them.

    Attributes:
        fall: gives a server without the role the policy that has it.
        seen: what comes of it: a function from the server and a client to whether that is so.
        refused: variables that would be the same, and the code that the role ends with.
        named: the variable that it names.
    """

    fall: Callable
    seen: Callable
    named: str
    refused: tuple[dict[str, str | None], ...]
    code: int = 78


def failsafe(server, client):
    """The built-in policy, on every address and another port."""
    assert "failsafe" in server.output
    return server.listening() == {("::", 5308)} and refuses(client, 5308)


def everywhere(server, _client):
    """It listens on every address, and not on the port that was meant."""
    return server.listening() == {("::", 5308)}


def admits(server, client):
    """A client that was not meant gets the file."""
    return accepted(server) and client.get("masterfiles/x", server.port).text == "x"


def deaf(server, client):
    """cf-promises finds no error, it listens, and no client gets the file."""
    return accepted(server) and refuses(client, server.port)


def weak(server, client):
    """It takes older TLS than any that was named."""
    weak_version = "using the minimum required version 1.0" in server.output
    return weak_version and admits(server, client)


def trusting(server, client):
    """An unknown key is trusted, for ever."""
    (server.ppkeys / f"root-{client.digest}.pub").unlink()
    return admits(server, client) and client.digest in server.known


def refuses(client, port):
    """Whether the client gets nothing although the server listens."""
    return client.get("masterfiles/x", port).text is None


def accepted(server):
    """Whether cf-promises finds no error and cf-serverd listens where it should."""
    checked = server.run("cf-promises", "-c", "-f", server.promises)
    assert checked.returncode == 0, checked.stdout
    return server.listening() == {("127.0.0.1", server.port)}


def policy(**attributes):
    """A policy with such lines in `body server control`."""
    return lambda server: server.policy(**attributes)


def listed(entries):
    """A policy with such a list of clients."""
    return policy(allowconnects=entries, allowallconnects=entries)


def in_context(name, entries):
    """A policy with such a list of clients for a class; of others there is none."""
    lists = {f"{name}:: allowconnects": entries, f"{name}:: allowallconnects": entries}
    return policy(allowconnects=None, allowallconnects=None, **lists)


def acl(*texts):
    return tuple({"CF_SERVERD_ACL": text} for text in texts)


UNDEFINED = MAIN.replace('{ "main" }', '{ "absent" }')

TRAPS = {
    "no promises.cf": Trap(
        lambda server: server,
        failsafe,
        "PROMISES_FILE",
        ({"PROMISES_FILE": "/nonexistent/promises.cf"},),
    ),
    "an invalid promises.cf": Trap(
        lambda server: server.write("nonsense"),
        failsafe,
        "nonsense",
        ({"PROMISES": "nonsense"},),
        65,
    ),
    "a bundle that is not there": Trap(
        lambda server: server.write(UNDEFINED),
        failsafe,
        "absent",
        ({"PROMISES": f'{UNDEFINED}body server control {{ port => "5308"; }}\n'},),
        65,
    ),
    "no body server control": Trap(
        lambda server: server.write(MAIN),
        everywhere,
        "no `body server control`",
        ({"PROMISES": MAIN},),
        65,
    ),
    "an empty list": Trap(
        listed("{ }"), admits, "CF_SERVERD_ACL", acl(None, "", "[]", ",", " ", "\n")
    ),
    "a list of an empty text": Trap(
        listed('{ "" }'), admits, "CF_SERVERD_ACL", acl('[""]', '["127.0.0.1", ""]')
    ),
    "no list": Trap(
        policy(allowconnects=None, allowallconnects=None),
        admits,
        "CF_SERVERD_ALLOWCONNECTS",
        ({"CF_SERVERD_ALLOWCONNECTS": "[]"}, {"CF_SERVERD_ALLOWCONNECTS": '[""]'}),
    ),
    "a regular expression": Trap(
        listed('{ ".*" }'), admits, "CF_SERVERD_ACL", acl(".*", "127\\.0\\.0\\.1", "127.0.0.*")
    ),
    "the beginning of an address": Trap(
        listed('{ "127.0" }'), admits, "CF_SERVERD_ACL", acl("127.0", "127", "127.0.", "127.0.0")
    ),
    "a network too small to be one": Trap(
        listed('{ "127.0.0.0/33" }'),
        deaf,
        "CF_SERVERD_ACL",
        acl("127.0.0.0/33", "127.0.0.0/", "127.0.0.0/-1", "127.0.0.0/x", "fd00::/129"),
    ),
    "an address that is none": Trap(
        listed('{ "300.1.1.1", "::zz" }'), deaf, "CF_SERVERD_ACL", acl("300.1.1.1", "::zz")
    ),
    "a name of a host": Trap(
        listed('{ "localhost" }'), deaf, "CF_SERVERD_ACL", acl("localhost", "hub.example.com")
    ),
    "an IPv4 address in IPv6": Trap(
        listed('{ "::ffff:127.0.0.1" }'), deaf, "CF_SERVERD_ACL", acl("::ffff:127.0.0.1")
    ),
    "an admitted network that is none": Trap(
        policy(admit_ips='{ "127.0.0.0/33" }'),
        deaf,
        "CF_SERVERD_ADMIT_IPS",
        ({"CF_SERVERD_ADMIT_IPS": "127.0.0.0/33"}, {"CF_SERVERD_ADMIT_IPS": "127.0"}),
    ),
    "a denied network that is none": Trap(
        policy(denyconnects='{ "127.0.0.0/33" }'),
        admits,
        "CF_SERVERD_DENYCONNECTS",
        ({"CF_SERVERD_DENYCONNECTS": "127.0.0.0/33"},),
    ),
    "a denied name": Trap(
        policy(denyconnects='{ "localhost" }'),
        admits,
        "CF_SERVERD_DENYCONNECTS",
        ({"CF_SERVERD_DENYCONNECTS": "localhost"},),
    ),
    "a TLS version that is none": Trap(
        policy(allowtlsversion='"1.7"'),
        weak,
        "CF_SERVERD_ALLOWTLSVERSION",
        tuple({"CF_SERVERD_ALLOWTLSVERSION": text} for text in ("1.7", "1.0", "1.1", "TLS1.2")),
    ),
    "a relative path": Trap(
        policy(path='"masterfiles"'),
        deaf,
        "CF_SERVERD_MASTERFILES",
        ({"CF_SERVERD_MASTERFILES": "masterfiles"}, {"CF_SERVERD_MASTERFILES": "./masterfiles"}),
    ),
    "a folder that is not there": Trap(
        policy(path='"/nonexistent"'),
        deaf,
        "CF_SERVERD_MASTERFILES",
        ({"CF_SERVERD_MASTERFILES": "/nonexistent"},),
    ),
    "a reference that does not end": Trap(
        policy(path='"/$(x"'), deaf, "CF_SERVERD_MASTERFILES", ({"CF_SERVERD_MASTERFILES": "/$(x"},)
    ),
    "a reference": Trap(
        policy(path='"$(sys.workdir)/masterfiles"'),
        admits,
        "CF_SERVERD_MASTERFILES",
        tuple(
            {"CF_SERVERD_MASTERFILES": text}
            for text in ("/$(sys.workdir)", "/${sys.workdir}", "/@(x)", "/@{x}", "/a\nb", "/\x7f")
        ),
    ),
    "a list for cf-promises alone": Trap(
        in_context("common", OTHER),
        admits,
        'depends on "common"',
        ({"PROMISES": f"{MAIN}body server control {{ common:: allowconnects => {OTHER}; }}\n"},),
        65,
    ),
    "a list that cf-serverd alone has": Trap(
        in_context("server", '{ "" }'),
        admits,
        "would admit everyone",
        ({"PROMISES": f"{MAIN}body server control {{ server:: allowconnects => {{ }}; }}\n"},),
        65,
    ),
    "trust in all keys": Trap(
        policy(trustkeysfrom='{ "0.0.0.0/0" }'),
        trusting,
        "CF_SERVERD_TRUSTKEYSFROM",
        ({"CF_SERVERD_TRUSTKEYSFROM": "127"}, {"CF_SERVERD_TRUSTKEYSFROM": ".*"}),
    ),
}

# Those that also refuse a user-supplied policy, which may use regular expressions.
CHECKED = (
    "an invalid promises.cf",
    "a bundle that is not there",
    "no body server control",
    "an empty list",
    "a list of an empty text",
    "a list for cf-promises alone",
    "a list that cf-serverd alone has",
    "no list",
    "a network too small to be one",
    "a denied network that is none",
    "a TLS version that is none",
)
