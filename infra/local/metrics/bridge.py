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

from infra.config import ALIAS
from infra.local.metrics.alarms import Alarm, State, breaches, evaluate
from infra.local.metrics.decoded import decoded
from infra.local.metrics.emf import emf_data
from infra.local.metrics.filters import MetricFilter
from infra.local.metrics.lines import failed, platform_events, report_of, version_of, wrote
from infra.local.metrics.log import LogReader
from infra.local.metrics.series import Datum, Metric, SeriesStore
from infra.local.metrics.throttles import ThrottleReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.local.emulator import Emulator

UNMEASURED: dict[str, str] = {
    "AWS/Lambda ConcurrentExecutions": "not bridged: invocations under way at once are not counted",
    "AWS/Lambda Provisioned…": "the emulator has no provisioned concurrency",
    "InitProvisioned": "the emulator has no provisioned concurrency",
    "ScoreDrift": "the daily comparison asks Logs Insights, which the emulator does not evaluate",
    "MaxMemoryUsed": "only where the emulator measures a worker's memory; it writes 0 where it does not",
}
"""Metric → why it has no data, or not always, in this bridge. Its series stays empty: nothing is invented."""


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
        logs, self._cloudwatch = emulator.client("logs"), emulator.client("cloudwatch")
        self._lambda = emulator.client("lambda")
        group, self._function, self._api = (
            outputs[name] for name in ("LogGroupName", "FunctionName", "ApiId")
        )
        self._log = LogReader(logs, group)
        self._throttles = ThrottleReader(self._cloudwatch, self._function)
        self._filters = [
            one
            for page in logs.get_paginator("describe_metric_filters").paginate(logGroupName=group)
            for item in page["metricFilters"]
            for one in MetricFilter.from_description(item)
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

        Raises:
            LogError: The log cannot be read to its end.
        """
        count = 0
        for lines in self._log.invocations():
            self._read(lines)
            count += 1
        for at_s, refusals in self._throttles.refused():
            for _ in range(refusals):
                for scope in self._scopes():
                    self._put("AWS/Lambda", "Throttles", 1, at_s, scope, "emulator's own count")
        return count

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
        at_s, messages = lines[-1][0], [message for _, message in lines]
        for line_s, message in lines:
            for datum in emf_data(message):
                self.store.put(datum)
            if (line := decoded(message)) is not None:
                self._apply_filters(line, line_s, "metric filter on a log line")
        self_test = self._is_self_test(messages)
        for invocation in filter(None, map(report_of, messages)):
            figures = {
                "Invocations": 1.0,
                "Errors": float(failed(messages)),
                "Throttles": 0.0,
                "Duration": invocation.duration_ms,
            }
            for scope in self._scopes(self_test=self_test):
                for name, value in figures.items():
                    self._put("AWS/Lambda", name, value, at_s, scope, "emulated REPORT")
        for event in platform_events(messages):
            self._apply_filters(event, at_s, "metric filter on an emulated platform event")

    def _is_self_test(self, messages: list[str]) -> bool:
        """Tell whether a deployment made an invocation, which no caller did and the alias does not count."""
        own = wrote(messages)
        if not own:  # it could not start; what did not become live was never called
            alias = self._lambda.get_alias(FunctionName=self._function, Name=ALIAS)
            live: str = alias["FunctionVersion"]
            return version_of(messages) != live
        passed = any((decoded(line) or {}).get("operation") == "self_test" for line in own)
        return passed or any("SelfTestError" in line for line in own)

    def _scopes(self, *, self_test: bool = False) -> "list[dict[str, str]]":
        """Return the dimensions under which an invocation counts.

        Deployment tests a version; callers come through the alias.
        """
        function = {"FunctionName": self._function}
        return [function] if self_test else [function, {**function, "Resource": f"{self._function}:{ALIAS}"}]

    def _apply_filters(self, line: Any, at_s: float, source: str) -> None:
        for one in self._filters:
            if (datum := one.datum(line, at_s=at_s, source=source)) is not None:
                self.store.put(datum)

    def _put(
        self, space: str, name: str, value: float, at_s: float, dimensions: dict[str, str], source: str
    ) -> None:
        metric = Metric(namespace=space, name=name, dimensions=tuple(sorted(dimensions.items())))
        self.store.put(Datum(metric=metric, at_s=at_s, value=value, source=source))
