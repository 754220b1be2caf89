"""Once a day: do the scores of the last day still look like those of training?

Runs on Lambda's own Python with what is on it: the standard library and boto3. It reads counts that the
function logs (``score_histogram``), never a feature value.
"""

__all__ = ["handler", "metric_line", "psi", "query"]

import json
import os
import time
from math import log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_ROWS = 100
"""With fewer, chance alone moves the index: its mean is about (bins - 1) / rows without any drift."""

_DAY_S = 86_400
_POLL_S = 1.0
_HALF_ROW = 0.5


def psi(baseline: "Sequence[float]", seen: "Sequence[float]") -> float:
    """Return the population stability index of two histograms over the same bins.

    Half a row in each bin keeps an empty one from an infinite index.

    Args:
        baseline: Counts of training.
        seen: Counts of the day.

    Raises:
        ValueError: The histograms have different numbers of bins.
    """
    wanted, found = _shares(baseline), _shares(seen)
    return sum((s - b) * log(s / b) for b, s in zip(wanted, found, strict=True))


def query(bins: int) -> str:
    """Return the Logs Insights query that adds up the day's histograms."""
    sums = ", ".join(f"sum(`score_histogram.{at}`) as bin{at}" for at in range(bins))
    return f'filter message = "predicted" | stats {sums}'


def metric_line(*, namespace: str, service: str, index: float, rows: int, now_ms: int) -> str:
    """Return the embedded-metric line that CloudWatch turns into a metric."""
    definition = {
        "Namespace": namespace,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "ScoreDrift", "Unit": "None"}],
    }
    return json.dumps(
        {
            "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [definition]},
            "service": service,
            "ScoreDrift": round(index, 6),
            "rows": rows,
        }
    )


def handler(_event: object, _context: object) -> None:
    """Compare the last day with training; EventBridge calls it.

    Raises:
        RuntimeError: The query did not complete; Lambda counts an error, which alarms.
    """
    import boto3

    baseline = json.loads(os.environ["BASELINE"])
    now = int(time.time())
    seen = _seen(boto3.client("logs"), group=os.environ["LOG_GROUP"], bins=len(baseline), now=now)
    rows = int(sum(seen))
    if rows < FEWEST_ROWS:
        print(json.dumps({"message": "too few rows to compare", "rows": rows, "wanted": FEWEST_ROWS}))
        return
    index = psi(baseline, seen)
    namespace, service = os.environ["NAMESPACE"], os.environ["SERVICE"]
    print(metric_line(namespace=namespace, service=service, index=index, rows=rows, now_ms=now * 1000))


def _seen(logs: Any, *, group: str, bins: int, now: int) -> list[float]:
    started = logs.start_query(
        logGroupName=group, startTime=now - _DAY_S, endTime=now, queryString=query(bins)
    )
    answer = logs.get_query_results(queryId=started["queryId"])
    while answer["status"] in {"Scheduled", "Running"}:
        time.sleep(_POLL_S)
        answer = logs.get_query_results(queryId=started["queryId"])
    if answer["status"] != "Complete":
        raise RuntimeError(f"the query is {answer['status']}, wanted Complete")
    row = {cell["field"]: cell["value"] for cell in (answer["results"] or [[]])[0]}
    return [float(row.get(f"bin{at}") or 0) for at in range(bins)]


def _shares(counts: "Sequence[float]") -> list[float]:
    padded = [count + _HALF_ROW for count in counts]
    return [count / sum(padded) for count in padded]
