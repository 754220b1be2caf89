"""A plan as one picture: traffic and capacity, cold starts, waiting, cost; as PNG and within a page of its own."""

__all__ = ["write_pictures"]

import io
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.capacity.orders import orders_of
from infra.capacity.outcome import concurrency_over_time, within
from infra.capacity.plan import capacity_for
from infra.capacity.report import plan_table
from infra.capacity.simulate import COLD
from infra.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from infra.capacity.plan import Option, Plan

_DAYS = {"a weekday (Tuesday)": 1, "a weekend day (Saturday)": 5}
_INK, _WARM, _COLD, _QUIET = "#1b3a4b", "#2a9d8f", "#d1495b", "#9aa5ab"


def write_pictures(plan: "Plan", folder: "Path") -> "list[Path]":
    """Write ``plan.html``, which needs nothing beside itself, and ``plan.png``; each whole or not at all."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    with mpl.rc_context({"svg.hashsalt": "nightjar", "svg.fonttype": "path", "font.size": 9}):
        figure = _figure(plan, pyplot)
        image, drawing = io.BytesIO(), io.StringIO()
        figure.savefig(image, format="png", dpi=110)
        figure.savefig(drawing, format="svg", metadata={"Date": None})
        pyplot.close(figure)
    svg = drawing.getvalue()
    page = _PAGE.format(picture=svg[svg.index("<svg") :], table=escape(plan_table(plan)))
    return [
        write_whole(folder / "plan.html", page),
        write_whole(folder / "plan.png", image.getvalue()),
    ]


def _figure(plan: "Plan", pyplot: Any) -> Any:
    figure, axes = pyplot.subplot_mosaic(
        [["weekday", "weekend"], ["cold", "latency"], ["cost", "cost"]],
        figsize=(12, 11),
        layout="constrained",
        height_ratios=(1.1, 1, 1),
    )
    for place, (name, day) in zip(("weekday", "weekend"), _DAYS.items(), strict=True):
        _traffic(plan, axes[place], name, day)
    _cold(plan, axes["cold"])
    _latency(plan, axes["latency"])
    _cost(plan, axes["cost"])
    volume = plan.question.profile.requests_per_month * plan.question.popularity
    figure.suptitle(
        f"{volume:,.0f} requests a month: {plan.planned.bill.usd:.2f} USD with everything charged, "
        f"{plan.memory_mb} MB, {plan.planned.outcome.in_peaks.cold_share:.3%} cold in peaks",
        color=_INK,
        fontsize=13,
    )
    return figure


def _traffic(plan: "Plan", axes: Any, name: str, day: int) -> None:
    """Draw a day's mean rate, its capacity and its cold starts over all simulated weeks."""
    question = plan.question
    hours = np.arange(288) / 12
    per_minute = question.profile.week_per_s.reshape(7, 288)[day] * 60 * question.popularity
    axes.fill_between(hours, per_minute, step="post", color=_QUIET, alpha=0.5, label="requests per minute")
    axes.set(
        title=f"Traffic and capacity, {name}",
        xlabel="local time, h",
        ylabel="requests per minute",
        xlim=(0, 24),
    )
    axes.set_xticks(range(0, 25, 3))
    right = axes.twinx()
    at, level = [0.0], [0]
    orders = orders_of(plan.schedule)
    if orders:
        level[0] = next(
            (item.minimum for item in reversed(orders) if item.minute <= day * 1440), orders[-1].minimum
        )
    for order in orders:
        if day * 1440 < order.minute < (day + 1) * 1440:
            at.append((order.minute - day * 1440) / 60)
            level.append(order.minimum)
    right.step(
        [*at, 24.0], [*level, level[-1]], where="post", color=_WARM, lw=2, label="warm environments (ordered)"
    )
    right.set_ylim(0, max(3, *(value + 1 for value in level)))
    right.set_ylabel("environments", color=_WARM)
    right.yaxis.get_major_locator().set_params(integer=True)
    workload = question.workload(plan.memory_mb)
    run = workload.run(capacity_for(question, plan.schedule), question.platform)
    spans = np.array(
        [[(week * 7 + day) * 86_400.0, (week * 7 + day + 1) * 86_400.0] for week in range(question.weeks)]
    )
    places = within(workload.arrivals_s, spans)
    cold = workload.arrivals_s[places][run.kind[places] == COLD] % 86_400 / 3600
    right.plot(
        cold,
        np.full(cold.size, 0.06),
        "|",
        color=_COLD,
        ms=10,
        label=f"cold starts of {question.weeks} weeks",
    )
    most = concurrency_over_time(workload.arrivals_s, run, bucket_s=300.0, horizon_s=workload.horizon_s)
    right.step(
        hours,
        most.reshape(-1, 7, 288)[:, day].max(axis=0),
        where="post",
        color=_INK,
        lw=1,
        label="requests at once, most",
    )
    handles = [item for one in (axes, right) for item in one.get_legend_handles_labels()[0]]
    axes.legend(handles, [handle.get_label() for handle in handles], loc="upper center", fontsize=8)


def _options(plan: "Plan") -> "list[Option]":
    return [plan.planned, *plan.others, *(pair[0] for size, pair in plan.popularity.items() if size != 1)]


def _cold(plan: "Plan", axes: Any) -> None:
    options = _options(plan)
    places = np.arange(len(options))
    axes.barh(
        places - 0.2,
        [item.outcome.in_peaks.cold_share * 100 for item in options],
        0.4,
        color=_COLD,
        label="in peaks",
    )
    axes.barh(
        places + 0.2,
        [item.outcome.every.cold_share * 100 for item in options],
        0.4,
        color=_QUIET,
        label="in all",
    )
    axes.axvline(plan.question.limits.cold_share * 100, color=_INK, ls=":", label="limit in each peak")
    axes.set_yticks(places, [item.name for item in options])
    axes.invert_yaxis()
    axes.set(title="Simulated cold starts", xlabel="% of requests, logarithmic", xscale="symlog")
    axes.set_xscale("symlog", linthresh=0.01)
    axes.legend(fontsize=8)


def _latency(plan: "Plan", axes: Any) -> None:
    options = _options(plan)
    places = np.arange(len(options))
    for name, marker in (("p50_s", "o"), ("p95_s", "s"), ("p99_s", "^"), ("max_s", "x")):
        values = [getattr(item.outcome, name) for item in options]
        axes.plot(values, places, marker, color=_INK, label=name.removesuffix("_s"), alpha=0.8)
    axes.axvline(plan.question.limits.sla_s, color=_COLD, ls="--", label="SLA")
    axes.set_yticks(places, [item.name for item in options])
    axes.invert_yaxis()
    axes.set(title="Simulated response time", xlabel="s, logarithmic", xscale="log")
    axes.legend(fontsize=8)


def _cost(plan: "Plan", axes: Any) -> None:
    """Draw a stacked bar of services for each option."""
    options = _options(plan)
    left = np.zeros(len(options))
    services = list(dict.fromkeys(line.service for line in plan.planned.bill.lines))
    for service in services:
        width = np.array([item.bill.of(service) for item in options])
        axes.barh(np.arange(len(options)), width, left=left, label=service)
        left += width
    for place, total in enumerate(left):
        axes.text(total, place, f" {total:.2f}", va="center")
    axes.set_yticks(np.arange(len(options)), [item.name for item in options])
    axes.invert_yaxis()
    axes.set(title="A month's price, everything charged", xlabel="USD")
    axes.margins(x=0.08)
    axes.legend(fontsize=8, ncols=4)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Nightjar: capacity plan</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem }}
svg {{ width: 100%; height: auto }}
pre {{ overflow-x: auto; background: #f3f5f6; padding: 1rem; line-height: 1.35 }}</style>
</head><body><h1>Capacity plan</h1>
{picture}
<h2>The same in figures</h2>
<pre>{table}</pre>
</body></html>
"""
