"""What a synthesised template says that costs money, read from the template and nothing else."""

__all__ = ["StackFacts", "load_template", "read_template"]

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.capacity.errors import InputError
from infra.capacity.orders import Order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

type Metric = tuple[str, str, str]
"""Namespace, name, dimensions."""

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_CRON = re.compile(r"cron\((\d+) (\d+) \? \* ([A-Z,]+) \*\)")
_MEMORY_MB, _TIMEOUT_S = 128, 3
"""Of a function that says nothing. Source: AWS::Lambda::Function, CloudFormation user guide."""

_GATEWAY_TIMEOUT_MS = 30_000
"""Of an integration that says nothing. Source: AWS::ApiGatewayV2::Integration, CloudFormation user guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFacts:
    """What a stack is charged for, beside its traffic.

    Attributes:
        memory_mb: Of the function that the alias serves.
        timeout_s: Its longest request.
        gateway_timeout_s: When the gateway gives up.
        architecture: Of its processor.
        reserved_concurrency: Its environments at once; None: the account's limit.
        is_image: Whether it is a container image.
        orders: Scheduled capacity of a week, by minute.
        target: Utilisation that target tracking holds; 0 without.
        metrics: Metrics of our own that alarms, dashboard and metric filters name.
        alarms: Metrics in alarms.
        dashboards: How many.
        retention_days: Of the log group.
        keys: Customer keys.
        access_log_format: Of the gateway; empty without.
        daily_functions: Functions that a rule starts once a day.
    """

    memory_mb: int
    timeout_s: int
    gateway_timeout_s: float
    architecture: str
    reserved_concurrency: int | None
    is_image: bool
    orders: tuple[Order, ...]
    target: float
    metrics: frozenset[Metric]
    alarms: int
    dashboards: int
    retention_days: int
    keys: int
    access_log_format: str
    daily_functions: int


def load_template(path: "Path") -> StackFacts:
    """Read a template's file.

    Raises:
        InputError: It cannot be read, or is not a template of this project; the message names it.
    """
    try:
        return read_template(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the template {path}: {error}; run make synth STAGE=prod") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{path} is no template of this project: {error!r}; run make synth again") from error


def read_template(template: dict[str, Any]) -> StackFacts:
    """Read a template.

    Raises:
        KeyError, TypeError, ValueError, IndexError: It has another shape.
    """
    resources: dict[str, dict[str, Any]] = template["Resources"]

    def each(kind: str) -> "Iterator[dict[str, Any]]":
        return (item.get("Properties", {}) for item in resources.values() if item["Type"] == kind)

    aliases = list(each("AWS::Lambda::Alias"))
    served = resources[aliases[0]["FunctionName"]["Ref"]]["Properties"]
    alarms = list(each("AWS::CloudWatch::Alarm"))
    dashboards = [json.loads(_text(item["DashboardBody"])) for item in each("AWS::CloudWatch::Dashboard")]
    targets = list(each("AWS::ApplicationAutoScaling::ScalableTarget"))
    tracked = [
        item["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for item in each("AWS::ApplicationAutoScaling::ScalingPolicy")
    ]
    stage = next(each("AWS::ApiGatewayV2::Stage"), {})
    integration = next(each("AWS::ApiGatewayV2::Integration"), {})
    return StackFacts(
        memory_mb=int(served.get("MemorySize", _MEMORY_MB)),
        timeout_s=int(served.get("Timeout", _TIMEOUT_S)),
        gateway_timeout_s=integration.get("TimeoutInMillis", _GATEWAY_TIMEOUT_MS) / 1000,
        architecture=served.get("Architectures", ["x86_64"])[0],
        reserved_concurrency=served.get("ReservedConcurrentExecutions"),
        is_image="ImageUri" in served["Code"],
        orders=tuple(
            sorted(
                (
                    order
                    for item in targets
                    for action in item.get("ScheduledActions", ())
                    for order in _orders(action)
                ),
                key=lambda order: order.minute,
            )
        ),
        target=float(tracked[0]) if tracked else 0.0,
        metrics=frozenset(
            metric
            for metric in (
                *(metric for alarm in alarms for metric in _alarm_metrics(alarm)),
                *(metric for body in dashboards for metric in _dashboard_metrics(body)),
                *(_filter_metric(item) for item in each("AWS::Logs::MetricFilter")),
            )
            if not metric[0].startswith("AWS/")
        ),
        alarms=sum(max(1, len(list(_alarm_metrics(alarm)))) for alarm in alarms),
        dashboards=len(dashboards),
        retention_days=max(
            (int(item.get("RetentionInDays", 0)) for item in each("AWS::Logs::LogGroup")), default=0
        ),
        keys=len(list(each("AWS::KMS::Key"))),
        access_log_format=_text(stage.get("AccessLogSettings", {}).get("Format", "")),
        daily_functions=sum(
            len(item.get("Targets", ()))
            for item in each("AWS::Events::Rule")
            if re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", str(item.get("ScheduleExpression")))
        ),
    )


def _orders(action: dict[str, Any]) -> "Iterator[Order]":
    """Yield the changes of one scheduled action, one for each of its days.

    Raises:
        ValueError: It is no weekly action.
    """
    matched = _CRON.fullmatch(str(action["Schedule"]))
    if matched is None:
        raise ValueError(
            f"a capacity schedule is {action['Schedule']!r}, wanted cron(minute hour ? * days *)"
        )
    wanted = action["ScalableTargetAction"]
    for day in matched[3].split(","):
        yield Order(
            minute=_DAYS.index(day) * 1440 + int(matched[2]) * 60 + int(matched[1]),
            minimum=int(wanted["MinCapacity"]),
            maximum=int(wanted["MaxCapacity"]),
        )


def _alarm_metrics(alarm: dict[str, Any]) -> "Iterator[Metric]":
    if "MetricName" in alarm:
        yield alarm["Namespace"], alarm["MetricName"], _dimensions(alarm.get("Dimensions", ()))
    for query in alarm.get("Metrics", ()):
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            yield metric["Namespace"], metric["MetricName"], _dimensions(metric.get("Dimensions", ()))


def _dimensions(dimensions: Any) -> str:
    return ",".join(sorted(f"{item['Name']}={_text(item['Value'])}" for item in dimensions))


def _filter_metric(properties: dict[str, Any]) -> Metric:
    made = properties["MetricTransformations"][0]
    return made["MetricNamespace"], made["MetricName"], ""


def _dashboard_metrics(body: dict[str, Any]) -> "Iterator[Metric]":
    """Yield what the widgets draw. Source: dashboard body structure and syntax, CloudWatch API reference."""
    for widget in body["widgets"]:
        for row in widget.get("properties", {}).get("metrics", ()):
            names = [item for item in row if isinstance(item, str)]
            if len(names) >= 2:
                pairs = zip(names[2::2], names[3::2], strict=True)
                yield names[0], names[1], ",".join(sorted(f"{name}={value}" for name, value in pairs))


def _text(value: Any) -> str:
    """Return a text of the template, with its references as names."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return str(separator).join(_text(part) for part in parts)
        return "-".join(str(item) for item in value.values()) if len(value) == 1 else ""
    return str(value)
