"""The benchmark's results as tables, and the targets that they are held against."""

__all__ = ["TITLES", "Target", "as_table", "targets"]

from typing import TYPE_CHECKING, NamedTuple

from loadtests.bench_machine import CORE_MB
from loadtests.bench_results import spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.bench_results import Results, Starts

TITLES = {
    "empty": "(0) empty handler",
    "nightjar": "Nightjar",
    "binding": "(a) Python binding, nothing else",
    "estimator": "(b) scikit-learn and joblib",
    "ancestor": "(c) pandas, boto3, xgboost",
}


class Target(NamedTuple):
    """What is wanted of a measurement.

    Attributes:
        text: What is measured.
        seen: The measurement; None where it could not be made.
        limit: What it must not exceed, or reach if ``least``.
        unit: Of both.
        least: Whether more is better.
    """

    text: str
    seen: float | None
    limit: float
    unit: str
    least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when nothing was measured."""
        if self.seen is None:
            return None
        return self.seen >= self.limit if self.least else self.seen <= self.limit


def targets(results: "Results") -> list[Target]:
    """Return every target with what was measured."""
    init = {name: spread(starts.init_ms).median for name, starts in results.full.items()}
    ours, floor = init["nightjar"], init["binding"]
    footprint = results.footprint["nightjar"]
    read, floor_read = footprint.read_mb, results.footprint["binding"].read_mb
    warm = results.warm_us
    return [
        Target("init / floor (a)", ours / floor, 0.65, "×"),
        Target("(b) init / ours", init["estimator"] / ours, 12, "×", least=True),
        Target("(c) init / ours", init["ancestor"] / ours, 12, "×", least=True),
        Target("first answer", spread(results.full["nightjar"].first_ms).median, 2, "ms"),
        Target("bundle, unzipped", results.unzipped_mb, 42, "MB"),
        Target("bundle, zipped", results.zipped_mb, 16, "MB"),
        Target(f"peak memory, {footprint.requests:,} requests", footprint.rss_later_mb, 55, "MB"),
        Target("read cold / (a)", read / floor_read if read and floor_read else None, 0.6, "×"),
        Target("warm row with advice", warm["advice"]["total"], 250, "µs"),
        Target("warm row without advice", warm["no advice"]["total"], 120, "µs"),
        Target(
            f"{results.batch.rows:,} rows / binding",
            results.batch.ours_ms / results.batch.binding_ms,
            1.5,
            "×",
        ),
    ]


def as_table(results: "Results") -> str:
    """Return lines to print."""
    machine = results.machine
    lines = [
        f"{results.model} {results.model_version} on {machine.cpu}, {machine.cores} cores, kernel {machine.kernel}, "
        f"Python {machine.python}, {results.date}",
        "",
        "Full speed: median [smallest … largest]; × is the ratio to Nightjar's median",
        *_starts(results.full),
    ]
    for memory_mb, group in sorted(results.memory.items()):
        lines += ["", f"{memory_mb} MB: {memory_mb / CORE_MB:.2f} of a core", *_starts(group)]
    lines += ["", *_footprints(results), "", *_warm(results)]
    batch = results.batch
    lines += [
        "",
        f"{batch.rows:,} rows: {batch.ours_ms:.1f} ms, Python binding with numpy {batch.binding_ms:.1f} ms",
        "",
        f"{'target':<34}{'measured':>10}{'wanted':>12}",
        *map(_target, targets(results)),
    ]
    lines += [f"SKIPPED {what}: {why}" for what, why in results.skipped.items()]
    return "\n".join(lines)


def _starts(group: "Mapping[str, Starts]") -> list[str]:
    head = f"{'':<34}{'init ms':>28}{'×':>7}{'CPU ms':>8}{'first ms':>10}{'warm ms':>9}"
    ours = spread(group["nightjar"].init_ms).median
    lines = [head]
    for name, title in TITLES.items():
        if (starts := group.get(name)) is None:
            continue
        init = spread(starts.init_ms)
        shown = f"{init.median:.1f} [{init.low:.1f} … {init.high:.1f}]"
        warm = f"{spread(starts.warm_ms).median:>9.2f}" if starts.warm_ms else ""
        lines.append(
            f"{title:<34}{shown:>28}{init.median / ours:>7.2f}{spread(starts.cpu_ms).median:>8.0f}"
            f"{spread(starts.first_ms).median:>10.2f}{warm}"
        )
    return lines


def _footprints(results: "Results") -> list[str]:
    lines = [f"{'':<34}{'peak MB, first':>16}{'peak MB, later':>16}{'read cold MB':>14}{'init cold ms':>14}"]
    for name, title in TITLES.items():
        if (item := results.footprint.get(name)) is None:
            continue
        cold = f"{item.read_mb:>14.1f}" if item.read_mb is not None else f"{'-':>14}"
        cold += f"{item.cold_init_ms:>14.0f}" if item.cold_init_ms is not None else f"{'-':>14}"
        lines.append(f"{title:<34}{item.rss_first_mb:>16.1f}{item.rss_later_mb:>16.1f}{cold}")
    lines.append(f"Bundle: {results.unzipped_mb:.1f} MB, {results.zipped_mb:.1f} MB zipped")
    return lines


def _warm(results: "Results") -> list[str]:
    parts = list(results.warm_us["advice"])
    lines = ["Warm request in-process, µs" + "".join(f"{part:>17}" for part in parts)]
    for name, split in results.warm_us.items():
        lines.append(f"{name:<27}" + "".join(f"{split[part]:>17.1f}" for part in parts))
    return lines


def _target(target: Target) -> str:
    verdict = {True: "met", False: "NOT MET", None: "not measured"}[target.met]
    seen = "-" if target.seen is None else f"{target.seen:.2f} {target.unit}"
    sign = "≥" if target.least else "≤"
    return f"{target.text:<34}{seen:>10}{f'{sign} {target.limit:g} {target.unit}':>12}  {verdict}"
