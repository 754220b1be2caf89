"""One structured line and one metric per request.

Feature values never come here: counts, scores, timings and request ids do (these may be minors' health
answers). Every distinct dimension value would be a metric of its own at a monthly price, so the only
dimension is the service.
"""

__all__ = ["Telemetry"]

import json
import sys
from bisect import bisect_right
from time import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from logging import LogRecord

    from function.predictions import Facts

_ENCODER = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False)
"""As Powertools sets it up, but once and not for every line."""

_MOST_VALUES = 100
"""Of a metric in one line of the embedded metric format, where Powertools begins another."""

_TIMESTAMP, _VALUES = "<timestamp>", "<values>"


class _Formatter(LambdaPowertoolsFormatter):
    """Writes the line that Powertools would, for lines that say all in one ``about``.

    Powertools looks through every attribute of a record for what was added to it, which takes longer than the rest.
    """

    def format(self, record: "LogRecord") -> str:
        about: dict[str, Any] | None = record.__dict__.get("about")
        if about is None:
            return super().format(record)
        line = {"level": record.levelname, "message": record.msg, "timestamp": self.formatTime(record)}
        line |= {key: value for key, value in self.log_format.items() if key not in _IN_RECORD}
        line |= about
        line["xray_trace_id"] = self._get_latest_trace_id()
        return self.serialize({key: value for key, value in line.items() if value is not None})


_IN_RECORD = frozenset({"level", "location", "message", "timestamp", "xray_trace_id"})


class _Metric:
    """One metric in the embedded metric format: written by Powertools once, afterwards only the numbers change.

    Args:
        name: Of the metric; unit none.
        namespace: CloudWatch namespace.
        service: Its only dimension.
    """

    def __init__(self, *, name: str, namespace: str, service: str) -> None:
        metrics = Metrics(namespace=namespace, service=service)
        metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=0)
        document: dict[str, Any] = {**metrics.serialize_metric_set(), name: _VALUES}
        metrics.clear_metrics()
        document["_aws"] = {**document["_aws"], "Timestamp": _TIMESTAMP}
        self._head, rest = _ENCODER.encode(document).split(f'"{_TIMESTAMP}"')
        self._middle, self._tail = rest.split(f'"{_VALUES}"')

    def emit(self, values: "Sequence[float]") -> None:
        """Write values, in as many lines as it takes."""
        now_ms = int(time() * 1000)
        for start in range(0, len(values), _MOST_VALUES):
            numbers = _ENCODER.encode(values[start : start + _MOST_VALUES])
            sys.stdout.write(f"{self._head}{now_ms}{self._middle}{numbers}{self._tail}\n")


class Telemetry:
    """Writes to standard output, where Lambda collects it.

    Args:
        service: Name in each line and the metric's dimension.
        namespace: CloudWatch namespace of the metrics.
        level: Log level.
        model_version: Repeated in each line.
        metric: Name of the score's metric.
        edges: Of the bins in which scores are counted, one more than bins: the contract's, ascending.
    """

    def __init__(
        self,
        *,
        service: str,
        namespace: str,
        level: str,
        model_version: str,
        metric: str,
        edges: "Sequence[float]",
    ) -> None:
        self._logger = Logger(
            service=service,
            level=level,
            location=None,
            logger_formatter=_Formatter(utc=True, use_rfc3339=True, json_serializer=_ENCODER.encode),
        )
        self._logger.append_keys(model_version=model_version)
        self._metric = _Metric(name=metric, namespace=namespace, service=service)
        self._inner_edges = edges[1:-1]

    def started(self, *, init_ms: float) -> None:
        """Log that this environment is ready."""
        self._logger.info("started", about={"init_ms": round(init_ms, 3)})

    def answered(self, **about: Any) -> None:
        """Log a request that was answered; ``about`` holds its id, operation, status, timings."""
        self._logger.info("answered", about=about)

    def predicted(self, facts: "Facts", **about: Any) -> None:
        """Log a request that was predicted and emit its scores."""
        about |= {
            "rows": len(facts.scores),
            "classes": facts.classes,
            "nulls": facts.nulls,
            "outside": facts.outside,
            "advice": facts.advice,
            "score_histogram": self._counts(facts.scores),
            "infer_ms": round(facts.infer_ms, 3),
        }
        self._logger.info("predicted", about=about)
        self._metric.emit(facts.scores)

    def refused(self, *, title: str, problems: int, **about: Any) -> None:
        """Log a request that the client must mend; its problems quote values, so only their number is logged."""
        self._logger.warning("refused", about={"title": title, "problems": problems, **about})

    def failed(self, error: BaseException, **about: Any) -> None:
        """Log an unexpected error: its type and where it happened, never its message, which may quote a value."""
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
            trace = trace.tb_next
        self._logger.error("failed", about={"error": type(error).__name__, "frames": frames, **about})

    def _counts(self, scores: "Sequence[float]") -> dict[str, int]:
        """Return bin → scores in it, empty bins left out; a score beyond the edges counts in the outer bins.

        The drift function adds these up over a day, so the bins must be those of the contract's baseline.
        """
        found: dict[str, int] = {}
        for score in scores:
            key = str(bisect_right(self._inner_edges, score))
            found[key] = found.get(key, 0) + 1
        return found
