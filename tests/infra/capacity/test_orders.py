"""Orders of capacity: what a schedule means over weeks, and what of it is billed."""

from datetime import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.capacity.orders import billed_s, capacity_of, orders_of
from infra.capacity.simulate import Platform, simulate
from infra.peaks import Peak
from infra.schedule import NO_PEAKS, Schedule


def schedule(*peaks: Peak, lead: int = 15) -> Schedule:
    """Return a schedule in UTC."""
    return Schedule(time_zone="UTC", lead_minutes=lead, peaks=peaks)


MORNING = Peak(name="morning", days="weekdays", start=time(6), end=time(8, 30), concurrency=2)
LATE = Peak(name="late", days="weekend", start=time(23), end=time(1), concurrency=1)


def test_a_week_of_orders_is_that_of_the_schedules_actions() -> None:
    """Two a weekday: on, with the lead time, and off."""
    orders = orders_of(schedule(MORNING))
    assert [(order.minute, order.minimum) for order in orders[:2]] == [(345, 2), (510, 0)]
    assert len(orders) == 10


def test_the_first_week_begins_as_every_other_ends() -> None:
    """A window from Sunday 23:00 to Monday 01:00 is open on the first Monday too."""
    capacity = capacity_of(orders_of(schedule(LATE, lead=0)), weeks=2)
    result = simulate(
        np.array([600.0]),
        service_s=np.ones(1, np.float32),
        start_s=np.ones(1, np.float32),
        capacity=capacity,
        platform=Platform(),
        horizon_s=3600.0 * 24,
    )
    assert result.kind.tolist() == [0]


def test_no_schedule_is_no_capacity() -> None:
    """Nothing is ordered and nothing billed."""
    assert capacity_of(orders_of(NO_PEAKS), weeks=1).minimum.tolist() == [0]
    assert billed_s(np.zeros((0, 2)), horizon_s=1e6, step_s=300) == 0


def test_each_environment_is_billed_in_whole_steps() -> None:
    """One for 601 s and a second one within it for 10 s: three steps and one."""
    changes = np.array([[0.0, 1.0], [100.0, 2.0], [110.0, 1.0], [601.0, 0.0]])
    assert billed_s(changes, horizon_s=1e4, step_s=300) == 4 * 300


def test_what_is_still_there_at_the_end_is_billed_until_then() -> None:
    """A month's end is no reason not to pay."""
    assert billed_s(np.array([[0.0, 3.0]]), horizon_s=86_400.0, step_s=300) == 3 * 86_400


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 9)), min_size=1, max_size=30))
def test_billed_time_is_at_least_the_time_and_less_than_a_step_more_for_each_start(
    steps: list[tuple[int, int]],
) -> None:
    """Whatever the capacity does."""
    ordered = sorted(steps, key=lambda step: step[0])
    changes = np.array(ordered, float).reshape(-1, 2)
    horizon = 10_001.0
    seconds, starts, level = 0.0, 0, 0
    for (at, now), following in zip(ordered, [*(at for at, _ in ordered[1:]), horizon], strict=True):
        seconds += now * (following - at)
        starts += max(0, now - level)
        level = now
    billed = billed_s(changes, horizon_s=horizon, step_s=300)
    assert seconds <= billed + 1e-6
    assert billed <= seconds + starts * 300


@pytest.mark.parametrize("step_s", [1, 60, 300])
def test_whole_steps_are_not_rounded_up(step_s: int) -> None:
    """A window of exactly some steps costs exactly these."""
    assert billed_s(np.array([[0.0, 1.0], [9000.0, 0.0]]), horizon_s=1e5, step_s=step_s) == 9000
