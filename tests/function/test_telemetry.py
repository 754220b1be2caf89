"""The quick way to write log line and metric writes what Powertools writes, character by character."""

import io
import json
import re
from contextlib import redirect_stdout
from itertools import count
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from hypothesis import given, settings
from hypothesis import strategies as st

from function.predictions import Facts
from function.settings import PROBABILITY_METRIC
from function.telemetry import Telemetry

NUMBERS = count()
EDGES = [0.0, 0.25, 0.5, 0.75, 1.0]
NAMESPACE = "Nightjar"
VERSION = "0123456789ab"
TIMES = re.compile(r'(?<="timestamp":")[^"]+|(?<="Timestamp":)\d+')

scores = st.lists(st.floats(0, 1), min_size=1, max_size=99)
about = st.fixed_dictionaries(
    {"request_id": st.text(max_size=40), "cold": st.booleans()},
    optional={"operation": st.none() | st.text(), "status": st.integers(), "total_ms": st.floats(0, 1e4)},
)


def written(say: Any) -> str:
    """Return what is written, without the times."""
    out = io.StringIO()
    with redirect_stdout(out):
        say()
    return TIMES.sub("now", out.getvalue())


def ours(service: str) -> Telemetry:
    """Return the function's own."""
    return Telemetry(
        service=service,
        namespace=NAMESPACE,
        level="INFO",
        model_version=VERSION,
        metric=PROBABILITY_METRIC,
        edges=EDGES,
    )


def theirs(service: str) -> Logger:
    """Return a logger with Powertools' own formatter."""
    logger = Logger(service=service, level="INFO", location=None, utc=True, use_rfc3339=True)
    logger.append_keys(model_version=VERSION)
    return logger


def measure(service: str, scores: list[float]) -> None:
    """Write the metric by Powertools."""
    metrics = Metrics(namespace=NAMESPACE, service=service)
    for score in scores:
        metrics.add_metric(name=PROBABILITY_METRIC, unit=MetricUnit.NoUnit, value=score)
    if metrics.metric_set:  # the hundredth value has flushed them
        metrics.flush_metrics()
    metrics.clear_metrics()  # every instance has the same dimensions


def services() -> tuple[str, str]:
    """Return names that no logger has, of one length; a logger keeps the stream that it began with."""
    number = next(NUMBERS)
    return f"telemetry-a-{number}", f"telemetry-b-{number}"


@settings(max_examples=50)
@given(
    about=about, scores=scores, counts=st.dictionaries(st.text(), st.integers()), infer_ms=st.floats(0, 1e4)
)
def test_a_prediction_is_logged_and_measured_as_by_powertools(
    about: dict[str, Any], scores: list[float], counts: dict[str, int], infer_ms: float
) -> None:
    """Same keys in the same order, same escapes, nothing that is None."""
    first, second = services()
    histogram: dict[str, int] = {}

    def say() -> None:
        telemetry = ours(first)
        histogram.update(telemetry._counts(scores))
        telemetry.predicted(Facts(scores, counts, 1, 2, 3, infer_ms), **about)

    def reference() -> None:
        theirs(second).info(
            "predicted",
            **about,
            rows=len(scores),
            classes=counts,
            nulls=1,
            outside=2,
            advice=3,
            score_histogram=histogram,
            infer_ms=round(infer_ms, 3),
        )
        measure(second, scores)

    assert written(say) == written(reference).replace(second, first)


@pytest.mark.parametrize("rows", [99, 100, 101, 250])
def test_many_values_take_as_many_lines_as_powertools(rows: int) -> None:
    """A hundred values each; where Powertools puts spaces after the hundredth, there are none."""
    first, second = services()
    scores = [number / rows for number in range(rows)]
    telemetry = ours(first)
    lines = written(lambda: telemetry._metric.emit(scores)).splitlines()
    wanted = written(lambda: measure(second, scores)).replace(second, first).replace('": ', '":')
    times = [re.sub(r'"Timestamp":\d+', '"Timestamp":now', line) for line in wanted.splitlines()]
    assert [line.replace(" ", "") for line in times] == lines


@pytest.mark.parametrize(
    ("method", "level", "message", "keys"),
    [
        ("started", "info", "started", {"init_ms": 12.346}),
        ("answered", "info", "answered", {"operation": "live", "status": 200}),
        ("refused", "warning", "refused", {"title": "No", "problems": 2, "operation": None, "status": 404}),
    ],
)
def test_other_lines_are_powertools_too(
    method: str, level: str, message: str, keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the trace that Lambda names in the environment."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    first, second = services()
    line = written(lambda: getattr(ours(first), method)(**keys))
    assert line == written(lambda: getattr(theirs(second), level)(message, **keys)).replace(second, first)
    assert json.loads(line)["xray_trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"


def test_a_failure_tells_where_and_never_what() -> None:
    """An exception's message may quote a value."""

    def say() -> None:
        try:
            raise ValueError("a secret")
        except ValueError as error:
            ours(services()[0]).failed(error, request_id="r")

    line = written(say)
    document = json.loads(line)
    assert (document["level"], document["error"], document["request_id"]) == ("ERROR", "ValueError", "r")
    assert document["frames"][0].startswith("test_a_failure_tells_where_and_never_what")
    assert "secret" not in line


def test_a_line_of_another_library_is_powertools_own() -> None:
    """Whatever has no ``about``."""
    first, second = services()

    def say() -> None:
        ours(first)._logger.info("words", extra={"key": 1})

    assert written(say) == written(lambda: theirs(second).info("words", key=1)).replace(second, first)


def test_nothing_is_logged_below_the_level() -> None:
    """But the metric is written: it is not a log line."""
    first, _ = services()

    def say() -> None:
        Telemetry(
            service=first, namespace=NAMESPACE, level="ERROR", model_version=VERSION, metric="M", edges=EDGES
        ).predicted(Facts([0.5], {}, 0, 0, 0, 1.0))

    (line,) = written(say).splitlines()
    assert line.endswith('"M":[0.5]}')
