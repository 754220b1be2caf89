"""The proof: scikit-learn's answers and the served model's answers to the same rows, compared."""

__all__ = ["ParityReport", "Reference", "compare", "reference", "tied"]

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.predictor import Prediction
from model_conversion.comparison import Block
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.estimators import Task

TIE = 1e-12
"""Distance of the two best probabilities within which the last digit of a sum decides the class."""

MOST_TIES = 0.001
"""Share of rows that may be ties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What scikit-learn answers.

    Attributes:
        labels: One class or cluster a row as Python int or str; None for regression.
        scores: ``(rows, scores)`` float64: probabilities, values, decision values or distances.
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
        sources: Rows compared by where they come from: ``data``, ``golden``, ``batch`` and the kinds of probes.
        label_flips: Rows answered with another class.
        ties: Rows answered with another class whose two best probabilities lie within 1e-12, where the last digit
            of a sum decides; counted apart, and capped.
        max_abs_error: Largest absolute difference of a score; NaN when a score is NaN on one side only.
        mean_abs_error: Mean absolute difference.
        tolerance: Largest difference that still passes.
    """

    sources: dict[str, int]
    label_flips: int
    ties: int
    max_abs_error: float
    mean_abs_error: float
    tolerance: float

    @property
    def rows(self) -> int:
        """Rows compared."""
        return sum(self.sources.values())

    @property
    def passed(self) -> bool:
        """Whether every row agrees; NaN fails closed, and so does a comparison of nothing."""
        return (
            self.rows > 0
            and self.label_flips == 0
            and self.ties <= MOST_TIES * self.rows
            and self.max_abs_error <= self.tolerance
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a non-finite error becomes None."""
        return {
            "rows": self.rows,
            "sources": self.sources,
            "label_flips": self.label_flips,
            "ties": self.ties,
            "max_abs_error": self.max_abs_error if isfinite(self.max_abs_error) else None,
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
        UnsupportedError: It has no scores that go with its labels, or answers several labels a row.
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
    if task == "regression":
        values = np.asarray(estimator.predict(data), dtype=np.float64)
        return Reference(labels=[None] * len(values), scores=values.reshape(len(values), -1))
    ask = {"classification": "predict_proba", "outlier": "decision_function", "clustering": "transform"}[task]
    if not hasattr(estimator, ask):
        way_out = {
            "classification": "wrap it in CalibratedClassifierCV and fit again",
            "outlier": "fit it with novelty=True",
            "clustering": "use KMeans",
        }[task]
        raise UnsupportedError(f"{type(estimator).__name__} has no {ask}; {way_out}")
    labels = np.asarray(estimator.predict(data))
    if labels.ndim != 1:
        raise UnsupportedError(
            f"{type(estimator).__name__} answers {labels.shape[1]} labels a row; fit one classifier a label"
        )
    scores = np.asarray(getattr(estimator, ask)(data), dtype=np.float64)
    return Reference(labels=labels.tolist(), scores=scores.reshape(len(labels), -1))


def tied(wanted: Reference, seen: Sequence[Prediction]) -> list[int]:
    """Return the indices of rows answered with another class though both are as probable, to 1e-12."""
    if not len(seen) or wanted.scores.shape[1] < 2:
        return []
    best = np.sort(wanted.scores, axis=1)
    close = best[:, -1] - best[:, -2] <= TIE
    return [at for at in np.flatnonzero(close).tolist() if wanted.labels[at] != seen[at].label]


def compare(blocks: Sequence[Block], tolerance: float) -> ParityReport:
    """Compare answers row by row.

    Two NaNs in the same place are equal; an infinity equals only itself.

    Args:
        blocks: Answers by source, ties marked.
        tolerance: Largest difference of a score that still passes.
    """
    sources: dict[str, int] = {}
    flips = ties = 0
    errors: list[NDArray[np.float64]] = []
    for block in blocks:
        if not len(block.seen):
            continue
        sources[block.source] = sources.get(block.source, 0) + len(block.seen)
        ties += len(block.ties)
        labels = zip(block.wanted.labels, block.seen, strict=True)
        flips += sum(label != prediction.label for label, prediction in labels) - len(block.ties)
        errors.append(_errors(block))
    every = np.concatenate(errors) if errors else np.zeros(1)
    return ParityReport(
        sources=sources,
        label_flips=flips,
        ties=ties,
        max_abs_error=float(every.max()),
        mean_abs_error=float(every.mean()),
        tolerance=tolerance,
    )


def _errors(block: Block) -> NDArray[np.float64]:
    wanted = block.wanted.scores
    seen = np.array([prediction.scores for prediction in block.seen], dtype=np.float64).reshape(wanted.shape)
    with np.errstate(invalid="ignore"):
        errors = np.abs(wanted - seen)
    errors[(wanted == seen) | (np.isnan(wanted) & np.isnan(seen))] = 0.0
    largest: NDArray[np.float64] = errors.max(axis=1)
    return largest
