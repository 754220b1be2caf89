"""The topic: encrypted, and open to those who must publish and to nobody else."""

from collections.abc import Callable
from typing import Any

from infra.app import synthesise
from infra.config import load_config

type Properties = Callable[[Any, str], list[dict[str, Any]]]
PUBLISHERS = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
OURS = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_alarms_and_budgets_may_publish_to_the_encrypted_topic(prod: Any, properties: Properties) -> None:
    """Without the grant on topic and key both, messages vanish and nothing says so."""
    (topic,) = prod.find_resources("AWS::SNS::Topic").items()
    (key,) = prod.find_resources("AWS::KMS::Key")
    assert {"Fn::GetAtt": [key, "Arn"]} == topic[1]["Properties"]["KmsMasterKeyId"]
    (policy,) = properties(prod, "AWS::SNS::TopicPolicy")
    deny, allow = policy["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (allow["Effect"], allow["Action"], allow["Principal"]["Service"], allow["Condition"]) == (
        "Allow",
        "sns:Publish",
        PUBLISHERS,
        OURS,
    )
    assert {"Ref": topic[0]} == allow["Resource"]
    (settings,) = properties(prod, "AWS::KMS::Key")
    (grant,) = [s for s in settings["KeyPolicy"]["Statement"] if s.get("Sid") == "Alarms"]
    assert (grant["Action"], grant["Principal"]["Service"], grant["Condition"]) == (
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        PUBLISHERS,
        OURS,
    )
    assert settings["EnableKeyRotation"] is True


def test_slack_reads_alarms_and_can_do_nothing(prod: Any, properties: Properties) -> None:
    """Without a guardrail the channel would have AdministratorAccess."""
    (channel,) = properties(prod, "AWS::Chatbot::SlackChannelConfiguration")
    (topic,) = prod.find_resources("AWS::SNS::Topic")
    (policy,) = prod.find_resources("AWS::IAM::ManagedPolicy").items()
    assert (channel["SlackWorkspaceId"], channel["SlackChannelId"]) == ("T0123", "C0123")
    assert channel["SnsTopicArns"] == [{"Ref": topic}]
    assert channel["GuardrailPolicies"] == [{"Ref": policy[0]}]
    (statement,) = policy[1]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricWidgetImage"]


def test_without_slack_everything_else_works_and_synthesis_warns(
    bundle: Any, contract: Any, tmp_path: Any, synthesised: Callable[..., Any], properties: Properties
) -> None:
    """The alarms still reach the topic."""
    synthesise(config=load_config("dev"), bundle=bundle, contract=contract, out=tmp_path, context={})
    written = "".join(path.read_text() for path in tmp_path.glob("*.json"))
    assert "alarms reach the topic but not Slack" in written
    template = synthesised("dev")
    assert properties(template, "AWS::Chatbot::SlackChannelConfiguration") == []
    assert len(properties(template, "AWS::SNS::Topic")) == 1


def test_the_months_cost_is_notified(
    prod: Any, synthesised: Callable[..., Any], properties: Properties
) -> None:
    """Account-wide, unless the tag is active for cost allocation."""
    (budget,) = properties(prod, "AWS::Budgets::Budget")
    (topic,) = prod.find_resources("AWS::SNS::Topic")
    data = budget["Budget"]
    assert (data["BudgetLimit"], data["TimeUnit"]) == ({"Amount": 20, "Unit": "USD"}, "MONTHLY")
    assert "CostFilters" not in data
    for item in budget["NotificationsWithSubscribers"]:
        assert item["Subscribers"] == [{"Address": {"Ref": topic}, "SubscriptionType": "SNS"}]
    (tagged,) = properties(synthesised("prod", {"budget_by_tag": "true"}), "AWS::Budgets::Budget")
    assert tagged["Budget"]["CostFilters"] == {"TagKeyValue": ["user:service$nightjar-prod"]}
    assert properties(synthesised("dev"), "AWS::Budgets::Budget") == []
