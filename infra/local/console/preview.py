"""The deployed CloudWatch dashboard as the console shows it: its widgets, drawn with the metrics bridge's series.

The dashboard's body is read back from the emulator, references resolved, so that what is drawn is what was
deployed, with the same metrics, statistics, periods and lines.
"""

__all__ = ["PERIODS", "Preview"]

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from infra.local.console.arithmetic import calculate
from infra.local.metrics.bridge import UNMEASURED, Bridge
from infra.local.metrics.series import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.local.emulator import Emulator

PERIODS = 12
"""How many of its periods a widget shows: an hour of five minutes each."""

_DEFAULT_PERIOD_S = 300
"""Source: "Dashboard body structure and syntax", CloudWatch API reference."""

type _Points = list[float | None]


class Preview:
    """Widgets, series and alarms of one deployed stack.

    Args:
        emulator: Where the stack is deployed.
        outputs: The stack's outputs.

    Raises:
        PatternError: A metric filter's pattern is not understood.
        AlarmError: An alarm cannot be evaluated.
    """

    def __init__(self, emulator: "Emulator", outputs: "Mapping[str, str]") -> None:
        self._bridge = Bridge(emulator, outputs)
        self._lock = threading.Lock()  # the bridge is for one thread, a web server has several
        body = emulator.client("cloudwatch").get_dashboard(DashboardName=outputs["DashboardName"])
        self._widgets = [
            item["properties"]
            for item in json.loads(body["DashboardBody"])["widgets"]
            if item["type"] == "metric"
        ]

    def observe(self, *, status: int, latency_ms: float) -> None:
        """Count an answer that the console passed on: the emulator has no gateway metrics."""
        with self._lock:
            self._bridge.observe(status=status, latency_ms=latency_ms, at_s=time.time())

    def document(self) -> dict[str, Any]:
        """Return widgets with their series and alarms with their states, ready for JSON.

        The alarms are evaluated, and a change goes on to their subscribers.
        """
        with self._lock:
            self._bridge.collect()
            self._bridge.evaluate()
            now_s = time.time()
            return {
                "widgets": [self._widget(item, now_s) for item in self._widgets],
                "alarms": [
                    {
                        "name": held.alarm.name,
                        "state": held.state,
                        "about": f"{held.alarm.statistic} of {held.alarm.metric.name} in {held.alarm.period_s} s, "
                        f"threshold {held.alarm.threshold:g}",
                    }
                    for held in self._bridge.states
                ],
            }

    def _widget(self, properties: "Mapping[str, Any]", now_s: float) -> dict[str, Any]:
        default_s = properties.get("period", _DEFAULT_PERIOD_S)
        points: dict[str, _Points] = {}
        lines, notes = [], []
        for *path, options in map(_with_options, properties["metrics"]):
            if "expression" in options:
                continue
            metric, period_s = _metric(path), options.get("period", default_s)
            found = self._bridge.query(
                metric,
                statistic=options.get("stat", "Average"),
                period_s=period_s,
                periods=PERIODS,
                until_s=now_s,
            )
            points[options.get("id", "")] = found
            label = options.get("label", metric.name)
            if reason := _unmeasured(metric, found):
                notes.append(f"{label}: {reason}")
            if options.get("visible", True):
                lines.append(_line(label, found, period_s, now_s, options))
        for *_, options in map(_with_options, properties["metrics"]):
            if "expression" in options:
                period_s = options.get("period", default_s)
                found = [
                    calculate(options["expression"], {name: series[at] for name, series in points.items()})
                    for at in range(PERIODS)
                ]
                lines.append(_line(options["label"], found, period_s, now_s, options))
        axis = properties.get("yAxis", {}).get("left", {})
        annotations = properties.get("annotations", {}).get("horizontal", [])
        return {
            "title": properties["title"],
            "unit": axis.get("label", ""),
            "minimum": axis.get("min"),
            "maximum": axis.get("max"),
            "lines": lines,
            "limits": [{"value": item["value"], "label": item["label"]} for item in annotations],
            "notes": list(dict.fromkeys(notes)),
        }


def _with_options(entry: "Sequence[Any]") -> list[Any]:
    """Return an entry of a widget's metrics with its options last, though it has none."""
    return list(entry) if isinstance(entry[-1], dict) else [*entry, {}]


def _metric(path: "Sequence[str]") -> Metric:
    namespace, name, *pairs = path
    return Metric(
        namespace=namespace,
        name=name,
        dimensions=tuple(sorted(zip(pairs[::2], pairs[1::2], strict=True))),
    )


def _unmeasured(metric: Metric, found: "_Points") -> str | None:
    if any(value is not None for value in found):
        return None
    full = f"{metric.namespace} {metric.name}"
    for name, reason in UNMEASURED.items():
        if name in {full, metric.name} or (name.endswith("…") and full.startswith(name[:-1])):
            return reason
    return None


def _line(
    label: str, found: "_Points", period_s: int, now_s: float, options: "Mapping[str, Any]"
) -> dict[str, Any]:
    last = int(now_s // period_s) * period_s
    return {
        "label": label,
        "times": [(last - period_s * (PERIODS - 1 - at)) * 1000 for at in range(PERIODS)],
        "values": found,
        "color": options.get("color"),
    }
