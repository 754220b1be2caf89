"""The benchmark's one figure: initialisation of each handler, at full speed and by Lambda memory."""

__all__ = ["FIGURE_FILE", "draw"]

from typing import TYPE_CHECKING

from loadtests.bench_report import TITLES
from loadtests.bench_results import spread

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.bench_results import Results, Starts

FIGURE_FILE = "bench.svg"


def draw(results: "Results", folder: "Path") -> "Path":
    """Write the figure, whole or not at all, and return its path."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    groups: dict[str, dict[str, Starts]] = {
        f"{memory} MB": group for memory, group in sorted(results.memory.items())
    }
    groups["full speed"] = results.full
    with mpl.rc_context({"svg.hashsalt": "nightjar", "svg.fonttype": "none"}):
        figure, axes = pyplot.subplots(figsize=(9, 4.5), layout="constrained")
        width = 0.8 / len(TITLES)
        for place, (name, title) in enumerate(TITLES.items()):
            have = [(at, group[name]) for at, group in enumerate(groups.values()) if name in group]
            init = [spread(starts.init_ms) for _, starts in have]
            axes.bar(
                [at + (place - (len(TITLES) - 1) / 2) * width for at, _ in have],
                [item.median for item in init],
                width,
                yerr=[[item.median - item.low for item in init], [item.high - item.median for item in init]],
                label=title,
                error_kw={"elinewidth": 0.8},
            )
        axes.set_yscale("log")
        axes.set_xticks(range(len(groups)), list(groups))
        axes.set_ylabel("process start to ready, ms (log); median and range")
        axes.set_title(f"Cold start, {results.machine.cpu}, {results.machine.cores} cores")
        axes.legend(fontsize="small")
        unfinished = folder / f".{FIGURE_FILE}"
        figure.savefig(unfinished, format="svg", metadata={"Date": None})
        pyplot.close(figure)
    return unfinished.replace(folder / FIGURE_FILE)
