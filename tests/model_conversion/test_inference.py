"""The data alone gives a schema that reads back, accepts that data, and says what to edit."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.contract import Target
from model_conversion.dataset import load_dataset
from model_conversion.errors import InputError
from model_conversion.inference import infer_schema, schema_toml
from model_conversion.schema import FeatureSchema, load_schema

ROWS = 24


def feature(tmp_path: Path, cells: list[str]) -> FeatureSchema:
    """Return what is inferred from one column of a CSV file, repeated to enough rows, beside a full one."""
    repeated = (cells * ROWS)[:ROWS]
    (tmp_path / "d.csv").write_text("a,z\n" + "".join(f"{cell},1\n" for cell in repeated))
    return infer_schema(tmp_path / "d.csv").features[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2"], "integer"),
        (["1.0", "2.5"], "number"),
        (["1.0", "2.0"], "number"),
        (["1.0", "2.0", ""], "integer"),
        (["1e3", "7"], "number"),
        (["TRUE", "false"], "boolean"),
        (["0", "1"], "integer"),
        (["yes", "no"], "category"),
        (["01234", "98765"], "category"),
        (["1", "NA"], "category"),
        (["1", "inf"], "category"),
        (["1_000", "2_000"], "category"),
        ([f"remark {at}" for at in range(ROWS)], "text"),
        (["", ""], "number"),
    ],
)
def test_the_kind_is_what_pandas_would_have_read(tmp_path: Path, cells: list[str], kind: str) -> None:
    """Text that repeats is a category; a category is never numbers."""
    assert feature(tmp_path, cells).kind == kind


def test_ranges_categories_and_gaps_are_those_of_the_data(tmp_path: Path) -> None:
    """Categories come in natural order, a missing string has a token to edit."""
    number = feature(tmp_path, ["3", "1", "", "2"])
    assert (number.minimum, number.maximum, number.example) == (1, 3, 2)
    assert (number.nullable, number.null_token, number.outside) == (True, None, "warn")
    category = feature(tmp_path, ["10-19", "<1", "other", "2", "2", "1", "Other", ""])
    assert category.categories == ("<1", "1", "2", "10-19", "Other", "other")
    assert (category.nullable, category.null_as, category.outside) == (True, "nan", "reject")
    assert category.example == "2"


def test_a_text_example_is_nobodys(tmp_path: Path) -> None:
    """The contract shows it to everybody."""
    cells = [f"I am number {at}" for at in range(ROWS)]
    assert feature(tmp_path, cells).example not in cells


def test_more_than_fifty_answers_are_text(tmp_path: Path) -> None:
    """However often each occurs."""
    (tmp_path / "d.csv").write_text("a,z\n" + "".join(f"w{at % 51},1\n" for at in range(510)))
    assert infer_schema(tmp_path / "d.csv").features[0].kind == "text"


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        (["0", "1"], '# Only 0 and 1: with kind = "boolean"'),
        ([str(at) for at in range(ROWS)], "# Different in every row: if it only identifies the row"),
        (["007", "008"], "# Digits behind a leading zero"),
        (["1", "2", "N/A"], "# Numbers but for 8 cells that say 'N/A'. If that means missing, empty"),
        (["", ""], "# No cell of it is filled"),
    ],
)
def test_what_looks_strange_is_remarked_on(tmp_path: Path, cells: list[str], remark: str) -> None:
    """A person decides; the comment says what."""
    feature(tmp_path, cells)
    assert remark in schema_toml(tmp_path / "d.csv")


def test_text_in_a_parquet_file_is_text(tmp_path: Path) -> None:
    """Digits that a program wrote as strings were strings when the model was fitted; real numbers are numbers."""
    frame = pd.DataFrame({"s": ["1", "2"] * 9, "i": pd.array([1, None] * 9, dtype="Int64"), "f": [0.5] * 18})
    frame.to_parquet(tmp_path / "d.parquet")
    assert [item.kind for item in infer_schema(tmp_path / "d.parquet").features] == [
        "category",
        "integer",
        "number",
    ]


def test_a_binary_target_has_classes_and_a_positive_one(tmp_path: Path) -> None:
    """It is no feature; an index column without a name is none either."""
    (tmp_path / "My Data (1).csv").write_text(
        ",a,y\n" + "".join(f"{at},{at / 2},{at % 2}.0\n" for at in range(30))
    )
    schema = infer_schema(tmp_path / "My Data (1).csv", target="y")
    assert schema.name == "my-data-1"
    assert [item.name for item in schema.features] == ["a"]
    assert schema.target.classes == (Target(value=0, name="0"), Target(value=1, name="1"))
    assert schema.target.positive == 1


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["b", "a", "c"], ["a", "b", "c"]),
        (["True", "False"], [0, 1]),
        (["1.5", "2.5"], []),
        ([str(at) for at in range(30)], []),
    ],
)
def test_a_target_of_few_values_has_classes(tmp_path: Path, cells: list[str], classes: list[object]) -> None:
    """A quantity has none."""
    (tmp_path / "d.csv").write_text("a,y\n" + "".join(f"{at},{cells[at % len(cells)]}\n" for at in range(60)))
    assert [item.value for item in infer_schema(tmp_path / "d.csv", target="y").target.classes] == classes


def test_the_models_columns_are_taken_in_its_order(tmp_path: Path) -> None:
    """Others are left out."""
    (tmp_path / "d.csv").write_text("a,b,c,y\n1,2,3,4\n5,6,7,8\n")
    schema = infer_schema(tmp_path / "d.csv", target="y", columns=["c", "a"])
    assert [item.name for item in schema.features] == ["c", "a"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": "w"}, r"lacks the column 'w'; it has \['a', 'y'\]"),
        ({"columns": ["a", "w"]}, r"lacks the columns \['w'\]"),
    ],
)
def test_a_column_that_is_not_there_is_named(
    tmp_path: Path, arguments: dict[str, object], words: str
) -> None:
    """The message has those that are."""
    (tmp_path / "d.csv").write_text("a,y\n1,2\n")
    with pytest.raises(InputError, match=words):
        infer_schema(tmp_path / "d.csv", **arguments)


def test_the_toml_says_what_to_edit(root: Path, tmp_path: Path) -> None:
    """Questions, units, limits, classes, what-ifs; uncommented, the hints are valid keys."""
    text = schema_toml(root / "model/data/yrbss.csv", target="sleeps_8_hours")
    for hint in ("question = ", '# unit = "', "outside = ", "classes = [", "what_ifs", "# better = "):
        assert hint in text
    edited = text.replace("# unit = ", "unit = ").replace('# better = "higher"', 'better = "higher"')
    (tmp_path / "s.toml").write_text(edited)
    schema = load_schema(tmp_path / "s.toml")
    assert schema.target.better == "higher"
    assert {item.unit for item in schema.features} == {None, "…"}


cells = st.one_of(
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.none() | st.booleans(), min_size=1),
    st.lists(
        st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1), min_size=1
    ),
    st.lists(st.sampled_from(["NA", "007", "1", "2.5", "true", "False", "x\x7f"]), min_size=1, max_size=60),
)
names = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1).filter(
    lambda name: name != "z"
)


@settings(max_examples=120, deadline=None)
@given(name=names, column=cells, suffix=st.sampled_from([".csv", ".parquet"]), targeted=st.booleans())
def test_an_inferred_schema_reads_back_and_accepts_its_own_data(
    tmp_path_factory: pytest.TempPathFactory, name: str, column: list[object], suffix: str, targeted: bool
) -> None:
    """Whatever the column is called and holds."""
    folder = tmp_path_factory.mktemp("data")
    path = folder / f"d{suffix}"
    frame = pd.DataFrame({name: pd.Series(column).convert_dtypes(), "z": range(len(column))})
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    target = "z" if targeted else None
    (folder / "d.toml").write_text(schema_toml(path, target=target), encoding="utf-8")
    schema = load_schema(folder / "d.toml")
    assert schema == infer_schema(path, target=target)
    dataset = load_dataset(path, schema)
    assert len(dataset.rows) == len(column)
    for item in schema.features:
        present = {value for value in dataset.column(item.name) if value is not None}
        assert not item.categories or present == set(item.categories)
        assert item.minimum is None or (min(present), max(present)) == (item.minimum, item.maximum)
