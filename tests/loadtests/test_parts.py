"""A day's parts: every request is in its hour, and in the peaks that the profile names."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from infra.capacity.traffic import NamedPeak, Profile
from loadtests.parts import Part, by_hour, by_peak, curve
from loadtests.samples import Sample

SECONDS = 240.0
"""Ten seconds for an hour."""

PROFILE = Profile(
    time_zone="Europe/Berlin",
    requests_per_month=1000,
    burstiness=0,
    weekdays=(1.0,) * 24,
    weekend=(1.0,) * 24,
    peaks=(
        NamedPeak(name="morning", days="weekdays", start=time(6, 30), end=time(8)),
        NamedPeak(name="brunch", days="weekend", start=time(10), end=time(12)),
        NamedPeak(name="night", days="daily", start=time(22), end=time(1)),
    ),
)


def sample(due_s: float) -> Sample:
    """Return a cold one."""
    return Sample(started_s=due_s, elapsed_s=0.5, status=200, rows=1, cold=True, fault=None, due_s=due_s)


@given(st.lists(st.floats(0, SECONDS)))
def test_every_request_is_in_one_hour(moments: list[float]) -> None:
    """The end of the day belongs to its last."""
    hours = by_hour([sample(at) for at in moments], seconds=SECONDS)
    assert len(hours) == 24
    assert sum(hour.requests for hour in hours) == len(moments)
    for number, hour in enumerate(hours):
        assert hour.requests == sum(min(int(at / 10), 23) == number for at in moments)
        assert (hour.latency is None) == (hour.requests == 0)


def test_peaks_are_those_of_the_day_and_go_over_midnight() -> None:
    """A bound's first moment is within, its last is not."""
    moments = (0.0, 9.9, 10.0, 64.9, 65.0, 79.9, 80.0, 105.0, 219.9, 220.0, 239.0)
    samples = [sample(at) for at in moments]
    weekday = by_peak(samples, profile=PROFILE, day="weekday", seconds=SECONDS)
    assert [(part.name, part.requests, part.cold) for part in weekday] == [("morning", 2, 2), ("night", 4, 4)]
    weekend = by_peak(samples, profile=PROFILE, day="weekend", seconds=SECONDS)
    assert [(part.name, part.requests) for part in weekend] == [("brunch", 1), ("night", 4)]


@given(st.lists(st.integers(0, 10_000), max_size=24))
def test_the_curve_is_as_high_as_the_numbers(numbers: list[int]) -> None:
    """One character each, empty for none alone, full for the most."""
    parts = [Part(name="", requests=n, cold=0, faults=0, latency=None, most_at_once=0) for n in numbers]
    bars = curve(parts)
    assert len(bars) == len(numbers)
    for number, bar in zip(numbers, bars, strict=True):
        assert (bar == " ") is (number == 0)
        assert (bar == "█") is (number > 0 and number * 8 > max(numbers) * 7)
