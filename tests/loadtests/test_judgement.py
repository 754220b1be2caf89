"""The verdict: exact figures, and red whenever anything is late, failed or wrong."""

import json
from dataclasses import replace
from math import nan

from hypothesis import given
from hypothesis import strategies as st

from loadtests.finding import About, Finding
from loadtests.grading import Fault
from loadtests.judgement import LATE_S, Limits, judge, most_at_once, percentile
from loadtests.report import as_dict, as_markdown, as_table
from loadtests.samples import Sample

ABOUT = About(model="sleep 0123", host="http://127.0.0.1:1", shape="20 users for 20 s")
LIMITS = Limits(sla_s=10.0)
FAULTS = st.builds(
    Fault,
    kind=st.sampled_from(["failed", "wrong"]),
    reason=st.sampled_from(["status 500", "wrong label"]),
    detail=st.text(max_size=5),
)


def seconds(latest_s: float) -> st.SearchStrategy[float]:
    """Return times of whole nanoseconds, as clocks have them."""
    return st.integers(0, round(latest_s * 1e9)).map(lambda ns: ns / 1e9)


def samples(*, latest_s: float = 10.0, faults: bool = False) -> st.SearchStrategy[list[Sample]]:
    """Return lists of samples within limits."""
    sample = st.builds(
        Sample,
        started_s=seconds(100),
        elapsed_s=seconds(latest_s),
        status=st.just(200),
        rows=st.integers(1, 5),
        cold=st.booleans(),
        fault=st.none() | FAULTS if faults else st.none(),
    )
    return st.lists(sample, min_size=1, max_size=15)


@given(samples())
def test_right_and_in_time_passes(taken: list[Sample]) -> None:
    """The limit itself is in time."""
    assert judge(taken, LIMITS).passed


@given(samples(latest_s=20.0, faults=True))
def test_it_passes_only_if_nothing_is_late_or_faulty(taken: list[Sample]) -> None:
    """Nothing makes up for one bad response."""
    good = all(sample.fault is None and sample.elapsed_s <= 10 for sample in taken)
    verdict = judge(taken, LIMITS)
    assert verdict.passed is good
    late = sum(sample.elapsed_s > 10 for sample in taken)
    assert sum(
        f"{late} of {len(taken)} requests took longer than 10 s" in p for p in verdict.problems
    ) == bool(late)


@given(samples(faults=True))
def test_every_fault_is_counted_by_its_reason(taken: list[Sample]) -> None:
    """The most frequent first, with its first occurrence."""
    verdict = judge(taken, LIMITS)
    counts = [count.requests for count in verdict.faults]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == sum(sample.fault is not None for sample in taken)
    for count in verdict.faults:
        same = [s.fault for s in taken if s.fault is not None and s.fault.reason == count.first.reason]
        assert (len(same), same[0]) == (count.requests, count.first)


@given(samples(latest_s=20.0, faults=True))
def test_the_order_of_samples_changes_no_figure(taken: list[Sample]) -> None:
    """They come in the order in which they ended."""
    verdict, reverse = judge(taken, LIMITS), judge(taken[::-1], LIMITS)
    assert (verdict.every, verdict.warm, verdict.cold) == (reverse.every, reverse.warm, reverse.cold)
    assert (verdict.rows, verdict.duration_s) == (reverse.rows, reverse.duration_s)


@given(samples(latest_s=20.0, faults=True))
def test_cold_and_warm_are_apart_and_together_all(taken: list[Sample]) -> None:
    """Each figure is a time that was measured."""
    verdict = judge(taken, LIMITS)
    assert verdict.every is not None
    groups = [latency for latency in (verdict.warm, verdict.cold) if latency is not None]
    assert sum(latency.requests for latency in groups) == verdict.every.requests == len(taken)
    assert max(latency.max_s for latency in groups) == verdict.every.max_s
    for latency in (verdict.every, *groups):
        figures = [latency.p50_s, latency.p95_s, latency.p99_s, latency.max_s]
        assert figures == sorted(figures)
        assert set(figures) <= {sample.elapsed_s for sample in taken}


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(
    values: list[float], share: float
) -> None:
    """The definition of the nearest rank, by counting."""
    seen = percentile(sorted(values), share)
    enough = [v for v in values if sum(other <= v for other in values) >= share * len(values)]
    assert seen == min(enough)


def test_percentiles_are_exact() -> None:
    """Of 1 to 100 they are 50, 95 and 99; nothing is rounded."""
    times = [n + 0.123456789 for n in range(1, 101)]
    assert [percentile(times, share) for share in (0.50, 0.95, 0.99, 1.0)] == [
        times[49],
        times[94],
        times[98],
        times[99],
    ]


def found(taken: list[Sample], limits: Limits = LIMITS) -> Finding:
    """Return what a test with these samples found."""
    return Finding(about=ABOUT, limits=limits, verdict=judge(taken, limits))


def sample(started_s: float, elapsed_s: float) -> Sample:
    """Return a right answer to two rows."""
    return Sample(started_s=started_s, elapsed_s=elapsed_s, status=200, rows=2, cold=False, fault=None)


def test_no_request_is_a_failure() -> None:
    """A test that tested nothing proves nothing."""
    verdict = judge([], LIMITS)
    assert verdict.problems == ("no request was made, so nothing was tested",)
    assert "FAILED: no request was made" in as_table(found([]))


def test_a_time_that_is_no_number_is_late() -> None:
    """NaN fails closed."""
    assert not judge([sample(0, nan)], LIMITS).passed


def test_the_rate_is_over_the_time_in_which_requests_ran() -> None:
    """From the first start to the last end."""
    verdict = judge([sample(5, 1), sample(6, 3), sample(7, 1)], LIMITS)
    assert (verdict.duration_s, verdict.requests_per_s, verdict.rows) == (4, 0.75, 6)


def test_the_table_shows_every_figure_and_the_reason() -> None:
    """In milliseconds; cold beside warm."""
    wrong = Fault(kind="wrong", reason="wrong label", detail="data.csv line 2: 'a', wanted 'b'")
    taken = [sample(0, 0.01), replace(sample(0, 11), cold=True), replace(sample(1, 0.02), fault=wrong)]
    lines = as_table(found(taken)).splitlines()
    assert [" ".join(line.split()) for line in lines[:4]] == [
        "requests p50 ms p95 ms p99 ms maximum ms",
        "all 3 20.0 11000.0 11000.0 11000.0",
        "warm 2 10.0 20.0 20.0 20.0",
        "cold 1 11000.0 11000.0 11000.0 11000.0",
    ]
    assert lines[5:] == [
        "3 requests with 6 rows in 11.0 s: 0.3 requests/s, at most 2 at once, 33.33% cold",
        "       1 wrong: wrong label",
        "FAILED: 1 of 3 requests got a wrong answer: wrong label, the first: data.csv line 2: 'a', wanted 'b'",
        "FAILED: 1 of 3 requests took longer than 10 s, the longest 11.000 s",
    ]


@given(samples(latest_s=20.0, faults=True))
def test_the_verdict_is_json(taken: list[Sample]) -> None:
    """Without NaN, and with the outcome."""
    finding = found(taken)
    plain = json.loads(json.dumps(as_dict(finding), allow_nan=False))
    assert (plain["passed"], plain["requests"]) == (finding.passed, len(taken))
    assert ("PASSED" in as_table(finding)) is finding.passed
    assert ("### Load test PASSED" in as_markdown(finding)) is finding.passed
    assert all(problem in as_markdown(finding) for problem in finding.problems)


@given(samples(), st.integers(1, 20))
def test_fewer_requests_than_planned_is_a_failure(taken: list[Sample], planned: int) -> None:
    """More than planned is none; both numbers are named."""
    finding = found(taken, replace(LIMITS, planned=planned))
    assert finding.passed is (len(taken) >= planned)
    if not finding.passed:
        wanted = f"{len(taken)} requests were sent, fewer than the {planned} that were planned"
        assert wanted in as_table(finding)


@given(samples(), st.floats(0.001, 20))
def test_the_99th_percentile_is_held_to_its_target(taken: list[Sample], p99_s: float) -> None:
    """The target itself is kept."""
    verdict = judge(taken, replace(LIMITS, p99_s=p99_s))
    assert verdict.passed is (percentile(sorted(sample.elapsed_s for sample in taken), 0.99) <= p99_s)
    assert all(problem.startswith("the 99th percentile is ") for problem in verdict.problems)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_a_generator_that_sends_late_fails_the_test(lateness: list[float]) -> None:
    """What it sent is not what was planned; a closed load has no moments to be late for."""
    taken = [replace(sample(0, 0.1), due_s=0.0, late_s=late_s) for late_s in lateness]
    late = percentile(sorted(lateness), 0.99)
    verdict = judge(taken, LIMITS)
    assert (verdict.late_p99_s, verdict.passed) == (late, late <= LATE_S)
    assert judge([replace(one, due_s=None) for one in taken], LIMITS).passed


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=30))
def test_concurrency_is_the_most_that_overlap(spans: list[tuple[int, int]]) -> None:
    """By counting at every start."""
    taken = [sample(start, length) for start, length in spans]
    at_start = [sum(begin <= start < begin + length for begin, length in spans) for start, _ in spans]
    instant = any(length == 0 for _, length in spans)
    assert max(at_start, default=0) <= most_at_once(taken) <= max(at_start, default=0) + instant


def test_the_functions_own_account_stands_beside_what_the_client_saw() -> None:
    """Of those that gave one; initialisation apart."""
    taken = [
        replace(sample(0, 0.5), cold=True, total_ms=2.0, init_ms=70.0),
        replace(sample(1, 0.1), total_ms=1.0),
        sample(2, 0.1),
    ]
    verdict = judge(taken, LIMITS)
    assert verdict.function is not None
    assert verdict.init is not None
    assert (verdict.function.requests, verdict.function.max_s) == (2, 0.002)
    assert (verdict.init.requests, verdict.init.p50_s) == (1, 0.07)
    rows = [line.split() for line in as_table(found(taken)).splitlines()]
    assert ["initialisation", "1", "70.0", "70.0", "70.0", "70.0"] in rows
