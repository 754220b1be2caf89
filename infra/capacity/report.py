"""A plan and a bill for people, as text, and for machines, as plain values."""

__all__ = ["bill_table", "plan_as_dict", "plan_table"]

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from infra.capacity.brief import BRIEF_USD
from infra.schedule import dump

if TYPE_CHECKING:
    from infra.capacity.bill import Bill
    from infra.capacity.plan import Option, Plan

_COLUMNS = (
    "USD/month",
    "Lambda",
    "cold in peaks",
    "cold in all",
    "late",
    "p50 ms",
    "p99 ms",
    "max ms",
    "at once",
    "utilisation",
)


def bill_table(bill: "Bill", *, title: str) -> str:
    """Return a bill's lines to print."""
    lines = [f"{title} ({bill.basis})"]
    lines += [
        f"  {line.service:<12}{line.item:<25}{line.quantity:>16,.3f} {line.unit:<10}{line.usd:>10.4f}"
        for line in bill.lines
    ]
    return "\n".join([*lines, f"  {'total':<64}{bill.usd:>11.4f} USD"])


def plan_table(plan: "Plan") -> str:
    """Return a plan to print: windows, ways compared, popularities, bill."""
    question = plan.question
    limits = question.limits
    profile = question.profile
    lines = [
        f"{profile.requests_per_month * question.popularity:,.0f} requests a month, {question.weeks} weeks "
        f"simulated; times from {question.measurements.origin}",
        f"wanted in each peak: at most {limits.cold_share:.3%} cold, {limits.late_share:.3%} later than "
        f"{limits.sla_s:g} s, at least {limits.least} warm; a cold answer within {limits.start_s:g} s",
        f"assumed: an idle environment lives {question.idle_expiry_s:g} s, one is made in "
        f"{question.environment_s:g} s before it initialises; AWS alone can show",
        "",
        f"{'window':<28}{'days':<10}{'local time':<14}{'warm':>4}",
    ]
    lines += [
        f"{peak.name:<28}{peak.days:<10}{peak.start:%H:%M}–{peak.end:%H:%M}   {peak.concurrency:>4}"
        for peak in plan.schedule.peaks
    ] or ["no window: the limits are kept without warm capacity"]
    memory = ", ".join(
        f"{size} MB {usd:.2f}" if isfinite(usd) else f"{size} MB none keeps the limits"
        for size, usd in plan.by_memory.items()
    )
    lines += [
        "",
        f"memory      {plan.memory_mb} MB; Lambda's USD a month with the best schedule of each size: {memory}",
    ]
    if plan.memory_mb != question.stack.memory_mb:
        lines.append(
            f"            the stack has {question.stack.memory_mb} MB: set memory_mb={plan.memory_mb}"
        )
    lines += ["", " " * 28 + "".join(f"{name:>14}" for name in _COLUMNS)]
    lines += [_row(option) for option in (plan.planned, plan.checked, *plan.others)]
    lines += ["", *(_row(option) for pair in plan.popularity.values() for option in pair)]
    lines += ["", bill_table(plan.planned.bill, title="A month with this plan")]
    basis = plan.brief_basis.usd
    lines += [
        f"  on the brief's basis, dashboard free: {basis:.2f} USD, the brief says {BRIEF_USD:.2f}"
        + ("" if basis < BRIEF_USD else f"; {_largest(plan.brief_basis)}"),
        f"  with the free tier taken off: {plan.free_tier.usd:.2f} USD",
    ]
    if not plan.checked.kept(limits):
        lines.append("on fresh traffic a peak misses the limits: plan on more weeks, or allow less")
    return "\n".join(lines)


def plan_as_dict(plan: "Plan") -> dict[str, Any]:
    """Return plain dicts, lists, strings and numbers; infinite and missing numbers are null."""
    question = plan.question
    values: dict[str, Any] = _plain(
        {
            "requests_per_month": question.profile.requests_per_month * question.popularity,
            "limits": asdict(question.limits),
            "assumed": {
                "idle_expiry_s": question.idle_expiry_s,
                "environment_s": question.environment_s,
                "ready_delay_s": question.platform.ready_delay_s,
            },
            "measurements": question.measurements.origin,
            "memory_mb": plan.memory_mb,
            "by_memory": {str(size): usd for size, usd in plan.by_memory.items()},
            "schedule": dump(plan.schedule),
            "tried": {name: found.tried for name, found in plan.found.items()},
            "options": [_option(option) for option in (plan.planned, plan.checked, *plan.others)],
            "popularity": {
                f"{size:g}": [_option(one) for one in pair] for size, pair in plan.popularity.items()
            },
            "brief_basis_usd": plan.brief_basis.usd,
            "free_tier_usd": plan.free_tier.usd,
        }
    )
    return values


def _row(option: "Option") -> str:
    outcome = option.outcome
    cells = (
        f"{option.bill.usd:.2f}",
        f"{option.bill.of('Lambda'):.2f}",
        f"{outcome.in_peaks.cold_share:.3%}",
        f"{outcome.every.cold_share:.3%}",
        f"{outcome.every.late_share:.3%}",
        *(
            f"{value * 1000:,.1f}" if isfinite(value) else "none"
            for value in (outcome.p50_s, outcome.p99_s, outcome.max_s)
        ),
        f"{outcome.peak_concurrency}",
        f"{outcome.utilisation:.2%}" if isfinite(outcome.utilisation) else "-",
    )
    return f"{option.name:<28}" + "".join(f"{cell:>14}" for cell in cells)


def _largest(bill: "Bill") -> str:
    line = max(bill.lines, key=lambda line: line.usd)
    return f"the largest line is {line.service}'s {line.item}, {line.usd:.2f} USD"


def _option(option: "Option") -> dict[str, Any]:
    outcome = option.outcome
    return {
        "name": option.name,
        **asdict(outcome),
        "cold_share_in_peaks": outcome.in_peaks.cold_share,
        "cold_share": outcome.every.cold_share,
        "late_share": outcome.every.late_share,
        "usd": option.bill.usd,
        "lines": [{**asdict(line), "usd": line.usd} for line in option.bill.lines],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
