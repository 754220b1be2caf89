"""The watch ends a ramp exactly when the judgement afterwards would fail a step."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.judgement import percentile
from loadtests.watch import Watch

TIMES = st.lists(st.floats(0, 12), min_size=1, max_size=250)


def watch() -> Watch:
    """Return one with the limits of the example."""
    return Watch(sla_s=10.0, p99_s=8.0, step_s=5.0)


@given(TIMES)
def test_a_finished_step_is_over_as_the_verdict_says(times: list[float]) -> None:
    """One response above the SLA, or a 99th percentile above its target."""
    seen = watch()
    for time_s in times:
        seen.ended(seen.sent(1.0, 1.0), elapsed_s=time_s, faulty=False)
    broken = max(times) > 10 or percentile(sorted(times), 0.99) > 8
    assert seen.is_over(5.0) is broken


def test_a_fault_ends_it_at_once() -> None:
    """However quick it was; a time that is no number is one."""
    for elapsed_s, faulty in ((0.01, True), (nan, False)):
        seen = watch()
        seen.ended(seen.sent(0.0, 0.0), elapsed_s=elapsed_s, faulty=faulty)
        assert seen.is_over(0.1)


def test_who_waits_longer_than_the_limit_need_not_be_answered() -> None:
    """The ramp does not wait for an answer that can only be late."""
    seen = watch()
    seen.sent(2.0, 2.0)
    assert not seen.is_over(3.0)
    assert seen.is_over(12.1)


@pytest.mark.parametrize(("waiting", "over"), [(1, False), (2, True)])
def test_those_who_wait_count_as_slow(waiting: int, over: bool) -> None:
    """Two of a hundred who have waited for longer than the target already put the 99th percentile above it."""
    seen = watch()
    numbers = [seen.sent(0.0, 0.0) for _ in range(100)]
    for number in numbers[waiting:]:
        seen.ended(number, elapsed_s=0.1, faulty=False)
    assert seen.is_over(8.5) is over


def test_a_step_that_has_just_begun_is_not_judged_by_its_first_requests() -> None:
    """One slow request of ten is a tenth, but of the whole step it may be less than a hundredth."""
    seen = watch()
    numbers = [seen.sent(0.0, 0.0) for _ in range(10)]
    seen.ended(numbers[0], elapsed_s=9.0, faulty=False)
    assert not seen.is_over(4.9)
    assert seen.is_over(5.0)
