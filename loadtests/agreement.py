"""Predicted beside measured, and how far apart they may be."""

__all__ = ["TOLERANCE", "Line", "Tolerance", "agreement", "as_lines"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadtests.prediction import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far measurement may be from prediction, on either side.

    Attributes:
        cold_share: In absolute shares: 0.01 is one request in a hundred.
        p50_factor: Times as long, or as short.
        p99_factor: The same of the 99th percentile.
        at_once_factor: Times as many, or as few, requests at once;
        at_once: and this many in any case.
    """

    cold_share: float
    p50_factor: float
    p99_factor: float
    at_once_factor: float
    at_once: int


TOLERANCE = Tolerance(cold_share=0.01, p50_factor=1.5, p99_factor=2.5, at_once_factor=2.0, at_once=4)
"""Chosen before the first comparison, for one machine that runs clients, gateway and environments at once: its
scheduler moves a median by a third and a 99th percentile by two. The prediction itself is a median of draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure, predicted and measured.

    Attributes:
        name: Of the figure, with its unit.
        predicted: By the simulator.
        measured: By the load test.
        low: Smallest measured value that agrees.
        high: Largest measured value that agrees.
        digits: Digits after the point that matter.
    """

    name: str
    predicted: float
    measured: float
    low: float
    high: float
    digits: int

    @property
    def agrees(self) -> bool:
        """Whether the measured value is within the tolerance; NaN is not."""
        return self.low <= self.measured <= self.high


def agreement(predicted: "Figures", measured: "Figures", tolerance: Tolerance) -> tuple[Line, ...]:
    """Compare each figure."""
    return (
        Line(
            name="cold starts, %",
            predicted=predicted.cold_share * 100,
            measured=measured.cold_share * 100,
            low=max(0.0, predicted.cold_share - tolerance.cold_share) * 100,
            high=(predicted.cold_share + tolerance.cold_share) * 100,
            digits=2,
        ),
        _by_factor("p50, ms", predicted.p50_s * 1e3, measured.p50_s * 1e3, tolerance.p50_factor),
        _by_factor("p99, ms", predicted.p99_s * 1e3, measured.p99_s * 1e3, tolerance.p99_factor),
        Line(
            name="most at once",
            predicted=predicted.most_at_once,
            measured=measured.most_at_once,
            low=min(
                predicted.most_at_once / tolerance.at_once_factor, predicted.most_at_once - tolerance.at_once
            ),
            high=max(
                predicted.most_at_once * tolerance.at_once_factor, predicted.most_at_once + tolerance.at_once
            ),
            digits=0,
        ),
    )


def as_lines(lines: tuple[Line, ...]) -> str:
    """Return a table to print."""
    rows = [f"{'':<18}{'predicted':>12}{'measured':>12}{'agrees from':>14}{'to':>12}"]
    for line in lines:
        values = (
            f"{value:,.{line.digits}f}" for value in (line.predicted, line.measured, line.low, line.high)
        )
        predicted, measured, low, high = values
        state = "" if line.agrees else "  OUTSIDE"
        rows.append(f"{line.name:<18}{predicted:>12}{measured:>12}{low:>14}{high:>12}{state}")
    return "\n".join(rows)


def _by_factor(name: str, predicted: float, measured: float, factor: float) -> Line:
    return Line(
        name=name,
        predicted=predicted,
        measured=measured,
        low=predicted / factor,
        high=predicted * factor,
        digits=1,
    )
