"""Probe rows on both sides of a linear decision boundary."""

__all__ = ["boundary_rows"]

from itertools import permutations
from typing import Any

import numpy as np

from function.contract import Feature, Row
from model_conversion.dataset import frame_of
from model_conversion.inputs import as_fitted
from model_conversion.schema import Schema

PAIRS = 20
"""Rows of each class from which the boundary is searched."""

TRIES = 4
"""Rows of the other class that each is moved towards until the answer changes."""

MOST = 2_000
"""Rows in all: a model of a hundred classes has ten thousand pairs of them."""

OFFSETS = (0.0, 1e-9, 1e-7, 1e-5, 1e-3)
"""Distances from the boundary, relative to the distance between the pair."""


def boundary_rows(
    estimator: Any, features: tuple[Feature, ...], schema: Schema, bases: list[Row]
) -> list[Row]:
    """Rows on both sides of a linear decision boundary, on straight lines between differently answered rows."""
    names = [feature.name for feature in features if feature.kind == "number"]
    frame = frame_of(bases, schema)
    numbers = (
        [row for row, whole in enumerate(frame[names].notna().all(axis=1).tolist()) if whole] if names else []
    )
    if not numbers:
        return []

    def answer(rows: list[Row]) -> list[Any]:
        asked = as_fitted(estimator, frame_of(rows, schema))
        return list(np.asarray(estimator.predict(asked)).tolist())

    labels = answer([bases[at] for at in numbers])
    groups = [
        [bases[at] for at, seen in zip(numbers, labels, strict=True) if seen == label]
        for label in dict.fromkeys(labels)
    ]
    rows: list[Row] = []
    for group, others in permutations(groups, 2):
        partners = others[:: max(1, len(others) // TRIES)][:TRIES]
        for row in group[:PAIRS]:
            found = next(filter(None, (_between(row, partner, names, answer) for partner in partners)), [])
            rows += found
            if len(rows) >= MOST:
                return rows
    return rows


def _between(one: Row, other: Row, names: list[str], answer: Any) -> list[Row]:
    """Return rows around the place where the answer changes when one row's numbers move to the other's."""

    def at(share: float) -> Row:
        moved = {name: float(one[name]) * (1 - share) + float(other[name]) * share for name in names}  # type: ignore[arg-type]
        return {**one, **moved}

    low, high = 0.0, 1.0
    start, end = answer([at(low), at(high)])
    if start == end:
        return []  # the other columns decide
    while True:
        shares = np.linspace(low, high, 66)[1:-1]
        labels = answer([at(share) for share in shares])
        change = next((k for k, label in enumerate(labels) if label != start), len(labels))
        lower = low if change == 0 else float(shares[change - 1])
        upper = high if change == len(labels) else float(shares[change])
        if upper - lower >= high - low or upper - lower < 1e-15:
            break
        low, high = lower, upper
    beside = [low - offset for offset in OFFSETS] + [high + offset for offset in OFFSETS]
    return [at(share) for share in beside if 0 <= share <= 1]
