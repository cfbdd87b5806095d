"""The policy as cf-promises has parsed it: what the table of variables does not tell.

That is made by cf-promises, and not by cf-serverd: the one has the class `common`, the other
`server`. And it has a row for each variable of a bundle that is called as the body is (tried
with 3.21, 3.24 and 3.27, `-p json-full`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from entrykit.display import shown

_OURS: Final = ("default", "server", "control")
_TABLE: Final = "control_server"


def faults(said: str) -> Iterator[str]:
    """Yield why the table does not tell what cf-serverd will do.

    Args:
        said: what `cf-promises -p json-full` has said, warnings and all.
    """
    tree = _tree(said)
    bodies = [body for body in tree.get("bodies", ()) if _named(body) == _OURS]
    if not bodies:
        yield "no `body server control`: cf-serverd would listen everywhere, on port 5308"
    for context in (each["name"] for body in bodies for each in body["contexts"]):
        if "common" in re.findall(r"\w+", context):
            reason = "cf-promises has the class common and cf-serverd has not"
            yield f"`body server control` depends on {shown(context)}: {reason}"
    if any(bundle["name"] == _TABLE for bundle in tree.get("bundles", ())):
        yield f"a bundle {_TABLE}: its variables look like those of `body server control`"


def _named(body: dict[str, Any]) -> tuple[str, str, str]:
    return body["namespace"], body["bodyType"], body["name"]


def _tree(said: str) -> dict[str, Any]:
    """Find the JSON among the warnings, which quote lines of the policy."""
    for begin in re.finditer(r"^\{", said, re.MULTILINE):
        try:
            tree, _ = json.JSONDecoder().raw_decode(said, begin.start())
        except ValueError:
            continue
        if isinstance(tree, dict) and "bodies" in tree:
            return tree
    return {}
