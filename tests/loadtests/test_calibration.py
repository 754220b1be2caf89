"""What a calibration reads from the log, and the load that it puts on a deployment."""

import json

from loadtests.calibration import busy_times, calibration_shape
from loadtests.shapes import Shape

REPORT = (
    "REPORT RequestId: {0}\tDuration: {1} ms\tBilled Duration: {1} ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 0 MB"
)


def test_starts_are_told_from_running_environments() -> None:
    """By the line that the function writes when it starts; other lines say nothing of time."""
    started = json.dumps({"message": "started", "init_ms": 71.5})
    streams = [
        [
            "START RequestId: a",
            started,
            '{"message":"predicted"}',
            "END RequestId: a",
            REPORT.format("a", 950.5),
        ],
        ["START RequestId: b", "not JSON", REPORT.format("b", 3.25)],
        ["START RequestId: c"],
    ]
    assert busy_times(streams) == ((0.00325,), (0.9505,))


def test_the_calibration_makes_environments_start_and_then_asks_as_the_load_does() -> None:
    """In order, and after the bursts at the load's own moments."""
    load = Shape(name="x", seconds=10, moments_s=(0.5, 0.75, 9.0))
    shape = calibration_shape(load)
    assert list(shape.moments_s) == sorted(shape.moments_s)
    after_s = shape.seconds - load.seconds
    assert [moment - after_s for moment in shape.moments_s[-3:]] == [0.5, 0.75, 9.0]
    first = shape.moments_s.count(0.0)
    assert first > 1
    assert all(moment < after_s for moment in shape.moments_s[:-3])
