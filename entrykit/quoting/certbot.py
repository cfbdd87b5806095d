"""Quote for certbot's cli.ini, which configargparse reads."""

from __future__ import annotations

import re
from typing import Final

from entrykit.quoting.base import QuotingError, describe_value, to_text

# Characters that mean themselves in a value without quotes.
_is_bare: Final = re.compile(r"[A-Za-z0-9._:/,@%+=-]+").fullmatch


def quote_certbot_ini(value: object) -> str:
    """Quote a value of certbot's ini, which is ConfigArgParse's default format.

    It has no escapes: a value stands between quotes of either kind, and ends at the
    first of that kind before a comment or the end of the line. A value in
    brackets is a list, also between quotes.
    """
    text = value if type(value) is str else to_text(value)
    if _is_bare(text):
        return text
    refusal = _refusal(text)
    if refusal:
        raise QuotingError(f"{describe_value(value)}: certbot's ini cannot hold it: {refusal}")
    return f"'{text}'" if '"' in text else f'"{text}"'


def _refusal(text: str) -> str | None:
    if any(char < " " or char == "\x7f" for char in text):
        return "a control character or more than one line"
    if text.startswith("[") and text.endswith("]"):
        return "in brackets it is a list"
    return "both kinds of quotes" if '"' in text and "'" in text else None
