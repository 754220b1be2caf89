"""Estimators are loaded without running what their file says."""

import pickle
from pathlib import Path

import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops import io

from model_conversion.errors import InputError, UnsupportedError
from model_conversion.estimators import load_estimator, task_of


def custom(values: object) -> object:
    """Stand for code that only its author has."""
    return values


def test_a_pipeline_of_known_types_is_loaded(tmp_path: Path) -> None:
    """What was saved answers as before."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    io.dump(pipeline, tmp_path / "m.skops")
    assert load_estimator(tmp_path / "m.skops").predict([[1.0]]) == [1]


def test_an_unknown_type_is_listed_and_refused_until_trusted(tmp_path: Path) -> None:
    """The message has the option that trusts it."""
    io.dump(FunctionTransformer(custom), tmp_path / "m.skops")
    with pytest.raises(InputError, match="--trust ") as caught:
        load_estimator(tmp_path / "m.skops")
    name = str(caught.value).rpartition("--trust ")[2]
    assert name.endswith(".custom")
    assert load_estimator(tmp_path / "m.skops", trusted=(name,)).func is custom


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    """The message says how to save the estimator instead."""
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(LinearRegression()))
    with pytest.raises(InputError, match=r"'\.pkl', wanted \.skops"):
        load_estimator(tmp_path / "m.pkl")


def test_a_damaged_or_missing_file_is_named(tmp_path: Path) -> None:
    """No stack trace of a library."""
    (tmp_path / "m.skops").write_bytes(b"PK nonsense")
    with pytest.raises(InputError, match="is not a skops file"):
        load_estimator(tmp_path / "m.skops")
    with pytest.raises(InputError, match="cannot read"):
        load_estimator(tmp_path / "n.skops")


def test_the_task_is_told_apart() -> None:
    """Also behind a pipeline; a transformer has none."""
    assert task_of(make_pipeline(StandardScaler(), LogisticRegression())) == "classification"
    assert task_of(LinearRegression()) == "regression"
    assert task_of(IsolationForest()) == "outlier"
    assert task_of(KMeans()) == "clustering"
    with pytest.raises(UnsupportedError, match="StandardScaler is no classifier"):
        task_of(StandardScaler())
