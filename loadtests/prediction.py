"""What the simulator expects of a load whose moments are known, on a deployment whose times were measured.

The simulator decides who waits for a start, from how long environments were busy. How long the client waited is
drawn from what clients of the same deployment saw: what gateway and network add, and an environment knows nothing of,
is in it.
"""

__all__ = ["Calibration", "Figures", "environments_for", "figures_of", "predict"]

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.outcome import outcome_of
from infra.capacity.simulate import COLD, Capacity, Platform, simulate
from loadtests.errors import RunError
from loadtests.judgement import most_at_once, percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.samples import Sample

_RUNS = 21
"""Draws of the measured times; the median of each figure is the prediction."""

_MOST_ENVIRONMENTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Times of one deployment, in seconds.

    Attributes:
        busy_warm_s: How long running environments were busy with a request.
        busy_cold_s: How long an environment was busy from the beginning of its start to its first answer.
        warm_s: What clients waited for a running environment's answer.
        cold_s: What clients waited for an environment's first.
    """

    busy_warm_s: tuple[float, ...]
    busy_cold_s: tuple[float, ...]
    warm_s: tuple[float, ...]
    cold_s: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that everything was seen.

        Raises:
            RunError: Something was not.
        """
        for name in ("busy_warm_s", "busy_cold_s", "warm_s", "cold_s"):
            if not getattr(self, name):
                raise RunError(f"the calibration saw no time for {name}; give it more requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is predicted, and measured.

    Attributes:
        requests: How many.
        cold_share: Share that waited for a start.
        p50_s: Median response.
        p99_s: 99th percentile.
        most_at_once: Most requests that waited for an answer at the same time.
    """

    requests: int
    cold_share: float
    p50_s: float
    p99_s: float
    most_at_once: float


def predict(moments_s: "Sequence[float]", times: Calibration, *, environments: int, seed: int = 1) -> Figures:
    """Simulate a load some times over, and return the median of each figure.

    Args:
        moments_s: When requests are sent, ascending; at least one.
        times: Of the deployment.
        environments: Running before the first request, and never ended; more are started when they are needed.
        seed: The same seed gives the same figures.
    """
    arrivals = np.asarray(moments_s, np.float64)
    runs = [_simulated(arrivals, times, environments, np.random.default_rng((seed, n))) for n in range(_RUNS)]
    return Figures(
        requests=arrivals.size,
        cold_share=median(run.cold_share for run in runs),
        p50_s=median(run.p50_s for run in runs),
        p99_s=median(run.p99_s for run in runs),
        most_at_once=median(run.most_at_once for run in runs),
    )


def environments_for(moments_s: "Sequence[float]", times: Calibration, *, cold_share: float) -> int:
    """Return the fewest running environments with which no larger share is predicted to wait for a start.

    Raises:
        RunError: Not even 32 are enough.
    """
    for environments in range(1, _MOST_ENVIRONMENTS + 1):
        if predict(moments_s, times, environments=environments).cold_share <= cold_share:
            return environments
    raise RunError(
        f"more than {_MOST_ENVIRONMENTS} environments would be needed for a cold share of {cold_share:.2%}; "
        "plan fewer requests"
    )


def figures_of(samples: "Sequence[Sample]") -> Figures:
    """Return what was measured; at least one sample."""
    times = sorted(sample.elapsed_s for sample in samples)
    return Figures(
        requests=len(samples),
        cold_share=sum(sample.cold for sample in samples) / len(samples),
        p50_s=percentile(times, 0.5),
        p99_s=percentile(times, 0.99),
        most_at_once=most_at_once(samples),
    )


def _simulated(
    arrivals: "np.typing.NDArray[np.float64]",
    times: Calibration,
    environments: int,
    generator: np.random.Generator,
) -> Figures:
    size = arrivals.size
    never = float(arrivals[-1]) + 3600.0
    run = simulate(
        arrivals,
        service_s=generator.choice(times.busy_warm_s, size).astype(np.float32),
        start_s=generator.choice(times.busy_cold_s, size).astype(np.float32),
        # What runs before the first request and stays is what the simulator calls provisioned.
        capacity=Capacity.constant(environments),
        platform=Platform(idle_expiry_s=never, function_timeout_s=never, gateway_timeout_s=never),
        horizon_s=never,
    )
    waited = np.where(
        run.kind == COLD, generator.choice(times.cold_s, size), generator.choice(times.warm_s, size)
    ).astype(np.float32)
    outcome = outcome_of(arrivals, replace(run, response_s=waited), peaks={}, sla_s=never)
    # The simulator counts busy environments; the client counts who waits.
    ends = np.sort(arrivals + waited)
    waiting = np.arange(1, size + 1) - np.searchsorted(ends, arrivals, side="right")
    return Figures(
        requests=size,
        cold_share=outcome.every.cold_share,
        p50_s=outcome.p50_s,
        p99_s=outcome.p99_s,
        most_at_once=int(waiting.max()),
    )
