"""Invocations that the emulator refused because too many were running: it counts them itself."""

__all__ = ["ThrottleReader"]

import datetime
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PERIOD_S = 60


class ThrottleReader:
    """Reads the emulator's own ``AWS/Lambda`` ``Throttles`` onwards; used by one thread.

    A refused request of the gateway counts once. One of Lambda's own API counts twice there, so that a refused
    self-test would show as two.

    Args:
        client: boto3's, for CloudWatch.
        function: The function's name.
    """

    def __init__(self, client: Any, function: str) -> None:
        self._client, self._function = client, function
        self._since_s = time.time() - _PERIOD_S
        self._seen: dict[float, float] = {}  # begin of a minute → refusals in it that were yielded

    def refused(self) -> "Iterator[tuple[float, int]]":
        """Yield pairs of a minute's begin, seconds since the epoch, and its refusals since the last call."""
        now_s = time.time()
        answer = self._client.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Throttles",
            Dimensions=[{"Name": "FunctionName", "Value": self._function}],
            StartTime=datetime.datetime.fromtimestamp(self._since_s // _PERIOD_S * _PERIOD_S, datetime.UTC),
            EndTime=datetime.datetime.fromtimestamp(now_s + _PERIOD_S, datetime.UTC),
            Period=_PERIOD_S,
            Statistics=["Sum"],
        )
        for point in answer["Datapoints"]:
            at_s, total = point["Timestamp"].timestamp(), point["Sum"]
            if (more := round(total - self._seen.get(at_s, 0))) > 0:
                self._seen[at_s] = total
                yield at_s, more
        self._since_s = now_s - _PERIOD_S
        self._seen = {at_s: total for at_s, total in self._seen.items() if at_s >= self._since_s - _PERIOD_S}
