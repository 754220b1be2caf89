"""Data rows in both forms that the proof compares: JSON values as in a request, and the frame scikit-learn sees.

The two are made from the same cells by separate code: rows go through ``function.encoding``, the frame goes to
the estimator as its author fitted it.
"""

__all__ = ["Dataset", "frame_of", "load_dataset"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from function.contract import Row, Value
from model_conversion.errors import InputError
from model_conversion.schema import FeatureSchema, Schema

BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


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
    """Read a CSV file with a header; an empty cell is a missing answer.

    Raises:
        InputError: The file is missing, is not such a CSV, lacks a column, or a cell is not of its feature's kind.
    """
    try:
        # Cells stay text here: "1" may be a category, and "NA" an answer.
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path} is not a CSV file with a header: {error}") from error
    wanted = [feature.name for feature in schema.features]
    target = schema.target.column
    missing = [name for name in [*wanted, *([target] if target else [])] if name not in cells.columns]
    if missing:
        raise InputError(f"{path} lacks the columns {missing}; it has {list(cells.columns)}")
    if cells.empty:
        raise InputError(f"{path} has no rows, wanted at least one")
    columns = [_parse(cells[feature.name].tolist(), feature, path) for feature in schema.features]
    rows: list[Row] = [dict(zip(wanted, values, strict=True)) for values in zip(*columns, strict=True)]
    targets = [cell or None for cell in cells[target].tolist()] if target else []
    return Dataset(rows=rows, targets=targets)


def _parse(cells: list[str], feature: FeatureSchema, path: Path) -> list[Value]:
    values: list[Value] = []
    for line, cell in enumerate(cells, start=2):
        if cell == "":
            if not feature.nullable:
                raise InputError(
                    f"{path}, line {line}: {feature.name} is empty, and the schema does not say nullable = true; "
                    "fill the cell or change the schema"
                )
            values.append(None)
            continue
        try:
            values.append(_value(cell, feature.kind))
        except (ValueError, KeyError):
            raise InputError(
                f"{path}, line {line}: {feature.name} is {cell!r}, wanted a {feature.kind}; mend the cell, or the "
                "kind in the schema"
            ) from None
    return values


def _value(cell: str, kind: str) -> Value:
    match kind:
        case "number" | "integer":
            number = float(cell)
            if not np.isfinite(number) or (kind == "integer" and not number.is_integer()):
                raise ValueError
            return int(number) if kind == "integer" else number
        case "boolean":
            return BOOLEANS[cell.lower()]
        case _:
            return cell


def frame_of(rows: list[Row], schema: Schema) -> pd.DataFrame:
    """Return rows as the frame that the estimator was fitted on.

    Args:
        rows: JSON values by feature name.
        schema: Kinds, and the token for a missing string.

    Returns:
        ``(rows, features)``: numbers, integers and booleans as float64 with NaN for null, strings as object with
        the feature's ``null_token`` for null.
    """
    columns: dict[str, Any] = {}
    for feature in schema.features:
        values = [row[feature.name] for row in rows]
        if feature.textual:
            texts = [feature.null_token if value is None else value for value in values]
            columns[feature.name] = pd.Series(texts, dtype=object)
        else:
            columns[feature.name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    return pd.DataFrame(columns)
