"""Which changed answers go with a different prediction, beyond what chance in the sample explains.

For each candidate the pipeline answers for the people it applies to, once as they are and once with the one
answer changed; the mean difference is the effect. The whole procedure, fitting included, is repeated on
people drawn with replacement, and the percentiles of the repeated effects are its interval. Nothing here
knows the sleep model: any estimator, any frame and any score will do.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentile interval).
"""

__all__ = ["Candidate", "Evidence", "bootstrap_effects", "mean_effects", "positive_probability"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

type Floats = npt.NDArray[np.float64]
type Score = Callable[[Any, pd.DataFrame], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One changed answer to test.

    Attributes:
        feature: The column that changes.
        to: The changed answer.
        values: Present answers that it applies to; empty when a range applies.
        low: Smallest present number it applies to, inclusive; None when values apply.
        high: Largest present number it applies to, inclusive; None when values apply.
    """

    feature: str
    to: float | str | bool
    values: tuple[float | str | bool, ...] = ()
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ranged = self.low is not None and self.high is not None
        if bool(self.values) == ranged or (self.low is None) != (self.high is None):
            raise ValueError(
                f"what-if on {self.feature!r} has values={list(self.values)}, low={self.low}, "
                f"high={self.high}; give either values or both low and high"
            )

    def applies_to(self, rows: "pd.DataFrame") -> npt.NDArray[np.bool_]:
        """Tell for each row whether the present answer is one that this starts from (null never is)."""
        present = rows[self.feature]
        if self.low is None or self.high is None:
            return np.asarray(present.isin(self.values), dtype=np.bool_)
        return np.asarray(present.between(self.low, self.high), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the data say about a candidate.

    Attributes:
        candidate: The changed answer.
        effect: Mean change of the score over the rows it applies to.
        interval: Percentile bootstrap interval of the effect; NaN when a resample held no such row.
        rows: How many rows it applies to.
    """

    candidate: Candidate
    effect: float
    interval: tuple[float, float]
    rows: int

    def supported(self, better: Literal["higher", "lower"] | None) -> bool:
        """Tell whether the interval excludes zero on the side that is better, or on either when None is.

        A change that surely goes with a worse prediction is known, yet nothing to recommend.
        """
        low, high = self.interval
        return (low > 0 and better != "lower") or (high < 0 and better != "higher")


def positive_probability(estimator: Any, rows: "pd.DataFrame") -> Floats:
    """Return the probability of the last class, ``(rows,)`` float64."""
    return np.asarray(estimator.predict_proba(rows)[:, -1], dtype=np.float64)


def mean_effects(
    estimator: Any,
    rows: "pd.DataFrame",
    candidates: Sequence[Candidate],
    *,
    score: Score = positive_probability,
) -> Floats:
    """Return the mean change of the score where each candidate applies, ``(candidates,)``.

    All changed rows go through the estimator in one call. NaN where a candidate applies to nobody.
    """
    applies = [candidate.applies_to(rows) for candidate in candidates]
    changed = [
        rows[mask].assign(**{candidate.feature: candidate.to})
        for candidate, mask in zip(candidates, applies, strict=True)
    ]
    if not any(mask.any() for mask in applies):
        return np.full(len(candidates), np.nan)
    before = score(estimator, rows)
    after = score(estimator, pd.concat(changed, ignore_index=True))
    ends = np.cumsum([mask.sum() for mask in applies])[:-1]
    return np.array(
        [
            np.mean(part - before[mask]) if mask.any() else np.nan
            for part, mask in zip(np.split(after, ends), applies, strict=True)
        ]
    )


def bootstrap_effects(
    estimator: Any,
    rows: "pd.DataFrame",
    target: npt.NDArray[Any],
    candidates: Sequence[Candidate],
    *,
    score: Score = positive_probability,
    resamples: int,
    seed: int,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Evidence, ...]:
    """Estimate the effect of each candidate, with an interval.

    Each resample draws from a generator of its own, seeded by ``(seed, number)``, so that the first hundred
    are the same whether a hundred or a thousand are asked for.

    Args:
        estimator: Unfitted or fitted; it is cloned and refitted, never changed.
        rows: ``(rows, features)``, what the estimator is fitted on.
        target: ``(rows,)``.
        candidates: The changed answers to test.
        score: Estimator and rows to ``(rows,)``: the probability or value whose change counts.
        resamples: How often to refit.
        seed: Makes the resamples repeatable.
        confidence: Share of the repeated effects that the interval holds.
        progress: Called after each refit with the number done and the number wanted.

    Raises:
        ValueError: A candidate applies to no row, or ``resamples`` or ``confidence`` is out of range.
    """
    if resamples < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"resamples={resamples}, confidence={confidence}; wanted at least 1, and between 0 and 1"
        )
    counts = [int(candidate.applies_to(rows).sum()) for candidate in candidates]
    for candidate, count in zip(candidates, counts, strict=True):
        if count == 0:
            raise ValueError(f"{candidate} applies to none of {len(rows)} rows; correct or drop it")
    fitted = clone(estimator).fit(rows, target)
    effects = mean_effects(fitted, rows, candidates, score=score)
    repeated = np.empty((resamples, len(candidates)))
    for number in range(resamples):
        drawn = np.random.default_rng((seed, number)).integers(len(rows), size=len(rows))
        resample = rows.iloc[drawn].reset_index(drop=True)
        refitted = clone(estimator).fit(resample, target[drawn])
        repeated[number] = mean_effects(refitted, resample, candidates, score=score)
        if progress is not None:
            progress(number + 1, resamples)
    tail = (1 - confidence) / 2
    lows, highs = np.quantile(repeated, (tail, 1 - tail), axis=0)
    return tuple(
        Evidence(candidate=candidate, effect=float(effect), interval=(float(low), float(high)), rows=count)
        for candidate, effect, low, high, count in zip(candidates, effects, lows, highs, counts, strict=True)
    )
