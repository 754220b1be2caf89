"""From traffic and measured times to a schedule, a memory size, a price, and what else would have cost what."""

__all__ = ["MULTIPLIERS", "Option", "Plan", "capacity_for", "make_plan", "schedule_of"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.bill import bill_of
from infra.capacity.errors import NoPlanError
from infra.capacity.estimate import usage_of
from infra.capacity.orders import Order, capacity_of, orders_of
from infra.capacity.outcome import outcome_of
from infra.capacity.search import Candidate, Limits, cheapest
from infra.capacity.simulate import Capacity
from infra.peaks import Peak, clock_time
from infra.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.capacity.bill import Bill
    from infra.capacity.outcome import Outcome
    from infra.capacity.question import Question
    from infra.capacity.search import Found

MULTIPLIERS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Popularities at which a plan is looked at: nobody knows the real one."""

_TARGET = 0.7
_FAR = 10
"""Target tracking: utilisation it holds, and how many times the plan's capacity it may reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to provide capacity, and what comes of it.

    Attributes:
        name: For people.
        outcome: What the requests meet.
        bill: The month with everything charged.
    """

    name: str
    outcome: "Outcome"
    bill: "Bill"

    def kept(self, limits: Limits) -> bool:
        """Tell whether every peak got what was promised."""
        return all(limits.kept_by(part) for part in self.outcome.peaks.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer.

    Attributes:
        question: What was asked.
        memory_mb: The cheapest size that keeps the limits.
        schedule: Windows and concurrency.
        found: Peak → its cheapest candidate at :attr:`memory_mb`.
        by_memory: Size → USD a month of Lambda with its own cheapest schedule; NaN where none keeps the limits.
        planned: The plan on the traffic that it was made on.
        checked: The plan on fresh traffic.
        others: What else could have been done, on the planned traffic.
        popularity: Multiplier → at this many times the popularity, the plan and no warm capacity.
        free_tier: The plan's month with the free tier taken off.
        brief_basis: The plan's month on the brief's basis: dashboard free.
    """

    question: "Question"
    memory_mb: int
    schedule: Schedule
    found: dict[str, "Found"]
    by_memory: dict[int, float]
    planned: Option
    checked: Option
    others: tuple[Option, ...]
    popularity: dict[float, tuple[Option, Option]]
    free_tier: "Bill"
    brief_basis: "Bill"


def make_plan(question: "Question", *, progress: "Callable[[str], None]" = lambda _: None) -> Plan:
    """Plan.

    Args:
        question: What is to be planned.
        progress: Gets a line whenever something was done.

    Raises:
        NoPlanError: No size with any schedule keeps the limits; the message is that of the largest size.
        InputError: A size was not measured.
    """
    answers: dict[int, tuple[dict[str, Found], Schedule, Option]] = {}
    refusal: NoPlanError | None = None
    by_memory: dict[int, float] = {}
    for memory_mb in sorted(question.memory_mb):
        try:
            found = _search(question, memory_mb, progress)
            schedule = schedule_of(question, {name: item.candidate for name, item in found.items()})
            option = _option(question, "this plan", memory_mb, capacity_for(question, schedule))
            if not option.kept(question.limits):
                raise NoPlanError(_together(option, question.limits))
        except NoPlanError as error:
            refusal, by_memory[memory_mb] = error, float("nan")
            continue
        answers[memory_mb] = found, schedule, option
        by_memory[memory_mb] = option.bill.of("Lambda")
    if not answers:
        raise refusal or NoPlanError("no memory size was given, wanted at least one")
    best = min(answers, key=lambda size: (by_memory[size], size))
    found, schedule, planned = answers[best]
    capacity = capacity_for(question, schedule)
    progress("compared with other ways")
    workload = question.workload(best)
    usage = usage_of(
        workload, workload.run(capacity, question.platform), question.stack, question.prices, memory_mb=best
    )
    return Plan(
        question=question,
        memory_mb=best,
        schedule=schedule,
        found=found,
        by_memory=by_memory,
        planned=planned,
        checked=_option(question, "this plan, fresh traffic", best, capacity, fresh=True),
        others=_others(question, best, schedule),
        popularity={
            multiplier: (
                _option(question, f"popularity × {multiplier:g}", best, capacity, multiplier=multiplier),
                _option(question, "  no warm capacity", best, Capacity.none(), multiplier=multiplier),
            )
            for multiplier in MULTIPLIERS
        },
        free_tier=bill_of(usage, question.prices, free_tier=True),
        brief_basis=bill_of(usage, question.prices, free_dashboards=True),
    )


def schedule_of(question: "Question", chosen: "Mapping[str, Candidate]") -> Schedule:
    """Return the schedule of the chosen candidates; a top is a peak of its own named ``…-top``.

    Raises:
        ScheduleError: AWS's clock could not keep it.
    """
    windows = [
        Peak(
            name=peak.name if level == chosen[peak.name].base else f"{peak.name}-top",
            days=peak.days,
            start=clock_time(peak.start_minute + begin),
            end=clock_time(peak.start_minute + end),
            concurrency=level,
        )
        for peak in question.profile.peaks
        for begin, end, level in chosen[peak.name].windows(peak.minutes)
    ]
    return Schedule(
        time_zone=question.profile.time_zone, lead_minutes=question.lead_minutes, peaks=tuple(windows)
    )


def _search(question: "Question", memory_mb: int, progress: "Callable[[str], None]") -> "dict[str, Found]":
    workload = question.workload(memory_mb)
    slow_s = float(np.percentile(workload.start_s, 99))
    if slow_s > question.limits.start_s:
        raise NoPlanError(
            f"with {memory_mb} MB a cold answer takes {slow_s:.2f} s, wanted at most {question.limits.start_s:g} s; "
            "allow more, or measure a larger memory"
        )
    found: dict[str, Found] = {}
    for peak in question.profile.peaks:
        found[peak.name] = cheapest(
            peak,
            workload,
            limits=question.limits,
            platform=question.platform,
            prices=question.prices.functions,
            architecture=question.stack.architecture,
            memory_mb=memory_mb,
            lead_minutes=question.lead_minutes,
        )
        progress(f"{memory_mb} MB, {peak.name}: {found[peak.name].tried} candidates simulated")
    return found


def capacity_for(question: "Question", schedule: Schedule) -> Capacity:
    """Return a schedule over the simulated weeks."""
    return capacity_of(orders_of(schedule), weeks=question.weeks, target=schedule.target_utilization)


def _option(
    question: "Question",
    name: str,
    memory_mb: int,
    capacity: Capacity,
    *,
    multiplier: float = 1.0,
    fresh: bool = False,
) -> Option:
    workload = question.workload(memory_mb, multiplier=multiplier, fresh=fresh)
    run = workload.run(capacity, question.platform)
    peaks = {peak.name: peak.intervals(question.weeks) for peak in question.profile.peaks}
    usage = usage_of(workload, run, question.stack, question.prices, memory_mb=memory_mb)
    return Option(
        name=name,
        outcome=outcome_of(workload.arrivals_s, run, peaks=peaks, sla_s=question.limits.sla_s),
        bill=bill_of(usage, question.prices),
    )


def _others(question: "Question", memory_mb: int, schedule: Schedule) -> tuple[Option, ...]:
    """Return what else could be done: nothing, always the same, and target tracking within the windows."""
    options = [_option(question, "no warm capacity", memory_mb, Capacity.none())]
    for number in range(max(1, question.limits.least), question.limits.most + 1):
        always = _option(question, f"always {number}", memory_mb, Capacity.constant(number))
        if always.kept(question.limits):
            break
    options.append(always)
    tracked = [
        Order(minute=order.minute, minimum=min(order.minimum, 1), maximum=order.maximum * _FAR)
        for order in orders_of(schedule)
    ]
    capacity = capacity_of(tracked, weeks=question.weeks, target=_TARGET)
    options.append(_option(question, f"target tracking at {_TARGET:.0%}", memory_mb, capacity))
    return tuple(options)


def _together(option: Option, limits: Limits) -> str:
    """Say which peak fails when all are simulated together, though it kept the limits alone."""
    name, part = next((name, part) for name, part in option.outcome.peaks.items() if not limits.kept_by(part))
    return (
        f"{name}: {part.cold_share:.3%} of its requests start cold when all peaks are simulated together, wanted at "
        f"most {limits.cold_share:.3%}; allow a little more, or plan on more weeks"
    )
