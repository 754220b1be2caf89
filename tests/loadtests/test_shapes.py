"""A day keeps its curve when it is compressed and thinned; a ramp has the rates that it names."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.capacity.arrivals import draw
from infra.capacity.traffic import DAY_S, Profile, load_profile
from loadtests.errors import InputError, RunError
from loadtests.shapes import (
    DAYS,
    Day,
    Ramp,
    compress,
    day_shape,
    ramp_shape,
    read_moments,
    write_moments,
)
from loadtests.traffic import PROFILE

MORNING = Profile(
    time_zone="Europe/Berlin",
    requests_per_month=100_000,
    burstiness=0.0,
    weekdays=(0.0,) * 6 + (3.0, 1.0) + (0.0,) * 16,
    weekend=(0.0,) * 24,
)
"""Everybody asks between six and eight, three quarters of them before seven; nobody at the weekend."""


@given(
    st.lists(st.floats(0, DAY_S), max_size=50).map(sorted),
    st.floats(0.1, 1e5),
    st.integers(0, 6),
)
def test_compressing_keeps_order_and_proportions(moments: list[float], seconds: float, day: int) -> None:
    """The same share of the day and of the test has gone by at each moment."""
    start_s = float(day * DAY_S)
    shrunk = compress(np.array(moments) + start_s, start_s=start_s, length_s=DAY_S, seconds=seconds)
    assert len(shrunk) == len(moments)
    assert all(one <= two for one, two in pairwise(shrunk))
    assert all(0 <= at <= seconds for at in shrunk)
    np.testing.assert_allclose(shrunk / seconds, np.array(moments) / DAY_S, atol=1e-9)


@given(st.integers(1, 5000), st.sampled_from(["weekday", "weekend"]), st.floats(1, 3600), st.integers(0, 99))
def test_exactly_the_requests_that_were_asked_for_are_planned(
    requests: int, day: Day, seconds: float, seed: int
) -> None:
    """Within the test's time, in order, the same for the same seed."""
    profile = load_profile(PROFILE)
    shape = day_shape(profile, day=day, seconds=seconds, requests=requests, seed=seed)
    assert len(shape.moments_s) == requests
    assert list(shape.moments_s) == sorted(shape.moments_s)
    assert 0 <= shape.moments_s[0] <= shape.moments_s[-1] <= seconds
    assert shape == day_shape(profile, day=day, seconds=seconds, requests=requests, seed=seed)


@pytest.mark.parametrize("requests", [4000, None])
def test_the_curve_survives(requests: int | None) -> None:
    """Nobody before six or after eight, three of four before seven: within five standard deviations."""
    shape = day_shape(MORNING, day="weekday", seconds=240.0, requests=requests, seed=7)
    hours = np.array(shape.moments_s) / 10
    assert ((hours >= 6) & (hours < 8)).all()
    spread = np.sqrt(0.75 * 0.25 / hours.size)
    assert (hours < 7).mean() == pytest.approx(0.75, abs=5 * spread)


def test_without_a_number_the_day_is_the_draw_itself() -> None:
    """The planner's arrivals of that day, at that popularity."""
    profile = load_profile(PROFILE)
    shape = day_shape(profile, day="weekend", seconds=DAY_S, multiplier=0.1, seed=3)
    week = draw(profile, weeks=1, multiplier=0.1, seed=3)
    start = DAYS["weekend"] * DAY_S
    np.testing.assert_allclose(shape.moments_s, week[(week >= start) & (week < start + DAY_S)] - start)


def test_a_day_without_traffic_is_refused() -> None:
    """Before anything is deployed."""
    with pytest.raises(InputError, match="no traffic on a weekend"):
        day_shape(MORNING, day="weekend", seconds=60, requests=10, seed=1)
    with pytest.raises(InputError, match="drew no request"):
        day_shape(MORNING, day="weekday", seconds=60, multiplier=1e-9, seed=1)


RAMPS = st.builds(
    Ramp,
    first_per_s=st.floats(0.5, 50),
    factor=st.floats(1.05, 4),
    step_s=st.floats(0.5, 10),
    most_per_s=st.floats(0.5, 200),
    most_s=st.floats(0.1, 120),
)


@given(RAMPS)
def test_a_ramp_rises_up_to_its_caps(ramp: Ramp) -> None:
    """Of rate and of time; one step there always is."""
    rates = ramp.rates_per_s
    assert len(rates) == 1 or len(rates) * ramp.step_s <= ramp.most_s
    assert all(one < two <= ramp.most_per_s for one, two in pairwise(rates))
    assert rates[0] == min(ramp.first_per_s, ramp.most_per_s)
    could_go_on = (len(rates) + 1) * ramp.step_s <= ramp.most_s
    assert rates[-1] == ramp.most_per_s or not could_go_on


@given(RAMPS, st.integers(0, 9))
def test_each_step_of_a_ramp_has_its_rate(ramp: Ramp, seed: int) -> None:
    """Within six standard deviations of a Poisson number, and at least one request."""
    shape = ramp_shape(ramp, seed=seed)
    assert list(shape.moments_s) == sorted(shape.moments_s)
    steps = np.bincount([ramp.step_of(at) for at in shape.moments_s], minlength=len(ramp.rates_per_s))
    assert len(steps) == len(ramp.rates_per_s)
    for count, rate_per_s in zip(steps, ramp.rates_per_s, strict=True):
        mean = rate_per_s * ramp.step_s
        assert 1 <= count <= mean + 6 * np.sqrt(mean) + 6


def test_moments_travel_to_the_sender_unchanged(tmp_path: Path) -> None:
    """To the last digit; a damaged file is no load."""
    moments = (0.1, 1 / 3, 2.0)
    write_moments(tmp_path / "m", moments)
    assert read_moments(tmp_path / "m") == list(moments)
    (tmp_path / "m").write_text("0.1\nx\n")
    with pytest.raises(RunError, match="cannot read the moments"):
        read_moments(tmp_path / "m")
