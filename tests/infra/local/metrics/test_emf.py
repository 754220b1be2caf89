"""Embedded metric format: what is well-formed is read, what is not is passed over without an error."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.emf import emf_data, number

EMF: dict[str, Any] = {
    "_aws": {
        "Timestamp": 2000,
        "CloudWatchMetrics": [
            {"Namespace": "Nightjar", "Dimensions": [["service"]], "Metrics": [{"Name": "Score"}]}
        ],
    },
    "service": "s",
    "Score": [0.25, 0.5],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Namespace", "Dimensions", "Metrics", "Name", "x"]), inner)
    ),
    max_leaves=8,
)


def _directive(**change: Any) -> dict[str, Any]:
    line = copy.deepcopy(EMF)
    line["_aws"]["CloudWatchMetrics"][0].update(change)
    return line


def test_values_and_dimensions() -> None:
    """Each value of an array is a datum of its own, at the line's own time."""
    found = emf_data(json.dumps(EMF))
    assert [(datum.value, datum.at_s) for datum in found] == [(0.25, 2.0), (0.5, 2.0)]
    assert {("Nightjar", "Score", (("service", "s"),))} == {
        (datum.metric.namespace, datum.metric.name, datum.metric.dimensions) for datum in found
    }


def test_each_set_of_dimensions_is_a_series_of_its_own() -> None:
    """The empty set too."""
    found = emf_data(json.dumps(_directive(Dimensions=[[], ["service"]])))
    assert {datum.metric.dimensions for datum in found} == {(), (("service", "s"),)}


@pytest.mark.parametrize(
    "line",
    [
        EMF | {"service": None},
        EMF | {"Score": "high"},
        EMF | {"Score": float("nan")},
        EMF | {"Score": 10**400},
        EMF | {"Score": [1] * 101},
        EMF | {"_aws": 1},
        EMF | {"_aws": {"CloudWatchMetrics": EMF["_aws"]["CloudWatchMetrics"]}},
        EMF | {"_aws": {"Timestamp": 1, "CloudWatchMetrics": {}}},
        EMF | {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [None, "x"]}},
        _directive(Namespace=None),
        _directive(Dimensions=None),
        _directive(Dimensions=["service"]),
        _directive(Dimensions=[[["service"]]]),
        _directive(Dimensions=[[f"d{at}" for at in range(31)]]),
        _directive(Metrics="Score"),
        _directive(Metrics=["Score", {}, {"Name": 1}, {"Name": ["Score"]}]),
    ],
)
def test_what_is_not_as_specified_gives_nothing(line: dict[str, Any]) -> None:
    """A missing member, another type, too many values or dimensions, or a value that is no number."""
    assert emf_data(json.dumps(line)) == []


def test_a_missing_member_spoils_its_own_directive_alone() -> None:
    """The well-formed directive beside it is read."""
    line = copy.deepcopy(EMF)
    directives = line["_aws"]["CloudWatchMetrics"]
    for member in ("Namespace", "Dimensions", "Metrics"):
        broken = copy.deepcopy(directives[0])
        del broken[member]
        directives.insert(0, broken)
    assert len(emf_data(json.dumps(line))) == 2


@given(about=JSON, directive=JSON)
def test_no_document_breaks_the_reading(about: Any, directive: Any) -> None:
    """Whatever stands where metadata or a directive should, every value that comes out is finite."""
    for metadata in (about, {"Timestamp": 1, "CloudWatchMetrics": [directive]}):
        line = {"_aws": metadata, "x": "x", "Name": 1.5}
        assert all(number(datum.value) for datum in emf_data(json.dumps(line)))


@given(st.text())
def test_any_line_is_read_or_passed_over(text: str) -> None:
    """No log line breaks the reading."""
    assert emf_data(text) == []
    assert emf_data("{" + text) == []
