"""The report's figures as inline SVG, drawn by matplotlib, which nothing else imports.

Colours are variables of the page's style sheet, so that one drawing serves light and dark. Equal input gives equal
bytes. A figure holds numbers only: no name that someone else chose gets into it.
"""

__all__ = ["Bars", "bars", "error_histogram", "parity"]

import io
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_conversion.comparison import ErrorHistogram
from model_conversion.verdict import amount

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stand for variables of the style sheet; matplotlib knows no variables.
INK, MUTED, LINE, SERVED, SKLEARN, BAD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", SERVED: "served", SKLEARN: "sklearn", BAD: "bad"}

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "nightjar",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # matplotlib brings it along; the page shows its own font
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.unicode_minus": False,
    "axes.axisbelow": True,
}

DASHES = (0, (4, 3))

MOST_DOTS = 2_500
"""Dots of a scatter plot; where more rows would overlap, one dot stands for its neighbours."""

GRIDS = (200, 100, 50)
"""Cells to a side in which rows share a dot."""

HUGE = 1e100
"""Scores beyond have no place on an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Two quantities to compare, in the order served, scikit-learn.

    Attributes:
        title: What is compared.
        served: The converted model's.
        sklearn: scikit-learn's.
        shown: A number in words and unit.
    """

    title: str
    served: float
    sklearn: float
    shown: Callable[[float], str]


def parity(
    wanted: NDArray[np.float64], seen: NDArray[np.float64], flips: NDArray[np.bool_], *, quantity: str
) -> str:
    """Draw each row's score as scikit-learn gives it against the served one, on the line where both are equal.

    Args:
        wanted: ``(points,)`` float64, scikit-learn's.
        seen: ``(points,)`` float64, the served model's.
        flips: ``(points,)`` whether the row got another class.
        quantity: What a score is called.
    """
    drawable = (np.abs(wanted) < HUGE) & (np.abs(seen) < HUGE)  # false for NaN
    wanted, seen, flips = wanted[drawable], seen[drawable], flips[drawable]
    low = float(min(wanted.min(initial=0.0), seen.min(initial=0.0)))
    high = float(max(wanted.max(initial=1.0), seen.max(initial=1.0)))
    at = _thinned(wanted, seen, flips, low, high)

    def draw(axes: "Axes") -> None:
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=DASHES, zorder=1)
        same, other = at[~flips[at]], at[flips[at]]
        axes.scatter(wanted[same], seen[same], s=9, color=SERVED, linewidths=0, alpha=0.75, zorder=2)
        axes.scatter(wanted[other], seen[other], s=32, color=BAD, marker="x", linewidths=1.4, zorder=3)
        axes.set(xlabel=f"{quantity} by scikit-learn", ylabel=f"{quantity} by the converted model")
        axes.set_aspect("equal")
        axes.grid(visible=True, linewidth=0.6)

    description = (
        f"{len(wanted):,} points, the {quantity} by scikit-learn across and by the converted model upwards, around "
        f"the line on which both are equal; {int(flips.sum()):,} of them got another class and are marked with a "
        f"cross. The largest distance from the line is {amount(float(np.abs(wanted - seen).max(initial=0.0)))}."
    )
    return _svg("parity", "Both answers to the same rows", description, draw, (5.0, 4.6))


def _thinned(
    wanted: NDArray[np.float64], seen: NDArray[np.float64], flips: NDArray[np.bool_], low: float, high: float
) -> NDArray[np.int64]:
    """Return the points to draw: all, or one for each cell of a grid, flips and the farthest off first."""
    if len(wanted) <= MOST_DOTS:
        return np.arange(len(wanted))
    order = np.lexsort((-np.abs(wanted - seen), ~flips))
    chosen = order
    for cells in GRIDS:
        across, upwards = (
            ((side - low) / (high - low) * cells).astype(np.int64) for side in (wanted[order], seen[order])
        )
        _, first = np.unique(across * (cells + 1) + upwards, return_index=True)
        chosen = order[np.sort(first)]
        if len(chosen) <= MOST_DOTS:
            break
    return chosen


def error_histogram(histogram: ErrorHistogram, *, tolerance: float, beyond: int) -> str:
    """Draw how many rows differ by how much, on logarithmic axes, with the difference that is allowed.

    Args:
        histogram: Of the rows' largest differences.
        tolerance: The difference that is allowed.
        beyond: Rows that differ by more.
    """
    powers = np.log10(np.array(histogram.edges))
    limit = float(np.log10(tolerance)) if tolerance > 0 else -6.0
    first = int(np.floor(min([limit, *powers])))
    last = max(first + 1, int(np.ceil(max([limit, *powers]))))
    gap = max(1.0, (last - first) / 8)  # between the axis of powers and what is not on it
    none = first - gap

    def draw(axes: "Axes") -> None:
        colours = [SERVED if edge < 0.999 * tolerance else BAD for edge in histogram.edges[:-1]]
        axes.bar(powers[:-1], histogram.counts, np.diff(powers), align="edge", color=colours, linewidth=0)
        axes.bar([none], [histogram.exact], width=gap / 2, color=SERVED, linewidth=0)
        ticks = range(first, last + 1, ceil((last - first) / 6))
        labels = {none: "none"} | {power: f"1e{power:+03d}" for power in ticks}
        if histogram.not_a_number:
            axes.bar([last + gap], [histogram.not_a_number], width=gap / 2, color=BAD, linewidth=0)
            labels[last + gap] = "no number"
        axes.axvline(limit, color=BAD, linewidth=1.3, linestyle=DASHES)
        side = 1 if 2 * limit < first + last else -1  # where there is more room
        axes.annotate(
            f"allowed {amount(tolerance)}",
            (limit, 1.0),
            xytext=(6 * side, -9),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            color=BAD,
        )
        axes.set_xticks(list(labels), labels.values())
        highest = max(histogram.exact, histogram.not_a_number, *histogram.counts, 1)
        axes.set(yscale="log", ylim=(0.7, 3 * highest), xlabel="largest difference of a row", ylabel="rows")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.minorticks_off()
        axes.grid(visible=True, axis="y", linewidth=0.6)

    within = sum(histogram.counts) - beyond
    description = (
        f"{histogram.exact:,} rows do not differ at all, {within:,} differ by no more than is allowed "
        f"({amount(tolerance)}), {beyond:,} by more; {histogram.not_a_number:,} have a number on one side only."
    )
    return _svg("errors", "How far the answers are apart", description, draw, (5.6, 3.6))


def bars(groups: Sequence[Bars]) -> str:
    """Draw pairs of bars, each on its own scale from zero: the converted model beside scikit-learn."""

    def draw(*panels: "Axes") -> None:
        for axes, group in zip(panels, groups, strict=True):
            values = [group.sklearn, group.served]
            axes.barh([0, 1], values, color=[SKLEARN, SERVED], height=0.62, linewidth=0)
            axes.set_yticks([0, 1], ["scikit-learn", "converted"])
            axes.set_title(group.title, loc="left", fontsize=10, color=INK)
            axes.set_xlim(0, 1.35 * (max(values) or 1.0))
            axes.set_xticks([])
            axes.spines[["bottom"]].set_visible(False)
            axes.tick_params(axis="y", length=0, labelcolor=INK)
            for at, value in enumerate(values):
                axes.annotate(
                    group.shown(value),
                    (value, at),
                    xytext=(5, 0),
                    textcoords="offset points",
                    va="center",
                    color=INK,
                )

    description = "; ".join(
        f"{group.title}: converted {group.shown(group.served)}, scikit-learn {group.shown(group.sklearn)}"
        for group in groups
    )
    return _svg(
        "bars", "Size and speed", f"{description}.", draw, (6.0, 1.15 * len(groups)), panels=len(groups)
    )


def _svg(
    name: str,
    title: str,
    description: str,
    draw: Callable[..., None],
    size: tuple[float, float],
    *,
    panels: int = 1,
) -> str:
    """Draw a figure and return it as an ``<svg>`` element with an accessible name and a description."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its font cache is not the user's concern
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure: Figure = Figure(figsize=size, layout="constrained")
        axes: Any = figure.subplots(panels, squeeze=False)
        draw(*axes.ravel())
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    drawing = content.getvalue()
    drawing = drawing[drawing.index(">", drawing.index("<svg")) + 1 :]
    drawing = re.sub(r"<style.*?</style>|<!--.*?-->|font-family: [^;\"]*;? ?", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", drawing)
    for colour, variable in VARIABLES.items():
        drawing = drawing.replace(colour, f"var(--{variable})")
    width, height = (f"{72 * side:g}" for side in size)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="figure" '
        f'viewBox="0 0 {width} {height}" width="{width}pt" role="img" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-description">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>'
        f"{drawing}"
    )
