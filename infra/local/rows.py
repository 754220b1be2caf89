"""The rows of a person's data as requests would carry them, for an example to paste and for load tests.

Conversion reads the same files by its own code: what is compared with scikit-learn must not decide what is sent.
"""

__all__ = ["RowsError", "read_rows", "to_value"]

import csv
from math import isfinite, isnan
from typing import TYPE_CHECKING

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from function.contract import Contract, Feature, Row, Value

BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
"""What conversion takes for a boolean cell."""

_PARQUET = (".parquet", ".pq")


class RowsError(NightjarError):
    """The file cannot be read, or is not of the model."""


def read_rows(data: "Path", contract: "Contract") -> "Iterator[tuple[str, Row]]":
    """Read the rows of a CSV or Parquet file.

    Args:
        data: File with a column for each feature. A missing answer is an empty cell (CSV), a null or a NaN (Parquet).
        contract: What each column means.

    Yields:
        Where the row is from, such as ``line 2``, and its values by feature name; None for a missing answer.

    Raises:
        RowsError: The file or a column is missing, or a value is not of its feature's kind.
    """
    names = [feature.name for feature in contract.features]
    read = _parquet if data.suffix.lower() in _PARQUET else _csv
    for place, cells in read(data, names):
        try:
            pairs = zip(contract.features, cells, strict=True)
            row = {feature.name: to_value(feature, cell) for feature, cell in pairs}
        except ValueError as error:
            raise RowsError(f"{data} {place}: {error}; give the data that the model is of") from error
        yield place, row


type _Cells = list[str | float | None]


def _csv(data: "Path", names: "Sequence[str]") -> "Iterator[tuple[str, _Cells]]":
    try:
        with data.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            _insist(data, names, reader.fieldnames or ())
            for record in reader:
                yield f"line {reader.line_num}", [record[name] or None for name in names]
    except OSError as error:
        raise RowsError(f"cannot read {data}: {error.strerror}; check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RowsError(f"{data} is not a CSV file in UTF-8: {error}; check the path") from error


def _parquet(data: "Path", names: "Sequence[str]") -> "Iterator[tuple[str, _Cells]]":
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(data) as file:
            _insist(data, names, file.schema_arrow.names)
            place = 0
            for batch in file.iter_batches(columns=list(names)):
                for record in batch.to_pylist():
                    place += 1
                    yield f"row {place}", [record[name] for name in names]
    except FileNotFoundError as error:
        raise RowsError(f"cannot read {data}: No such file or directory; check the path") from error
    except (pa.ArrowException, OSError) as error:
        raise RowsError(f"{data} is not a Parquet file: {str(error).splitlines()[0]}") from error


def _insist(data: "Path", wanted: "Sequence[str]", found: "Sequence[str]") -> None:
    if missing := [name for name in wanted if name not in found]:
        raise RowsError(f"{data} has no column {', '.join(missing)}; give the data that the model is of")


def to_value(feature: "Feature", cell: str | float | None) -> "Value":
    """Return the JSON value of a cell.

    Raises:
        ValueError: It is not of the feature's kind.
    """
    if cell is None or (isinstance(cell, float) and isnan(cell)):
        return None
    try:
        match feature.kind:
            case "integer":
                return _integer(cell)
            case "number":
                return _number(cell)
            case "boolean":
                return BOOLEANS[str(cell).lower()]
            case "category" | "text":
                return str(cell)
    except (KeyError, OverflowError, ValueError):
        raise ValueError(f"{feature.name} is {cell!r}, which is not of kind {feature.kind}") from None


def _number(cell: str | float) -> float:
    number = float(cell)
    # Python reads 1_000 as a number, programs that write data do not mean one by it; JSON knows no infinity.
    if not isfinite(number) or "_" in str(cell):
        raise ValueError
    return number


def _integer(cell: str | float) -> int:
    if not _number(cell).is_integer():
        raise ValueError
    try:
        return int(cell)  # every digit, also beyond those of a float
    except ValueError:
        return int(float(cell))
