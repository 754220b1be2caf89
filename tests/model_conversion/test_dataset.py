"""Cells become JSON values, and those become the frame that scikit-learn was fitted on."""

from pathlib import Path

import numpy as np
import pytest

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
        ("y,c,b,i,n\n", ["no rows"]),
        ("", ["not a CSV"]),
        ("y,c,b,i,n\n1,a,true,,1\n", ["line 2", "i is empty", "nullable"]),
        ("y,c,b,i,n\n1,a,true,1,1\n1,a,true,1.5,1\n", ["line 3", "i is '1.5'", "integer"]),
        ("y,c,b,i,n\n1,a,maybe,1,1\n", ["b is 'maybe'", "boolean"]),
        ("y,c,b,i,n\n1,a,true,1,nan\n", ["n is 'nan'", "number"]),
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
