"""A threshold on doubles decides as the threshold on float32 did after rounding."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from model_conversion.exact.splits import unrounded

LARGEST = float(np.finfo(np.float32).max)
THRESHOLDS = st.one_of(
    st.floats(-LARGEST, LARGEST), st.floats(-LARGEST, LARGEST, width=32), st.floats(-1e-44, 1e-44)
)


def rounded(value: float) -> float:
    """Return the nearest float32."""
    with np.errstate(over="ignore"):
        return float(np.float64(value).astype(np.float32))


@given(THRESHOLDS)
@example(0.0)
@example(-0.0)
@example(-5e-324)
@example(LARGEST)
@example(-LARGEST)
def test_the_threshold_is_the_last_that_is_rounded_to_no_more(threshold: float) -> None:
    """It goes left itself, and the next double goes right."""
    (moved,) = unrounded(np.array([threshold])).tolist()
    assert rounded(moved) <= threshold
    assert rounded(np.nextafter(moved, np.inf)) > threshold


@given(THRESHOLDS, st.integers(-3, 3), st.booleans())
def test_numbers_beside_it_decide_alike(threshold: float, steps: int, halfway: bool) -> None:
    """Float32 neighbours of the threshold, and the doubles halfway between two of them, where rounding turns."""
    value = np.float32(threshold)
    with np.errstate(over="ignore"):
        for _ in range(abs(steps)):
            value = np.nextafter(value, np.float32(np.copysign(np.inf, steps)))
    assume(np.isfinite(value))
    number = float(value)
    if halfway:
        number = (number + float(np.nextafter(value, np.float32(0.0)))) / 2.0
    assert (number <= unrounded(np.array([threshold]))[0]) == (rounded(number) <= threshold)


@pytest.mark.parametrize("threshold", [np.inf, -np.inf])
def test_infinity_stays(threshold: float) -> None:
    """A split of what is missing from everything else has it for a threshold."""
    assert unrounded(np.array([threshold])).tolist() == [threshold]
