"""What is to be planned or priced: traffic, times, stack and prices, and the workload that they give."""

__all__ = ["Question"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.capacity.simulate import Platform
from infra.capacity.workload import ENVIRONMENT_S, Workload, workload_of

if TYPE_CHECKING:
    from infra.capacity.measurements import Measurements
    from infra.capacity.search import Limits
    from infra.capacity.template import StackFacts
    from infra.capacity.traffic import Profile
    from infra.prices import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be planned.

    Attributes:
        profile: The traffic at popularity 1.
        measurements: Times of the function by memory.
        stack: What is charged beside traffic, and what surrounds the function.
        prices: Of the region.
        limits: What is to be kept.
        memory_mb: Sizes to choose from.
        popularity: What the plan is made for, times the profile's volume.
        weeks: How many are simulated.
        lead_minutes: How long before its window capacity is ordered, and how long it may take to be ready.
        environment_s: Assumed time before the function's own initialisation.
        idle_expiry_s: Assumed life of an idle on-demand environment.
        seed: Of the traffic that is planned on; the plan is checked on the traffic of the next seed.
    """

    profile: "Profile"
    measurements: "Measurements"
    stack: "StackFacts"
    prices: "Prices"
    limits: "Limits"
    memory_mb: tuple[int, ...]
    popularity: float = 1.0
    weeks: int = 4
    lead_minutes: int = 15
    environment_s: float = ENVIRONMENT_S
    idle_expiry_s: float = Platform().idle_expiry_s
    seed: int = 1

    @property
    def platform(self) -> Platform:
        """What surrounds the function in the simulation."""
        return Platform(
            concurrency_limit=self.stack.reserved_concurrency or Platform().concurrency_limit,
            idle_expiry_s=self.idle_expiry_s,
            ready_delay_s=self.lead_minutes * 60.0,
            function_timeout_s=float(self.stack.timeout_s),
            gateway_timeout_s=self.stack.gateway_timeout_s,
        )

    def workload(self, memory_mb: int, *, multiplier: float = 1.0, fresh: bool = False) -> Workload:
        """Draw traffic: that which is planned on, or fresh traffic of the same kind."""
        return workload_of(
            self.profile,
            self.measurements.at(memory_mb),
            weeks=self.weeks,
            multiplier=self.popularity * multiplier,
            seed=self.seed + fresh,
            environment_s=self.environment_s,
        )
