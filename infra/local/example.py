"""A request that a person can paste: a real row of the data, in the contract's terms, quoted for a shell."""

__all__ = ["ExampleError", "curl", "example_row", "read_rows", "to_value"]

import csv
import json
import shlex
from typing import TYPE_CHECKING

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from function.contract import Contract, Feature, Row, Value

BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
"""What conversion takes for a boolean cell."""


class ExampleError(NightjarError):
    """The data holds no row that could serve as an example."""


def read_rows(data: "Path", contract: "Contract") -> "Iterator[Row]":
    """Read the rows of a CSV file as a request would carry them.

    Args:
        data: File with a column for each feature; an empty cell is a missing answer.
        contract: What each column means.

    Yields:
        Values by feature name; None for a missing answer.

    Raises:
        ExampleError: The file or a column is missing, or a value is not of its feature's kind.
    """
    try:
        file = data.open(newline="", encoding="utf-8")
    except OSError as error:
        raise ExampleError(f"cannot read {data}: {error.strerror}; check the path") from error
    with file:
        reader = csv.DictReader(file, restval="")
        names = [feature.name for feature in contract.features]
        if missing := sorted(set(names) - set(reader.fieldnames or ())):
            raise ExampleError(
                f"{data} has no column {', '.join(missing)}; give the data that the model is of"
            )
        for line, record in enumerate(reader, start=2):
            try:
                row = {feature.name: to_value(feature, record[feature.name]) for feature in contract.features}
            except ValueError as error:
                raise ExampleError(
                    f"{data}, line {line}: {error}; give the data that the model is of"
                ) from error
            yield row


def example_row(data: "Path", contract: "Contract") -> "Row":
    """Return the first row in which every feature has an answer, or else the first row.

    A missing answer is null where null is one, and left out elsewhere.

    Raises:
        ExampleError: As :func:`read_rows`, or there is no row.
    """
    first = None
    for row in read_rows(data, contract):
        if None not in row.values():
            return row
        first = first or row
    if first is None:
        raise ExampleError(f"{data} has no rows, wanted at least one")
    nullable = {feature.name for feature in contract.features if feature.nullable}
    return {name: value for name, value in first.items() if value is not None or name in nullable}


def to_value(feature: "Feature", cell: str) -> "Value":
    """Return the JSON value of a CSV cell.

    Raises:
        ValueError: The text is not of the feature's kind.
    """
    if cell == "":
        return None
    try:
        match feature.kind:
            case "integer":
                number = float(cell)
                if number.is_integer():
                    return int(number)
                raise ValueError
            case "number":
                return float(cell)
            case "boolean":
                return BOOLEANS[cell.lower()]
            case "category" | "text":
                return cell
    except (KeyError, OverflowError, ValueError):
        raise ValueError(f"{feature.name} is {cell!r}, which is not of kind {feature.kind}") from None


def curl(base_url: str, rows: "Sequence[Row]") -> str:
    """Return a command for sh, bash or zsh that asks for predictions of rows; one line."""
    body = json.dumps({"instances": list(rows)})
    words = ["curl", "-sS", f"{base_url}/predictions", "-H", "content-type: application/json", "-d", body]
    return shlex.join(words)
