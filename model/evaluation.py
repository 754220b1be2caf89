"""How well a classifier tells people apart whom it has not seen, and whether its probabilities are honest."""

__all__ = ["Decile", "Evaluation", "evaluate"]

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

_DECILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of the people, by predicted probability.

    Attributes:
        rows: How many people.
        predicted: Their mean predicted probability.
        observed: The share who are positive.
    """

    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures from out-of-fold predictions: nobody is judged by an estimator fitted on them.

    Attributes:
        auc: Mean over the folds of the area under the ROC curve; 0.5 is chance.
        auc_sd: Standard deviation over the folds (n - 1).
        pr_auc: Average precision; chance is the base rate.
        brier: Mean squared error of the probability; lower is better.
        positive_share: Share of people with a probability above one half.
        calibration: Lowest tenth first.
    """

    auc: float
    auc_sd: float
    pr_auc: float
    brier: float
    positive_share: float
    calibration: tuple[Decile, ...]


def evaluate(
    estimator: Any, rows: pd.DataFrame, target: npt.NDArray[np.int64], *, folds: int, seed: int
) -> Evaluation:
    """Cross-validate a binary classifier, stratified and shuffled.

    Args:
        estimator: Unfitted or fitted; it is cloned for each fold, never changed.
        rows: ``(rows, features)``.
        target: ``(rows,)``, 0 or 1.
        folds: Into how many parts the people are split.
        seed: Makes the split repeatable.
    """
    probability = np.empty(len(rows))
    aucs = []
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, target)
    for seen, unseen in splits:
        fitted = clone(estimator).fit(rows.iloc[seen], target[seen])
        probability[unseen] = fitted.predict_proba(rows.iloc[unseen])[:, 1]
        aucs.append(roc_auc_score(target[unseen], probability[unseen]))
    return Evaluation(
        auc=float(np.mean(aucs)),
        auc_sd=float(np.std(aucs, ddof=1)),
        pr_auc=float(average_precision_score(target, probability)),
        brier=float(brier_score_loss(target, probability)),
        positive_share=float((probability > 0.5).mean()),
        calibration=tuple(_deciles(probability, target)),
    )


def _deciles(probability: npt.NDArray[np.float64], target: npt.NDArray[np.int64]) -> Iterator[Decile]:
    for part in np.array_split(np.argsort(probability, kind="stable"), _DECILES):
        yield Decile(
            rows=len(part),
            predicted=float(probability[part].mean()),
            observed=float(target[part].mean()),
        )
