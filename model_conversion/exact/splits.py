"""Splits on float32 as splits on double: the rounding is in the threshold, and no node of the graph need do it."""

__all__ = ["on_doubles", "unrounded"]

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model_conversion.trees import Ensemble

LIMIT = 2.0**128
"""What the numbers beyond the largest float32 would be rounded to, were there one more."""


def unrounded(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each threshold the largest double that is at or below it after rounding to float32.

    So ``x <= unrounded(t)`` decides as ``float32(x) <= t`` does, for each double ``x`` within float32's range, with
    one comparison instead of two conversions and one.

    Rounding takes the nearer neighbour, and halfway the one whose last bit is zero (IEEE 754, 4.3.1).

    Args:
        thresholds: Within float32's range, or infinite.
    """
    with np.errstate(over="ignore"):  # after the largest comes infinity
        below = thresholds.astype(np.float32)
        below = np.where(below > thresholds, np.nextafter(below, np.float32(-np.inf)), below)
        above = np.nextafter(below, np.float32(np.inf)).astype(np.float64)
    middle = (below.astype(np.float64) + np.where(np.isinf(above), LIMIT, above)) / 2.0
    even = below.view(np.uint32) % 2 == 0
    return np.where(even, middle, np.nextafter(middle, -np.inf))


def on_doubles(ensemble: Ensemble) -> Ensemble:
    """Return the trees with splits that need no rounding before them; as they are where there is none."""
    if not ensemble.float32:
        return ensemble
    trees = tuple(replace(tree, threshold=unrounded(tree.threshold)) for tree in ensemble.trees)
    return replace(ensemble, trees=trees, float32=False)
