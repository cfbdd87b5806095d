"""The types of the variables: from text to a value, or a clear error."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.api import InvalidValue, display, parse_line, types

# rabbitmq.conf has no quotes: blanks around a value are dropped, # begins a comment wherever it
# stands, $( names another setting (cuttlefish, conf_parse.peg). Newer releases know quotes, with
# which a value must not begin either.
_holds: Final = re.compile(r"(?![ '\"])(?:(?!\$\()[\x20-\x7e])+(?<! )").fullmatch
_share: Final = re.compile(r"0?\.[0-9]{1,4}|1\.0{1,4}").fullmatch
_percent: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%").fullmatch
_amount: Final = re.compile(r"[1-9][0-9]{0,14}(?:[kK]i?B?|[MG]i?B?)?").fullmatch
_WHOLE: Final = 100


def can_hold(text: str) -> bool:
    """Whether rabbitmq.conf can hold a value."""
    return bool(_holds(text)) and "#" not in text


def path(text: str) -> str:
    """Accept an absolute path that rabbitmq.conf can hold."""
    if not text.startswith("/") or text.endswith("/"):
        raise InvalidValue([f"{display(text)}: not the path of a file (e.g. /certs/server.pem)"])
    if not can_hold(text):
        message = "rabbitmq.conf cannot hold it (expected ASCII without # and $()"
        raise InvalidValue([f"{display(text)}: {message}"])
    return text


def name(text: str) -> str:
    """Accept the name of a user or a virtual host."""
    return parse_line(text)


def watermark(text: str) -> str:
    """Parse how much memory the server may use; a value for the key of its kind.

    Returns:
        `relative = 0.4` for 0.4 and 40%, of the memory that there is; `absolute = 512MiB` for
        512MiB and other amounts, with the units of RabbitMQ: kB, KiB, MB, MiB, GB, GiB.
    """
    if found := _percent(text):
        whole, hundredths = int(found[1]), found[2] or ""
        share = f"{whole // _WHOLE}.{whole % _WHOLE:02}{hundredths}"
    elif _share(text):
        share = text if text[0] != "." else f"0{text}"
    elif _amount(text):
        return f"absolute = {text}"
    else:
        expected = "e.g. 0.4, 40% or 512MiB"
        raise InvalidValue(
            [f"{display(text)}: neither a share of the memory nor an amount ({expected})"]
        )
    if not 0 < float(share) <= 1:
        raise InvalidValue([f"{display(text)}: not a share of the memory (expected 1% to 100%)"])
    return f"relative = {share}"


Path = Annotated[str, PlainValidator(path), types.TypeInfo("path", is_path=True)]
Name = Annotated[str, PlainValidator(name), types.TypeInfo("text")]
Watermark = Annotated[str, PlainValidator(watermark), types.TypeInfo("share or amount")]
