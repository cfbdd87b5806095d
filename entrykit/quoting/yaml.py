"""Quote for YAML, whichever version of it a daemon reads."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from entrykit.quoting.base import QuotingError
from entrykit.variables.secret import Secret

if TYPE_CHECKING:
    from yaml import MappingNode, SafeDumper, ScalarNode, SequenceNode


_TEXT: Final = "tag:yaml.org,2002:str"
_is_bare: Final = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z][a-z0-9]*\Z").match


def quote_yaml(value: object) -> str:
    """Write a map in YAML: every text quoted, and lists on one line.

    Between double quotes any text is itself, whichever version of YAML is read: a plain
    0012345, 1e10 or yes is not (tried with Go's yaml.v2). A key is plain where it is a lower-case
    word that means nothing else.

    Args:
        value: dicts with keys of text, lists, texts, secrets, bools and numbers.
    """
    import yaml

    class Quoting(yaml.SafeDumper):
        """A dumper without aliases: equal parts are written out."""

        def ignore_aliases(self, _data: object) -> bool:
            return True

    Quoting.add_representer(str, _represent_text)
    Quoting.add_representer(Secret, _represent_text)
    Quoting.add_representer(dict, _represent_map)
    Quoting.add_representer(list, _represent_list)
    try:
        return yaml.dump(
            value, Dumper=Quoting, allow_unicode=True, width=math.inf, sort_keys=False
        ).removesuffix("\n")
    except yaml.YAMLError as error:
        raise QuotingError(f"YAML cannot hold it: {type(error).__name__}") from None


def _represent_text(dumper: SafeDumper, value: str | Secret) -> ScalarNode:
    text = value.reveal() if isinstance(value, Secret) else value
    return dumper.represent_scalar(_TEXT, text, style='"')


def _represent_map(dumper: SafeDumper, value: dict[str, object]) -> MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=False)
    for key, _ in node.value:
        if _is_bare(key.value):
            key.style = None
    return node


def _represent_list(dumper: SafeDumper, value: list[object]) -> SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
