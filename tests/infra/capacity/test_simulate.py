"""The simulator against theory, against a slow reference, and against itself."""

from math import exp, factorial, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.capacity.errors import InputError
from infra.capacity.outcome import concurrency_over_time, outcome_of
from infra.capacity.simulate import COLD, PROVISIONED, THROTTLED, WARM, Capacity, Platform, Run, simulate
from tests.infra.capacity.reference import reference

NEVER = float("inf")
UNLIMITED = Platform(idle_expiry_s=NEVER, function_timeout_s=NEVER, gateway_timeout_s=NEVER)


def run(
    arrivals: list[float],
    service: float | list[float],
    *,
    start: float = 10.0,
    capacity: Capacity | None = None,
    platform: Platform = UNLIMITED,
    horizon: float = 1e6,
) -> Run:
    """Simulate a few requests."""
    return simulate(
        np.array(arrivals, float),
        service_s=np.broadcast_to(np.array(service, np.float32), len(arrivals)).copy(),
        start_s=np.array([start], np.float32),
        capacity=capacity or Capacity.none(),
        platform=platform,
        horizon_s=horizon,
    )


def orders(*steps: tuple[float, int], target: float = 0.0, maximum: int | None = None) -> Capacity:
    """Return capacity that is ordered at moments."""
    low = np.array([number for _, number in steps], np.int64)
    high = low if maximum is None else np.where(low > 0, maximum, 0).astype(np.int64)
    return Capacity(at_s=np.array([at for at, _ in steps], float), minimum=low, maximum=high, target=target)


@pytest.mark.parametrize("service", ["constant", "exponential", "heavy-tailed"])
@pytest.mark.parametrize(("pool", "load"), [(1, 0.5), (5, 3.0), (20, 18.0)])
def test_a_fixed_pool_with_losses_is_erlang_b(pool: int, load: float, service: str) -> None:
    """Poisson arrivals at a full pool are lost with probability B(pool, load), whatever the service's distribution.

    Source: Erlang, 1917; insensitivity: Sevastyanov, 1957. B = (a^c / c!) / sum of (a^k / k!) for k up to c.
    The bound is 5 standard errors; losses come in clusters, which the factor 3 allows for.
    """
    count = 400_000
    generator = np.random.default_rng(11)
    arrivals = np.cumsum(generator.exponential(1 / load, count))
    times = {
        "constant": np.ones(count),
        "exponential": generator.exponential(1.0, count),
        "heavy-tailed": generator.lognormal(-0.5, 1.0, count),
    }[service]
    result = simulate(
        arrivals,
        service_s=times.astype(np.float32),
        start_s=np.array([1.0], np.float32),
        capacity=Capacity.constant(pool),
        platform=Platform(concurrency_limit=pool, function_timeout_s=NEVER, gateway_timeout_s=NEVER),
        horizon_s=arrivals[-1],
    )

    erlang_b = load**pool / factorial(pool) / sum(load**level / factorial(level) for level in range(pool + 1))
    lost = (result.kind == THROTTLED).mean()
    assert abs(lost - erlang_b) < 5 * 3 * sqrt(erlang_b * (1 - erlang_b) / count)
    assert set(np.unique(result.kind)) == {PROVISIONED, THROTTLED}


@pytest.mark.parametrize("load", [0.3, 4.0])
def test_concurrency_without_a_limit_is_poisson(load: float) -> None:
    """M/M/∞: arrivals find a Poisson number of others in service.

    Source: Kleinrock, "Queueing Systems" I, 1975, section 3.4; seen by arrivals as over time: PASTA, Wolff 1982.
    """
    count = 400_000
    generator = np.random.default_rng(12)
    arrivals = np.cumsum(generator.exponential(1.0, count))
    result = simulate(
        arrivals,
        service_s=generator.exponential(load, count).astype(np.float32),
        start_s=generator.exponential(load, 100_003).astype(np.float32),
        capacity=Capacity.none(),
        platform=UNLIMITED,
        horizon_s=arrivals[-1],
    )

    seen = result.seen / count
    wanted = np.array([exp(-load) * load**level / factorial(level) for level in range(seen.size)])
    assert np.abs(seen - wanted).max() < 5 * 3 * sqrt(0.25 / count)
    assert (result.kind != THROTTLED).all()


_MOMENTS = st.lists(st.integers(0, 400), min_size=1, max_size=40).map(sorted)


@given(
    _MOMENTS,
    st.lists(st.integers(1, 60), min_size=40, max_size=40),
    st.lists(st.integers(1, 80), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), max_size=5),
    st.builds(
        Platform,
        concurrency_limit=st.integers(1, 6),
        idle_expiry_s=st.sampled_from([0.0, 5.0, 50.0]),
        ready_delay_s=st.sampled_from([0.0, 20.0]),
        function_timeout_s=st.sampled_from([9.0, 1000.0]),
        gateway_timeout_s=st.sampled_from([9.5, 1000.0]),
    ),
)
@settings(max_examples=400, deadline=None)
def test_small_cases_equal_the_slow_reference(
    moments: list[int],
    service: list[int],
    start: list[int],
    steps: list[tuple[int, int]],
    platform: Platform,
) -> None:
    """The same kind and the same response time for every request."""
    capacity = orders(*((float(at), number) for at, number in sorted(steps, key=lambda step: step[0])))
    arrivals = [float(moment) for moment in moments]
    times = [value + 0.5 for value in service[: len(arrivals)]]
    result = simulate(
        np.array(arrivals),
        service_s=np.array(times, np.float32),
        start_s=np.array(start, np.float32),
        capacity=capacity,
        platform=platform,
        horizon_s=500.0,
    )
    kinds, responses = reference(arrivals, times, [float(value) for value in start], capacity, platform)

    assert result.kind.tolist() == kinds
    assert result.response_s.tolist() == responses
    assert result.seen.sum() == len(arrivals)


@given(st.lists(st.floats(0, 1e5), max_size=200), st.integers(0, 4), st.floats(0, 1000), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_no_request_is_lost_or_invented(moments: list[float], warm: int, expiry: float, limit: int) -> None:
    """Every request is served or refused, and the parts add up to the whole."""
    arrivals = np.sort(np.array(moments, float))
    result = simulate(
        arrivals,
        service_s=np.full(arrivals.size, 3.0, np.float32),
        start_s=np.array([7.0], np.float32),
        capacity=Capacity.constant(warm),
        platform=Platform(concurrency_limit=limit, idle_expiry_s=expiry),
        horizon_s=1e5,
    )
    figures = outcome_of(arrivals, result, peaks={"all": np.array([[0.0, 2e5]])}, sla_s=5.0)

    every = figures.every
    assert every.requests == arrivals.size
    assert figures.provisioned + figures.warm + every.cold + every.throttled == every.requests
    assert figures.peaks["all"] == every == figures.in_peaks
    assert every.late == every.throttled + every.cold
    assert figures.peak_concurrency <= max(limit, warm)
    assert result.provisioned_s == pytest.approx(warm * 1e5)
    most = concurrency_over_time(arrivals, result, bucket_s=1000.0, horizon_s=1e5 + 100)
    assert most.max(initial=0) == result.most


def test_an_idle_environment_serves_until_it_expires() -> None:
    """The first is cold, the second warm, and after more than the expiry one is cold again."""
    platform = Platform(idle_expiry_s=300.0)
    result = run([0.0, 100.0, 402.0], 1.0, start=2.0, platform=platform)
    assert result.kind.tolist() == [COLD, WARM, COLD]
    assert result.response_s.tolist() == [2.0, 1.0, 2.0]


def test_capacity_serves_only_when_it_is_ready_and_spills_over_when_full() -> None:
    """Ordered at 0 and ready at 900; of two requests at once the second starts an environment."""
    capacity = orders((0.0, 1), (2000.0, 0))
    result = run([10.0, 1000.0, 1000.5, 2001.0], 1.0, start=2.0, capacity=capacity, platform=Platform())
    assert result.kind.tolist() == [COLD, PROVISIONED, COLD, COLD]
    assert result.provisioned_s == 2000.0
    assert result.orders.tolist() == [[0.0, 1.0], [2000.0, 0.0]]


def test_slow_functions_are_cut_off_where_function_and_gateway_do() -> None:
    """A request of 20 s ends at 9 s and a start of 20 s at the gateway's 9.5 s, both without an answer."""
    platform = Platform(function_timeout_s=9.0, gateway_timeout_s=9.5)
    result = run([0.0, 100.0], 20.0, start=20.0, platform=platform)
    figures = outcome_of(np.array([0.0, 100.0]), result, peaks={}, sla_s=10.0)
    assert result.kind.tolist() == [COLD, WARM]
    assert result.response_s.tolist() == [NEVER, NEVER]
    assert (figures.every.late, figures.every.late_share, figures.p50_s) == (2, 1.0, NEVER)


def test_target_tracking_goes_out_after_three_minutes_and_in_after_fifteen() -> None:
    """Always busy, so utilisation 1 of a target of 0.5: twice the capacity; then hardly used: back to the minimum."""
    busy = [second * 1.0 for second in range(240)]
    quiet = [240.0 + minute * 60 for minute in range(30)]
    capacity = orders((0.0, 2), target=0.5, maximum=10)
    platform = Platform(
        ready_delay_s=0.0, idle_expiry_s=300.0, function_timeout_s=NEVER, gateway_timeout_s=NEVER
    )
    result = run(
        busy + quiet, [1.999] * 240 + [0.01] * 30, capacity=capacity, platform=platform, horizon=3000.0
    )

    out_at, out_to = result.orders[1]
    assert (out_at, out_to) == (180.0, 4.0)
    back_at, back_to = result.orders[-1]
    assert back_to == 2.0
    assert 240 + 15 * 60 <= back_at <= 240 + 20 * 60


def test_target_tracking_never_comes_in_without_traffic() -> None:
    """A minute without a request has no utilisation, as on CloudWatch; the schedule's maximum brings it down."""
    busy = [second * 1.0 for second in range(240)]
    capacity = Capacity(
        at_s=np.array([0.0, 7200.0]),
        minimum=np.array([2, 0], np.int64),
        maximum=np.array([10, 0], np.int64),
        target=0.5,
    )
    platform = Platform(ready_delay_s=0.0, function_timeout_s=NEVER, gateway_timeout_s=NEVER)
    result = run(busy, 1.999, capacity=capacity, platform=platform, horizon=9000.0)
    assert result.orders[-1].tolist() == [7200.0, 0.0]
    assert (np.diff(result.orders[:-1, 1]) > 0).all()


def test_concurrency_over_time_holds_across_parts() -> None:
    """Two at once in the first part; one goes on through the second; none in the third, one in the fourth."""
    result = run([0.0, 5.0, 30.0], [12.0, 6.0, 1.0], start=12.0)
    assert result.busy_s.tolist() == [12.0, 12.0, 1.0]
    most = concurrency_over_time(np.array([0.0, 5.0, 30.0]), result, bucket_s=10.0, horizon_s=40.0)
    assert most.tolist() == [2, 2, 0, 1]


def test_utilisation_is_the_busy_share_of_what_is_provisioned() -> None:
    """Two environments for 100 s, one of them busy for 20 s."""
    result = run([0.0, 30.0], 10.0, capacity=Capacity.constant(2), horizon=100.0)
    figures = outcome_of(np.array([0.0, 30.0]), result, peaks={}, sla_s=10.0)
    assert figures.utilisation == pytest.approx(0.1)


def test_wrong_input_is_refused() -> None:
    """Arrivals out of order, or times that do not match them."""
    with pytest.raises(InputError, match="not ascending"):
        run([2.0, 1.0], 1.0)
    with pytest.raises(InputError, match="one for each"):
        simulate(
            np.zeros(2),
            service_s=np.zeros(1, np.float32),
            start_s=np.ones(1, np.float32),
            capacity=Capacity.none(),
            platform=Platform(),
            horizon_s=1.0,
        )


def test_no_requests_have_no_percentiles() -> None:
    """An empty run is not an error."""
    figures = outcome_of(np.zeros(0), run([], 1.0), peaks={"none": np.zeros((0, 2))}, sla_s=10.0)
    assert figures.every.requests == figures.peak_concurrency == 0
    assert figures.p99_s != figures.p99_s
    assert figures.every.late_share == figures.in_peaks.cold_share == 0.0
