"""Metric math is calculated as arithmetic, and anything beyond it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.console.arithmetic import ExpressionError, calculate

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_it_is_pythons_arithmetic(a: float, b: float, c: float) -> None:
    """Brackets, precedence and a leading minus."""
    values = {"a": a, "b": b, "c": c}
    assert calculate("a * 0.5 + b - -c", values) == a * 0.5 + b - -c
    assert calculate("100 * (a + b) / 4", values) == 100 * (a + b) / 4


@pytest.mark.parametrize(("a", "b"), [(None, 1.0), (1.0, None), (1.0, 0.0)])
def test_nothing_is_drawn_without_data_or_by_division_through_zero(a: float | None, b: float | None) -> None:
    """As CloudWatch leaves a gap."""
    assert calculate("100 * a / b", {"a": a, "b": b}) is None


@pytest.mark.parametrize(
    "text", ["a ** 2", "FILL(a, 0)", "a +", "d", "__import__('os')", "a.real", "True", "'a'"]
)
def test_anything_else_is_refused(text: str) -> None:
    """By what it was, never evaluated."""
    with pytest.raises(ExpressionError, match="wanted"):
        calculate(text, {"a": 1.0})
