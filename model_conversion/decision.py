"""The threshold of a classifier that decides by another one than a half."""

__all__ = ["Decision", "decision_of"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from model_conversion.errors import UnsupportedError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """How a label follows from two probabilities.

    Attributes:
        classifier: The fitted classifier that gives them.
        positive: Index of the class that the threshold is about.
        threshold: Its probability from which it is the answer.
    """

    classifier: Any
    positive: int
    threshold: float


def decision_of(estimator: Any) -> Decision | None:
    """Return the decision of a classifier with a threshold of its own, None of any other.

    Raises:
        UnsupportedError: It does not decide by a probability.
    """
    if not isinstance(estimator, FixedThresholdClassifier | TunedThresholdClassifierCV):
        return None
    classifier = getattr(estimator, "estimator_", estimator.estimator)
    if estimator.response_method == "decision_function" or not hasattr(classifier, "predict_proba"):
        raise UnsupportedError(
            f"{type(estimator).__name__} decides by a decision value, which is no probability; fit it with "
            "response_method='predict_proba'"
        )
    if isinstance(estimator, FixedThresholdClassifier):
        wanted, threshold = estimator.pos_label, estimator.threshold
        threshold = 0.5 if threshold == "auto" else threshold
    else:
        wanted, threshold = estimator._curve_scorer._get_pos_label(), estimator.best_threshold_  # noqa: SLF001
    classes = np.asarray(estimator.classes_).tolist()
    positive = 1 if wanted is None else classes.index(wanted)
    return Decision(classifier=classifier, positive=positive, threshold=float(threshold))
