"""Metric filters: value, dimensions, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.filters import MetricFilter
from infra.local.metrics.patterns import PatternError

LINE = {"type": "report", "region": {"name": "x"}, "size": 512, "used": 44, "warm": True}


def _filter(**change: Any) -> MetricFilter:
    transformation = {"metricNamespace": "N", "metricName": "Used", "metricValue": "$.used", **change}
    described = {"filterPattern": '{ $.type = "report" }', "metricTransformations": [transformation]}
    (one,) = MetricFilter.from_description(described)
    return one


def test_value_and_dimensions_come_from_the_line() -> None:
    """Each dimension is a path; sorted by name, as a series is identified."""
    found = _filter(dimensions={"Size": "$.size", "Region": "$.region.name"}).datum(LINE, at_s=5, source="s")
    assert found is not None
    assert (found.metric.namespace, found.metric.name, found.value, found.at_s) == ("N", "Used", 44, 5)
    assert found.metric.dimensions == (("Region", "x"), ("Size", "512"))


def test_a_fixed_value_counts_lines() -> None:
    """As in a filter that counts errors."""
    found = _filter(metricValue="1").datum(LINE, at_s=0, source="s")
    assert found is not None
    assert (found.value, found.metric.dimensions) == (1.0, ())


@pytest.mark.parametrize(
    "one",
    [
        _filter(metricValue="$.absent"),
        _filter(metricValue="$.warm"),
        _filter(metricValue="$.type"),
        _filter(dimensions={"Absent": "$.absent"}),
        _filter(dimensions={"Region": "$.region"}),
    ],
)
def test_without_a_number_or_a_dimension_nothing_is_read(one: MetricFilter) -> None:
    """Rather than a value in a series that nobody asked for."""
    assert one.datum(LINE, at_s=0, source="s") is None


def test_another_line_is_passed_over() -> None:
    """The pattern decides."""
    assert _filter().datum(LINE | {"type": "start"}, at_s=0, source="s") is None


def test_a_default_value_is_refused() -> None:
    """It would be published for lines that do not match, which nothing here does."""
    with pytest.raises(PatternError, match=r"has the default value 0, wanted none"):
        _filter(defaultValue=0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.sampled_from(["type", "used", "size"]), inner),
    )
)
def test_any_line_is_read_or_passed_over(line: Any) -> None:
    """No decoded line breaks a filter."""
    _filter(dimensions={"Size": "$.size"}).datum(line, at_s=0, source="s")
