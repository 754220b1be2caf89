"""Metric series as CloudWatch keeps them: values by namespace, name and exact dimensions, aggregated by period."""

__all__ = ["Datum", "Metric", "SeriesStore", "StatisticError", "statistic_of"]

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


class StatisticError(NightjarError):
    """A statistic that this store does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Identity of a series.

    Attributes:
        namespace: CloudWatch namespace.
        name: Metric name.
        dimensions: Sorted pairs of name and value; another set is another series.
            Source: "Dimensions", CloudWatch user guide.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One value of a series.

    Attributes:
        metric: Its series.
        at_s: When, seconds since the epoch.
        value: Value in the metric's unit.
        source: What it was read from, for a reader of the series: ``emulated …`` unless the function wrote it.
    """

    metric: Metric
    at_s: float
    value: float
    source: str


@dataclass(slots=True)
class SeriesStore:
    """All data, in memory.

    Attributes:
        data: Series → its data in the order of arrival.
    """

    data: dict[Metric, list[Datum]] = field(default_factory=dict)

    def put(self, datum: Datum) -> None:
        """Keep a datum.

        Raises:
            StatisticError: Its value is not finite.
        """
        if not math.isfinite(datum.value):
            raise StatisticError(
                f"metric {datum.metric.name} has the value {datum.value}, wanted a finite number"
            )
        self.data.setdefault(datum.metric, []).append(datum)

    def query(
        self, metric: Metric, *, statistic: str, period_s: int, until_s: float, periods: int
    ) -> list[float | None]:
        """Return one figure per period, the oldest first; None where a period has no data.

        Periods are aligned to the epoch, and the last is the one that holds ``until_s``.

        Raises:
            StatisticError: The statistic is unknown.
        """
        statistic_of([0.0], statistic)  # an unknown one is refused also where there is no data
        last = math.floor(until_s / period_s)
        wanted = range(last - periods + 1, last + 1)
        buckets: dict[int, list[float]] = {}
        for datum in self.data.get(metric, ()):
            if (index := math.floor(datum.at_s / period_s)) in wanted:
                buckets.setdefault(index, []).append(datum.value)
        return [statistic_of(buckets[index], statistic) if index in buckets else None for index in wanted]


def statistic_of(values: "Sequence[float]", statistic: str) -> float:
    """Return a statistic of at least one value.

    Percentiles interpolate between neighbours; CloudWatch does not publish its method.

    Raises:
        StatisticError: The statistic is unknown.
    """
    match statistic:
        case "Sum":
            return math.fsum(values)
        case "Average":
            return math.fsum(values) / len(values)
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
        case "SampleCount":
            return float(len(values))
    if (found := _PERCENTILE.fullmatch(statistic)) is None:
        raise StatisticError(
            f"statistic {statistic!r} is unknown, wanted Sum, Average, Minimum, Maximum, SampleCount or pNN"
        )
    ordered = sorted(values)
    position = (len(ordered) - 1) * float(found[1]) / 100
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return min(
        max(ordered[low] + (ordered[high] - ordered[low]) * (position - low), ordered[low]), ordered[high]
    )
