"""Samples in, verdict out: whether a deployment held, and the figures to say so with."""

__all__ = [
    "LATE_S",
    "FaultCount",
    "Latency",
    "Limits",
    "Verdict",
    "judge",
    "latency_of",
    "most_at_once",
    "percentile",
]

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtests.grading import Fault
    from loadtests.samples import Sample

LATE_S = 1.0
"""A load generator that sends more than a hundredth of its requests this late tests another load than was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a deployment is held to.

    Attributes:
        sla_s: No response may take longer.
        p99_s: 99 % of the responses may not take longer; None sets no such limit.
        planned: How many requests must be sent, no fewer; None where nobody planned a number.
    """

    sla_s: float
    p99_s: float | None = None
    planned: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Times of a group of requests, in seconds; each is one that was measured.

    Attributes:
        requests: How many there are; at least one.
        p50_s: Half of them took no longer.
        p95_s: 95 % took no longer.
        p99_s: 99 % took no longer.
        max_s: The longest.
    """

    requests: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """How often a fault occurred.

    Attributes:
        requests: How many requests it hit.
        first: Its first occurrence.
    """

    requests: int
    first: "Fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a load test.

    Attributes:
        requests: Requests sent.
        rows: Rows that they carried.
        duration_s: From the first request's start to the last one's end.
        every: Times of all requests; None without any.
        warm: Times of those that a running environment answered; None without any.
        cold: Times of those that were an environment's first; None without any.
        function: Times in the function by its own account, network and gateway left out; None without any.
        init: Initialisations of cold environments by their own account; None without any.
        most_at_once: Most requests that were waiting for an answer at the same time.
        late_p99_s: 99 % of an open load's requests were sent no later than this after their moment; None without
            any.
        faults: By reason, the most frequent first.
        problems: Why the test failed, in words; empty when it passed.
    """

    requests: int
    rows: int
    duration_s: float
    every: Latency | None
    warm: Latency | None
    cold: Latency | None
    function: Latency | None
    init: Latency | None
    most_at_once: int
    late_p99_s: float | None
    faults: tuple[FaultCount, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the deployment held."""
        return not self.problems

    @property
    def requests_per_s(self) -> float:
        """Requests sent in a second, on average; 0 without any."""
        return self.requests / self.duration_s if self.duration_s > 0 else 0.0


def judge(samples: "Sequence[Sample]", limits: Limits) -> Verdict:
    """Hold what was measured against the limits."""
    faults = _count(samples)
    every = latency_of([sample.elapsed_s for sample in samples])
    late = sorted(sample.late_s for sample in samples if sample.due_s is not None)
    late_p99_s = percentile(late, 0.99) if late else None
    problems = [
        *_too_few(len(samples), limits),
        *_faulty(len(samples), faults),
        *_too_slow(samples, every, limits),
        *_too_late(late_p99_s),
    ]
    return Verdict(
        requests=len(samples),
        rows=sum(sample.rows for sample in samples),
        duration_s=_duration_s(samples),
        every=every,
        warm=latency_of([sample.elapsed_s for sample in samples if not sample.cold]),
        cold=latency_of([sample.elapsed_s for sample in samples if sample.cold]),
        function=latency_of([sample.total_ms / 1e3 for sample in samples if sample.total_ms is not None]),
        init=latency_of([sample.init_ms / 1e3 for sample in samples if sample.init_ms is not None]),
        most_at_once=most_at_once(samples),
        late_p99_s=late_p99_s,
        faults=faults,
        problems=tuple(problems),
    )


def percentile(ordered: "Sequence[float]", share: float) -> float:
    """Return the smallest value that at least a share of the values does not exceed (nearest rank).

    Args:
        ordered: At least one value, ascending.
        share: Above 0, at most 1.
    """
    return ordered[ceil(share * len(ordered)) - 1]


def latency_of(times_s: "Sequence[float]") -> Latency | None:
    """Return the figures of some times; None without any."""
    if not times_s:
        return None
    times = sorted(times_s)
    return Latency(
        requests=len(times),
        p50_s=percentile(times, 0.50),
        p95_s=percentile(times, 0.95),
        p99_s=percentile(times, 0.99),
        max_s=times[-1],
    )


def most_at_once(samples: "Sequence[Sample]") -> int:
    """Return the most requests that waited for an answer at the same time.

    One that ends when another starts does not overlap it.
    """
    changes = [(sample.started_s, 1) for sample in samples]
    changes += [(sample.started_s + sample.elapsed_s, -1) for sample in samples if sample.elapsed_s > 0]
    changes += [(sample.started_s, -1) for sample in samples if not sample.elapsed_s > 0]
    waiting = most = 0
    for _, change in sorted(changes):
        waiting += change
        most = max(most, waiting)
    return most


def _duration_s(samples: "Sequence[Sample]") -> float:
    if not samples:
        return 0.0
    first = min(sample.started_s for sample in samples)
    return max(sample.started_s + sample.elapsed_s for sample in samples) - first


def _count(samples: "Sequence[Sample]") -> tuple[FaultCount, ...]:
    by_reason: dict[str, list[Fault]] = {}
    for sample in samples:
        if sample.fault is not None:
            by_reason.setdefault(sample.fault.reason, []).append(sample.fault)
    counts = [FaultCount(requests=len(found), first=found[0]) for found in by_reason.values()]
    return tuple(sorted(counts, key=lambda count: -count.requests))


def _too_few(requests: int, limits: Limits) -> "Iterator[str]":
    if not requests:
        yield "no request was made, so nothing was tested"
    elif limits.planned is not None and requests < limits.planned:
        yield f"{requests:,} requests were sent, fewer than the {limits.planned:,} that were planned"


def _faulty(requests: int, faults: "Sequence[FaultCount]") -> "Iterator[str]":
    for count in faults:
        verb = "failed" if count.first.kind == "failed" else "got a wrong answer"
        yield (
            f"{count.requests} of {requests} requests {verb}: {count.first.reason}, the first: {count.first.detail}"
        )


def _too_slow(samples: "Sequence[Sample]", every: Latency | None, limits: Limits) -> "Iterator[str]":
    # Written so that NaN, which compares as false, is too slow.
    slow = [sample.elapsed_s for sample in samples if not sample.elapsed_s <= limits.sla_s]
    if slow:
        yield (
            f"{len(slow)} of {len(samples)} requests took longer than {limits.sla_s:g} s, "
            f"the longest {max(slow):.3f} s"
        )
    if limits.p99_s is not None and every is not None and not every.p99_s <= limits.p99_s:
        yield f"the 99th percentile is {every.p99_s * 1e3:,.0f} ms, wanted at most {limits.p99_s * 1e3:,.0f} ms"


def _too_late(late_p99_s: float | None) -> "Iterator[str]":
    if late_p99_s is not None and late_p99_s > LATE_S:
        yield (
            f"the load generator sent 1 % of the requests {late_p99_s:.1f} s late or later, wanted at most "
            f"{LATE_S:g} s: this was not the planned load; plan fewer requests, or use a machine with more to spare"
        )
