"""A figure agrees within its tolerance and not beyond it."""

from dataclasses import replace
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.agreement import TOLERANCE, agreement, as_lines
from loadtests.prediction import Figures

PREDICTED = Figures(requests=600, cold_share=0.02, p50_s=0.01, p99_s=0.1, most_at_once=12)
FIGURES = st.builds(
    Figures,
    requests=st.just(600),
    cold_share=st.floats(0, 1),
    p50_s=st.floats(1e-4, 20),
    p99_s=st.floats(1e-4, 20),
    most_at_once=st.integers(1, 600),
)


@given(FIGURES)
def test_a_figure_agrees_with_itself(figures: Figures) -> None:
    """However large or small."""
    assert all(line.agrees for line in agreement(figures, figures, TOLERANCE))


@pytest.mark.parametrize(
    ("name", "within", "outside"),
    [
        ("cold_share", (0.011, 0.029), (0.0, 0.031)),
        ("p50_s", (0.0067, 0.0149), (0.0066, 0.0151)),
        ("p99_s", (0.041, 0.249), (0.039, 0.251)),
        ("most_at_once", (6, 24), (5, 25)),
        ("most_at_once", (), (nan,)),
    ],
)
def test_the_tolerance_has_two_sides(
    name: str, within: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    """Each figure is judged by itself."""
    for values, agrees in ((within, True), (outside, False)):
        for value in values:
            lines = agreement(PREDICTED, replace(PREDICTED, **{name: value}), TOLERANCE)
            assert all(line.agrees for line in lines) is agrees
            assert ("OUTSIDE" in as_lines(lines)) is not agrees
            assert sum(line.agrees for line in lines) == 4 - (not agrees)


def test_few_requests_at_once_may_differ_by_some() -> None:
    """Twice one would be no tolerance."""
    one = replace(PREDICTED, most_at_once=1)
    assert agreement(one, replace(one, most_at_once=5), TOLERANCE)[3].agrees
    assert not agreement(one, replace(one, most_at_once=6), TOLERANCE)[3].agrees


def test_the_table_shows_both_and_the_bounds() -> None:
    """In percent and milliseconds."""
    rows = [line.split() for line in as_lines(agreement(PREDICTED, PREDICTED, TOLERANCE)).splitlines()]
    assert rows[1] == ["cold", "starts,", "%", "2.00", "2.00", "1.00", "3.00"]
    assert rows[2] == ["p50,", "ms", "10.0", "10.0", "6.7", "15.0"]
    assert rows[4] == ["most", "at", "once", "12", "12", "6", "24"]
