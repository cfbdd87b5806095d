"""TCP ports."""

from __future__ import annotations

import re
from typing import Final

from entrykit.display import shown
from entrykit.faults import Faults

_HIGHEST: Final = 65535
_is_number: Final = re.compile("[1-9][0-9]{0,4}").fullmatch


def port(text: str) -> int:
    """Parse a TCP port, 1 to 65535: digits alone, and no zero before them.

    Raises:
        Faults: it is none.
    """
    if _is_number(text) and int(text) <= _HIGHEST:
        return int(text)
    raise Faults([f"{shown(text)}: not a port (expected 1 to {_HIGHEST})"])
