"""Models unlike the example: one command converts each, the same road deploys it, the API answers as it does."""

import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from infra.bundle import build
from infra.local import conversion
from infra.local.deployment import local_deployment
from infra.local.http import request

pytestmark = pytest.mark.e2e

ASKED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model as a data scientist has it: two files, and what it answers.

    Attributes:
        model: The estimator's file.
        data: What it was fitted on, with the target.
        target: Column of the target.
        frame: The features of the first rows.
        key: Where in a prediction the answers are.
        answers: The estimator's own to ``frame``.
    """

    model: Path
    data: Path
    target: str
    frame: pd.DataFrame
    key: str
    answers: list[Any]


def regressor(folder: Path) -> Trained:
    """Histogram boosting that takes missing values as they are; the data is a Parquet file."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    features = frame.drop(columns="target").astype(float)
    features = features.mask(np.random.default_rng(0).random(features.shape) < 0.08)
    model = HistGradientBoostingRegressor(max_iter=40).fit(features, frame["target"])
    skops.io.dump(model, folder / "diabetes.skops")
    features.assign(progression=frame["target"]).to_parquet(folder / "diabetes.parquet")
    head = features.head(ASKED)
    return Trained(
        model=folder / "diabetes.skops",
        data=folder / "diabetes.parquet",
        target="progression",
        frame=head,
        key="value",
        answers=model.predict(head).tolist(),
    )


def text_classifier(folder: Path) -> Trained:
    """TF-IDF and a linear model on the standard library's own descriptions."""
    topics = {
        "network": ("asyncio", "email", "ssl", "imaplib"),
        "numbers": ("statistics", "decimal", "random"),
    }
    rows = {
        inspect.getdoc(member): topic
        for topic, names in topics.items()
        for name in names
        for _, member in inspect.getmembers(importlib.import_module(name), callable)
    }
    frame = pd.DataFrame({"description": rows.keys(), "topic": rows.values()}).dropna()
    model = make_pipeline(
        make_column_transformer((TfidfVectorizer(min_df=2), "description")), LogisticRegression(max_iter=1000)
    )
    model.fit(frame[["description"]], frame["topic"])
    skops.io.dump(model, folder / "topics.skops")
    frame.to_csv(folder / "topics.csv", index=False)
    head = frame[["description"]].head(ASKED)
    return Trained(
        model=folder / "topics.skops",
        data=folder / "topics.csv",
        target="topic",
        frame=head,
        key="probabilities",
        answers=[dict(zip(model.classes_, row, strict=True)) for row in model.predict_proba(head).tolist()],
    )


def xgboost_file(folder: Path) -> Trained:
    """Three classes, in XGBoost's own format."""
    xgboost = importlib.import_module("xgboost")
    frame = load_wine(as_frame=True).frame
    features = frame.drop(columns="target")
    model = xgboost.XGBClassifier(n_estimators=20, max_depth=3).fit(features, frame["target"])
    model.save_model(folder / "wine.json")
    frame.to_csv(folder / "wine.csv", index=False)
    head = features.head(ASKED)
    probabilities = model.predict_proba(head).tolist()
    return Trained(
        model=folder / "wine.json",
        data=folder / "wine.csv",
        target="target",
        frame=head,
        key="probabilities",
        answers=[dict(zip("012", row, strict=True)) for row in probabilities],
    )


@pytest.mark.parametrize("train", [regressor, text_classifier, xgboost_file])
def test_it_is_converted_by_one_command_and_answers_as_the_estimator(
    train: Callable[[Path], Trained], tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``make serve MODEL=… DATA=… TARGET=…`` runs the same steps."""
    monkeypatch.chdir(root)
    trained = train(tmp_path)
    command = ["--model", str(trained.model), "--data", str(trained.data), "--target", trained.target]
    assert conversion.main([*command, "--build", str(tmp_path / "build")]) == 0
    bundle = build(tmp_path / "build/model", tmp_path / "build/bundle", cache=root / "build/cache")
    instances = json.loads(trained.frame.to_json(orient="records", double_precision=15))
    with local_deployment(bundle=bundle.path) as deployment:
        answer = request(
            f"{deployment.base_url}/predictions", body=json.dumps({"instances": instances}).encode()
        )
    assert answer is not None
    assert answer.status == 200, answer.body
    found = [item[trained.key] for item in json.loads(answer.body)["predictions"]]
    for seen, wanted in zip(found, trained.answers, strict=True):
        assert seen == pytest.approx(wanted, abs=1e-5)
