"""Metric filters against lines as Lambda writes them.

The lines are the examples of Lambda's documentation of its JSON log events, completed with the fields of the
Telemetry API's schema; recorded 2026-11.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

type Properties = Callable[[Any, str], list[dict[str, Any]]]

METRICS: dict[str, Any] = {
    "billedDurationMs": 2,
    "durationMs": 1.27,
    "maxMemoryUsedMB": 64,
    "memorySizeMB": 512,
}
REPORT: dict[str, Any] = {
    "time": "2026-11-20T05:50:00.000Z",
    "type": "platform.report",
    "record": {"requestId": "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa", "metrics": METRICS, "status": "success"},
}
COLD = REPORT | {"record": REPORT["record"] | {"metrics": METRICS | {"initDurationMs": 142.5}}}
INIT: dict[str, Any] = {
    "time": "2026-11-20T05:46:00.000Z",
    "type": "platform.initReport",
    "record": {
        "initializationType": "provisioned-concurrency",
        "phase": "init",
        "status": "success",
        "metrics": {"durationMs": 125.33},
    },
}
ON_DEMAND_INIT = INIT | {"record": INIT["record"] | {"initializationType": "on-demand"}}
START = {"time": "t", "type": "platform.start", "record": {"requestId": "r", "version": "3"}}
OURS = {"level": "INFO", "message": "predicted", "rows": 1, "service": "nightjar-prod"}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (REPORT, {"MaxMemoryUsed": 64}),
        (COLD, {"MaxMemoryUsed": 64, "InitOnDemand": 142.5}),
        (INIT, {"InitProvisioned": 125.33}),
        (ON_DEMAND_INIT, {}),
        (START, {}),
        (OURS, {}),
    ],
)
def test_a_line_becomes_the_metrics_that_it_should(
    prod: Any, properties: Properties, line: dict[str, Any], wanted: dict[str, float]
) -> None:
    """Memory from every report, initialisation on demand and provisioned apart."""
    found = {}
    for item in properties(prod, "AWS::Logs::MetricFilter"):
        (transformation,) = item["MetricTransformations"]
        if _matches(item["FilterPattern"], json.loads(json.dumps(line))):
            found[transformation["MetricName"]] = _at(line, transformation["MetricValue"])
    assert wanted == found


def _at(line: Any, selector: str) -> Any:
    """Return what a selector such as ``$.record.metrics`` finds; None for nothing."""
    for name in selector.removeprefix("$.").split("."):
        line = line.get(name) if isinstance(line, dict) else None
    return line


def _matches(pattern: str, line: Any) -> bool:
    """Evaluate the part of the filter language that the stack uses: ``=`` with texts, ``>=``, ``&&``."""
    body = re.fullmatch(r"\{ (.*) \}", pattern)
    assert body, pattern
    for condition in body[1].split(" && "):
        parts = re.fullmatch(r'\(?(\$[\w.]+) (=|>=) ("[^"]*"|\d+)\)?', condition)
        assert parts, f"{condition!r} is beyond this evaluator"
        value, wanted = _at(line, parts[1]), json.loads(parts[3])
        if value is None or not (value == wanted if parts[2] == "=" else value >= wanted):
            return False
    return True


def test_only_the_inference_functions_lines_reach_the_filters(prod: Any, properties: Properties) -> None:
    """At WARN Lambda writes no report of a run that succeeded, so the daily comparison is not measured."""
    levels = {
        function["Description"]: function["LoggingConfig"]["SystemLogLevel"]
        for function in properties(prod, "AWS::Lambda::Function")
        if "LoggingConfig" in function
    }
    assert sorted(levels.values()) == ["INFO", "WARN"]
    assert levels["Compares the day's scores with training"] == "WARN"
