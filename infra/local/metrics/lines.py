"""The emulator's log lines as the events that Lambda would write.

The emulator writes ``REPORT`` as text and no initialisation report. What it measured is put into Lambda's JSON
form, and what nobody measured stays out.
"""

__all__ = ["Invocation", "failed", "platform_events", "report_of", "version_of", "wrote"]

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.metrics.decoded import decoded
from infra.local.metrics.emf import number

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\s+Duration: (?P<ms>[\d.]+) ms\s+Billed Duration: (?P<billed>[\d.]+) ms\s+"
    r"Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>[\d.]+) MB"
)
_START = re.compile(r"START RequestId: \S+ Version: (?P<version>\S+)")
_FAILURES = ("Traceback (most recent call last):", "Worker process died", "Task timed out after ")
"""How the emulator begins the line of an invocation that raised, whose process ended, or that took too long."""


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
        line = decoded(message)
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
        if number(init_ms):
            metrics["initDurationMs"] = init_ms
        init_ms = None
        record = {"requestId": invocation.request_id, "metrics": metrics}
        events.append({"type": "platform.report", "record": record, "emulated": True})
    return events


def version_of(messages: "Sequence[str]") -> str | None:
    """Return the function's version that an invocation ran, from its ``START`` line."""
    found = (_START.match(line) for line in messages)
    return next((match["version"] for match in found if match is not None), None)


def wrote(messages: "Sequence[str]") -> list[str]:
    """Return what the function itself wrote during an invocation."""
    return [line for line in messages if not line.startswith(("START ", "END ", "REPORT "))]


def failed(messages: "Sequence[str]") -> bool:
    """Tell whether an invocation failed, from all of its lines.

    Initialisation that fails leaves no line at all in the emulator's log. The function logs every invocation,
    so one without a line did not reach it.
    """
    own = wrote(messages)
    return not own or any(line.startswith(_FAILURES) for line in own)
