"""The function's own account of its time is read as it writes it, and nonsense is no account."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.timing import Timing, read_timing


@pytest.mark.parametrize(
    ("header", "timing"),
    [
        ("infer;dur=1.0, total;dur=2, init;dur=70.1, cold", Timing(cold=True, total_ms=2, init_ms=70.1)),
        ("cold", Timing(cold=True)),
        ("total;dur=1,cold;dur=1", Timing(cold=True, total_ms=1)),
        ("infer;dur=1.0, total;dur=2", Timing(total_ms=2)),
        ('total;desc="cold";dur="3.5"', Timing(total_ms=3.5)),
        ("total;dur=nan, init;dur=-1", Timing()),
        ("", Timing()),
        (None, Timing()),
    ],
)
def test_a_header_is_read(header: str | None, timing: Timing) -> None:
    """As the function writes it, and as the header's syntax allows."""
    assert read_timing(header) == timing


@given(st.text(alphabet=';=,. dur"total0123456789einfacold-', max_size=60))
def test_any_text_gives_finite_durations_or_none(header: str) -> None:
    """It comes from another machine."""
    timing = read_timing(header)
    for value in (timing.total_ms, timing.init_ms):
        assert value is None or (isfinite(value) and value >= 0)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.booleans())
def test_durations_arrive_as_they_were_written(total_ms: float, init_ms: float, cold: bool) -> None:
    """To the last digit."""
    header = f"infer;dur=0.1, total;dur={total_ms!r}, init;dur={init_ms!r}" + ", cold" * cold
    assert read_timing(header) == Timing(cold=cold, total_ms=total_ms, init_ms=init_ms)
