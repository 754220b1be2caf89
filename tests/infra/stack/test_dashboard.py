"""The dashboard's four graphs, read back from the template."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from function.contract import Contract
from function.settings import METRICS_NAMESPACE, PROBABILITY_METRIC, VALUE_METRIC


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


@pytest.mark.parametrize(
    ("task", "title", "unit"),
    [
        ("decision", "Decision value: the answered class", "decision value (above 0: this class)"),
        ("outlier", "How usual a row is: the model's own score", "score (below 0: outlier)"),
        ("clustering", "Distance to the nearest cluster", "distance"),
    ],
)
def test_other_tasks_show_what_they_answer(
    synthesised: Callable[..., Any], contract: Contract, task: Any, title: str, unit: str
) -> None:
    """The metric is the one that the function emits for every task but classification."""
    outputs = replace(contract.outputs, positive=None, base_rate=None)
    other = replace(contract, outputs=outputs, model=replace(contract.model, task=task))
    widget = _widgets(synthesised("dev", of=other))[title]
    assert {VALUE_METRIC} == {name for _, name, _, _ in _series(widget)}
    assert widget["yAxis"]["left"] == {"label": unit, "showUnits": False}


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


def test_no_expression_has_a_name_that_is_not_a_metric(widgets: dict[str, Any]) -> None:
    """CloudWatch would draw nothing; an exponent, as in 8e-09, reads as a name."""
    checked = 0
    for widget in widgets.values():
        styles = [metric[-1] for metric in widget["metrics"]]
        known = {style["id"] for style in styles if "id" in style}
        for style in styles:
            if "expression" in style:
                assert set(re.findall(r"[A-Za-z]\w*", style["expression"])) <= known
                checked += 1
    assert checked == 2


def test_the_cost_of_use_is_what_the_requests_cost(widgets: dict[str, Any]) -> None:
    """200,000 requests of 3 s at 512 MB: 0.04 for the requests, 5.00 for the time, 0.24 for the gateway."""
    (expression,) = [
        style["expression"]
        for *_, style in widgets["Estimated cost of use"]["metrics"]
        if "expression" in style
    ]
    numbers = {"calls": 200_000, "busy": 200_000 * 3000, "answers": 200_000}
    usd = sum(numbers[name] * float(price) for name, price in re.findall(r"(\w+) \* ([\d.]+)", expression))
    assert pytest.approx(0.04 + 600_000 * 0.5 * 0.0000166667 + 0.24, rel=1e-4) == usd


def test_every_graph_survives_quiet_hours(widgets: dict[str, Any]) -> None:
    """At least 5 minutes a point, so rare requests are seen; every line has a name, every axis a unit."""
    for title, widget in widgets.items():
        assert widget["yAxis"]["left"]["label"], title
        for *_, style in widget["metrics"]:
            assert style.get("period", 300) >= 300, title
            assert style.get("visible") is False or "label" in style, title


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        (
            "How long callers wait, against the promised 10 s",
            {("AWS/ApiGateway", "Latency", statistic) for statistic in ("p50", "p90", "p99")},
        ),
        (
            "Refused and failed requests",
            {
                ("AWS/ApiGateway", "4xx", "Sum"),
                ("AWS/ApiGateway", "5xx", "Sum"),
                ("AWS/Lambda", "Throttles", "Sum"),
            },
        ),
        (
            "Simultaneous requests and warm capacity",
            {
                ("AWS/Lambda", "ConcurrentExecutions", "Maximum"),
                ("AWS/Lambda", "ProvisionedConcurrentExecutions", "Maximum"),
                ("AWS/Lambda", "ProvisionedConcurrencySpilloverInvocations", "Sum"),
            },
        ),
        ("Warm capacity in use", {("AWS/Lambda", "ProvisionedConcurrencyUtilization", "Maximum")}),
        ("Drift: how far a day's scores are from training", {("Nightjar", "ScoreDrift", "Maximum")}),
    ],
)
def test_the_other_graphs_show_what_their_titles_say(
    widgets: dict[str, Any], title: str, wanted: set[tuple[str, str, str]]
) -> None:
    """Namespace, metric and statistic; Lambda's are the alias's."""
    series = _series(widgets[title])
    assert wanted == {(namespace, name, statistic) for namespace, name, _, statistic in series}
    for namespace, _, dimensions, _ in series:
        assert namespace != "AWS/Lambda" or dimensions["Resource"] == "<function>:live"


def test_at_most_five_metrics_are_our_own(prod: Any, widgets: dict[str, Any]) -> None:
    """Each costs as much as three alarms; what is drawn, watched or filtered is counted."""
    drawn = {
        tuple(metric[:2])
        for widget in widgets.values()
        for metric in widget["metrics"]
        if len(metric) > 1 and not metric[0].startswith("AWS/")
    }
    alarms = [item["Properties"] for item in prod.find_resources("AWS::CloudWatch::Alarm").values()]
    watched = {(a["Namespace"], a["MetricName"]) for a in alarms if not a["Namespace"].startswith("AWS/")}
    filters = [item["Properties"] for item in prod.find_resources("AWS::Logs::MetricFilter").values()]
    filtered = {(t["MetricNamespace"], t["MetricName"]) for f in filters for t in f["MetricTransformations"]}
    assert len(drawn | watched | filtered) == 5
