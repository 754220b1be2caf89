"""Warm capacity: one target from 0, actions in the users' zone."""

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

from infra.peaks import Peak
from infra.schedule import Schedule, load

type Properties = Callable[[Any, str], list[dict[str, Any]]]
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def test_the_target_starts_from_zero_and_owns_the_aliass_capacity(
    prod: Any, properties: Properties, root: Path
) -> None:
    """CDK's own minimum would be 1, day and night."""
    (target,) = properties(prod, TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, load(root / "infra/schedule.toml").largest)
    assert (target["ServiceNamespace"], target["ScalableDimension"]) == (
        "lambda",
        "lambda:function:ProvisionedConcurrency",
    )
    (alias,) = properties(prod, "AWS::Lambda::Alias")
    assert ["function:", alias["FunctionName"], ":live"] == target["ResourceId"]["Fn::Join"][1]


def test_capacity_is_ordered_by_the_services_own_role(prod: Any, properties: Properties) -> None:
    """The role that the CDK would make has no rights at all; every role of the stack can be assumed for a purpose."""
    (target,) = properties(prod, TARGET)
    name = "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"
    assert name in json.dumps(target["RoleARN"])
    principals = [
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        for role in properties(prod, "AWS::IAM::Role")
    ]
    assert sorted(principals) == ["chatbot.amazonaws.com", *["lambda.amazonaws.com"] * 3]


def test_every_action_of_the_schedule_carries_the_zone(prod: Any, properties: Properties, root: Path) -> None:
    """Hour and minute are local; both ends of the capacity are set."""
    (target,) = properties(prod, TARGET)
    schedule = load(root / "infra/schedule.toml")
    wanted = {
        (
            f"cron({action.at.minute} {action.at.hour} ? * {action.week_days} *)",
            schedule.time_zone,
            action.minimum,
            action.maximum,
        )
        for action in schedule.actions
    }
    assert wanted == {
        (
            item["Schedule"],
            item["Timezone"],
            item["ScalableTargetAction"]["MinCapacity"],
            item["ScalableTargetAction"]["MaxCapacity"],
        )
        for item in target["ScheduledActions"]
    }


def test_inside_a_window_capacity_may_follow_use(
    synthesised: Callable[..., Any], properties: Properties
) -> None:
    """Target tracking between minimum and maximum of the window; outside it the maximum is 0."""
    peak = Peak(name="a", days="daily", start=time(6), end=time(8), concurrency=1, max_concurrency=9)
    schedule = Schedule(time_zone="UTC", target_utilization=0.7, peaks=(peak,))
    template = synthesised("dev", schedule=schedule)
    (policy,) = properties(template, "AWS::ApplicationAutoScaling::ScalingPolicy")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 0.7
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
    }
    (target,) = properties(template, TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 9)
