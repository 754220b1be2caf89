"""Tree models to compare graphs on, and both graphs of each."""

__all__ = ["MODELS", "TreeModel", "built"]

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from model_conversion.packed import serialised
from model_conversion.schema import FeatureSchema, Schema, TargetSchema
from model_conversion.strategies import STRATEGIES, convert
from model_conversion.trees import ensemble_of

COLUMNS, FITTED, ASKED = 12, 5_000, 100_000
NEAR = 2_000
"""Rows of which one number lies on a split's threshold, or one step of a double beside it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeModel:
    """A fitted model, both graphs and rows.

    Attributes:
        estimator: Fitted on doubles that are float32 values, as the float graph wants them.
        nodes: Of all trees, leaves included.
        default: skl2onnx's graph with its default options but for ``zipmap``.
        ours: The graph that ``convert`` writes with float64 numbers.
        rows: ``(asked, 12)`` float64, rounded to float32.
        near: ``(2,000, 12)`` float64: ``rows`` with one number of each at a threshold, or one double beside it.
    """

    estimator: Any
    nodes: int
    default: bytes
    ours: bytes
    rows: NDArray[np.float64]
    near: NDArray[np.float64]


_forest = partial(RandomForestClassifier, random_state=0, n_jobs=1)
_gradient = partial(GradientBoostingClassifier, random_state=0)
_histogram = partial(HistGradientBoostingClassifier, random_state=0)

MODELS: dict[str, tuple[Any, int]] = {
    f"{name}, {'two' if classes == 2 else 'ten'} classes": (make, classes)
    for classes in (2, 10)
    for name, make in (
        ("forest of 10", partial(_forest, 10)),
        ("forest of 100", partial(_forest, 100)),
        ("forest of 500", partial(_forest, 500)),
        ("gradient boosting", _gradient),
        ("histogram boosting", _histogram),
    )
}
"""Name → estimator and number of classes."""


def built(name: str, *, fitted: int = FITTED, asked: int = ASKED) -> TreeModel:
    """Fit and convert a model.

    Args:
        name: One of :data:`MODELS`.
        fitted: Rows to fit on.
        asked: Rows to answer.
    """
    make, classes = MODELS[name]
    features, target = make_classification(
        fitted, COLUMNS, n_informative=8, n_classes=classes, flip_y=0.35, random_state=0
    )
    features = _rounded(features)
    estimator = make().fit(features, target)
    rng = np.random.default_rng(1)
    spread = rng.normal(scale=0.1, size=(asked, COLUMNS))
    rows = _rounded(features[rng.integers(0, fitted, asked)] + spread)
    ensemble = ensemble_of(estimator)
    if ensemble is None:
        raise TypeError(f"{name} has no trees of a known form")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's use of deprecated numpy
        default = convert_sklearn(
            estimator,
            initial_types=[("numbers", FloatTensorType([None, COLUMNS]))],
            options={id(estimator): {"zipmap": False}},
        )
    schema = Schema(
        name="benchmark",
        target=TargetSchema(),
        features=tuple(FeatureSchema(name=f"x{at}", kind="number") for at in range(COLUMNS)),
    )
    ours = convert(estimator, schema, next(item for item in STRATEGIES if item.name == "float64"))
    near = _near(
        rows,
        np.concatenate([tree.feature[~tree.leaf] for tree in ensemble.trees]),
        np.concatenate([tree.threshold[~tree.leaf] for tree in ensemble.trees]),
    )
    return TreeModel(
        estimator=estimator,
        nodes=sum(len(tree.leaf) for tree in ensemble.trees),
        default=default.SerializeToString(),
        ours=serialised(ours.model),
        rows=rows,
        near=near,
    )


def _rounded(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return matrix.astype(np.float32).astype(np.float64)


def _near(
    rows: NDArray[np.float64], features: NDArray[np.int64], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return rows of which one number is a threshold, or the next double below or above it."""
    rng = np.random.default_rng(2)
    chosen = rng.integers(0, len(features), NEAR)
    near = rows[rng.integers(0, len(rows), NEAR)].copy()
    values = thresholds[chosen]
    values = np.choose(
        np.arange(NEAR) % 3, [values, np.nextafter(values, -np.inf), np.nextafter(values, np.inf)]
    )
    near[np.arange(NEAR), features[chosen]] = values
    return near
