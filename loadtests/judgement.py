"""Samples in, verdict out: whether a deployment held, and the figures to say so with."""

__all__ = ["FaultCount", "Latency", "Limits", "Verdict", "judge", "percentile"]

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.grading import Fault
    from loadtests.samples import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a deployment is held to.

    Attributes:
        sla_s: No response may take longer.
    """

    sla_s: float


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
        faults: By reason, the most frequent first.
        problems: Why the test failed, in words; empty when it passed.
    """

    requests: int
    rows: int
    duration_s: float
    every: Latency | None
    warm: Latency | None
    cold: Latency | None
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
    return Verdict(
        requests=len(samples),
        rows=sum(sample.rows for sample in samples),
        duration_s=_duration_s(samples),
        every=_latency(samples),
        warm=_latency([sample for sample in samples if not sample.cold]),
        cold=_latency([sample for sample in samples if sample.cold]),
        faults=faults,
        problems=tuple(_problems(samples, faults, limits)),
    )


def percentile(ordered: "Sequence[float]", share: float) -> float:
    """Return the smallest value that at least a share of the values does not exceed (nearest rank).

    Args:
        ordered: At least one value, ascending.
        share: Above 0, at most 1.
    """
    return ordered[ceil(share * len(ordered)) - 1]


def _latency(samples: "Sequence[Sample]") -> Latency | None:
    if not samples:
        return None
    times = sorted(sample.elapsed_s for sample in samples)
    return Latency(
        requests=len(times),
        p50_s=percentile(times, 0.50),
        p95_s=percentile(times, 0.95),
        p99_s=percentile(times, 0.99),
        max_s=times[-1],
    )


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


def _problems(samples: "Sequence[Sample]", faults: "Sequence[FaultCount]", limits: Limits) -> "list[str]":
    if not samples:
        return ["no request was made, so nothing was tested"]
    of_all = f"of {len(samples)} requests"
    problems = []
    for count in faults:
        verb = "failed" if count.first.kind == "failed" else "got a wrong answer"
        problems.append(
            f"{count.requests} {of_all} {verb}: {count.first.reason}, the first: {count.first.detail}"
        )
    # Written so that NaN, which compares as false, is too slow.
    slow = [sample.elapsed_s for sample in samples if not sample.elapsed_s <= limits.sla_s]
    if slow:
        problems.append(
            f"{len(slow)} {of_all} took longer than {limits.sla_s:g} s, the longest {max(slow):.3f} s"
        )
    return problems
