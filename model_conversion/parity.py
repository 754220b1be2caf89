"""The proof: scikit-learn's answers and the served model's answers to the same rows, compared."""

__all__ = ["judge", "reference", "tied", "ties_allowed"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from function.predictor import Prediction
from model_conversion.comparison import BOUNDARY, Comparison, Reference
from model_conversion.errors import InputError, UnsupportedError, first_line
from model_conversion.estimators import Task
from model_conversion.inputs import as_fitted
from model_conversion.report import Attempt

TIE = 1e-12
"""Distance of the two best probabilities within which the last digit of a sum decides the class."""

MOST_TIES = 0.001
"""Share of rows that may be ties, rows of :data:`BOUNDARY` left out."""


def reference(estimator: Any, frame: pd.DataFrame, task: Task) -> Reference:
    """Ask scikit-learn.

    Args:
        estimator: The fitted estimator.
        frame: ``(rows, features)`` as it was fitted on.
        task: What it answers.

    Raises:
        InputError: It refuses the data.
        UnsupportedError: It has no scores that go with its labels, or answers several labels a row.
    """
    try:
        return _ask(estimator, as_fitted(estimator, frame), task)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"scikit-learn refuses the data: {first_line(error)}; schema and data must be what "
            f"{type(estimator).__name__} was fitted on"
        ) from error


def _ask(estimator: Any, data: Any, task: Task) -> Reference:
    if task == "regression":
        values = np.asarray(estimator.predict(data), dtype=np.float64)
        return Reference(labels=[None] * len(values), scores=values.reshape(len(values), -1))
    ask = {
        "classification": "predict_proba",
        "decision": "decision_function",
        "outlier": "decision_function",
        "clustering": "transform",
    }[task]
    if not hasattr(estimator, ask):
        way_out = {"outlier": "fit it with novelty=True", "clustering": "use KMeans"}.get(
            task, "wrap it in CalibratedClassifierCV and fit again"
        )
        raise UnsupportedError(f"{type(estimator).__name__} has no {ask}; {way_out}")
    labels = np.asarray(estimator.predict(data))
    if labels.ndim != 1:
        raise UnsupportedError(
            f"{type(estimator).__name__} answers {labels.shape[1]} labels a row; fit one classifier a label"
        )
    scores = np.asarray(getattr(estimator, ask)(data), dtype=np.float64)
    scores = scores.reshape(len(labels), -1)
    if task == "decision":
        if scores.shape[1] == 1:
            scores = np.concatenate([-scores, scores], axis=1)
        classes = len(estimator.classes_)
        if scores.shape[1] != classes:
            raise UnsupportedError(
                f"{type(estimator).__name__} gives {scores.shape[1]} decision values of {classes} classes, "
                "wanted one a class; fit it with decision_function_shape='ovr'"
            )
    return Reference(labels=labels.tolist(), scores=scores)


def tied(wanted: Reference, seen: Sequence[Prediction]) -> list[int]:
    """Return the rows answered with another class though two classes' scores are equal, to 1e-12.

    There the last digit of a sum decides. Meant for probabilities and decision values, of which the largest absolute
    one of all rows is the measure; a distance or an outlier detector's value has no such tie.
    """
    if not len(seen) or wanted.scores.shape[1] < 2:
        return []
    best = np.sort(wanted.scores, axis=1)
    largest = np.abs(wanted.scores[np.isfinite(wanted.scores)]).max(initial=1.0)
    close = best[:, -1] - best[:, -2] <= TIE * largest
    return [at for at in np.flatnonzero(close).tolist() if wanted.labels[at] != seen[at].label]


def ties_allowed(comparison: Comparison) -> int:
    """Return how many ties still pass: one row of a thousand, besides those that were made to be ties."""
    on_boundary = np.zeros(len(comparison.source), dtype=np.bool_)
    if BOUNDARY in comparison.sources:
        on_boundary = comparison.source == comparison.sources.index(BOUNDARY)
    return int(MOST_TIES * int((~on_boundary).sum())) + int(comparison.ties[on_boundary].sum())


def judge(strategy: str, comparison: Comparison, tolerance: float) -> Attempt:
    """Judge a comparison: no other class but for few ties, no difference beyond the tolerance.

    NaN fails closed, and so does a comparison of nothing.
    """
    rows, flips, ties = len(comparison.errors), int(comparison.flips.sum()), int(comparison.ties.sum())
    passed = (
        rows > 0
        and flips == 0
        and ties <= ties_allowed(comparison)
        and comparison.max_abs_error <= tolerance  # false for NaN
    )
    return Attempt(
        strategy=strategy,
        passed=passed,
        rows=rows,
        flips=flips,
        ties=ties,
        max_abs_error=comparison.max_abs_error,
        tolerance=tolerance,
    )
