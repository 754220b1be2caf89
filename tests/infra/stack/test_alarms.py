"""Alarms: complete, on the right metrics, with a policy for quiet hours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from function.contract import Contract
from infra.peaks import Peak
from infra.schedule import Schedule

type Properties = Callable[[Any, str], list[dict[str, Any]]]
ALARM = "AWS::CloudWatch::Alarm"


@pytest.fixture(scope="module")
def alarms(prod: Any, properties: Properties) -> dict[str, dict[str, Any]]:
    """Name → properties of each alarm of stage ``prod``."""
    return {item["AlarmName"].removeprefix("nightjar-prod-"): item for item in properties(prod, ALARM)}


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_no_alarm_lacks_an_action_a_policy_or_words(
    synthesised: Callable[..., Any], properties: Properties, stage: str
) -> None:
    """Beginning and end go to the topic; one metric each; the description says what to do first."""
    template = synthesised(stage)
    (topic,) = template.find_resources("AWS::SNS::Topic")
    for alarm in properties(template, ALARM):
        assert [{"Ref": topic}] == alarm["AlarmActions"] == alarm["OKActions"], alarm["AlarmName"]
        assert alarm["TreatMissingData"] in {"notBreaching", "breaching"}
        assert " First: " in alarm["AlarmDescription"]
        assert "Metrics" not in alarm
        assert {"MetricName", "Namespace", "Period"} <= alarm.keys()


def test_what_the_brief_and_the_design_ask_for_is_watched(alarms: dict[str, Any]) -> None:
    """One alarm a concern; the probability has one for each side."""
    wanted = {"errors", "server-errors", "latency", "throttles", "memory", "slow-start", "spillover"}
    wanted |= {"probability-low", "probability-high", "drift", "drift-check", "capacity-absent"}
    assert wanted == set(alarms)


def test_the_mean_probability_is_held_to_the_base_rate(
    alarms: dict[str, Any], contract: Contract, synthesised: Callable[..., Any], properties: Properties
) -> None:
    """A band around it, or numbers that somebody chose."""
    base = contract.outputs.base_rate or 0
    seen = [
        (*(alarms[n][key] for key in ("Threshold", "ComparisonOperator", "Statistic", "Period")),)
        for n in ("probability-low", "probability-high")
    ]
    assert seen == [
        (pytest.approx(base - 0.15, abs=1e-4), "LessThanThreshold", "Average", 86400),
        (pytest.approx(base + 0.15, abs=1e-4), "GreaterThanThreshold", "Average", 86400),
    ]
    chosen = synthesised("dev", {"probability_low": "0.45"})
    low = [a for a in properties(chosen, ALARM) if a["AlarmName"] == "nightjar-dev-probability-low"]
    assert [alarm["Threshold"] for alarm in low] == [0.45]


def test_a_regression_has_no_probability_to_watch(
    synthesised: Callable[..., Any], properties: Properties, contract: Contract
) -> None:
    """Its other alarms stay."""
    other = replace(contract, model=replace(contract.model, task="regression"))
    names = {alarm["AlarmName"] for alarm in properties(synthesised("dev", of=other), ALARM)}
    assert "nightjar-dev-drift" in names
    assert not [name for name in names if "probability" in name]


def test_absent_capacity_alarms_only_where_every_day_has_a_peak(
    alarms: dict[str, Any], synthesised: Callable[..., Any], properties: Properties
) -> None:
    """No provisioned start in a day, and no data is the bad news; a weekend without peaks would alarm."""
    absent = alarms["capacity-absent"]
    assert (absent["MetricName"], absent["Statistic"], absent["Period"]) == (
        "InitProvisioned",
        "SampleCount",
        86400,
    )
    assert (absent["TreatMissingData"], absent["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    peak = Peak(name="a", days="weekdays", start=time(6), end=time(8), concurrency=1)
    weekdays = synthesised("dev", schedule=Schedule(time_zone="UTC", peaks=(peak,)))
    names = {alarm["AlarmName"] for alarm in properties(weekdays, ALARM)}
    assert "nightjar-dev-spillover" in names
    assert "nightjar-dev-capacity-absent" not in names


def test_thresholds_are_the_stages(synthesised: Callable[..., Any], properties: Properties) -> None:
    """Each setting reaches its alarm."""
    context = {
        "memory_mb": 1000,
        "memory_alarm_share": 0.5,
        "latency_alarm_ms": 77,
        "init_alarm_ms": 88,
        "drift_alarm_psi": 0.5,
    }
    found = {a["AlarmName"]: a["Threshold"] for a in properties(synthesised("dev", context), ALARM)}
    names = ("memory", "latency", "slow-start", "drift")
    assert [found[f"nightjar-dev-{name}"] for name in names] == [500, 77, 88, 0.5]
