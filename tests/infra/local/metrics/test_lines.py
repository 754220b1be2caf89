"""Log lines as the emulator writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.lines import failed, platform_events, report_of, version_of, wrote

REPORT = (
    "REPORT RequestId: r-1\tDuration: 1045 ms\tBilled Duration: 1045 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: {used} MB"
)


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


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (['{"message":"predicted"}'], False),
        (['{"message":"failed"}', "Traceback (most recent call last):", "InternalError: ValueError"], True),
        (['{"message":"started"}', "Worker process died"], True),
        (["Task timed out after 9.00 seconds"], True),
        ([], True),
        (['{"message":"Traceback (most recent call last):"}'], False),
    ],
)
def test_failures_are_what_the_emulator_writes_of_them(own: list[str], expected: bool) -> None:
    """Raised, died, timed out, or never reached; a word inside a line of the function's own is none."""
    lines = ["START RequestId: r-1 Version: 7", *own, "END RequestId: r-1", REPORT.format(used=44)]
    assert failed(lines) == expected
    assert wrote(lines) == own
    assert version_of(lines) == "7"


@given(st.text())
def test_any_line_is_read_or_passed_over(text: str) -> None:
    """No log line breaks the reading."""
    assert report_of(text) is None
    assert platform_events([text]) == []
    assert version_of([text]) is None
