"""Data rows in both forms that the proof compares: JSON values as in a request, and the frame scikit-learn sees.

The two are made from the same cells by separate code: rows go through ``function.encoding``, the frame goes to
the estimator as its author fitted it.
"""

__all__ = ["SUFFIXES", "Dataset", "frame_of", "integer_of", "load_dataset", "number_of", "read_table"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from function.contract import Row, Value
from model_conversion.errors import InputError, first_line
from model_conversion.schema import FeatureSchema, Schema

SUFFIXES = (".csv", ".parquet", ".pq")

BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}

type Cells = list[Value]
"""One column. A CSV file holds text only; None is an empty cell, a null, or a NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The data a model was fitted on, or data like it.

    Attributes:
        rows: JSON values by feature name, every feature present, None where an answer is missing.
        targets: Cells of the target column as text, one a row, None where empty; empty without a column.
    """

    rows: list[Row]
    targets: list[str | None]

    def column(self, feature: str) -> list[Value]:
        """Return a feature's values, one a row."""
        return [row[feature] for row in self.rows]


def load_dataset(path: Path, schema: Schema) -> Dataset:
    """Read a CSV file with a header or a Parquet file, by its suffix.

    A missing answer is an empty cell of a CSV file, a null or a NaN of a Parquet file. A number column of either may
    hold numbers as text; a category may be numbers, and is then the text that a CSV file would hold.

    Raises:
        InputError: The file is missing, is of neither format, lacks a column, or a cell is not of its feature's kind.
    """
    wanted = [feature.name for feature in schema.features]
    target = schema.target.column
    table = read_table(path, [*wanted, *([target] if target else [])])
    first = 2 if path.suffix.lower() == ".csv" else 1
    columns = [_parse(table[feature.name], feature, path, first) for feature in schema.features]
    rows: list[Row] = [dict(zip(wanted, values, strict=True)) for values in zip(*columns, strict=True)]
    targets = [_target(cell) for cell in table[target]] if target else []
    return Dataset(rows=rows, targets=targets)


def read_table(path: Path, wanted: Sequence[str] | None = None) -> Mapping[str, Cells]:
    """Read columns as the file holds them.

    Args:
        path: ``.csv``, ``.parquet`` or ``.pq``.
        wanted: Names; None means all.

    Returns:
        Name → cells, in the order of the names wanted, or of the file.

    Raises:
        InputError: The file is missing, is of neither format, lacks a column, has no rows, or a wanted column holds
            something other than numbers, truth values and text.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path} ends in {path.suffix or 'nothing'!r}, wanted {' or '.join(SUFFIXES)}")
    names, read = (_open_csv if suffix == ".csv" else _open_parquet)(path)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"{path} has several columns named {repeated[0]!r}; rename all but one")
    missing = [name for name in wanted or () if name not in names]
    if missing:
        other = len(names) == 1 and next((mark for mark in ";\t|" if mark in names[0]), "")
        hint = f"; it seems to be separated by {other!r}, wanted commas" if other else ""
        raise InputError(f"{path} lacks the columns {missing}; it has {names}{hint}")
    table = {name: read(name) for name in wanted or names}
    if not any(table.values()):
        raise InputError(f"{path} has no rows, wanted at least one")
    return table


type _Opened = tuple[list[str], Callable[[str], Cells]]


def _open_csv(path: Path) -> _Opened:
    try:
        # Cells stay text here: "1" may be a category, and "NA" an answer. The header is read as a row, since pandas
        # renames columns that occur twice.
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path} is not a CSV file with a header: {error}") from error
    names: list[str] = cells.iloc[0].tolist()

    def read(name: str) -> Cells:
        # A short line is filled up with NaN.
        return [
            cell if isinstance(cell, str) and cell else None for cell in cells[names.index(name)].tolist()[1:]
        ]

    return names, read


def _open_parquet(path: Path) -> _Opened:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except FileNotFoundError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a Parquet file: {first_line(error)}") from error

    def read(name: str) -> Cells:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if not any(known(column.type) for known in _known_types(pa)):
            raise InputError(
                f"{path}: column {name} is of type {column.type}, wanted integers, floats, booleans or strings; "
                "write it as one of these"
            )
        cells: Cells = column.to_pylist()
        return [None if isinstance(cell, float) and isnan(cell) else cell for cell in cells]

    return table.column_names, read


def _known_types(pa: Any) -> tuple[Callable[[Any], bool], ...]:
    types = pa.types
    return (
        types.is_integer,
        types.is_floating,
        types.is_boolean,
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_null,
    )


def _parse(cells: Cells, feature: FeatureSchema, path: Path, first: int) -> list[Value]:
    read = _READERS[feature.kind]
    values: list[Value] = []
    for cell in cells:
        if cell is None or (cell == "" and not feature.textual):
            if not feature.nullable:
                raise InputError(
                    f"{path}, line {first + len(values)}: {feature.name} is empty, and the schema does not say "
                    "nullable = true; fill the cell or change the schema"
                )
            values.append(None)
            continue
        try:
            values.append(read(cell))
        except (ValueError, KeyError, OverflowError):
            raise InputError(
                f"{path}, line {first + len(values)}: {feature.name} is {cell!r}, wanted a {feature.kind}; mend the "
                "cell, or the kind in the schema"
            ) from None
    return values


def number_of(cell: str | float) -> float:
    """Return a cell as a number.

    Raises:
        ValueError: It is none, or not finite.
    """
    number = float(cell)
    # Python reads 1_000 as a number, programs that write data do not mean one by it.
    if isinstance(cell, bool) or not isfinite(number) or (isinstance(cell, str) and "_" in cell):
        raise ValueError
    return number


def integer_of(cell: str | float) -> int:
    """Return a cell as a whole number, 16.0 as 16.

    Raises:
        ValueError: It is none.
    """
    number = number_of(cell)
    if not number.is_integer():
        raise ValueError
    try:
        return int(cell)  # every digit, also beyond those of a float
    except ValueError:
        return int(number)


def _boolean(cell: str | float) -> bool:
    return BOOLEANS[str(cell).lower()]


_READERS: dict[str, Callable[[Any], Value]] = {
    "number": number_of,
    "integer": integer_of,
    "boolean": _boolean,
    "category": str,
    "text": str,
}
"""Kind → from a cell to its JSON value. ``str`` writes numbers and truth values as pandas writes them to CSV."""


def _target(cell: Value) -> str | None:
    # pandas makes floats of integers with gaps, and the class is still 1, not 1.0.
    return None if cell is None else str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)


def frame_of(rows: list[Row], schema: Schema) -> pd.DataFrame:
    """Return rows as the frame that the estimator was fitted on.

    Args:
        rows: JSON values by feature name.
        schema: Kinds, and the token for a missing string.

    Returns:
        ``(rows, features)``: numbers, integers and booleans as float64 with NaN for null, strings as object with
        the feature's ``fitted_null`` for null.
    """
    columns: dict[str, Any] = {}
    for feature in schema.features:
        values = [row[feature.name] for row in rows]
        if feature.textual:
            texts = [feature.fitted_null if value is None else value for value in values]
            columns[feature.name] = pd.Series(texts, dtype=object)
        else:
            columns[feature.name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    return pd.DataFrame(columns)
