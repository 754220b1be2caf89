"""Log lines that are JSON objects."""

__all__ = ["decoded"]

import json
from typing import Any


def decoded(message: str) -> dict[str, Any] | None:
    """Return the object that a line holds, or None when it is another line."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        line = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
