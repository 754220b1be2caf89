"""What the interpreter and the runtime client cost: nobody can start quicker."""

from typing import Any

__all__ = ["handler"]


def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Answer without looking."""
    return {"statusCode": 200, "body": "{}"}
