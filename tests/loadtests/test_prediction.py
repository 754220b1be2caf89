"""The prediction of a known load: against cases whose answer is known, and against itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.errors import RunError
from loadtests.prediction import Calibration, Figures, environments_for, figures_of, predict
from loadtests.samples import Sample

TIMES = Calibration(busy_warm_s=(0.01,), busy_cold_s=(1.0,), warm_s=(0.02,), cold_s=(1.1,))


def test_who_comes_alone_never_waits_for_a_start() -> None:
    """One environment that is free again before the next request."""
    figures = predict([0.0, 1.0, 2.0], TIMES, environments=1)
    assert figures == Figures(
        requests=3,
        cold_share=0,
        p50_s=pytest.approx(0.02),
        p99_s=pytest.approx(0.02),
        most_at_once=1,
    )


def test_who_come_together_wait_for_starts_beyond_what_runs() -> None:
    """Five at once with two environments: three starts, whose time is the client's and not the environment's."""
    figures = predict([0.0] * 5, TIMES, environments=2)
    assert figures.cold_share == 0.6
    assert (figures.p50_s, figures.p99_s) == (pytest.approx(1.1), pytest.approx(1.1))
    assert figures.most_at_once == 5


@settings(max_examples=25)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=40).map(sorted), st.integers(1, 6))
def test_more_environments_never_mean_more_starts(moments: list[float], environments: int) -> None:
    """And as many as there are requests mean none."""
    shares = [predict(moments, TIMES, environments=n).cold_share for n in (environments, environments + 1)]
    assert shares[0] >= shares[1]
    assert predict(moments, TIMES, environments=len(moments)).cold_share == 0


@settings(max_examples=25)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=30).map(sorted), st.floats(0, 1))
def test_the_plan_is_the_fewest_environments_that_keep_the_limit(moments: list[float], limit: float) -> None:
    """One fewer would not."""
    planned = environments_for(moments, TIMES, cold_share=limit)
    assert predict(moments, TIMES, environments=planned).cold_share <= limit
    if planned > 1:
        assert predict(moments, TIMES, environments=planned - 1).cold_share > limit


def test_a_load_that_no_plan_can_keep_is_refused() -> None:
    """Before anything is served."""
    with pytest.raises(RunError, match="more than 32 environments"):
        environments_for([0.0] * 100, TIMES, cold_share=0)


def test_a_calibration_without_a_start_is_refused() -> None:
    """It could predict none."""
    with pytest.raises(RunError, match="no time for cold_s"):
        replace(TIMES, cold_s=())


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.001, 9), st.booleans()), min_size=1, max_size=40))
def test_measured_figures_are_the_samples_own(rows: list[tuple[float, float, bool]]) -> None:
    """Percentiles as numpy's inverse distribution function has them, which the simulator uses."""
    samples = [
        Sample(started_s=at_s, elapsed_s=elapsed_s, status=200, rows=1, cold=cold, fault=None, due_s=at_s)
        for at_s, elapsed_s, cold in rows
    ]
    figures = figures_of(samples)
    times = [elapsed_s for _, elapsed_s, _ in rows]
    p50, p99 = np.percentile(times, [50, 99], method="inverted_cdf")
    assert (figures.requests, figures.p50_s, figures.p99_s) == (len(rows), p50, p99)
    assert figures.cold_share == sum(cold for *_, cold in rows) / len(rows)
    assert 1 <= figures.most_at_once <= len(rows)
