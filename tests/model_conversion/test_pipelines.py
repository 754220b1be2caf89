"""A pipeline in a pipeline is proved and described as one pipeline of all its steps is."""

from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from model_conversion.convert import convert_model
from model_conversion.material import Request
from model_conversion.pipelines import before_last, first_step, last_step
from model_conversion.report import Report


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Five numbers of every tumour, and its kind."""
    bunch = load_breast_cancer(as_frame=True)
    return bunch.data.iloc[:, :5].assign(kind=bunch.target)


def converted(folder: Path, estimator: Any, frame: pd.DataFrame) -> Report:
    """Fit, save and convert."""
    folder.mkdir()
    joblib.dump(estimator.fit(frame.drop(columns="kind"), frame["kind"]), folder / "m.joblib")
    frame.to_csv(folder / "d.csv", index=False)
    files = {"model": folder / "m.joblib", "data": folder / "d.csv", "out": folder / "out"}
    return convert_model(Request(**files, schema=None, target="kind", trust_pickle=True))


def test_first_last_and_what_stands_between_are_found_at_any_depth() -> None:
    """An estimator alone is both the first and the last, with nothing before it."""
    scaler, ranger, model = StandardScaler(), MinMaxScaler(), LogisticRegression()
    nested = make_pipeline(make_pipeline(scaler, ranger), make_pipeline(StandardScaler(), model))
    assert (first_step(nested), last_step(nested)) == (scaler, model)
    before = before_last(nested)
    assert before is not None
    assert [type(step).__name__ for _, step in before.steps] == ["Pipeline", "StandardScaler"]
    assert (first_step(model), last_step(model), before_last(model)) == (model, model, None)


@pytest.mark.parametrize(
    ("estimator", "source"),
    [
        (RandomForestClassifier(5, random_state=0), "threshold"),
        (LogisticRegression(), "boundary"),
        (FixedThresholdClassifier(LogisticRegression(), threshold=0.2), None),
    ],
    ids=["forest", "linear", "threshold of its own"],
)
def test_a_pipeline_in_a_pipeline_gets_the_same_probes_and_the_same_threshold(
    tmp_path: Path, frame: pd.DataFrame, estimator: Any, source: str | None
) -> None:
    """Nothing is served on a weaker proof because of how its steps are wrapped."""
    flat = converted(tmp_path / "flat", make_pipeline(StandardScaler(), MinMaxScaler(), estimator), frame)
    inner = make_pipeline(MinMaxScaler(), estimator)
    nested = converted(tmp_path / "nested", make_pipeline(StandardScaler(), inner), frame)
    assert nested.comparison.counts() == flat.comparison.counts()
    assert source is None or source in nested.comparison.counts()
    assert (nested.splits, nested.probed_splits) == (flat.splits, flat.probed_splits)
    assert nested.contract.outputs.threshold == flat.contract.outputs.threshold
    assert nested.contract.model.precision == flat.contract.model.precision
