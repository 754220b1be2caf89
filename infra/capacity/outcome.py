"""What a simulated run means to the people who asked: cold starts, waiting, refusals."""

__all__ = ["Outcome", "Part", "concurrency_over_time", "outcome_of", "within"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.simulate import COLD, PROVISIONED, THROTTLED, WARM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from infra.capacity.simulate import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the requests.

    Attributes:
        requests: How many.
        cold: Of these, those that waited for a start.
        throttled: Of these, those refused.
        late: Of these, those answered after the SLA or not at all: the promise to them was broken.
    """

    requests: int
    cold: int
    throttled: int
    late: int

    @property
    def cold_share(self) -> float:
        """Share that waited for a start; 0 without requests."""
        return self.cold / self.requests if self.requests else 0.0

    @property
    def late_share(self) -> float:
        """Share that the promise was broken to; 0 without requests."""
        return self.late / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run in figures.

    Attributes:
        every: All requests.
        peaks: Name of a peak → its requests.
        provisioned: Requests that provisioned environments served.
        warm: Requests that running on-demand environments served.
        p50_s: Median response in seconds, infinite where half had no answer; NaN without requests, as the next three.
        p95_s: 95th percentile.
        p99_s: 99th percentile.
        max_s: The longest.
        peak_concurrency: Most requests in service at once.
        utilisation: Share of the provisioned environments' time in which they served; NaN without any.
    """

    every: Part
    peaks: dict[str, Part]
    provisioned: int
    warm: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    peak_concurrency: int
    utilisation: float

    @property
    def in_peaks(self) -> Part:
        """The requests of all peaks."""
        parts = self.peaks.values()
        return Part(
            requests=sum(part.requests for part in parts),
            cold=sum(part.cold for part in parts),
            throttled=sum(part.throttled for part in parts),
            late=sum(part.late for part in parts),
        )


def outcome_of(
    arrivals_s: "NDArray[np.float64]",
    run: "Run",
    *,
    peaks: "Mapping[str, NDArray[np.float64]]",
    sla_s: float,
) -> Outcome:
    """Sum up a run.

    Args:
        arrivals_s: What was simulated: ``(requests,) float64``.
        run: What became of it.
        peaks: Name → start and end of each occurrence in seconds: ``(occurrences, 2) float64``.
        sla_s: The promise, at most this long.
    """
    if run.response_s.size:
        p50, p95, p99, longest = (
            float(value) for value in np.percentile(run.response_s, [50, 95, 99, 100], method="inverted_cdf")
        )
    else:
        p50 = p95 = p99 = longest = float("nan")
    return Outcome(
        every=_part(run, sla_s),
        peaks={name: _part(run, sla_s, within(arrivals_s, spans)) for name, spans in peaks.items()},
        provisioned=int((run.kind == PROVISIONED).sum()),
        warm=int((run.kind == WARM).sum()),
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        max_s=longest,
        peak_concurrency=run.most,
        utilisation=(
            float(run.busy_s[run.kind == PROVISIONED].sum(dtype=float)) / run.provisioned_s
            if run.provisioned_s
            else float("nan")
        ),
    )


def concurrency_over_time(
    arrivals_s: "NDArray[np.float64]", run: "Run", *, bucket_s: float, horizon_s: float
) -> "NDArray[np.int64]":
    """Return the most requests that were in service at once in each part of the time: ``(buckets,) int64``.

    Args:
        arrivals_s: What was simulated: ``(requests,) float64``.
        run: What became of it.
        bucket_s: Length of a part.
        horizon_s: End of the last part; what is still in service then is cut off.
    """
    served = run.kind != THROTTLED
    begins = arrivals_s[served]
    ends = begins + run.busy_s[served]
    # An end comes before a beginning at the same moment, as sorting is stable.
    moments = np.concatenate((ends, begins))
    order = np.argsort(moments, kind="stable")
    level = np.cumsum(np.where(order < ends.size, -1, 1))
    buckets = int(np.ceil(horizon_s / bucket_s))
    first = np.searchsorted(moments[order], np.arange(buckets) * bucket_s)
    carried = np.concatenate(([0], level))[first]
    most = carried.astype(np.int64)
    place = np.minimum(moments[order] // bucket_s, buckets).astype(np.int64)
    inside = place < buckets
    np.maximum.at(most, place[inside], level[inside])
    return most


def within(arrivals_s: "NDArray[np.float64]", spans: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Return the places of the arrivals within half-open spans that do not overlap: ``(some,) int64``."""
    begins = np.searchsorted(arrivals_s, spans[:, 0])
    ends = np.searchsorted(arrivals_s, spans[:, 1])
    places = [np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)]
    return np.concatenate(places) if places else np.zeros(0, np.int64)


def _part(run: "Run", sla_s: float, places: "NDArray[np.int64] | slice" = slice(None)) -> Part:
    counts = np.bincount(run.kind[places], minlength=4)
    return Part(
        requests=int(counts.sum()),
        cold=int(counts[COLD]),
        throttled=int(counts[THROTTLED]),
        late=int((run.response_s[places] > sla_s).sum()),
    )
