"""What a simulated run means to the people who asked: cold starts, waiting, refusals."""

__all__ = ["Outcome", "Part", "outcome_of"]

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
    """

    requests: int
    cold: int
    throttled: int

    @property
    def cold_share(self) -> float:
        """Share that waited for a start; 0 without requests."""
        return self.cold / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run in figures.

    Attributes:
        every: All requests.
        peaks: Name of a peak → its requests.
        provisioned: Requests that provisioned environments served.
        warm: Requests that running on-demand environments served.
        timed_out: Requests whose answer came too late for function or gateway.
        late: Requests answered after the SLA, timed out or refused: those that the promise was broken to.
        p50_s: Median response of those not refused, in seconds; NaN without any, as the next three.
        p95_s: 95th percentile.
        p99_s: 99th percentile.
        max_s: The longest.
        peak_concurrency: Most requests in service at once.
    """

    every: Part
    peaks: dict[str, Part]
    provisioned: int
    warm: int
    timed_out: int
    late: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    peak_concurrency: int

    @property
    def in_peaks(self) -> Part:
        """The requests of all peaks."""
        parts = self.peaks.values()
        return Part(
            requests=sum(part.requests for part in parts),
            cold=sum(part.cold for part in parts),
            throttled=sum(part.throttled for part in parts),
        )

    @property
    def late_share(self) -> float:
        """Share of the requests that the promise was broken to; 0 without requests."""
        return self.late / self.every.requests if self.every.requests else 0.0


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
    answered = run.response_s[run.kind != THROTTLED]
    beyond = int((answered > sla_s).sum())
    throttled = int((run.kind == THROTTLED).sum())
    # A gateway that gives up before the SLA has broken the promise all the same.
    late = throttled + max(beyond, run.timed_out)
    if answered.size:
        p50, p95, p99, longest = (
            float(value) for value in np.percentile(answered, [50, 95, 99, 100], method="inverted_cdf")
        )
    else:
        p50 = p95 = p99 = longest = float("nan")
    return Outcome(
        every=_part(run.kind),
        peaks={name: _part(run.kind[_within(arrivals_s, spans)]) for name, spans in peaks.items()},
        provisioned=int((run.kind == PROVISIONED).sum()),
        warm=int((run.kind == WARM).sum()),
        timed_out=run.timed_out,
        late=late,
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        max_s=longest,
        peak_concurrency=run.most,
    )


def _part(kind: "NDArray[np.uint8]") -> Part:
    counts = np.bincount(kind, minlength=4)
    return Part(requests=kind.size, cold=int(counts[COLD]), throttled=int(counts[THROTTLED]))


def _within(arrivals_s: "NDArray[np.float64]", spans: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Return the places of the arrivals within half-open spans: ``(some,) int64``."""
    begins = np.searchsorted(arrivals_s, spans[:, 0])
    ends = np.searchsorted(arrivals_s, spans[:, 1])
    places = [np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)]
    return np.concatenate(places) if places else np.zeros(0, np.int64)
