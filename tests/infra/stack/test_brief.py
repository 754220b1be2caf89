"""One assertion a row of the brief, named after it.

The numbering is the brief's as far as the project's records tell it; the brief numbers NFR-3 twice, so that cost
is NFR-2 here and scaling NFR-3.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle
from infra.config import load_config

type Properties = Callable[[Any, str], list[dict[str, Any]]]


def test_fr1_the_api_answers_predictions(prod: Any, properties: Properties) -> None:
    """POST /predictions reaches the function."""
    (integration,) = prod.find_resources("AWS::ApiGatewayV2::Integration")
    routes = {r["RouteKey"]: r["Target"] for r in properties(prod, "AWS::ApiGatewayV2::Route")}
    assert {"Ref": integration} in routes["POST /predictions"]["Fn::Join"][1]


def test_fr2_what_is_deployed_is_the_onnx_model(bundle: Bundle, contract: Contract, tmp_path: Path) -> None:
    """The image's context holds the graph that the contract describes, and no estimator."""
    synthesise(config=load_config("dev"), bundle=bundle, contract=contract, out=tmp_path, context={})
    (image,) = json.loads((tmp_path / "Nightjar-dev.assets.json").read_text())["dockerImages"].values()
    files = list((tmp_path / image["source"]["directory"]).rglob("*"))
    graph = [file for file in files if file.suffix == ".onnx"]
    assert [contract.model.size_bytes] == [file.stat().st_size for file in graph]
    assert not [file for file in files if file.suffix in {".pkl", ".joblib", ".skops"}]


def test_fr3_one_dashboard_shows_the_four_metrics(prod: Any, properties: Properties) -> None:
    """Invocations and errors, prediction probability, memory in MB, initialisation time."""
    (dashboard,) = properties(prod, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard)
    for name in ("Invocations", "Errors", "PredictionProbability", "MaxMemoryUsed", "InitOnDemand"):
        assert f'\\"{name}\\"' in body


def test_fr4_an_alarm_on_the_probability_reaches_slack(prod: Any, properties: Properties) -> None:
    """Alarm, topic and channel are connected."""
    (channel,) = properties(prod, "AWS::Chatbot::SlackChannelConfiguration")
    actions = [
        alarm["AlarmActions"]
        for alarm in properties(prod, "AWS::CloudWatch::Alarm")
        if alarm["MetricName"] == "PredictionProbability"
    ]
    assert actions
    assert all(action == channel["SnsTopicArns"] for action in actions)


def test_nfr1_an_answer_comes_within_ten_seconds(prod: Any, properties: Properties) -> None:
    """The gateway gives up before."""
    (integration,) = properties(prod, "AWS::ApiGatewayV2::Integration")
    assert integration["TimeoutInMillis"] < 10_000


def test_nfr2_nothing_costs_while_nobody_asks(prod: Any, properties: Properties) -> None:
    """No warm capacity outside the peaks, few metrics, logs that end, and a budget."""
    (target,) = properties(prod, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["MinCapacity"] == 0
    assert "RetentionInDays" in properties(prod, "AWS::Logs::LogGroup")[0]
    assert len(properties(prod, "AWS::Budgets::Budget")) == 1
    assert "LambdaInsights" not in json.dumps(prod.to_json())
    own = {
        (alarm["Namespace"], alarm["MetricName"])
        for alarm in properties(prod, "AWS::CloudWatch::Alarm")
        if not alarm["Namespace"].startswith("AWS/")
    }
    assert len(own) <= 5


def test_nfr3_capacity_is_ready_for_two_peaks_a_day(prod: Any, properties: Properties) -> None:
    """After waking and before bed, every day, in the users' time zone."""
    (target,) = properties(prod, "AWS::ApplicationAutoScaling::ScalableTarget")
    ups = [a for a in target["ScheduledActions"] if a["ScalableTargetAction"]["MinCapacity"]]
    days = [day for a in ups for day in a["Schedule"].split()[4].split(",")]
    assert {days.count(day) for day in ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")} == {2}
    assert {action["Timezone"] for action in target["ScheduledActions"]} == {"Europe/Berlin"}


def test_nfr4_nobody_calls_without_leave_and_no_role_may_do_anything(
    prod: Any, properties: Properties
) -> None:
    """Every route is authorised; wildcard resources are three, each for an action that knows no other."""
    assert all(r["AuthorizationType"] == "JWT" for r in properties(prod, "AWS::ApiGatewayV2::Route"))
    statements = [
        statement
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for policy in properties(prod, type_)
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    wide = [s["Action"] for s in statements if s["Resource"] == "*"]
    wanted = [
        "logs:GetQueryResults",
        ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricWidgetImage"],
    ]
    assert sorted(map(str, wanted)) == sorted(map(str, wide))
    assert not [s for s in statements if "*" in json.dumps(s["Action"])]


def test_nfr5_all_lines_are_json_in_one_place(prod: Any, properties: Properties, inference: Any) -> None:
    """Function, Lambda and gateway write to the same group, which is of the standard class."""
    (group,) = prod.find_resources("AWS::Logs::LogGroup").items()
    logging = inference(prod)["LoggingConfig"]
    assert (logging["LogFormat"], logging["LogGroup"]) == ("JSON", {"Ref": group[0]})
    (stage,) = properties(prod, "AWS::ApiGatewayV2::Stage")
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": [group[0], "Arn"]}
    assert group[1]["Properties"].get("LogGroupClass", "STANDARD") == "STANDARD"
