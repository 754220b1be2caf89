"""One structured line and one metric per request.

Feature values never come here: counts, scores, timings and request ids do (these may be minors' health
answers). Every distinct dimension value would be a metric of its own at a monthly price, so the only
dimension is the service.
"""

__all__ = ["PROBABILITY_METRIC", "VALUE_METRIC", "Telemetry"]

import json
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.predictions import Facts

PROBABILITY_METRIC = "PredictionProbability"
"""Positive-class probability of each answered row; unit none."""

VALUE_METRIC = "PredictionValue"
"""Value of each answered row of a regression; unit none."""

_ENCODER = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False)
"""As Powertools sets it up, but once and not for every line."""


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
            utc=True,
            use_rfc3339=True,
            json_serializer=_ENCODER.encode,
            json_deserializer=str,  # messages here are words, which it would try to parse as JSON
        )
        self._logger.append_keys(model_version=model_version)
        self._metrics = Metrics(namespace=namespace, service=service)
        self._metric = metric
        self._inner_edges = edges[1:-1]

    def started(self, *, init_ms: float) -> None:
        """Log that this environment is ready."""
        self._logger.info("started", init_ms=round(init_ms, 3))

    def answered(self, **about: Any) -> None:
        """Log a request that was answered; ``about`` holds its id, operation, status, timings."""
        self._logger.info("answered", **about)

    def predicted(self, facts: "Facts", **about: Any) -> None:
        """Log a request that was predicted and emit its scores."""
        self._logger.info(
            "predicted",
            **about,
            rows=len(facts.scores),
            classes=facts.classes,
            nulls=facts.nulls,
            outside=facts.outside,
            advice=facts.advice,
            score_histogram=self._counts(facts.scores),
            infer_ms=round(facts.infer_ms, 3),
        )
        for score in facts.scores:
            self._metrics.add_metric(name=self._metric, unit=MetricUnit.NoUnit, value=score)
        self._metrics.flush_metrics()

    def refused(self, *, title: str, problems: int, **about: Any) -> None:
        """Log a request that the client must mend; its problems quote values, so only their number is logged."""
        self._logger.warning("refused", title=title, problems=problems, **about)

    def failed(self, error: BaseException, **about: Any) -> None:
        """Log an unexpected error: its type and where it happened, never its message, which may quote a value."""
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
            trace = trace.tb_next
        self._logger.error("failed", error=type(error).__name__, frames=frames, **about)

    def _counts(self, scores: "Sequence[float]") -> dict[str, int]:
        """Return bin → scores in it, empty bins left out; a score beyond the edges counts in the outer bins.

        The drift function adds these up over a day, so the bins must be those of the contract's baseline.
        """
        found: dict[str, int] = {}
        for score in scores:
            key = str(bisect_right(self._inner_edges, score))
            found[key] = found.get(key, 0) + 1
        return found
