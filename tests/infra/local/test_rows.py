"""Rows of a file become values that a request can carry, whatever the file's format."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from function.contract import Contract, Feature, Kind, Value
from infra.local.rows import RowsError, read_rows, to_value


@pytest.fixture
def feature(contract: Contract) -> Feature:
    """A feature, of whatever kind."""
    return contract.features[0]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "14", 14),
        ("integer", "14.0", 14),
        ("number", "1.73", 1.73),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("category", "5+", "5+"),
        ("category", "9", "9"),
        ("category", "NA", "NA"),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", 3.0, 3),
        ("number", 2, 2.0),
        ("number", float("nan"), None),
        ("boolean", True, True),
        ("text", "", ""),
        ("text", None, None),
    ],
)
def test_a_cell_becomes_the_value_of_its_kind(feature: Feature, kind: Kind, text: Any, value: Value) -> None:
    """A category stays text even when it looks like a number."""
    found = to_value(replace(feature, kind=kind), text)
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", "x"),
        ("integer", "1_0"),
        ("number", "x"),
        ("number", "inf"),
        ("boolean", "x"),
    ],
)
def test_a_cell_of_another_kind_is_refused(feature: Feature, kind: Kind, text: str) -> None:
    """The data is not what the contract describes."""
    with pytest.raises(ValueError, match=text):
        to_value(replace(feature, kind=kind), text)


@pytest.fixture
def small(contract: Contract) -> Contract:
    """A contract of a number, a whole number and a category."""
    by_name = {feature.name: feature for feature in contract.features}
    return replace(contract, features=tuple(by_name[name] for name in ("height", "age", "grade")))


FRAME = pd.DataFrame(
    {
        "grade": ["9", None, "other"],
        "age": [14, None, 18],
        "height": [1.73, float("nan"), 2.0],
        "rest": [1, 2, 3],
    }
)
ROWS = [
    {"height": 1.73, "age": 14, "grade": "9"},
    {"height": None, "age": None, "grade": None},
    {"height": 2.0, "age": 18, "grade": "other"},
]


@pytest.mark.parametrize(("name", "places"), [("d.csv", ["line 2", "line 3", "line 4"]), ("d.parquet", None)])
def test_both_formats_give_the_same_rows(
    tmp_path: Path, small: Contract, name: str, places: list[str] | None
) -> None:
    """In the contract's order, with the place of each; a byte order mark is no part of a name."""
    path = tmp_path / name
    if path.suffix == ".csv":
        FRAME.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        FRAME.to_parquet(path)
    found = list(read_rows(path, small))
    assert [place for place, _ in found] == (places or ["row 1", "row 2", "row 3"])
    assert [row for _, row in found] == ROWS
    assert [list(row) for _, row in found] == [["height", "age", "grade"]] * 3


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_missing_file_is_named(tmp_path: Path, small: Contract, name: str) -> None:
    """Whatever its format."""
    with pytest.raises(
        RowsError, match=rf"^cannot read .*{name}: No such file or directory; check the path$"
    ):
        next(read_rows(tmp_path / name, small))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.csv", b"a\n1\n", r"has no column height, age, grade; give the data that the model is of$"),
        (
            "d.csv",
            b"grade,age,height\n9,old,1\n",
            r"line 2: age is 'old', which is not of kind integer; give the ",
        ),
        ("d.csv", b"\xff\n", r"is not a CSV file in UTF-8"),
        ("d.parquet", b"a\n1\n", r"is not a Parquet file"),
    ],
)
def test_data_of_another_model_is_refused(
    tmp_path: Path, small: Contract, name: str, content: bytes, message: str
) -> None:
    """The sentence names the file and the place."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RowsError, match=message):
        list(read_rows(path, small))
