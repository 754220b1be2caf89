"""How a problem is worded: what was seen, what is wanted and where, in a client's own terms."""

__all__ = ["clipped", "kind_of", "pointer", "shown", "wanted"]

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from function.contract import Feature

SHOWN = 40
"""Characters of a client's own value repeated to it."""


def wanted(feature: "Feature") -> str:
    """Say what a feature accepts, in words."""
    match feature.kind:
        case "category":
            words = "one of " + ", ".join(json.dumps(c, ensure_ascii=False) for c in feature.categories)
        case "text":
            words = "a string"
        case "boolean":
            words = "true or false"
        case kind:
            words = "a whole number" if kind == "integer" else "a number"
            if feature.outside == "reject" and feature.minimum is not None and feature.maximum is not None:
                words += f" from {feature.minimum:g} to {feature.maximum:g}"
            if feature.unit:
                words += f" ({feature.unit})"
    return words + " or null" if feature.nullable else words


def kind_of(value: Any) -> str:
    """Say what a parsed JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return f"the number {clipped(_number(value))}"
    if isinstance(value, str):
        return f"the string {shown(value)}"
    return "an array" if isinstance(value, list) else "an object"


def _number(value: float) -> str:
    try:
        return repr(value)
    except ValueError:  # more digits than Python converts to text
        return "of thousands of digits"


def shown(text: str) -> str:
    """Quote a client's own text to it, shortened."""
    return clipped(json.dumps(text))


def clipped(text: str) -> str:
    """Shorten a text that a client sent."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer as a URI fragment (RFC 6901, sections 3 and 6)."""
    from urllib.parse import quote  # only requests with an error pay for this import

    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join("/" + quote(part, safe="~!$&'()*+,;=:@", errors="replace") for part in escaped)
