"""The verdict on a policy: that of cf-promises, and whether it closes the server.

cf-promises accepts what starts a server that is open to everybody, so its own list of what
the server will be told is read (`--show-vars`; tried with 3.21).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from entrykit.daemon.check import run
from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.files.config_file import MARKS
from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd.policy import AUGMENTS
from entrykit.roles.cf_serverd.workdir import WORKDIR_OVERRIDE, program

_WORK: Final = ".entrykit.work"
_VARIABLE_TABLE: Final = re.compile(
    r"^(?:Variable name .*|default:control_server\..*)$\n?", re.MULTILINE
)
_ROW: Final = re.compile(r"^default:control_server\.(\w+)\s+(.*?)\s+source=", re.MULTILINE)
_REFUSAL_HEADING: Final = "cf-promises accepts it, and this is what entrykit has against it:"
_CFENGINE_FOLDERS: Final = frozenset(
    {"inputs", "lastseen", "outputs", "ppkeys", "reports", "state"}
)
_AS_SERVER: Final = ("--define", "server")
_TLS: Final = frozenset({"1.1", "1.2", "1.3"})

ServerControl = Mapping[str, str | list[str]]


def run_check(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """Run cf-promises in a work directory of its own, and judge what it says of the server.

    Args:
        argv: cf-promises, and last the policy in the folder that is judged.
        environ: with CFENGINE_WORKDIR as CFEngine's programs know it.

    Returns:
        The status, and the words: not 0 also where the server would be open to everybody.

    Raises:
        HandOverError: there is no cf-promises.
    """
    path = program(argv[0], environ)
    folder = os.path.dirname(argv[-1])
    with _make_workdir(folder, environ.get(WORKDIR_OVERRIDE)) as work:
        words, own = [path, *argv[1:], *_AS_SERVER], {**environ, WORKDIR_OVERRIDE: work}
        status, said = run([*words, "--show-vars=default:control_server.*"], own)
        tree = "" if status else run([*words, "--policy-output-format=json-full"], own)[1]
    rest = _VARIABLE_TABLE.sub("", said.replace(work, environ.get(WORKDIR_OVERRIDE, work)))
    if status:
        return status, rest
    told = _parse_table(said)
    faults = [*reject_parsed_policy(tree)] or [
        *_check_open_access(told),
        *_check_augments(folder, told),
    ]
    return (1, "\n".join([_REFUSAL_HEADING, *faults, rest])) if faults else (0, rest)


@contextmanager
def _make_workdir(folder: str, live: str | None) -> Iterator[str]:
    """Make a work directory that cf-promises may fill, where policy finds what the live one has."""
    from shutil import rmtree

    work = os.path.join(folder, _WORK)
    rmtree(work, ignore_errors=True)
    os.mkdir(work, 0o700)
    try:
        os.symlink("..", os.path.join(work, "inputs"))
        with suppress(FileNotFoundError, PermissionError, TypeError):
            for entry in os.scandir(live):
                if entry.is_dir() and entry.name not in _CFENGINE_FOLDERS:
                    os.symlink(entry.path, os.path.join(work, entry.name))
        yield work
    finally:
        rmtree(work, ignore_errors=True)


def _parse_table(said: str) -> ServerControl:
    """Read the table: attributes of `body server control`, lists as lists."""
    found: dict[str, Any] = {}
    for name, text in _ROW.findall(said):
        found[name] = _parse_items(text) if text.startswith("{") or not text else text
    return found


def _parse_items(text: str) -> list[str]:
    try:
        items = json.loads(f"[{text[1:-1]}]") if text else []
    except ValueError:
        return [text]
    return [str(item) for item in items]


def _check_open_access(told: ServerControl) -> Iterator[str]:
    """Yield each way in which cf-serverd would be open to everybody, without a word of its own."""
    connecting = told.get("allowconnects")
    if not connecting or connecting == [""]:
        yield "`body server control` has no allowconnects: cf-serverd would admit everybody"
    for name in ("allowconnects", "denyconnects", "trustkeysfrom", "allowallconnects"):
        for item in told.get(name, ()):
            yield from _check_network(name, item)
    version = told.get("allowtlsversion", "1.2")
    if not isinstance(version, str) or version not in _TLS:
        yield f"allowtlsversion {display(''.join(version))}: cf-serverd would allow TLS 1.0"


def _check_network(name: str, item: str) -> Iterator[str]:
    """Judge what is meant as a network; other texts are regular expressions to cf-serverd."""
    if "/" in item:
        try:
            acl.parse_entries([item])
        except InvalidValue as error:
            yield f"{name}: {error}"


def _check_augments(folder: str, told: ServerControl) -> Iterator[str]:
    """Yield what def.json says and the framework does not heed."""
    with suppress(FileNotFoundError):
        with open(os.path.join(folder, "def.json"), encoding="utf-8") as file:
            text = file.read()
        if not text.encode().startswith(MARKS):
            return
        variables = json.loads(text)["variables"]
        for name, attribute in AUGMENTS.items():
            wanted = variables.get(f"default:def.{name}", {}).get("value")
            if wanted is None or _is_heeded(wanted, told.get(attribute, [])):
                continue
            yield f"def.json: this policy does not heed {name} for {attribute}"


def _is_heeded(wanted: str | list[str], found: str | list[str]) -> bool:
    """Whether a list of ours is all there; the hub itself may be more.

    Its address is a variable in newer frameworks (3.24), without a value until it is bootstrapped.
    """
    if isinstance(wanted, str):
        return wanted == found
    own = {"127.0.0.1", "::1", "$(sys.policy_hub)"}
    return {*wanted} <= {*found} and {*found} - {*wanted} <= own


_BODY: Final = ("default", "server", "control")


_TABLE_BUNDLE: Final = "control_server"


def reject_parsed_policy(said: str) -> Iterator[str]:
    """Yield why the table does not tell what cf-serverd will do.

    Args:
        said: what `cf-promises -p json-full` has said, warnings and all.
    """
    tree = _extract_json(said)
    bodies = [body for body in tree.get("bodies", ()) if _body_key(body) == _BODY]
    if not bodies:
        yield "no `body server control`: cf-serverd would listen everywhere, on port 5308"
    for context in (each["name"] for body in bodies for each in body["contexts"]):
        if "common" in re.findall(r"\w+", context):
            reason = "cf-promises has the class common and cf-serverd has not"
            yield f"`body server control` depends on {display(context)}: {reason}"
    if any(bundle["name"] == _TABLE_BUNDLE for bundle in tree.get("bundles", ())):
        yield f"a bundle {_TABLE_BUNDLE}: its variables look like those of `body server control`"


def _body_key(body: dict[str, Any]) -> tuple[str, str, str]:
    return body["namespace"], body["bodyType"], body["name"]


def _extract_json(said: str) -> dict[str, Any]:
    """Find the JSON among the warnings, which quote lines of the policy."""
    for begin in re.finditer(r"^\{", said, re.MULTILINE):
        try:
            tree, _ = json.JSONDecoder().raw_decode(said, begin.start())
        except ValueError:
            continue
        if isinstance(tree, dict) and "bodies" in tree:
            return tree
    return {}
