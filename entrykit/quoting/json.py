"""Write JSON."""

from __future__ import annotations

from entrykit.quoting.base import QuotingError


def quote_json(value: object) -> str:
    """Write JSON, of JSON's own types; a secret is none of them."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError) as error:
        raise QuotingError(f"JSON cannot hold it: {error}") from None
