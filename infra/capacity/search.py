"""The cheapest warm capacity for one peak, found by branch and bound over every candidate.

A candidate keeps ``base`` environments through the whole peak and, if it helps, ``top`` of them in one part of it,
in steps of five minutes. What reserving a candidate costs is known beforehand; what its requests cost is simulated,
and lies between all of them on provisioned capacity without a start and what was found. Candidates are tried by the
cost of reserving; once that alone, with the least that requests can cost, reaches the best total, nothing cheaper
can follow.
"""

__all__ = ["Candidate", "Found", "Limits", "candidates", "cheapest"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.errors import NoPlanError
from infra.capacity.orders import Order, billed_s, capacity_of
from infra.capacity.outcome import outcome_of, within
from infra.capacity.simulate import Capacity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from infra.capacity.outcome import Part
    from infra.capacity.simulate import Platform
    from infra.capacity.traffic import NamedPeak
    from infra.capacity.workload import Workload
    from infra.prices import LambdaPrices

STEP_MINUTES = 5
_WEEK_MINUTES = 7 * 1440
_HISTORY_S = 3600.0
"""What comes before a peak is simulated too, since it leaves environments behind; and what comes after it, for as
long as the peak's own live, since a start that a candidate moves there is billed as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a plan has to keep.

    Attributes:
        cold_share: Largest share of cold starts among the requests of each peak.
        late_share: Largest share of requests of each peak answered after the SLA or not at all.
        sla_s: The promise.
        start_s: Longest answer of a cold environment, 99 of 100: what a memory size must be quick enough for.
        least: Environments that are warm through every peak in any case.
        most: Largest concurrency that is tried.
    """

    cold_share: float = 0.002
    late_share: float = 0.0001
    sla_s: float = 10.0
    start_s: float = 2.0
    least: int = 1
    most: int = 100

    def kept_by(self, part: "Part") -> bool:
        """Tell whether the requests of a peak got what was promised."""
        return part.cold_share <= self.cold_share and part.late_share <= self.late_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Capacity of one peak.

    Attributes:
        base: Environments through the whole peak; may be 0.
        top: Environments from :attr:`begin` to :attr:`end`, more than ``base``; 0 for none.
        begin: Minutes after the peak's start.
        end: Minutes after the peak's start.
    """

    base: int
    top: int = 0
    begin: int = 0
    end: int = 0

    def windows(self, minutes: int) -> "Iterator[tuple[int, int, int]]":
        """Yield beginning, end (minutes after the peak's start) and concurrency of each window."""
        if self.base:
            yield 0, minutes, self.base
        if self.top:
            yield self.begin, self.end, self.top

    def levels(self, minutes: int, lead: int) -> "NDArray[np.int64]":
        """Return the capacity of each minute from ``lead`` before the peak: ``(minutes + lead,) int64``."""
        found = np.zeros(minutes + lead, np.int64)
        for begin, end, level in self.windows(minutes):
            span = slice(begin, end + lead)
            found[span] = np.maximum(found[span], level)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The cheapest candidate of a peak.

    Attributes:
        candidate: Which.
        usd: Lambda's price for the peak's requests and capacity in the simulated weeks.
        part: What its requests met.
        tried: How many candidates were simulated.
    """

    candidate: Candidate
    usd: float
    part: "Part"
    tried: int


def candidates(minutes: int, *, least: int, most: int) -> "Iterator[Candidate]":
    """Yield every candidate of a peak with up to ``most`` environments."""
    for base in range(least, most + 1):
        yield Candidate(base=base)
        for top in range(base + 1, most + 1):
            for begin in range(0, minutes, STEP_MINUTES):
                for end in range(begin + STEP_MINUTES, minutes + 1, STEP_MINUTES):
                    if end - begin < minutes:
                        yield Candidate(base=base, top=top, begin=begin, end=end)


def orders_for(peak: "NamedPeak", candidate: Candidate, *, lead_minutes: int) -> tuple[Order, ...]:
    """Return the orders of a week for one peak."""
    week = np.zeros(_WEEK_MINUTES, np.int64)
    levels = candidate.levels(peak.minutes, lead_minutes)
    for day in peak.weekdays:
        start = day * 1440 + peak.start_minute - lead_minutes
        at = np.arange(start, start + levels.size) % _WEEK_MINUTES
        week[at] = np.maximum(week[at], levels)
    changed = np.flatnonzero(week != np.roll(week, 1))
    return tuple(Order(minute=int(at), minimum=int(week[at]), maximum=int(week[at])) for at in changed)


def cheapest(
    peak: "NamedPeak",
    workload: "Workload",
    *,
    limits: Limits,
    platform: "Platform",
    prices: "LambdaPrices",
    architecture: str,
    memory_mb: int,
    lead_minutes: int,
) -> Found:
    """Find the cheapest candidate that keeps the limits.

    Args:
        peak: Whose capacity.
        workload: All requests of some weeks; those around the peak are simulated.
        limits: What is to be kept.
        platform: What surrounds the function.
        prices: Lambda's.
        architecture: ``x86_64`` or ``arm64``.
        memory_mb: The function's.
        lead_minutes: How long before its window capacity is ordered.

    Raises:
        NoPlanError: None of ``limits.most`` environments or fewer does.
    """
    spans = peak.intervals(workload.weeks)
    around = spans + np.array([-_HISTORY_S - lead_minutes * 60.0, platform.idle_expiry_s])
    places = np.unique(within(workload.arrivals_s, _merged(around)))
    slice_ = workload.part(places)
    gb = memory_mb / 1024
    reserve = prices.provisioned_gb_s[architecture] * gb
    on_demand = prices.gb_s[architecture] * gb
    on_provisioned = prices.provisioned_duration_gb_s[architecture] * gb

    def capacity(candidate: Candidate) -> Capacity:
        return capacity_of(orders_for(peak, candidate, lead_minutes=lead_minutes), weeks=workload.weeks)

    def reserved(candidate: Candidate) -> float:
        """USD of the weeks; occurrences do not touch, so each is billed by itself."""
        levels = candidate.levels(peak.minutes, lead_minutes)
        changed = np.flatnonzero(np.diff(levels, prepend=0))
        table = np.stack([changed * 60.0, levels[changed].astype(float)], axis=1)
        seconds: float = billed_s(table, horizon_s=levels.size * 60.0, step_s=prices.provisioned_step_s)
        return seconds * len(spans) * reserve

    def judged(candidate: Candidate) -> tuple[float, "Part"]:
        run = slice_.run(capacity(candidate), platform)
        part = outcome_of(slice_.arrivals_s, run, peaks={"peak": spans}, sla_s=limits.sla_s).peaks["peak"]
        seconds = slice_.billed_s(run)
        return seconds[0] * on_demand + seconds[1] * on_provisioned, part

    # The least number that keeps the limits without a top bounds what has to be tried.
    best: Found | None = None
    tried = 0
    for base in range(limits.least, limits.most + 1):
        used, part = judged(Candidate(base=base))
        tried += 1
        if limits.kept_by(part):
            total = reserved(Candidate(base=base)) + used
            best = Found(candidate=Candidate(base=base), usd=total, part=part, tried=tried)
            break
    if best is None:
        raise NoPlanError(
            f"{peak.name}: with {limits.most} environments {part.cold_share:.3%} of its requests still start "
            f"cold and {part.late_share:.4%} are late, wanted at most {limits.cold_share:.3%} and "
            f"{limits.late_share:.4%}; allow more, or give the function more memory"
        )
    floor = float(np.ceil(slice_.service_s * 1000).sum()) / 1000 * min(on_demand, on_provisioned)
    # A top may be higher than the best base where it is short.
    most = min(limits.most, 2 * max(1, best.candidate.base) + 1)
    waiting = sorted(
        (
            (reserved(item), place, item)
            for place, item in enumerate(candidates(peak.minutes, least=limits.least, most=most))
        ),
    )
    for price, _, candidate in waiting:
        if price + floor >= best.usd:
            break
        used, part = judged(candidate)
        tried += 1
        if limits.kept_by(part) and price + used < best.usd:
            best = Found(candidate=candidate, usd=price + used, part=part, tried=tried)
    return Found(candidate=best.candidate, usd=best.usd, part=best.part, tried=tried)


def _merged(spans: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return spans of which none touches another."""
    merged: list[list[float]] = []
    for begin, end in spans.tolist():
        if merged and begin <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([begin, end])
    return np.array(merged)
