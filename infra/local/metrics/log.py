"""The emulator's log group, read onwards: every invocation once, whole, and not again at the next look.

The emulator writes an invocation at its end, into a stream of its own, all of its lines with one time. It gives
10,000 lines at most and, other than CloudWatch, no token for the rest, so the rest is asked for by time.
"""

__all__ = ["LogError", "LogReader"]

from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.local.metrics.lines import report_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE_LINES = 10_000
_OVERLAP_MS = 5_000
"""How much later than its time a line may appear: the emulator takes the time first and writes then."""


class LogError(NightjarError):
    """The log group cannot be read to its end."""


class LogReader:
    """Reads one log group; used by one thread.

    Args:
        client: boto3's, for CloudWatch Logs.
        group: Name of the log group.
    """

    def __init__(self, client: Any, group: str) -> None:
        self._client, self._group = client, group
        self._newest_ms = 0
        self._done: dict[str, int] = {}  # stream → its time; only as far back as is read again

    def invocations(self) -> "Iterator[list[tuple[float, str]]]":
        """Yield the lines of each invocation since the last call: pairs of seconds since the epoch and text.

        Raises:
            LogError: More lines than one answer holds have the same time.
        """
        since_ms = max(0, self._newest_ms - _OVERLAP_MS)
        self._done = {stream: at_ms for stream, at_ms in self._done.items() if at_ms >= since_ms}
        while True:
            events = self._events(since_ms)
            for stream, lines in _by_stream(events).items():
                # Without its report a stream was cut off by the end of the answer.
                if stream not in self._done and report_of(lines[-1][1]) is not None:
                    self._done[stream] = round(lines[-1][0] * 1000)
                    yield lines
            if events:
                self._newest_ms = max(self._newest_ms, events[-1]["timestamp"])
            if len(events) < _PAGE_LINES:
                return
            if events[-1]["timestamp"] == since_ms:
                raise LogError(
                    f"log group {self._group} has {_PAGE_LINES} lines of one millisecond, wanted fewer: "
                    "what follows them cannot be read"
                )
            since_ms = events[-1]["timestamp"]

    def _events(self, since_ms: int) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self._group, startTime=since_ms
        )
        return [event for page in pages for event in page["events"]]


def _by_stream(events: list[dict[str, Any]]) -> dict[str, list[tuple[float, str]]]:
    streams: dict[str, list[tuple[float, str]]] = {}
    for event in events:
        streams.setdefault(event["logStreamName"], []).append((event["timestamp"] / 1000, event["message"]))
    return streams
