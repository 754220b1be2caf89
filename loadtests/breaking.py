"""Where a ramp broke: the last rate that was held, the first that was not, and why."""

__all__ = ["Breakpoint", "Held", "find_break"]

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loadtests.judgement import LATE_S, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judgement import Limits, Verdict
    from loadtests.samples import Sample
    from loadtests.shapes import Ramp


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A step of a ramp.

    Attributes:
        rate_per_s: Requests per second that it was to have.
        verdict: What became of them.
    """

    rate_per_s: float
    verdict: "Verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakpoint:
    """What a ramp found.

    Attributes:
        steps: Every step that was begun, up to the first that broke.
    """

    steps: tuple[Held, ...]

    @property
    def held(self) -> Held | None:
        """The last step that kept every limit; None when the first did not."""
        kept = [step for step in self.steps if step.verdict.passed]
        return kept[-1] if kept else None

    @property
    def broken(self) -> Held | None:
        """The first step that did not; None when every step did."""
        last = self.steps[-1] if self.steps else None
        return None if last is None or last.verdict.passed else last

    @property
    def found(self) -> bool:
        """Whether there is a rate that was held and a higher one that the deployment did not hold."""
        return self.held is not None and self.broken is not None and not self.is_generators

    @property
    def is_generators(self) -> bool:
        """Whether nothing broke but the load generator, which was late."""
        broken = self.broken
        return (
            broken is not None
            and (broken.verdict.late_p99_s or 0.0) > LATE_S
            and len(broken.verdict.problems) == 1
        )


def find_break(samples: "Sequence[Sample]", *, ramp: "Ramp", limits: "Limits") -> Breakpoint:
    """Judge step by step, by the moments at which requests were to be sent, until one breaks.

    A step is judged by what was sent of it; how many were planned is no limit, since the sending ends with the break.
    """
    by_step: dict[int, list[Sample]] = {}
    for sample in samples:
        if sample.due_s is not None:
            by_step.setdefault(ramp.step_of(sample.due_s), []).append(sample)
    steps = []
    for number, rate_per_s in enumerate(ramp.rates_per_s):
        if number not in by_step:
            break
        steps.append(
            Held(rate_per_s=rate_per_s, verdict=judge(by_step[number], replace(limits, planned=None)))
        )
        if not steps[-1].verdict.passed:
            break
    return Breakpoint(steps=tuple(steps))
