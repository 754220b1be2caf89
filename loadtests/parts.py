"""A replayed day in parts: hour by hour, and peak by peak, as the traffic profile names them."""

__all__ = ["Part", "by_hour", "by_peak", "curve"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.capacity.traffic import DAY_S
from loadtests.judgement import Latency, latency_of, most_at_once
from loadtests.shapes import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.capacity.traffic import Profile
    from loadtests.samples import Sample
    from loadtests.shapes import Day

_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What happened to the requests of a part of the day.

    Attributes:
        name: Of the part.
        requests: How many there were.
        cold: Of these, those that were an environment's first.
        faults: Of these, those that failed or got a wrong answer.
        latency: Their times; None without any.
        most_at_once: Most of them that waited at the same time.
    """

    name: str
    requests: int
    cold: int
    faults: int
    latency: Latency | None
    most_at_once: int


def by_hour(samples: "Sequence[Sample]", *, seconds: float) -> tuple[Part, ...]:
    """Return the 24 hours of a day that was compressed to some seconds."""
    hours = [(f"{hour:02d}:00", [(hour * 3600.0, (hour + 1) * 3600.0)]) for hour in range(24)]
    return tuple(_part(name, _within(samples, spans, seconds)) for name, spans in hours)


def by_peak(
    samples: "Sequence[Sample]", *, profile: "Profile", day: "Day", seconds: float
) -> tuple[Part, ...]:
    """Return the profile's peaks of that kind of day, in the order of the profile; none of another kind of day.

    A peak over midnight has the day's last hours and, of the day before, its first.
    """
    start = DAYS[day] * DAY_S
    parts = []
    for peak in profile.peaks:
        spans = [(float(begin) - start, float(end) - start) for begin, end in peak.intervals(1)]
        if spans := [(begin, end) for begin, end in spans if end > 0 and begin < DAY_S]:
            parts.append(_part(peak.name, _within(samples, spans, seconds)))
    return tuple(parts)


def curve(parts: "Sequence[Part]") -> str:
    """Return a bar for each part, the highest for the most requests; a part with any has a bar."""
    most = max((part.requests for part in parts), default=0)
    return "".join(_BARS[-(-part.requests * 8 // most)] if most else " " for part in parts)


def _within(
    samples: "Sequence[Sample]", spans: "list[tuple[float, float]]", seconds: float
) -> "list[Sample]":
    """Return the samples whose moment of the day is in a span; the day's very end belongs to its last."""
    scale = DAY_S / seconds
    return [
        sample
        for sample in samples
        if sample.due_s is not None
        and any(begin <= min(sample.due_s * scale, DAY_S - 1e-6) < end for begin, end in spans)
    ]


def _part(name: str, own: "Sequence[Sample]") -> Part:
    return Part(
        name=name,
        requests=len(own),
        cold=sum(sample.cold for sample in own),
        faults=sum(sample.fault is not None for sample in own),
        latency=latency_of([sample.elapsed_s for sample in own]),
        most_at_once=most_at_once(own),
    )
