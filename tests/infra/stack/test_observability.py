"""One log group with retention, and metrics read from Lambda's own lines."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.config import RETENTION_DAYS

type Properties = Callable[[Any, str], list[dict[str, Any]]]


def test_log_lines_are_kept_for_the_stages_days(prod: Any, local: Any, properties: Properties) -> None:
    """One group, one retention."""
    for stage, template in (("prod", prod), ("local", local)):
        (group,) = properties(template, "AWS::Logs::LogGroup")
        assert group["RetentionInDays"] == {"prod": 90, "local": 1}[stage]


def test_logs_of_prod_outlive_the_stack_and_others_do_not(prod: Any, local: Any) -> None:
    """A stack that is removed by mistake must not take the evidence with it."""
    policies = [
        item["DeletionPolicy"]
        for template in (prod, local)
        for item in template.find_resources("AWS::Logs::LogGroup").values()
    ]
    assert policies == ["Retain", "Delete"]


def test_every_retention_of_cloudwatch_is_one_that_the_cdk_knows() -> None:
    """The list in the configuration is the service's."""
    from aws_cdk import aws_logs

    assert len(aws_logs.RetentionDays) - 1 == len(RETENTION_DAYS)  # all but INFINITE


@pytest.mark.parametrize(
    ("name", "value", "unit", "pattern"),
    [
        (
            "MaxMemoryUsed",
            "$.record.metrics.maxMemoryUsedMB",
            "Megabytes",
            '{ $.type = "platform.report" }',
        ),
        (
            "InitOnDemand",
            "$.record.metrics.initDurationMs",
            "Milliseconds",
            '{ ($.type = "platform.report") && ($.record.metrics.initDurationMs >= 0) }',
        ),
        (
            "InitProvisioned",
            "$.record.metrics.durationMs",
            "Milliseconds",
            '{ ($.type = "platform.initReport") && '
            '($.record.initializationType = "provisioned-concurrency") }',
        ),
    ],
)
def test_memory_and_initialisation_come_from_platform_lines(
    prod: Any, properties: Properties, name: str, value: str, unit: str, pattern: str
) -> None:
    """On-demand initialisation is in the report, provisioned in its own line; stages do not mix."""
    filters = {
        item["MetricTransformations"][0]["MetricName"]: item
        for item in properties(prod, "AWS::Logs::MetricFilter")
    }
    (group,) = prod.find_resources("AWS::Logs::LogGroup")
    transformation = {
        "MetricName": name,
        "MetricNamespace": "Nightjar/prod",
        "MetricValue": value,
        "Unit": unit,
    }
    wanted = {
        "FilterPattern": pattern,
        "LogGroupName": {"Ref": group},
        "MetricTransformations": [transformation],
    }
    assert wanted == filters[name]
