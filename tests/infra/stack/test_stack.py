"""The stack as a whole: outputs, order, updates, and what it must not contain."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from function.contract import Contract
from infra.schedule import NO_PEAKS

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def test_outputs_say_where_things_are(prod: Any) -> None:
    """Names that scripts and people use."""
    wanted = {"ApiId", "ApiUrl", "DashboardName", "DashboardUrl", "FunctionName", "LogGroupName", "TopicArn"}
    assert wanted == set(prod.find_outputs("*"))


def test_dev_and_local_have_the_same_resources(synthesised: Callable[..., Any], local: Any) -> None:
    """What is tried locally is what is deployed; only the packaging and the callers differ."""
    types = [
        sorted(item["Type"] for item in template.to_json()["Resources"].values())
        for template in (synthesised("dev"), local)
    ]
    assert types[0] == types[1]


@pytest.mark.parametrize("change", ["model", "schedule", "scaled to zero"])
def test_an_update_keeps_one_owner_of_capacity_and_proves_before_it_moves(
    prod: Any, synthesised: Callable[..., Any], contract: Contract, change: str
) -> None:
    """Whatever changes: one target, nothing on alias or version, trigger before both; callers keep their address."""
    match change:
        case "model":
            other = synthesised("prod", of=replace(contract, model=replace(contract.model, version="0" * 12)))
        case "schedule":
            other = synthesised("prod", {"schedule": ""})
        case _:
            other = synthesised("prod", schedule=NO_PEAKS)
    for template in (prod, other):
        resources = template.to_json()["Resources"]
        for item in resources.values():
            if item["Type"] in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}:
                assert "ProvisionedConcurrency" not in json.dumps(item)
        (trigger,) = template.find_resources("Custom::Trigger")
        (alias,) = template.find_resources("AWS::Lambda::Alias").values()
        (target,) = template.find_resources(TARGET).values()
        assert trigger in alias["DependsOn"]
        assert trigger in target["DependsOn"]
    for type_ in ("AWS::Lambda::Alias", TARGET, "AWS::ApiGatewayV2::Api", "AWS::Lambda::Function"):
        assert set(prod.find_resources(type_)) == set(other.find_resources(type_))
    triggers = [json.dumps(t.find_resources("Custom::Trigger"), sort_keys=True) for t in (prod, other)]
    assert (triggers[0] != triggers[1]) == (change == "model")
    (target,) = other.find_resources(TARGET).values()
    if change != "model":
        assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (0, 0)


def test_the_trigger_invokes_the_version_that_the_alias_gets(prod: Any) -> None:
    """And an old version is kept to go back to."""
    (version,) = prod.find_resources("AWS::Lambda::Version").items()
    (trigger,) = prod.find_resources("Custom::Trigger").values()
    assert {"Ref": version[0]} == trigger["Properties"]["HandlerArn"]
    assert (version[1]["DeletionPolicy"], version[1]["UpdateReplacePolicy"]) == ("Retain", "Retain")
