"""From what the local service did to the metrics and alarms that AWS would show.

The emulator stores the template's metric filters and alarms but applies neither as AWS does. The bridge reads
both back from it, references resolved, so that what is evaluated is what was deployed. A state that changes is
handed to the emulator's CloudWatch, from where the message goes through SNS to whoever subscribed.
"""

__all__ = ["UNMEASURED", "AlarmState", "Bridge", "Transition"]

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.metrics.alarms import Alarm, State, breaches, evaluate
from infra.local.metrics.lines import emf_data, platform_events, report_of
from infra.local.metrics.patterns import Predicate, compile_pattern, value_at
from infra.local.metrics.series import Datum, Metric, SeriesStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.local.emulator import Emulator

UNMEASURED: dict[str, str] = {
    "AWS/Lambda Errors": "not bridged: no failed invocation was looked at; 5xx of the gateway is counted",
    "AWS/Lambda Throttles": "not bridged: no refused invocation was looked at",
    "AWS/Lambda Provisioned…": "the emulator has no provisioned concurrency",
    "InitProvisioned": "the emulator has no provisioned concurrency",
    "MaxMemoryUsed": "only where the emulator measures a worker's memory; it writes 0 where it does not",
}
"""Metric → why it has no data, or not always, in this bridge. Its series stays empty: nothing is invented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    matches: Predicate
    metric: Metric
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of an alarm's state.

    Attributes:
        alarm: Its name.
        before: State so far.
        after: State now.
        points: Of the evaluation range, the oldest first; None where there is no data.
    """

    alarm: str
    before: State
    after: State
    points: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """An alarm and its state.

    Attributes:
        alarm: What is watched.
        state: As last evaluated.
    """

    alarm: Alarm
    state: State


class Bridge:
    """Metrics and alarms of one deployed stack; used by one thread.

    Args:
        emulator: Where the stack is deployed.
        outputs: The stack's outputs.

    Attributes:
        store: Every series.

    Raises:
        PatternError: A metric filter's pattern is not understood.
        AlarmError: An alarm cannot be evaluated.
    """

    def __init__(self, emulator: "Emulator", outputs: "Mapping[str, str]") -> None:
        self.store = SeriesStore()
        self._logs, self._cloudwatch = emulator.client("logs"), emulator.client("cloudwatch")
        self._group, self._function, self._api = (
            outputs[name] for name in ("LogGroupName", "FunctionName", "ApiId")
        )
        self._done: set[str] = set()
        self._filters = [
            _Filter(
                matches=compile_pattern(item["filterPattern"]),
                metric=Metric(namespace=change["metricNamespace"], name=change["metricName"]),
                value=change["metricValue"],
            )
            for page in self._logs.get_paginator("describe_metric_filters").paginate(logGroupName=self._group)
            for item in page["metricFilters"]
            for change in item["metricTransformations"]
        ]
        self._alarms: dict[str, AlarmState] = {}
        for page in self._cloudwatch.get_paginator("describe_alarms").paginate():
            for item in page["MetricAlarms"]:
                alarm = Alarm.from_properties(item)
                self._alarms[alarm.name] = AlarmState(alarm=alarm, state=item["StateValue"])

    @property
    def states(self) -> list[AlarmState]:
        """Every alarm, by name."""
        return [self._alarms[name] for name in sorted(self._alarms)]

    def query(
        self, metric: Metric, *, statistic: str, period_s: int, periods: int, until_s: float | None = None
    ) -> list[float | None]:
        """Return a series, one figure per period, the oldest first; None where there is no data.

        Args:
            metric: Which.
            statistic: ``Sum``, ``Average``, ``Minimum``, ``Maximum``, ``SampleCount`` or ``pNN``.
            period_s: Length of a period.
            periods: How many.
            until_s: In the last one, seconds since the epoch; None means now.

        Raises:
            StatisticError: The statistic is unknown.
        """
        moment_s = time.time() if until_s is None else until_s
        return self.store.query(
            metric, statistic=statistic, period_s=period_s, until_s=moment_s, periods=periods
        )

    def observe(self, *, status: int, latency_ms: float, at_s: float) -> None:
        """Count an answer of the gateway that a client measured: the emulator has no metrics of its own."""
        figures = {"Count": 1.0, "Latency": latency_ms, "4xx": 0.0, "5xx": 0.0}
        if status >= 400:
            figures["5xx" if status >= 500 else "4xx"] = 1.0
        for name, value in figures.items():
            self._put("AWS/ApiGateway", name, value, at_s, {"ApiId": self._api}, "emulated gateway")

    def collect(self) -> int:
        """Read the invocations logged since the last call; return how many there were.

        The emulator writes every invocation into a log stream of its own, at its end.
        """
        streams: dict[str, list[tuple[float, str]]] = {}
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=self._group):
            for event in page["events"]:
                if event["logStreamName"] not in self._done:
                    lines = streams.setdefault(event["logStreamName"], [])
                    lines.append((event["timestamp"] / 1000, event["message"]))
        complete = {name: lines for name, lines in streams.items() if report_of(lines[-1][1]) is not None}
        for name, lines in complete.items():
            self._read(lines)
            self._done.add(name)
        return len(complete)

    def evaluate(self, *, now_s: float | None = None) -> list[Transition]:
        """Evaluate every alarm and hand each change to the emulator's CloudWatch.

        Args:
            now_s: Seconds since the epoch; None means now.
        """
        moment_s = time.time() if now_s is None else now_s
        changes = []
        for name, held in list(self._alarms.items()):
            alarm = held.alarm
            points = self.query(
                alarm.metric,
                statistic=alarm.statistic,
                period_s=alarm.period_s,
                periods=alarm.range_periods,
                until_s=moment_s,
            )
            state = evaluate(
                breaches(alarm, points),
                evaluation_periods=alarm.evaluation_periods,
                datapoints_to_alarm=alarm.datapoints_to_alarm,
                missing=alarm.missing,
                current=held.state,
            )
            if state == held.state:
                continue
            change = Transition(alarm=name, before=held.state, after=state, points=tuple(points))
            self._alarms[name] = AlarmState(alarm=alarm, state=state)
            self._hand_over(alarm, change)
            changes.append(change)
        return changes

    def _hand_over(self, alarm: Alarm, change: Transition) -> None:
        self._cloudwatch.set_alarm_state(
            AlarmName=change.alarm,
            StateValue=change.after,
            StateReason=f"{alarm.statistic} of {alarm.metric.name} in the last {len(change.points)} periods of "
            f"{alarm.period_s} s: {list(change.points)}; threshold {alarm.threshold:g} (evaluated locally)",
            StateReasonData=json.dumps({"points": change.points, "threshold": alarm.threshold}),
        )

    def _read(self, lines: list[tuple[float, str]]) -> None:
        at_s = lines[-1][0]
        self_test = False
        for line_s, message in lines:
            self_test = self_test or '"operation":"self_test"' in message
            for datum in emf_data(message, at_s=line_s):
                self.store.put(datum)
            if message.startswith("{"):
                self._apply_filters(_json(message), line_s, "metric filter on a log line")
            if (invocation := report_of(message)) is not None:
                name = {"FunctionName": self._function}
                # Deployment tests a version; callers come through the alias.
                scopes = [name] if self_test else [name, {**name, "Resource": f"{self._function}:live"}]
                for scope in scopes:
                    self._put("AWS/Lambda", "Invocations", 1, at_s, scope, "emulated REPORT")
                    self._put(
                        "AWS/Lambda", "Duration", invocation.duration_ms, at_s, scope, "emulated REPORT"
                    )
        for event in platform_events([message for _, message in lines]):
            self._apply_filters(event, at_s, "metric filter on an emulated platform event")

    def _apply_filters(self, line: Any, at_s: float, source: str) -> None:
        for one in self._filters:
            if not one.matches(line):
                continue
            value = value_at(line, one.value) if one.value.startswith("$.") else float(one.value)
            if isinstance(value, int | float) and not isinstance(value, bool):
                self.store.put(Datum(metric=one.metric, at_s=at_s, value=float(value), source=source))

    def _put(
        self, space: str, name: str, value: float, at_s: float, dimensions: dict[str, str], source: str
    ) -> None:
        metric = Metric(namespace=space, name=name, dimensions=tuple(sorted(dimensions.items())))
        self.store.put(Datum(metric=metric, at_s=at_s, value=value, source=source))


def _json(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None
