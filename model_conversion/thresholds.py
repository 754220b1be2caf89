"""Probe rows on both sides of every threshold of every tree."""

__all__ = ["ThresholdProbes"]

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.contract import Feature, Row
from model_conversion.bisection import midpoints, neighbours
from model_conversion.dataset import frame_of
from model_conversion.inputs import as_fitted
from model_conversion.pipelines import before_last
from model_conversion.schema import Schema
from model_conversion.trees import Ensemble, reached_by

MOST_PROBES = 60_000
"""Rows at most; beyond it splits are taken at even distances and the report says how many there are."""


class ThresholdProbes:
    """Finds, for every split, the answers just on either side of it.

    The split lies in a transformed column; the answer that moves it across the threshold is found by bisection
    through the estimator's own transformers, down to two neighbouring doubles. The row around it is one that
    reaches the split, so that the two answers really part there.
    """

    def __init__(
        self, estimator: Any, features: tuple[Feature, ...], schema: Schema, bases: list[Row]
    ) -> None:
        self._steps = before_last(estimator)
        self._features = features
        self._bases = bases
        self._frame = frame_of(bases, schema)
        self._matrix = self._transform(self._frame)

    def _transform(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        if self._steps is None:
            plain: NDArray[np.float64] = frame.to_numpy(dtype=np.float64)
            return plain
        result = self._steps.transform(as_fitted(self._steps, frame))
        dense = result.toarray() if hasattr(result, "toarray") else result
        return np.asarray(dense, dtype=np.float64)

    def rows(self, ensemble: Ensemble) -> tuple[list[Row], int, int]:
        """Return the probe rows, the number of splits and of those that are probed."""
        cast = np.float32 if ensemble.float32 else np.float64
        seen = self._matrix.astype(cast).astype(np.float64)
        movers = self._movers()
        bases, columns, thresholds, splits = [], [], [], 0
        numbers = []
        forward = np.arange(len(seen))
        orders = (forward, forward[::-1], np.random.default_rng(0).permutation(forward))
        for tree in ensemble.trees:
            inner = np.flatnonzero(~tree.leaf)
            # Below a split two sides may agree for one row, so several rows try it.
            reached = np.stack([reached_by(tree, seen, order)[inner] for order in orders], axis=1)
            reached[:, 1:][reached[:, 1:] == reached[:, :1]] = -1
            split, way = np.nonzero(reached >= 0)
            bases.append(reached[split, way])
            columns.append(tree.feature[inner[split]])
            thresholds.append(tree.threshold[inner[split]])
            numbers.append(splits + split)
            splits += len(inner)
        base, column, threshold, number = (
            np.concatenate(parts) for parts in (bases, columns, thresholds, numbers)
        )
        movable = np.isin(column, list(movers)) & np.isfinite(threshold)
        chosen = np.flatnonzero(movable)
        most = MOST_PROBES // 6
        if len(chosen) > most:
            chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(np.int64)]
        rows: list[Row] = []
        probed: set[int] = set()
        for at in movers:
            these = chosen[column[chosen] == at]
            if not len(these):
                continue
            feature = self._features[movers[at]]
            low, high, found = self._cross(movers[at], at, base[these], threshold[these], cast)
            probed.update(number[these][found].tolist())
            rows += self._around(feature, base[these][found], low[found], high[found])
        return rows, splits, len(probed)

    def _movers(self) -> dict[int, int]:
        """Return for each transformed column one numeric feature that moves it."""
        movers: dict[int, int] = {}
        some = self._frame.iloc[:50]
        before = self._transform(some)
        for at, feature in enumerate(self._features):
            if not feature.numeric:
                continue
            shifted = some.copy()
            span = ((feature.maximum or 0.0) - (feature.minimum or 0.0)) or 1.0
            shifted.isetitem(at, (feature.minimum or 0.0) + span * np.linspace(0.1, 0.9, len(some)))
            changed = (self._transform(shifted) != before) & ~np.isnan(before)
            for column in np.flatnonzero(changed.any(axis=0)):
                movers.setdefault(int(column), at)
        return movers

    def _cross(
        self,
        feature: int,
        column: int,
        base: NDArray[np.int64],
        threshold: NDArray[np.float64],
        cast: type,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return neighbouring doubles of a feature between which its column crosses each threshold."""
        frame = self._frame.iloc[base].reset_index(drop=True)

        def goes_left(answers: NDArray[np.float64]) -> NDArray[np.bool_]:
            moved = frame.copy(deep=False)
            moved.isetitem(feature, answers)
            result: NDArray[np.bool_] = self._transform(moved)[:, column].astype(cast) <= threshold
            return result

        about = self._features[feature]
        low, high = about.minimum or 0.0, about.maximum or 0.0
        span = high - low or 1.0
        with np.errstate(over="ignore"):
            # A column that is the answer itself crosses at the threshold itself, or at its float32 neighbour.
            start, end = neighbours(threshold, cast)
            direct = goes_left(start) & ~goes_left(end)
            left = np.where(direct, start, low - 2 * span)
            right = np.where(direct, end, high + 2 * span)
            side = goes_left(left)
            found = side != goes_left(right)
            while True:
                middle = midpoints(left, right)
                if bool(((middle == left) | (middle == right) | ~found).all()):
                    break
                same = goes_left(middle) == side
                left, right = np.where(same, middle, left), np.where(same, right, middle)
        return np.minimum(left, right), np.maximum(left, right), found

    def _around(
        self,
        feature: Feature,
        base: NDArray[np.int64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> list[Row]:
        """Return rows with the two answers, their neighbours in double and the float32 numbers beside them."""
        if feature.kind == "integer":
            answers = np.stack([np.floor(low), np.ceil(high)], axis=1)
        else:
            below, above = neighbours(low, np.float32)
            answers = np.stack(
                [np.nextafter(low, -np.inf), low, high, np.nextafter(high, np.inf), below, above], axis=1
            )
        rows: list[Row] = []
        for at, values in zip(base.tolist(), answers.tolist(), strict=True):
            for value in dict.fromkeys(values):
                if np.isfinite(value) and feature.admits(value):
                    number = int(value) if feature.kind == "integer" else value
                    rows.append({**self._bases[at], feature.name: number})
        return rows
