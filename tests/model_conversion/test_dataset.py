"""Cells become JSON values, and those become the frame that scikit-learn was fitted on."""

from datetime import datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_conversion.dataset import frame_of, load_dataset
from model_conversion.errors import InputError
from model_conversion.schema import FeatureSchema, Schema, TargetSchema

SCHEMA = Schema(
    name="t",
    target=TargetSchema(column="y"),
    features=(
        FeatureSchema(name="n", kind="number", nullable=True),
        FeatureSchema(name="i", kind="integer"),
        FeatureSchema(name="b", kind="boolean"),
        FeatureSchema(name="c", kind="category", nullable=True, null_token="missing"),
    ),
)


def write(tmp_path: Path, text: str) -> Path:
    """Return the path of a data file."""
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


def test_cells_are_read_by_their_features_kind(tmp_path: Path) -> None:
    """A category stays text though it looks like a number or like a missing value; extra columns are left."""
    path = write(tmp_path, "y,c,b,i,n,extra\n1,NA,true,16,1.5,x\n,1,0,16.0,,\n")
    dataset = load_dataset(path, SCHEMA)
    assert dataset.rows == [
        {"n": 1.5, "i": 16, "b": True, "c": "NA"},
        {"n": None, "i": 16, "b": False, "c": "1"},
    ]
    assert dataset.targets == ["1", None]


def test_the_frame_has_nan_and_the_token_for_null(tmp_path: Path) -> None:
    """As the pipeline's author fitted it."""
    dataset = load_dataset(write(tmp_path, "y,c,b,i,n\n1,,true,16,\n"), SCHEMA)
    frame = frame_of(dataset.rows, SCHEMA)
    assert list(frame.columns) == ["n", "i", "b", "c"]
    assert np.isnan(frame["n"][0])
    assert frame.iloc[0, 1:].tolist() == [16.0, 1.0, "missing"]
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "float64", "float64", "object"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n,i,b\n1,1,1\n", ["lacks the columns ['c', 'y']"]),
        ("n;i;b;c;y\n1;1;1;1;1\n", ["lacks the columns", "separated by ';', wanted commas"]),
        ("y,c,b,i,n\n", ["no rows"]),
        ("", ["not a CSV"]),
        ("y,c,b,i,n\n1,a,true,,1\n", ["line 2", "i is empty", "nullable"]),
        ("y,c,b,i,n\n1,a,true,1,1\n1,a,true,1.5,1\n", ["line 3", "i is '1.5'", "integer"]),
        ("y,c,b,i,n\n1,a,maybe,1,1\n", ["b is 'maybe'", "boolean"]),
        ("y,c,b,i,n\n1,a,true,1,nan\n", ["n is 'nan'", "number"]),
        ("y,c,b,i,n\n1,a,true,1,1_0\n", ["n is '1_0'", "number"]),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_column(tmp_path: Path, text: str, words: list[str]) -> None:
    """The message has the cell and what was wanted."""
    with pytest.raises(InputError) as caught:
        load_dataset(write(tmp_path, text), SCHEMA)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the path."""
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.csv"):
        load_dataset(tmp_path / "nowhere.csv", SCHEMA)


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    """Otherwise the first of them would be taken."""
    with pytest.raises(InputError, match="several columns named 'n'"):
        load_dataset(write(tmp_path, "y,c,b,i,n,n\n1,a,true,1,1,2\n"), SCHEMA)


def test_a_byte_order_mark_and_a_short_line_are_read(tmp_path: Path) -> None:
    """Spreadsheet programs write both."""
    path = tmp_path / "data.csv"
    path.write_bytes(b"\xef\xbb\xbfi,b,y,c,n\r\n1,true,1\r\n")
    assert load_dataset(path, SCHEMA).rows == [{"n": None, "i": 1, "b": True, "c": None}]


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    """The message has those that are read."""
    with pytest.raises(InputError, match=r"'\.xlsx', wanted \.csv or \.parquet or \.pq"):
        load_dataset(tmp_path / "data.xlsx", SCHEMA)


answers = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1)
tables = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "i": st.integers(-(2**63), 2**63 - 1),
            "b": st.booleans(),
            "c": st.none() | answers,
            "y": st.integers(0, 9),
        }
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_csv_and_parquet_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    """Whatever the answers are: the format is no part of the data."""
    folder = tmp_path_factory.mktemp("data")
    frame = pd.DataFrame(rows).astype({"n": "Float64", "i": "Int64", "b": "boolean", "c": "string"})
    frame.to_csv(folder / "d.csv", index=False)
    frame.to_parquet(folder / "d.parquet")
    loaded = load_dataset(folder / "d.parquet", SCHEMA)
    assert loaded == load_dataset(folder / "d.csv", SCHEMA)
    assert loaded.rows == [{name: row[name] for name in "nibc"} for row in rows]
    assert loaded.targets == [str(row["y"]) for row in rows]


def test_parquet_as_pandas_writes_it_is_read(tmp_path: Path) -> None:
    """Integers with gaps are floats there, categories may be coded, numbers may be categories, and NaN is missing."""
    frame = pd.DataFrame(
        {
            "n": np.array([0.5, np.nan], dtype=np.float32),
            "i": [1.0, 2.0],
            "b": [True, False],
            "c": pd.Categorical(["a", None]),
            "y": [1.0, np.nan],
        }
    )
    frame.to_parquet(tmp_path / "d.pq")
    dataset = load_dataset(tmp_path / "d.pq", SCHEMA)
    assert dataset.rows == [
        {"n": 0.5, "i": 1, "b": True, "c": "a"},
        {"n": None, "i": 2, "b": False, "c": None},
    ]
    assert dataset.targets == ["1", None]
    frame.assign(c=[7, 8]).to_parquet(tmp_path / "d.pq")
    assert load_dataset(tmp_path / "d.pq", SCHEMA).column("c") == ["7", "8"]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("n", [datetime(2026, 1, 1)], ["column n is of type timestamp", "floats", "write it as"]),  # noqa: DTZ001
        ("c", [["a"]], ["column c is of type list"]),
        ("n", [True], ["line 1", "n is True", "number"]),
        ("i", [1.5], ["i is 1.5", "integer"]),
        ("i", [None], ["line 1", "i is empty", "nullable"]),
        ("n", [float("inf")], ["n is inf", "number"]),
        ("b", [2], ["b is 2", "boolean"]),
    ],
)
def test_a_parquet_column_that_does_not_fit_is_named(
    tmp_path: Path, column: str, values: list[object], words: list[str]
) -> None:
    """The message has the column, what it holds and what was wanted."""
    frame = pd.DataFrame({"n": [1.0], "i": [1], "b": [True], "c": ["a"], "y": [1]})
    frame.assign(**{column: pd.Series(values)}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError) as caught:
        load_dataset(tmp_path / "d.parquet", SCHEMA)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_damaged_or_missing_parquet_file_is_named(tmp_path: Path) -> None:
    """One line, no trace."""
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.parquet"):
        load_dataset(tmp_path / "nowhere.parquet", SCHEMA)
    (tmp_path / "d.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"is not a Parquet file: .+") as caught:
        load_dataset(tmp_path / "d.parquet", SCHEMA)
    assert "\n" not in str(caught.value)


def test_fifty_thousand_rows_load_in_seconds(tmp_path: Path) -> None:
    """Thirty columns of numbers, as a whole training set may have."""
    numbers = np.random.default_rng(0).normal(size=(50_000, 30))
    names = [f"n{at}" for at in range(30)]
    frame = pd.DataFrame(numbers, columns=names)
    frame.to_parquet(tmp_path / "d.parquet")
    schema = Schema(
        name="t", target=TargetSchema(), features=tuple(FeatureSchema(name=n, kind="number") for n in names)
    )
    started = perf_counter()
    dataset = load_dataset(tmp_path / "d.parquet", schema)
    assert perf_counter() - started < 6
    assert dataset.rows[-1]["n29"] == numbers[-1, -1]
