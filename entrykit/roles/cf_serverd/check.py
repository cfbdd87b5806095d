"""The check of a policy: what cf-promises reports, and whether the server would be open.

cf-promises accepts policies with which the server admits everyone. So its table of the attributes
of `body server control` (`--show-vars`) and its parsed policy are checked as well (tried with
3.21).
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
from entrykit.roles.cf_serverd.workdir import WORKDIR_OVERRIDE, find_program

_WORK: Final = ".entrykit.work"
_VARIABLE_TABLE: Final = re.compile(
    r"^(?:Variable name .*|default:control_server\..*)$\n?", re.MULTILINE
)
_ROW: Final = re.compile(r"^default:control_server\.(\w+)\s+(.*?)\s+source=", re.MULTILINE)
_REFUSAL_HEADING: Final = "cf-promises accepts it, but entrykit refuses it:"
_CFENGINE_FOLDERS: Final = frozenset(
    {"inputs", "lastseen", "outputs", "ppkeys", "reports", "state"}
)
_AS_SERVER: Final = ("--define", "server")
_TLS: Final = frozenset({"1.1", "1.2", "1.3"})
_BODY: Final = ("default", "server", "control")
_TABLE_BUNDLE: Final = "control_server"

ServerControl = Mapping[str, str | list[str]]


def run_check(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """Run cf-promises in a temporary work directory, and check what it reports of the server.

    Args:
        argv: cf-promises with its options, and last the policy.
        environ: with CFENGINE_WORKDIR as CFEngine's programs know it.

    Returns:
        The status and the output; the status is not 0 either if the server would be open.

    Raises:
        HandOverError: cf-promises does not exist.
    """
    path = find_program(argv[0], environ)
    folder = os.path.dirname(argv[-1])
    with _make_workdir(folder, environ.get(WORKDIR_OVERRIDE)) as work:
        words, own = [path, *argv[1:], *_AS_SERVER], {**environ, WORKDIR_OVERRIDE: work}
        status, output = run([*words, "--show-vars=default:control_server.*"], own)
        parsed = "" if status else run([*words, "--policy-output-format=json-full"], own)[1]
    messages = _VARIABLE_TABLE.sub("", output.replace(work, environ.get(WORKDIR_OVERRIDE, work)))
    if status:
        return status, messages
    control = _parse_table(output)
    errors = [*_check_parsed_policy(parsed)] or [
        *_check_open_access(control),
        *_check_augments(folder, control),
    ]
    return (1, "\n".join([_REFUSAL_HEADING, *errors, messages])) if errors else (0, messages)


@contextmanager
def _make_workdir(folder: str, live: str | None) -> Iterator[str]:
    """Make a work directory that cf-promises may fill, with links to what the live one contains."""
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


def _parse_table(output: str) -> ServerControl:
    """Parse the table of the attributes of `body server control`; lists become lists."""
    found: dict[str, Any] = {}
    for name, text in _ROW.findall(output):
        found[name] = _parse_items(text) if text.startswith("{") or not text else text
    return found


def _parse_items(text: str) -> list[str]:
    try:
        items = json.loads(f"[{text[1:-1]}]") if text else []
    except ValueError:
        return [text]
    return [str(item) for item in items]


def _check_open_access(control: ServerControl) -> Iterator[str]:
    """Yield each way in which cf-serverd would silently be open to everyone."""
    connecting = control.get("allowconnects")
    if not connecting or connecting == [""]:
        yield "`body server control` has no allowconnects: cf-serverd would admit everyone"
    for name in ("allowconnects", "denyconnects", "trustkeysfrom", "allowallconnects"):
        for item in control.get(name, ()):
            yield from _check_network(name, item)
    version = control.get("allowtlsversion", "1.2")
    if not isinstance(version, str) or version not in _TLS:
        yield f"allowtlsversion {display(''.join(version))}: cf-serverd would allow TLS 1.0"


def _check_network(name: str, item: str) -> Iterator[str]:
    """Check an item that is meant as a network; others are regular expressions to cf-serverd."""
    if "/" in item:
        try:
            acl.parse_entries([item])
        except InvalidValue as error:
            yield f"{name}: {error}"


def _check_augments(folder: str, control: ServerControl) -> Iterator[str]:
    """Yield each variable of def.json that the framework ignores."""
    with suppress(FileNotFoundError):
        with open(os.path.join(folder, "def.json"), encoding="utf-8") as file:
            text = file.read()
        if not text.encode().startswith(MARKS):
            return
        variables = json.loads(text)["variables"]
        for name, attribute in AUGMENTS.items():
            wanted = variables.get(f"default:def.{name}", {}).get("value")
            if wanted is None or _is_effective(wanted, control.get(attribute, [])):
                continue
            yield f"def.json: this policy ignores {name}, which should set {attribute}"


def _is_effective(wanted: str | list[str], found: str | list[str]) -> bool:
    """Whether a list is in force, with no other entry than addresses of the hub itself.

    These are a variable in newer frameworks (3.24), without a value until it is bootstrapped.
    """
    if isinstance(wanted, str):
        return wanted == found
    own = {"127.0.0.1", "::1", "$(sys.policy_hub)"}
    return {*wanted} <= {*found} and {*found} - {*wanted} <= own


def _check_parsed_policy(output: str) -> Iterator[str]:
    """Yield each reason why the table does not show what cf-serverd will do.

    Args:
        output: of `cf-promises -p json-full`, with warnings.
    """
    tree = _extract_json(output)
    bodies = [body for body in tree.get("bodies", ()) if _body_key(body) == _BODY]
    if not bodies:
        yield "no `body server control`: cf-serverd would listen on every address, port 5308"
    for context in (each["name"] for body in bodies for each in body["contexts"]):
        if "common" in re.findall(r"\w+", context):
            reason = "cf-promises defines the class common, and cf-serverd does not"
            yield f"`body server control` depends on {display(context)}: {reason}"
    if any(bundle["name"] == _TABLE_BUNDLE for bundle in tree.get("bundles", ())):
        yield f"a bundle {_TABLE_BUNDLE}: its variables look like those of `body server control`"


def _body_key(body: dict[str, Any]) -> tuple[str, str, str]:
    return body["namespace"], body["bodyType"], body["name"]


def _extract_json(output: str) -> dict[str, Any]:
    """Find the JSON among the warnings, which quote lines of the policy."""
    for begin in re.finditer(r"^\{", output, re.MULTILINE):
        try:
            tree, _ = json.JSONDecoder().raw_decode(output, begin.start())
        except ValueError:
            continue
        if isinstance(tree, dict) and "bodies" in tree:
            return tree
    return {}
