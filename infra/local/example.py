"""A request that a person can paste: a real row of the data, in the contract's terms, quoted for a shell."""

__all__ = ["curl", "example_row"]

import json
import shlex
from typing import TYPE_CHECKING

from infra.local.rows import RowsError, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from function.contract import Contract, Row


def example_row(data: "Path", contract: "Contract") -> "Row":
    """Return the first row in which every feature has an answer, or else the first row.

    A missing answer is null where null is one, and left out elsewhere.

    Raises:
        RowsError: As :func:`infra.local.rows.read_rows`, or there is no row.
    """
    first = None
    for _, row in read_rows(data, contract):
        if None not in row.values():
            return row
        first = first or row
    if first is None:
        raise RowsError(f"{data} has no rows, wanted at least one")
    nullable = {feature.name for feature in contract.features if feature.nullable}
    return {name: value for name, value in first.items() if value is not None or name in nullable}


def curl(base_url: str, rows: "Sequence[Row]") -> str:
    """Return a command for sh, bash or zsh that asks for predictions of rows; one line."""
    body = json.dumps({"instances": list(rows)})
    words = ["curl", "-sS", f"{base_url}/predictions", "-H", "content-type: application/json", "-d", body]
    return shlex.join(words)
