"""Alarm evaluation as CloudWatch documents it, missing data included.

Source: "Configuring how CloudWatch alarms treat missing data", CloudWatch user guide; the tests hold its tables.
"""

__all__ = ["Alarm", "AlarmError", "State", "Treatment", "breaches", "evaluate"]

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from function.errors import NightjarError
from infra.local.metrics.series import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

type State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
type Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]

_EXTRA_PERIODS = 2
"""Periods looked at beyond the evaluation periods.

The guide's examples look at 5 points for 3 evaluation periods; the general rule is not published.
"""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class AlarmError(NightjarError):
    """An alarm beyond what is evaluated here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm on one metric.

    Attributes:
        name: Its name.
        metric: The series that it watches.
        statistic: ``Sum``, ``Average``, ``Minimum``, ``Maximum``, ``SampleCount`` or ``pNN``.
        period_s: Length of a period, seconds.
        evaluation_periods: How many points are evaluated.
        datapoints_to_alarm: How many of them must breach.
        comparison: CloudWatch's comparison operator.
        threshold: What is compared with.
        missing: How missing points are treated.
    """

    name: str
    metric: Metric
    statistic: str
    period_s: int
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    missing: Treatment

    @property
    def range_periods(self) -> int:
        """How many periods are looked at."""
        return self.evaluation_periods + _EXTRA_PERIODS

    @classmethod
    def from_properties(cls, properties: "Mapping[str, Any]") -> "Alarm":
        """Read an alarm whose references are resolved: a template's properties or ``DescribeAlarms``.

        Raises:
            AlarmError: Metric math, an anomaly band, or a setting that does not exist.
        """
        name = properties["AlarmName"]
        comparison = properties.get("ComparisonOperator")
        missing = properties.get("TreatMissingData") or "missing"
        if not properties.get("MetricName") or properties.get("Metrics"):
            raise AlarmError(f"alarm {name} watches metric math, wanted one metric")
        if comparison not in _COMPARISONS:
            raise AlarmError(
                f"alarm {name} compares by {comparison}, wanted one of {', '.join(_COMPARISONS)}"
            )
        if missing not in get_args(Treatment.__value__):
            known = ", ".join(get_args(Treatment.__value__))
            raise AlarmError(f"alarm {name} treats missing data as {missing!r}, wanted one of {known}")
        periods = int(properties["EvaluationPeriods"])
        return cls(
            name=name,
            metric=Metric(
                namespace=properties["Namespace"],
                name=properties["MetricName"],
                dimensions=tuple(
                    sorted((item["Name"], item["Value"]) for item in properties.get("Dimensions") or ())
                ),
            ),
            statistic=properties.get("ExtendedStatistic") or properties["Statistic"],
            period_s=int(properties["Period"]),
            evaluation_periods=periods,
            datapoints_to_alarm=int(properties.get("DatapointsToAlarm") or periods),
            comparison=comparison,
            threshold=float(properties["Threshold"]),
            missing=cast("Treatment", missing),
        )


def breaches(alarm: Alarm, points: "Sequence[float | None]") -> list[bool | None]:
    """Return for each point whether it breaches; None where it is missing."""
    compare = _COMPARISONS[alarm.comparison]
    return [None if point is None else compare(point, alarm.threshold) for point in points]


def evaluate(
    points: "Sequence[bool | None]",
    *,
    evaluation_periods: int,
    datapoints_to_alarm: int,
    missing: Treatment,
    current: State,
) -> State:
    """Return an alarm's state.

    Args:
        points: Of the evaluation range, the oldest first: breaching, not breaching, or None for missing.
        evaluation_periods: How many points are evaluated (N).
        datapoints_to_alarm: How many must breach (M).
        missing: Treatment of missing points; needed only when fewer than N points exist.
        current: The state so far, which ``ignore`` keeps.
    """
    existing = [point for point in points if point is not None]
    recent = existing[-evaluation_periods:]
    breaching = sum(recent)
    if breaching >= datapoints_to_alarm:
        return "ALARM"
    if len(existing) >= evaluation_periods:
        return "OK"
    match missing:
        case "breaching":
            filled = breaching + evaluation_periods - len(existing)
            return "ALARM" if filled >= datapoints_to_alarm else "OK"
        case "notBreaching":
            return "OK"
    if False in recent:
        return "OK"
    if missing == "ignore":
        return current
    # Every point that exists breaches: the oldest decides when it is as old as M periods.
    oldest = next((at for at, point in enumerate(points) if point is not None), None)
    if oldest is not None and len(points) - oldest >= datapoints_to_alarm:
        return "ALARM"
    return "INSUFFICIENT_DATA"
