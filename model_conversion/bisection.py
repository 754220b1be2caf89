"""Halving between floating-point numbers, down to two neighbours, whatever their magnitude."""

__all__ = ["midpoints", "neighbours"]

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_SIGN = np.int64(-(2**63))


def _ordered(values: Floats) -> NDArray[np.int64]:
    """Return integers in the same order as the numbers, neighbours one apart."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return np.where(bits < 0, _SIGN - bits, bits)


def midpoints(left: Floats, right: Floats) -> Floats:
    """Return the number half way between in the order of doubles; one of the two when they are neighbours.

    Args:
        left: ``(n,)`` finite.
        right: ``(n,)`` finite, on either side of ``left``.
    """
    one, other = _ordered(left), _ordered(right)
    middle = (one >> 1) + (other >> 1) + (one & other & 1)
    result: Floats = np.where(middle < 0, _SIGN - middle, middle).view(np.float64)
    return result


def neighbours(values: Floats, kind: type[np.floating]) -> tuple[Floats, Floats]:
    """Return the largest number of a type that is not above each value, and the next one above that.

    Args:
        values: ``(n,)`` float64.
        kind: ``numpy.float32`` or ``numpy.float64``.
    """
    with np.errstate(over="ignore"):
        rounded = values.astype(kind)
    infinity = kind(np.inf)
    below = np.where(rounded.astype(np.float64) > values, np.nextafter(rounded, -infinity), rounded)
    above = np.nextafter(below, infinity)
    return below.astype(np.float64), above.astype(np.float64)
