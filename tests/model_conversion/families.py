"""Fitted models of every family on a slice of the survey, for tests that need several."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from model_conversion.assembly import features_of
from model_conversion.comparison import Comparison
from model_conversion.convert import draft
from model_conversion.dataset import Dataset, frame_of, load_dataset
from model_conversion.estimators import task_of
from model_conversion.material import Material, Request
from model_conversion.parity import judge
from model_conversion.probes import probes_for
from model_conversion.proof import prove, questions_for, tolerance_for
from model_conversion.report import Attempt
from model_conversion.schema import load_schema
from model_conversion.strategies import Strategy, convert

ROOT = Path(__file__).resolve().parents[2]
ROWS = slice(0, None, 5)


def scaled() -> Any:
    """Return imputing and scaling."""
    return make_pipeline(SimpleImputer(), StandardScaler())


FAMILIES: dict[str, tuple[Any, Any, str]] = {
    "logistic": (scaled(), LogisticRegression(), "binary"),
    "logistic multiclass": (scaled(), LogisticRegression(), "three"),
    "ridge": (scaled(), Ridge(), "number"),
    "tree": ("passthrough", DecisionTreeClassifier(min_samples_leaf=5, random_state=0), "three"),
    "extra tree": (SimpleImputer(), ExtraTreeClassifier(min_samples_leaf=3, random_state=0), "binary"),
    "tree regressor": ("passthrough", DecisionTreeRegressor(min_samples_leaf=5, random_state=0), "number"),
    "forest": (SimpleImputer(), RandomForestClassifier(8, random_state=0), "binary"),
    "scaled forest": (scaled(), RandomForestClassifier(8, random_state=0), "binary"),
    "forest of gaps": (
        "passthrough",
        RandomForestClassifier(8, min_samples_leaf=4, random_state=0, class_weight="balanced"),
        "binary",
    ),
    "forest multiclass": (scaled(), RandomForestClassifier(8, min_samples_leaf=3, random_state=0), "words"),
    "extra trees": (scaled(), ExtraTreesClassifier(8, min_samples_leaf=3, random_state=0), "three"),
    "forest regressor": (scaled(), RandomForestRegressor(8, min_samples_leaf=3, random_state=0), "number"),
    "extra trees regressor": (scaled(), ExtraTreesRegressor(8, min_samples_leaf=3, random_state=0), "pair"),
    "boosting": (scaled(), GradientBoostingClassifier(n_estimators=15, random_state=0), "binary"),
    "boosting multiclass": (
        SimpleImputer(),
        GradientBoostingClassifier(n_estimators=8, random_state=0),
        "three",
    ),
    "boosting exponential": (
        SimpleImputer(),
        GradientBoostingClassifier(n_estimators=8, loss="exponential", init="zero", random_state=0),
        "binary",
    ),
    "boosting regressor": (
        scaled(),
        GradientBoostingRegressor(n_estimators=8, loss="huber", random_state=0),
        "number",
    ),
    "histogram": ("passthrough", HistGradientBoostingClassifier(max_iter=15, random_state=0), "binary"),
    "histogram multiclass": (
        "passthrough",
        HistGradientBoostingClassifier(max_iter=8, random_state=0),
        "words",
    ),
    "histogram categories": (
        "passthrough",
        HistGradientBoostingClassifier(max_iter=15, categorical_features=[0, 5, 6, 7, 8, 9], random_state=0),
        "binary",
    ),
    "histogram poisson": (
        "passthrough",
        HistGradientBoostingRegressor(max_iter=8, loss="poisson", random_state=0),
        "number",
    ),
}
"""Name → front for numbers, estimator, target."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted pipeline with what a proof of it needs."""

    material: Material

    def proved(self, strategy: Strategy, change: Any = None) -> Attempt:
        """Convert, change the graph if asked, and prove."""
        conversion = convert(self.material.estimator, self.material.schema, strategy)
        contract = draft(self.material, conversion, conversion.model.SerializeToString())
        if change is not None:
            change(conversion.model)
        blocks = prove(conversion.model.SerializeToString(), contract, self.material.questions)
        return judge(strategy.name, Comparison.of(blocks), self.material.tolerance)

    def passes(self, strategy: Strategy, change: Any = None) -> bool:
        """Tell whether the proof passes."""
        return self.proved(strategy, change).passed


@cache
def fitted(name: str) -> Fitted:
    """Fit a family, make its probes and ask scikit-learn."""
    front, estimator, target = FAMILIES[name]
    schema = load_schema(ROOT / "model/schema.toml")
    schema = replace(
        schema, target=replace(schema.target, column=None, positive=None, classes=(), better=None)
    )
    whole = load_dataset(ROOT / "model/data/yrbss.csv", schema)
    dataset = Dataset(rows=whole.rows[ROWS], targets=[])
    frame = frame_of(dataset.rows, schema)
    texts = [feature.name for feature in schema.features if feature.textual]
    numbers = [feature.name for feature in schema.features if not feature.textual]
    encoder: Any = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    if name.startswith("histogram"):
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    pipeline = make_pipeline(make_column_transformer((front, numbers), (encoder, texts)), estimator)
    pipeline.fit(frame, _target(target, frame))
    places = {feature.name: (feature.name, 0) for feature in schema.features}
    probes = probes_for(pipeline, features_of(schema, dataset, places), schema, dataset.rows)
    questions = questions_for(pipeline, schema, task_of(pipeline), dataset, probes)
    nowhere = Path("nowhere")
    return Fitted(
        material=Material(
            request=Request(model=nowhere, data=nowhere, schema=nowhere, out=nowhere),
            started=0.0,
            schema=schema,
            dataset=dataset,
            estimator=pipeline,
            task=task_of(pipeline),
            actionable=(),
            probes=probes,
            questions=questions,
            tolerance=tolerance_for(questions[0].wanted, pipeline, schema, task_of(pipeline)),
        )
    )


def _target(kind: str, frame: Any) -> Any:
    """Return a target that the answers predict partly, drawn with a fixed seed."""
    rng = np.random.default_rng(7)
    height = frame["height"].fillna(1.6).to_numpy()
    active = frame["physically_active_7d"].fillna(3.0).to_numpy()
    number = 20 * height + active + (frame["gender"] == "male") + rng.normal(size=len(frame))
    ranks = np.argsort(np.argsort(number)) * 3 // len(frame)
    match kind:
        case "binary":
            return (ranks > 0).astype(int)
        case "three":
            return ranks
        case "words":
            return np.array(["short night", "so-so", "long night"], dtype=object)[ranks]
        case "pair":
            return np.stack([number, -height], axis=1)
        case _:
            return number
