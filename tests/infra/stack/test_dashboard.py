"""The dashboard's four graphs, read back from the template."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from function.contract import Contract
from function.settings import METRICS_NAMESPACE
from function.telemetry import PROBABILITY_METRIC, VALUE_METRIC


def _widgets(template: Any) -> dict[str, Any]:
    """Return title → properties, references as ``<Ref>``."""
    (dashboard,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    names = dict.fromkeys(template.find_resources("AWS::Lambda::Function"), "<function>")
    names |= dict.fromkeys(template.find_resources("AWS::ApiGatewayV2::Api"), "<api>")
    text = "".join(part if isinstance(part, str) else names.get(part["Ref"], "<region>") for part in parts)
    return {widget["properties"]["title"]: widget["properties"] for widget in json.loads(text)["widgets"]}


@pytest.fixture(scope="module")
def widgets(prod: Any) -> dict[str, Any]:
    """The graphs of stage ``prod``."""
    return _widgets(prod)


def _series(widget: Any) -> list[tuple[str, str, dict[str, str], str]]:
    """Return (namespace, name, dimensions, statistic) of each line."""
    series = []
    for *path, style in widget["metrics"]:
        namespace, name, *dimensions = path
        pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        series.append((namespace, name, pairs, style.get("stat", "Average")))
    return series


def test_there_is_one_dashboard_with_the_briefs_four_graphs_first(prod: Any, widgets: dict[str, Any]) -> None:
    """Titles that a newcomer understands, a unit on every axis."""
    prod.resource_count_is("AWS::CloudWatch::Dashboard", 1)
    assert [(title, widget["yAxis"]["left"]["label"]) for title, widget in widgets.items()] == [
        ("Invocations and errors", "requests per 5 minutes"),
        ("Prediction probability: 8_hours_or_more", "probability"),
        ("Maximum memory used", "MB"),
        ("Initialisation time", "ms"),
        ("How long callers wait, against the promised 10 s", "ms"),
        ("Refused and failed requests", "requests per 5 minutes"),
        ("Simultaneous requests and warm capacity", "requests"),
        ("Warm capacity in use", "share (1 = all)"),
        ("Cold starts", "% of requests per hour"),
        ("Drift: how far a day's scores are from training", "population stability index"),
        ("Estimated cost of use", "USD per hour"),
    ]


def test_invocations_and_errors_are_the_aliass(widgets: dict[str, Any]) -> None:
    """The function's own would count self-tests."""
    alias = {"FunctionName": "<function>", "Resource": "<function>:live"}
    assert [
        ("AWS/Lambda", "Invocations", alias, "Sum"),
        ("AWS/Lambda", "Errors", alias, "Sum"),
    ] == _series(widgets["Invocations and errors"])


def test_the_probability_is_the_functions_own_metric_beside_the_base_rate(
    widgets: dict[str, Any], contract: Contract
) -> None:
    """Namespace, name and dimension are those that the function emits."""
    widget = widgets["Prediction probability: 8_hours_or_more"]
    service = {"service": "nightjar-prod"}
    assert [
        (METRICS_NAMESPACE, PROBABILITY_METRIC, service, statistic) for statistic in ("Average", "p10", "p90")
    ] == _series(widget)
    assert [contract.outputs.base_rate] == [line["value"] for line in widget["annotations"]["horizontal"]]
    assert (widget["yAxis"]["left"]["min"], widget["yAxis"]["left"]["max"]) == (0, 1)


def test_a_regression_shows_its_value(synthesised: Callable[..., Any], contract: Contract) -> None:
    """The contract says what the model answers; a value has no limits and its own unit."""
    outputs = replace(contract.outputs, positive=None, label=None, unit="hours", base_rate=None)
    regression = replace(contract, outputs=outputs, model=replace(contract.model, task="regression"))
    widget = _widgets(synthesised("prod", of=regression))["Predicted value"]
    assert {VALUE_METRIC} == {name for _, name, _, _ in _series(widget)}
    assert widget["yAxis"]["left"] == {"label": "hours", "showUnits": False}


def test_memory_is_shown_against_its_limit(widgets: dict[str, Any]) -> None:
    """The largest, in MB."""
    widget = widgets["Maximum memory used"]
    assert _series(widget) == [("Nightjar/prod", "MaxMemoryUsed", {}, "Maximum")]
    assert [line["value"] for line in widget["annotations"]["horizontal"]] == [512]


def test_initialisation_on_demand_and_provisioned_are_apart(widgets: dict[str, Any]) -> None:
    """Only the first kind makes a person wait."""
    assert [
        ("Nightjar/prod", name, {}, statistic)
        for name in ("InitOnDemand", "InitProvisioned")
        for statistic in ("Average", "Maximum")
    ] == _series(widgets["Initialisation time"])
