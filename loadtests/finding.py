"""Everything that a load test found out: what was tested how, the verdict, and its parts."""

__all__ = ["About", "Finding"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadtests.breaking import Breakpoint
    from loadtests.judgement import Limits, Verdict
    from loadtests.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What was tested, and how.

    Attributes:
        model: Name and version of the model.
        host: Base address.
        shape: The load, in words.
    """

    model: str
    host: str
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of a load test.

    Attributes:
        about: What was tested, and how.
        limits: What the deployment was held to.
        verdict: All requests.
        peaks: The peaks of a replayed day.
        hours: The hours of a replayed day.
        breakpoint: Where a ramp broke; None for another load.
    """

    about: About
    limits: "Limits"
    verdict: "Verdict"
    peaks: "tuple[Part, ...]" = ()
    hours: "tuple[Part, ...]" = ()
    breakpoint: "Breakpoint | None" = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the test failed, in words; empty when it passed.

        A ramp passes when it found a rate that is held and a higher one that is not.
        """
        if self.breakpoint is None:
            return self.verdict.problems
        if self.breakpoint.found:
            return ()
        held, broken = self.breakpoint.held, self.breakpoint.broken
        if self.breakpoint.is_generators and broken is not None:
            return (f"the ramp ended at {broken.rate_per_s:.1f} requests/s: {broken.verdict.problems[0]}",)
        if broken is not None:
            reasons = "; ".join(broken.verdict.problems)
            return (f"not even the first step, {broken.rate_per_s:.1f} requests/s, was held: {reasons}",)
        if held is None:
            return self.verdict.problems
        return (
            f"nothing broke up to {held.rate_per_s:.1f} requests/s, the end of the ramp; "
            "give a higher --most-rate or more MINUTES",
        )

    @property
    def passed(self) -> bool:
        """Whether the deployment held, or a ramp found what it looks for."""
        return not self.problems
