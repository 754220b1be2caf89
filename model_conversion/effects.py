"""Which changed answers go with a different prediction, beyond what chance in the sample explains.

For each change the estimator answers for the rows it applies to, once as they are and once with the one answer
changed; the mean difference is the effect. The whole procedure, fitting included, is repeated on rows drawn with
replacement, and the percentiles of the repeated effects are its interval. Nothing here knows a schema or a file:
any estimator, any frame and any score will do.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentile interval).
"""

__all__ = ["Change", "Finding", "bootstrap_effects", "mean_effects"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

type Floats = npt.NDArray[np.float64]
type Score = Callable[[Any, pd.DataFrame], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One changed answer to test, as the frame holds it.

    Attributes:
        feature: The column that changes.
        to: The changed answer.
        values: Present answers that it applies to; empty when a range applies.
        low: Smallest present number it applies to, inclusive; None when values apply.
        high: Largest present number it applies to, inclusive; None when values apply.
    """

    feature: str
    to: float | str
    values: tuple[float | str, ...] = ()
    low: float | None = None
    high: float | None = None

    def applies_to(self, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Tell for each row whether the present answer is one that this starts from (null never is)."""
        present = rows[self.feature]
        if self.low is None or self.high is None:
            return np.asarray(present.isin(self.values), dtype=np.bool_)
        return np.asarray(present.between(self.low, self.high), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the data say about a change.

    Attributes:
        change: The changed answer.
        effect: Mean change of the score over the rows it applies to.
        interval: Percentile bootstrap interval of the effect; NaN when a resample held no such row.
        rows: How many rows it applies to.
    """

    change: Change
    effect: float
    interval: tuple[float, float]
    rows: int


def mean_effects(estimator: Any, rows: pd.DataFrame, changes: Sequence[Change], *, score: Score) -> Floats:
    """Return the mean change of the score where each change applies, ``(changes,)``.

    All changed rows go through the estimator in one call. NaN where a change applies to nobody.
    """
    applies = [change.applies_to(rows) for change in changes]
    changed = [
        rows[mask].assign(**{change.feature: change.to})
        for change, mask in zip(changes, applies, strict=True)
    ]
    if not any(mask.any() for mask in applies):
        return np.full(len(changes), np.nan)
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
    rows: pd.DataFrame,
    target: npt.NDArray[Any],
    changes: Sequence[Change],
    *,
    score: Score,
    form: Callable[[pd.DataFrame], Any] = lambda frame: frame,
    resamples: int,
    seed: int,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Finding, ...]:
    """Estimate the effect of each change, with an interval.

    Each resample draws from a generator of its own, seeded by ``(seed, number)``, so that the first hundred
    are the same whether a hundred or a thousand are asked for.

    Args:
        estimator: Unfitted or fitted; it is cloned and refitted, never changed.
        rows: ``(rows, features)``, what the estimator is fitted on.
        target: ``(rows,)``.
        changes: The changed answers to test.
        score: Estimator and rows to ``(rows,)``: the probability or value whose change counts.
        form: Turns a frame into what the estimator is fitted on: its values, a list of texts, or itself.
        resamples: How often to refit.
        seed: Makes the resamples repeatable.
        confidence: Share of the repeated effects that the interval holds.
        progress: Called after each refit with the number done and the number wanted.

    Raises:
        ValueError: A change applies to no row, or ``resamples`` or ``confidence`` is out of range.
    """
    if resamples < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"resamples={resamples}, confidence={confidence}; wanted at least 1, and between 0 and 1"
        )
    counts = [int(change.applies_to(rows).sum()) for change in changes]
    for change, count in zip(changes, counts, strict=True):
        if count == 0:
            start = list(change.values) or f"{change.low:g} to {change.high:g}"
            raise ValueError(
                f"the what-if on {change.feature!r} from {start} to {change.to!r} applies to none of "
                f"{len(rows)} rows; correct or drop it"
            )
    fitted = clone(estimator).fit(form(rows), target)
    effects = mean_effects(fitted, rows, changes, score=score)
    repeated = np.empty((resamples, len(changes)))
    for number in range(resamples):
        drawn = np.random.default_rng((seed, number)).integers(len(rows), size=len(rows))
        resample = rows.iloc[drawn].reset_index(drop=True)
        refitted = clone(estimator).fit(form(resample), target[drawn])
        repeated[number] = mean_effects(refitted, resample, changes, score=score)
        if progress is not None:
            progress(number + 1, resamples)
    tail = (1 - confidence) / 2
    lows, highs = np.quantile(repeated, (tail, 1 - tail), axis=0)
    return tuple(
        Finding(change=change, effect=float(effect), interval=(float(low), float(high)), rows=count)
        for change, effect, low, high, count in zip(changes, effects, lows, highs, counts, strict=True)
    )
