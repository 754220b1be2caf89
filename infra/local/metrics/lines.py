"""The emulator's log lines as the events that Lambda would write, and the values that CloudWatch reads from them.

The emulator writes ``REPORT`` as text and no initialisation report. What it measured is put into Lambda's JSON
form, and what nobody measured stays out.
"""

__all__ = ["Invocation", "emf_data", "platform_events", "report_of"]

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeIs

from infra.local.metrics.series import Datum, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\s+Duration: (?P<ms>[\d.]+) ms\s+Billed Duration: (?P<billed>[\d.]+) ms\s+"
    r"Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>[\d.]+) MB"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a ``REPORT`` line says.

    Attributes:
        request_id: Of the invocation.
        duration_ms: How long it took.
        billed_ms: What would be billed.
        memory_size_mb: Of the environment.
        max_memory_used_mb: By its process; 0 when the emulator did not measure it.
    """

    request_id: str
    duration_ms: float
    billed_ms: float
    memory_size_mb: int
    max_memory_used_mb: float


def report_of(message: str) -> Invocation | None:
    """Return what a ``REPORT`` line says, or None for any other line."""
    if (found := _REPORT.match(message)) is None:
        return None
    return Invocation(
        request_id=found["id"],
        duration_ms=float(found["ms"]),
        billed_ms=float(found["billed"]),
        memory_size_mb=int(found["size"]),
        max_memory_used_mb=float(found["used"]),
    )


def platform_events(messages: "Sequence[str]") -> list[dict[str, Any]]:
    """Return a ``platform.report`` for each ``REPORT`` line of a log stream, in Lambda's JSON form.

    ``initDurationMs`` is what the handler logged as it started, on the first report after that line: the
    interpreter's own start is not in it.
    """
    events, init_ms = [], None
    for message in messages:
        line = _decoded(message)
        if line is not None and line.get("message") == "started":
            init_ms = line.get("init_ms")
        if (invocation := report_of(message)) is None:
            continue
        metrics: dict[str, float] = {
            "durationMs": invocation.duration_ms,
            "billedDurationMs": invocation.billed_ms,
            "memorySizeMB": invocation.memory_size_mb,
        }
        if invocation.max_memory_used_mb > 0:
            metrics["maxMemoryUsedMB"] = invocation.max_memory_used_mb
        if isinstance(init_ms, int | float):
            metrics["initDurationMs"] = init_ms
        init_ms = None
        record = {"requestId": invocation.request_id, "metrics": metrics}
        events.append({"type": "platform.report", "record": record, "emulated": True})
    return events


def emf_data(message: str, *, at_s: float) -> list[Datum]:
    """Return the values of a line in embedded metric format; none when it is another line.

    Source: "Specification: Embedded metric format", CloudWatch user guide.
    """
    line = _decoded(message)
    aws = None if line is None else line.get("_aws")
    if line is None or not isinstance(aws, dict) or not isinstance(aws.get("CloudWatchMetrics"), list):
        return []
    stamp = aws.get("Timestamp")
    moment_s = stamp / 1000 if _number(stamp) else at_s
    found = []
    for directive in aws["CloudWatchMetrics"]:
        if not isinstance(directive, dict):
            continue
        for names in directive.get("Dimensions", [[]]):
            if not all(isinstance(line.get(name), str) for name in names):
                continue
            dimensions = tuple(sorted((name, line[name]) for name in names))
            for definition in directive.get("Metrics", ()):
                metric = Metric(
                    namespace=directive["Namespace"], name=definition["Name"], dimensions=dimensions
                )
                value = line.get(definition["Name"])
                found += [
                    Datum(metric=metric, at_s=moment_s, value=float(one), source="EMF line")
                    for one in (value if isinstance(value, list) else [value])
                    if _number(one)
                ]
    return found


def _number(value: Any) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _decoded(message: str) -> dict[str, Any] | None:
    if not message.lstrip().startswith("{"):
        return None
    try:
        line = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
