"""Metric series and their statistics."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.series import Datum, Metric, SeriesStore, StatisticError, statistic_of

METRIC = Metric(namespace="Space", name="Latency", dimensions=(("a", "1"),))
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@given(values=NUMBERS, percent=st.integers(0, 100))
def test_statistics_are_numpys(values: list[float], percent: int) -> None:
    """Each statistic equals numpy's."""
    for name, expected in (
        ("Sum", np.sum(values)),
        ("Average", np.mean(values)),
        ("Minimum", np.min(values)),
        ("Maximum", np.max(values)),
        ("SampleCount", len(values)),
        (f"p{percent}", np.percentile(values, percent)),
    ):
        assert statistic_of(values, name) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_periods_and_dimensions() -> None:
    """A period begins at a multiple of its length, an empty one is None, and another dimension is another series."""
    store = SeriesStore()
    for at_s, value in ((0, 1), (59.9, 3), (120, 7)):
        store.put(Datum(metric=METRIC, at_s=at_s, value=value, source="test"))
    asked = {"statistic": "Sum", "period_s": 60, "until_s": 125.0, "periods": 4}
    assert store.query(METRIC, **asked) == [None, 4, None, 7]
    assert store.query(Metric(namespace="Space", name="Latency"), **asked) == [None] * 4


@pytest.mark.parametrize("name", ["p101", "tm90", "median", ""])
def test_unknown_statistics_are_refused(name: str) -> None:
    """A statistic that is not known is an error, with data and without."""
    with pytest.raises(StatisticError, match="is unknown"):
        SeriesStore().query(METRIC, statistic=name, period_s=60, until_s=0, periods=1)


def test_no_value_that_is_not_finite() -> None:
    """NaN would make every later statistic NaN."""
    with pytest.raises(StatisticError, match="finite"):
        SeriesStore().put(Datum(metric=METRIC, at_s=0, value=math.nan, source="test"))
