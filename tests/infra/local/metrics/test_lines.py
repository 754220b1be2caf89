"""Log lines as the emulator writes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.lines import emf_data, platform_events, report_of

REPORT = (
    "REPORT RequestId: r-1\tDuration: 1045 ms\tBilled Duration: 1045 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: {used} MB"
)
EMF = {
    "_aws": {
        "Timestamp": 2000,
        "CloudWatchMetrics": [
            {"Namespace": "Nightjar", "Dimensions": [["service"]], "Metrics": [{"Name": "Score"}]}
        ],
    },
    "service": "s",
    "Score": [0.25, 0.5],
}


def test_report_in_lambdas_form() -> None:
    """The report has Lambda's fields, the logged initialisation once, and says that it is emulated."""
    started = '{"message":"started","init_ms":80.5}'
    first, second = platform_events(["START", started, REPORT.format(used=44), REPORT.format(used=44)])
    assert first == {
        "type": "platform.report",
        "record": {
            "requestId": "r-1",
            "metrics": {
                "durationMs": 1045,
                "billedDurationMs": 1045,
                "memorySizeMB": 512,
                "maxMemoryUsedMB": 44,
                "initDurationMs": 80.5,
            },
        },
        "emulated": True,
    }
    assert "initDurationMs" not in second["record"]["metrics"]


def test_memory_that_was_not_measured_stays_out() -> None:
    """The emulator's 0 MB is no measurement."""
    (event,) = platform_events([REPORT.format(used=0)])
    assert "maxMemoryUsedMB" not in event["record"]["metrics"]


def test_emf_values_and_dimensions() -> None:
    """Each value of an array is a datum of its own, at the line's own time."""
    found = emf_data(json.dumps(EMF), at_s=9)
    assert [(datum.value, datum.at_s) for datum in found] == [(0.25, 2.0), (0.5, 2.0)]
    assert {("Nightjar", "Score", (("service", "s"),))} == {
        (datum.metric.namespace, datum.metric.name, datum.metric.dimensions) for datum in found
    }


@pytest.mark.parametrize(
    "change", [{"service": None}, {"Score": "high"}, {"Score": float("nan")}, {"_aws": 1}]
)
def test_emf_without_its_values_gives_nothing(change: dict[str, object]) -> None:
    """A missing dimension, a text, NaN or another member of that name is no datum."""
    assert emf_data(json.dumps(EMF | change), at_s=9) == []


@given(st.text())
def test_any_line_is_read_or_passed_over(text: str) -> None:
    """No log line breaks the reading."""
    assert emf_data(text, at_s=0) == []
    assert report_of(text) is None
    assert platform_events([text]) == []
