"""The proof: scikit-learn's answers and the served model's answers to the same rows, compared."""

__all__ = ["ParityReport", "Reference", "compare", "reference"]

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.predictor import Prediction
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.estimators import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What scikit-learn answers.

    Attributes:
        labels: One class value a row as Python int or str; None for regression.
        scores: ``(rows, classes)`` probabilities or ``(rows, 1)`` values, float64.
    """

    labels: list[int | str | None]
    scores: NDArray[np.float64]

    def __add__(self, other: "Reference") -> "Reference":
        """Return the answers to these rows followed by the other's."""
        return Reference(
            labels=self.labels + other.labels, scores=np.concatenate([self.scores, other.scores])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityReport:
    """How far ONNX is from scikit-learn.

    Attributes:
        rows: Rows compared.
        label_flips: Rows answered with another class.
        max_abs_error: Largest absolute difference of a score; NaN when a score is NaN on one side only.
        mean_abs_error: Mean absolute difference.
        tolerance: Largest difference that still passes.
        worst_row: Index of the row with the largest difference or the first flip.
    """

    rows: int
    label_flips: int
    max_abs_error: float
    mean_abs_error: float
    tolerance: float
    worst_row: int

    @property
    def passed(self) -> bool:
        """Whether every row agrees; NaN fails closed."""
        return self.rows > 0 and self.label_flips == 0 and self.max_abs_error <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a non-finite error becomes None."""
        error = self.max_abs_error
        return {
            "rows": self.rows,
            "label_flips": self.label_flips,
            "max_abs_error": error if isfinite(error) else None,
            "mean_abs_error": self.mean_abs_error if isfinite(self.mean_abs_error) else None,
            "tolerance": self.tolerance,
            "passed": self.passed,
        }


def reference(estimator: Any, frame: pd.DataFrame, task: Task) -> Reference:
    """Ask scikit-learn.

    Args:
        estimator: The fitted estimator.
        frame: ``(rows, features)`` as it was fitted on.
        task: What it answers.

    Raises:
        InputError: It refuses the data.
        UnsupportedError: It has no probabilities, or answers several values a row.
    """
    data = frame if hasattr(estimator, "feature_names_in_") else frame.to_numpy()
    try:
        return _ask(estimator, data, task)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"scikit-learn refuses the data: {str(error).splitlines()[0]}; schema and data must be what "
            f"{type(estimator).__name__} was fitted on"
        ) from error


def _ask(estimator: Any, data: Any, task: Task) -> Reference:
    if task == "classification":
        if not hasattr(estimator, "predict_proba"):
            raise UnsupportedError(
                f"{type(estimator).__name__} has no predict_proba; wrap it in CalibratedClassifierCV and fit again"
            )
        scores = np.asarray(estimator.predict_proba(data), dtype=np.float64)
        labels: list[int | str | None] = np.asarray(estimator.predict(data)).tolist()
        return Reference(labels=labels, scores=scores)
    values = np.asarray(estimator.predict(data), dtype=np.float64)
    if task != "regression" or (values.ndim == 2 and values.shape[1] != 1):
        raise UnsupportedError(
            f"{type(estimator).__name__} answers {task} of shape {values.shape}; classifiers and regressors with one "
            "value a row are converted so far"
        )
    return Reference(labels=[None] * len(values), scores=values.reshape(-1, 1))


def compare(wanted: Reference, seen: list[Prediction], tolerance: float) -> ParityReport:
    """Compare answers row by row.

    Two NaNs in the same place are equal; an infinity equals only itself.
    """
    scores = np.array([prediction.scores for prediction in seen], dtype=np.float64).reshape(
        wanted.scores.shape
    )
    with np.errstate(invalid="ignore"):
        errors = np.abs(wanted.scores - scores)
    same = (wanted.scores == scores) | (np.isnan(wanted.scores) & np.isnan(scores))
    errors[same] = 0.0
    flips = np.array(
        [label != prediction.label for label, prediction in zip(wanted.labels, seen, strict=True)]
    )
    by_row = np.where(np.isnan(errors), np.inf, errors).max(axis=1)
    worst = int(np.argmax(flips)) if flips.any() else int(np.argmax(by_row))
    return ParityReport(
        rows=len(seen),
        label_flips=int(flips.sum()),
        max_abs_error=float(errors.max()),
        mean_abs_error=float(errors.mean()),
        tolerance=tolerance,
        worst_row=worst,
    )
