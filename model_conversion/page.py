"""The report as one HTML page that a data scientist can read and forward: no script, no request to anywhere.

What a page says in words stands in its template; this module gives it numbers, rows and figures. Every text is
escaped on its way in, since a column may be called whatever someone typed.
"""

__all__ = ["render"]

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from function.contract import Value, WhatIf
from model_conversion import figures
from model_conversion.figures import Bars
from model_conversion.inspection import accepted, null_handling, printable
from model_conversion.report import FLIPPED, Report
from model_conversion.verdict import amount, count

TEMPLATES = Path(__file__).parent / "templates"

MOST_FEATURES = 500
MOST_CATEGORIES = 60
MOST_ADVICE = 100
LONGEST = 600
"""Limits of what a page lists, in entries and characters; the contract beside it has everything."""

ALL_CATEGORIES = 3_000
"""Categories that all features may list together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceRow:
    source: str
    rows: int
    flips: int
    ties: int
    max_abs_error: float


def render(report: Report) -> str:
    """Return ``report.html``, one file that needs nothing else."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "accepted": accepted,
        "amount": amount,
        "count": count,
        "duration": _duration,
        "null_handling": null_handling,
        "size": _size,
        "start": _start,
        "times": _times,
        "value": _value,
    }
    outputs, found = report.contract.outputs, report.comparison
    page = environment.get_template("report.html.j2").render(
        report=report,
        model=report.contract.model,
        outputs=outputs,
        features=report.contract.features[:MOST_FEATURES],
        advice=report.contract.actionable[:MOST_ADVICE],
        most_categories=min(MOST_CATEGORIES, ALL_CATEGORIES // max(1, len(report.contract.features))),
        most_flipped=FLIPPED,
        sources=_sources(report),
        rows=len(found.errors),
        flips=int(found.flips.sum()),
        ties=int(found.ties.sum()),
        names={target.value: target.name for target in outputs.classes},
        figures=_figures(report),
    )
    return page.strip() + "\n"


def _sources(report: Report) -> list[_SourceRow]:
    found = report.comparison
    rows = []
    for at, name in enumerate(found.sources):
        here = found.source == at
        rows.append(
            _SourceRow(
                source=name,
                rows=int(here.sum()),
                flips=int(found.flips[here].sum()),
                ties=int(found.ties[here].sum()),
                max_abs_error=float(found.errors[here].max(initial=0.0)),
            )
        )
    return rows


def _figures(report: Report) -> dict[str, str]:
    found, outputs, timings = report.comparison, report.contract.outputs, report.timings
    drawn = {}
    if len(found.errors):
        # One of two probabilities says it all; of several each is a point.
        columns = list(range(found.wanted.shape[1]))
        if len(columns) == 2 == len(outputs.classes) and outputs.positive is not None:
            columns = [outputs.positive]
        drawn["parity"] = figures.parity(
            found.wanted[:, columns].ravel(),
            found.seen[:, columns].ravel(),
            np.repeat(found.flips, len(columns)),
            quantity=report.quantity,
        )
        drawn["errors"] = figures.error_histogram(
            found.histogram(),
            tolerance=report.tolerance,
            beyond=int((found.errors > report.tolerance).sum()),
        )
    if timings is not None:
        files = [file.size_bytes for file in report.inputs if file.role == "model"]
        groups = [
            Bars(title="File", served=timings.model_bytes, sklearn=size, shown=_size) for size in files[:1]
        ]
        groups += [
            Bars(
                title="One row",
                served=timings.row_us / 1e6,
                sklearn=timings.sklearn_row_us / 1e6,
                shown=_duration,
            ),
            Bars(
                title=f"{count(timings.batch_rows, 'row')} at once",
                served=timings.batch_ms / 1e3,
                sklearn=timings.sklearn_batch_ms / 1e3,
                shown=_duration,
            ),
        ]
        drawn["bars"] = figures.bars(groups)
    return drawn


def _cleaned(value: Any) -> Any:
    """Keep a page readable and writable whatever a text holds; markup passes."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable(value if len(value) <= LONGEST else value[: LONGEST - 1] + "…")


def _size(size_bytes: float) -> str:
    for limit, divisor, unit in ((1e3, 1, "bytes"), (1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if size_bytes < limit:
            return f"{size_bytes / divisor:.3g} {unit}"
    return f"{size_bytes / 1e9:.3g} GB"


def _duration(seconds: float) -> str:
    for limit, divisor, unit in ((1e-3, 1e-6, "µs"), (1.0, 1e-3, "ms")):
        if seconds < limit:
            return f"{seconds / divisor:.3g} {unit}"
    return f"{seconds:,.3g} s"


def _times(ratio: float) -> str:
    """Say how much longer or shorter scikit-learn takes."""
    if not isfinite(ratio) or ratio <= 0:
        return "not measurable"
    return f"{ratio:,.3g} times faster" if ratio >= 1 else f"{1 / ratio:,.3g} times slower"


def _value(value: Value) -> str:
    match value:
        case None:
            return "no answer"
        case bool():
            return str(value).lower()
        case float():
            return repr(value)  # all digits: a probe may differ in the last one
        case _:
            return str(value)


def _start(what_if: WhatIf) -> str:
    if what_if.low is None or what_if.high is None:
        values: Sequence[Value] = what_if.values
        return ", ".join(_value(value) for value in values)
    return f"{what_if.low:g} to {what_if.high:g}"
