"""Numbers next to one another, whatever their magnitude and sign."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_conversion.bisection import midpoints, neighbours

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite)
def test_a_midpoint_lies_between_and_halving_ends(one: float, other: float) -> None:
    """After at most 64 halvings two neighbouring doubles are left."""
    left, right = np.array([min(one, other)]), np.array([max(one, other)])
    for _ in range(65):
        middle = midpoints(left, right)
        assert left[0] <= middle[0] <= right[0]
        if middle[0] in {left[0], right[0]}:
            break
        left = middle
    assert right[0] == left[0] or right[0] == np.nextafter(left[0], math.inf)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@given(value=st.floats(-1e38, 1e38))
def test_neighbours_are_the_numbers_on_either_side(kind: type[np.floating], value: float) -> None:
    """The lower one is not above the value, the next one is, and nothing of the type lies between."""
    below, above = neighbours(np.array([value]), kind)
    assert below[0] <= value < above[0]
    assert kind(above[0]) == np.nextafter(kind(below[0]), kind(np.inf))
