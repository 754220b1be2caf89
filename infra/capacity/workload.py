"""Requests with their service and start times: what one simulation is fed with."""

__all__ = ["ENVIRONMENT_S", "Workload", "workload_of"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.arrivals import WEEK_S, draw
from infra.capacity.simulate import COLD, PROVISIONED, WARM, Capacity, Platform, Run, simulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.capacity.measurements import Times
    from infra.capacity.traffic import Profile

ENVIRONMENT_S = 0.5
"""What Lambda needs before the function's own initialisation: to place an environment and fetch the image. It can be
measured on AWS alone; this is an assumption, and an argument wherever it matters."""

_STARTS = 65_537
"""How many starts are drawn; more cold starts than this use them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What comes, and how long each takes.

    Attributes:
        weeks: From a Monday 00:00 local time.
        arrivals_s: Ascending seconds since then: ``(requests,) float64``.
        service_s: In a running environment: ``(requests,) float32``.
        start_s: From a cold request to its answer, used in turn: ``(samples,) float32``.
        billed_start_s: The part of :attr:`start_s` that is billed, initialisation and first request, on average.
    """

    weeks: int
    arrivals_s: "NDArray[np.float64]"
    service_s: "NDArray[np.float32]"
    start_s: "NDArray[np.float32]"
    billed_start_s: float

    @property
    def horizon_s(self) -> float:
        """When it ends."""
        return float(self.weeks * WEEK_S)

    def run(self, capacity: Capacity, platform: Platform) -> Run:
        """Simulate it."""
        return simulate(
            self.arrivals_s,
            service_s=self.service_s,
            start_s=self.start_s,
            capacity=capacity,
            platform=platform,
            horizon_s=self.horizon_s,
        )

    def part(self, places: "NDArray[np.int64]") -> "Workload":
        """Return the requests at some places alone."""
        return Workload(
            weeks=self.weeks,
            arrivals_s=self.arrivals_s[places],
            service_s=self.service_s[places],
            start_s=self.start_s,
            billed_start_s=self.billed_start_s,
        )

    def billed_s(self, run: Run) -> tuple[float, float]:
        """Return the billed seconds of requests on demand, starts included, and on provisioned capacity.

        Each request is billed in whole milliseconds. Source: https://aws.amazon.com/lambda/pricing/
        """
        ms = np.ceil(self.service_s * 1000)
        on_demand = float(ms[run.kind == WARM].sum()) / 1000
        cold = int((run.kind == COLD).sum()) * self.billed_start_s
        return on_demand + cold, float(ms[run.kind == PROVISIONED].sum()) / 1000


def workload_of(
    profile: "Profile",
    times: "Times",
    *,
    weeks: int,
    multiplier: float = 1.0,
    seed: int,
    environment_s: float = ENVIRONMENT_S,
) -> Workload:
    """Draw a workload.

    Args:
        profile: Rates.
        times: Measured times of the function, from which service and start times are drawn with replacement.
        weeks: How many.
        multiplier: How many times as popular as the profile says.
        seed: The same seed gives the same workload; arrivals do not depend on the times.
        environment_s: Assumed time before the function's own initialisation.
    """
    arrivals = draw(profile, weeks=weeks, multiplier=multiplier, seed=seed)
    generator = np.random.default_rng((seed, 1))
    service = np.asarray(times.warm_ms, np.float32) / np.float32(1000)
    init, first = (np.asarray(values, float) / 1000 for values in (times.init_ms, times.first_ms))
    drawn = generator.choice(init, _STARTS) + generator.choice(first, _STARTS)
    return Workload(
        weeks=weeks,
        arrivals_s=arrivals,
        service_s=service[generator.integers(0, service.size, arrivals.size)],
        start_s=(drawn + environment_s).astype(np.float32),
        billed_start_s=float(init.mean() + first.mean()),
    )
