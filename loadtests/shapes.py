"""When requests are sent: a day of a traffic profile in some minutes, or a rate that rises step by step.

The load is open: moments are fixed before the test and no request waits for an earlier one, as people do not. A
closed load slows down with the service that it tests, and so hides the slowness. Source: Schroeder, Wierman,
Harchol-Balter, "Open versus closed: a cautionary tale", NSDI 2006.
"""

__all__ = [
    "DAYS",
    "Day",
    "Ramp",
    "Shape",
    "compress",
    "day_shape",
    "ramp_shape",
    "read_moments",
    "write_moments",
]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from infra.capacity.arrivals import draw
from infra.capacity.traffic import DAY_S
from loadtests.errors import InputError, RunError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from infra.capacity.traffic import Profile

type Day = Literal["weekday", "weekend"]

DAYS: dict[str, int] = {"weekday": 1, "weekend": 6}
"""Tuesday and Sunday: the day before is of the same kind, so a peak over midnight has both of its ends."""

_STEPS_A_DAY = 288
_ATTEMPTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Moments at which requests are sent.

    Attributes:
        name: For people.
        seconds: How long the test sends; no moment is later.
        moments_s: Since its beginning, ascending.
    """

    name: str
    seconds: float
    moments_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A rate that rises step by step until a cap.

    Attributes:
        first_per_s: Requests per second of the first step.
        factor: From one step to the next; above 1.
        step_s: Seconds of a step.
        most_per_s: No step has a higher rate.
        most_s: No step begins or ends later than this; the first always runs.
    """

    first_per_s: float
    factor: float
    step_s: float
    most_per_s: float
    most_s: float

    @property
    def rates_per_s(self) -> tuple[float, ...]:
        """Rate of each step; at least one, the last is the cap's if the time allows."""
        rates = [min(self.first_per_s, self.most_per_s)]
        while rates[-1] < self.most_per_s and (len(rates) + 1) * self.step_s <= self.most_s:
            rates.append(min(rates[-1] * self.factor, self.most_per_s))
        return tuple(rates)

    def step_of(self, due_s: float) -> int:
        """Return the number of the step that a moment is in, from 0."""
        return min(int(due_s / self.step_s), len(self.rates_per_s) - 1)


def day_shape(
    profile: "Profile",
    *,
    day: Day,
    seconds: float,
    requests: int | None = None,
    multiplier: float = 1.0,
    seed: int,
) -> Shape:
    """Draw a day's arrivals and compress them.

    Args:
        profile: Rates and burstiness.
        day: Which kind of day.
        seconds: What a day is compressed to.
        requests: How many to send: as many are left of a larger draw, chosen at random, so that the curve and its
            bursts stay. None takes as many as the draw has.
        multiplier: How many times as popular as the profile says; without meaning if ``requests`` is given.
        seed: The same seed gives the same moments.

    Raises:
        InputError: The profile has no traffic on such a day, or the draw has none.
    """
    first = DAYS[day] * _STEPS_A_DAY
    expected = float(profile.week_per_s[first : first + _STEPS_A_DAY].sum()) * DAY_S / _STEPS_A_DAY
    if not expected:
        raise InputError(
            f"the traffic profile has no traffic on a {day}; give another DAY or another profile"
        )
    scale = multiplier if requests is None else 1.2 * (requests + 10) / expected
    generator = np.random.default_rng(seed)
    for attempt in range(_ATTEMPTS):
        week = draw(profile, weeks=1, multiplier=scale, seed=seed + attempt)
        start = DAYS[day] * DAY_S
        moments = week[(week >= start) & (week < start + DAY_S)]
        if requests is None:
            if not moments.size:
                raise InputError(
                    f"a {day} at {multiplier:g} times the profile's traffic drew no request; give a larger multiplier"
                )
            break
        if moments.size >= requests:
            moments = np.sort(generator.choice(moments, requests, replace=False))
            break
        scale *= 1.5
    else:  # bursts of ten times the mean can leave a day nearly empty
        raise InputError(
            f"a {day} of this profile does not reach {requests} requests; give a smaller burstiness"
        )
    compressed = compress(moments, start_s=float(start), length_s=DAY_S, seconds=seconds)
    return Shape(
        name=f"a {'weekend day' if day == 'weekend' else day} in {seconds / 60:g} minutes",
        seconds=seconds,
        moments_s=tuple(compressed.tolist()),
    )


def compress(
    moments_s: "NDArray[np.float64]", *, start_s: float, length_s: float, seconds: float
) -> "NDArray[np.float64]":
    """Return moments of a span as moments of a test.

    Args:
        moments_s: Within the span, ascending: ``(requests,) float64``.
        start_s: Where the span begins.
        length_s: How long it is.
        seconds: How long the test is.
    """
    shrunk: NDArray[np.float64] = np.clip((moments_s - start_s) * (seconds / length_s), 0.0, seconds)
    return shrunk


def ramp_shape(ramp: Ramp, *, seed: int) -> Shape:
    """Draw Poisson arrivals of every step."""
    generator = np.random.default_rng(seed)
    moments: list[float] = []
    for number, rate_per_s in enumerate(ramp.rates_per_s):
        # Given their number, the points of a Poisson process are uniform; a step without any would prove nothing.
        count = max(1, int(generator.poisson(rate_per_s * ramp.step_s)))
        within = np.sort(generator.uniform(0, ramp.step_s, count))
        moments += (number * ramp.step_s + within).tolist()
    rates = ramp.rates_per_s
    return Shape(
        name=f"{len(rates)} steps from {rates[0]:g} to {rates[-1]:g} requests/s",
        seconds=len(rates) * ramp.step_s,
        moments_s=tuple(moments),
    )


def write_moments(path: "Path", moments_s: tuple[float, ...]) -> None:
    """Write one moment a line, for the process that sends."""
    path.write_text("".join(f"{moment!r}\n" for moment in moments_s), encoding="ascii")


def read_moments(path: "Path") -> list[float]:
    """Read what :func:`write_moments` wrote.

    Raises:
        RunError: It cannot be read.
    """
    try:
        return [float(line) for line in path.read_text(encoding="ascii").splitlines()]
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read the moments in {path}: {error}") from error
