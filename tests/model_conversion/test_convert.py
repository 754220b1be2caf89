"""Conversion end to end on real estimators: proved and written, or refused and nothing written."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from skops import io

from function.contract import Contract, load_contract
from function.predictor import Predictor, self_test
from model_conversion.cli import main
from model_conversion.convert import convert_model
from model_conversion.dataset import Dataset, frame_of, load_dataset
from model_conversion.errors import InputError
from model_conversion.material import Request
from model_conversion.schema import Schema, load_schema

SCHEMA = """
[target]
column = "y"
[[features]]
name = "size"
kind = "number"
nullable = true
[[features]]
name = "colour"
kind = "category"
"""


@pytest.fixture(scope="module")
def survey(root: Path) -> tuple[Schema, Dataset]:
    """The example's schema and rows."""
    schema = load_schema(root / "model/schema.toml")
    return schema, load_dataset(root / "model/data/yrbss.csv", schema)


def request(folder: Path, estimator: object, frame: pd.DataFrame) -> Request:
    """Save an estimator, its data and schema, and return the request to convert them."""
    io.dump(estimator, folder / "m.skops")
    frame.to_csv(folder / "d.csv", index=False)
    (folder / "s.toml").write_text(SCHEMA)
    return Request(
        model=folder / "m.skops",
        data=folder / "d.csv",
        schema=folder / "s.toml",
        evidence=None,
        out=folder / "out",
    )


@pytest.fixture
def frame() -> pd.DataFrame:
    """Sixty rows of a number with gaps, a category and two targets."""
    rng = np.random.default_rng(0)
    size = rng.normal(size=60)
    size[::7] = np.nan
    colour = rng.choice(["red", "green", "blue"], 60)
    value = np.nan_to_num(size) + (colour == "red") + rng.normal(size=60)
    return pd.DataFrame({"size": size, "colour": colour, "value": value, "y": value > 0})


def front() -> object:
    """Return preprocessing for both columns."""
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["size"]),
        (OneHotEncoder(sparse_output=False), ["colour"]),
    )


def test_the_example_is_proved_on_every_row_of_the_survey(contract: Contract) -> None:
    """All 13,583 people, missing answers included, through the request encoding."""
    sources = contract.parity["sources"]
    assert sources["data"] == 13_583
    assert sources["golden"] == len(contract.golden.rows)
    assert min(sources[name] for name in ("range", "missing", "category", "boundary", "batch")) > 0
    assert contract.parity["label_flips"] == 0
    assert contract.parity["max_abs_error"] <= 1e-12
    assert contract.outputs.base_rate == pytest.approx(0.306, abs=0.001)


def test_the_served_probabilities_are_scikit_learns(
    predictor: Predictor, survey: tuple[Schema, Dataset], root: Path
) -> None:
    """Asked here again, apart from the conversion's own proof."""
    schema, dataset = survey
    rows = dataset.rows[::97]
    estimator = io.load(root / "model/sleep.skops", trusted=["numpy.dtype"])
    expected = estimator.predict_proba(frame_of(rows, schema))
    seen = np.array([prediction.scores for prediction in predictor.predict(rows)])
    np.testing.assert_allclose(seen, expected, atol=1e-6, rtol=0)


def test_the_artefact_is_complete_and_valid(artefact: Path, contract: Contract) -> None:
    """Four files; ONNX's own checker accepts the graph; the report tells what was done."""
    assert sorted(p.name for p in artefact.iterdir()) == [
        "contract.json",
        "model.onnx",
        "report.html",
        "report.json",
    ]
    onnx.checker.check_model(str(artefact / "model.onnx"), full_check=True)
    report = json.loads((artefact / "report.json").read_text())
    assert report["version"] == contract.model.version
    assert [attempt["passed"] for attempt in report["strategies"]] == [False, True]


def test_the_same_inputs_give_the_same_bytes(artefact: Path, root: Path, tmp_path: Path) -> None:
    """In another process too."""
    command = [sys.executable, "-m", "model_conversion", "convert", "model/sleep.skops"]
    command += ["--data", "model/data/yrbss.csv", "--schema", "model/schema.toml"]
    command += ["--evidence", "model/evidence.toml", "--out", str(tmp_path / "again")]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    for name in ("model.onnx", "contract.json"):
        assert (tmp_path / "again" / name).read_bytes() == (artefact / name).read_bytes()


def test_a_regressor_is_described_and_served(tmp_path: Path, frame: pd.DataFrame, library: Path) -> None:
    """One value a row, no classes, the mean as base."""
    frame["y"] = frame["value"]
    pipeline = make_pipeline(front(), LinearRegression()).fit(frame[["size", "colour"]], frame["y"])
    contract = convert_model(request(tmp_path, pipeline, frame)).contract
    assert contract.model.task == "regression"
    assert (contract.outputs.label, contract.outputs.classes) == (None, ())
    assert contract.outputs.base_rate == pytest.approx(frame["y"].mean())
    assert self_test(Predictor.load(tmp_path / "out", contract, library=library)) >= 24


def test_string_classes_keep_their_names(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Three classes have no positive one unless the schema says so."""
    frame["y"] = frame["colour"]
    pipeline = make_pipeline(front(), LogisticRegression()).fit(frame[["size", "colour"]], frame["y"])
    outputs = convert_model(request(tmp_path, pipeline, frame)).contract.outputs
    assert [target.value for target in outputs.classes] == ["blue", "green", "red"]
    assert (outputs.positive, outputs.threshold) == (None, None)


@pytest.mark.parametrize("null", [np.nan, None])
@pytest.mark.parametrize("filled", [True, False])
def test_strings_missing_as_nan_or_none_answer_alike(
    tmp_path: Path, frame: pd.DataFrame, null: float | None, filled: bool
) -> None:
    """As pandas reads a CSV; behind an imputer and straight into the encoder."""
    frame["y"] = frame["y"].astype(int)
    frame["colour"] = frame["colour"].astype(object).where(frame.index % 5 > 0, null)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    texts = make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=null), encoder)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["size"]),
        (texts if filled else encoder, ["colour"]),
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame[["size", "colour"]], frame["y"])
    job = request(tmp_path, pipeline, frame)
    name = "none" if null is None else "nan"
    (tmp_path / "s.toml").write_text(SCHEMA + f'nullable = true\nnull_as = "{name}"\n')
    contract = convert_model(job).contract
    assert contract.parity["sources"]["missing"] > 0
    assert contract.features[1].null_token == {"none": "None", "nan": "nan"}[name]


def test_what_the_schema_leaves_open_comes_from_the_data(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Ranges, categories and examples are observed."""
    frame["y"] = frame["value"]
    pipeline = make_pipeline(front(), LinearRegression()).fit(frame[["size", "colour"]], frame["y"])
    size, colour = convert_model(request(tmp_path, pipeline, frame)).contract.features
    assert (size.minimum, size.maximum) == (frame["size"].min(), frame["size"].max())
    assert (size.outside, size.required) == ("warn", False)
    assert colour.categories == ("blue", "green", "red")
    assert (colour.outside, colour.required) == ("reject", True)
    assert colour.example in colour.categories


def test_the_baseline_counts_every_row(contract: Contract) -> None:
    """Histograms of each feature and of the score cover all of the data."""
    baseline = contract.baseline
    assert baseline["rows"] == 13_583
    assert sum(baseline["score"]["counts"]) == 13_583
    for histogram in baseline["features"].values():
        assert sum(histogram["counts"]) + histogram["nulls"] == 13_583


def boosted_survey(folder: Path, survey: tuple[Schema, Dataset], *, bagged: bool = False) -> list[str]:
    """Save histogram boosting with categorical splits, and return the command's arguments to convert it."""
    schema, dataset = survey
    frame = frame_of(dataset.rows, schema)
    known = [at for at, cell in enumerate(dataset.targets) if cell is not None]
    strings = [feature.name for feature in schema.features if feature.textual]
    encode = make_column_transformer((OrdinalEncoder(), strings), remainder="passthrough")
    model: Any = HistGradientBoostingClassifier(
        max_iter=20, categorical_features=list(range(len(strings))), random_state=0
    )
    trust = ["--trust", "functools.partial", "--trust", "sklearn.utils.validation.check_array"]
    if bagged:
        model = BaggingClassifier(model, n_estimators=2, random_state=0)
    target = [int(dataset.targets[at] or 0) for at in known]
    io.dump(make_pipeline(encode, model).fit(frame.iloc[known], target), folder / "m.skops")
    return ["convert", str(folder / "m.skops"), "--out", str(folder / "out"), *trust]


def test_a_graph_that_answers_otherwise_is_refused_and_nothing_is_written(
    tmp_path: Path, survey: tuple[Schema, Dataset], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """skl2onnx drops the categorical splits of histogram boosting and says nothing; the proof finds it: exit 1."""
    arguments = boosted_survey(tmp_path, survey)
    arguments += ["--data", str(root / "model/data/yrbss.csv"), "--schema", str(root / "model/schema.toml")]
    assert main([*arguments, "--precision", "float32"]) == 1
    message = capsys.readouterr().err
    assert "got another class" in message
    assert "nothing was written" in message
    assert [p.name for p in tmp_path.iterdir()] == ["m.skops"]


def test_auto_moves_on_to_the_strategy_that_answers_alike(
    tmp_path: Path, survey: tuple[Schema, Dataset], root: Path
) -> None:
    """The report has what the cheaper one got wrong."""
    arguments = boosted_survey(tmp_path, survey, bagged=True)
    arguments += ["--data", str(root / "model/data/yrbss.csv"), "--schema", str(root / "model/schema.toml")]
    assert main(arguments) == 0
    wrong, right = json.loads((tmp_path / "out/report.json").read_text())["strategies"]
    assert (wrong["strategy"], wrong["passed"]) == ("float32", False)
    assert wrong["flips"] > 100
    assert (right["strategy"], right["flips"]) == ("float64", 0)
    assert right["max_abs_error"] <= 1e-12


def test_trees_are_tried_in_double_first(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Our graph of them is the smaller and quicker one, also where the library's would pass."""
    model = make_pipeline(front(), RandomForestClassifier(5, random_state=0))
    model.fit(frame[["size", "colour"]], frame["y"])
    report = convert_model(request(tmp_path, model, frame)).to_json()
    (attempt,) = report["strategies"]
    assert (attempt["strategy"], attempt["passed"]) == ("float64", True)
    assert report["graphs"]["written"]["size_bytes"] < report["graphs"]["default"]["size_bytes"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'kind = "category"',
            'kind = "category"\ncategories = ["red"]',
            "rejects all but one of \\['red'\\]",
        ),
        ("nullable = true", 'nullable = true\nmaximum = 0\noutside = "reject"', "the schema rejects all but"),
        ('column = "y"', 'column = "y"\nclasses = [{ value = 9, name = "x" }]', "classes are \\[9\\]"),
        ('column = "y"', 'column = "colour"', "target column holds 'blue'"),
    ],
)
def test_a_schema_that_contradicts_data_or_model_is_refused(
    tmp_path: Path, frame: pd.DataFrame, old: str, new: str, words: str
) -> None:
    """The message has the value and what to do; nothing is written."""
    frame["y"] = frame["y"].astype(int)
    pipeline = make_pipeline(front(), LogisticRegression()).fit(frame[["size", "colour"]], frame["y"])
    job = request(tmp_path, pipeline, frame)
    (tmp_path / "s.toml").write_text(SCHEMA.replace(old, new))
    with pytest.raises(InputError, match=words):
        convert_model(job)
    assert not job.out.exists()


def test_a_schema_for_other_columns_is_refused(tmp_path: Path, frame: pd.DataFrame) -> None:
    """The message has both lists."""
    pipeline = make_pipeline(SimpleImputer(), LinearRegression()).fit(frame[["size"]], frame["value"])
    with pytest.raises(InputError, match=r"\['size', 'colour'\], the estimator was fitted on \['size'\]"):
        convert_model(request(tmp_path, pipeline, frame))


def test_help_has_an_example_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer can copy it."""
    with pytest.raises(SystemExit) as caught:
        main(["convert", "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert "python -m model_conversion convert model/sleep.skops" in shown
    assert "1 parity failed" in shown


def test_the_report_is_printed_as_json_on_request(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine reads what a person sees in the table."""
    arguments = ["convert", str(root / "model/sleep.skops"), "--data", str(root / "model/data/yrbss.csv")]
    arguments += ["--schema", str(root / "model/schema.toml"), "--out", str(tmp_path / "out"), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "out/report.json").read_text())
    assert load_contract(tmp_path / "out").actionable == ()
