"""Where alarms go: one encrypted topic, and Slack and a budget beside it."""

__all__ = ["Notifications"]

from aws_cdk import (
    Acknowledgment,
    Annotations,
    Duration,
    RemovalPolicy,
    Stack,
    Validations,
    aws_budgets,
    aws_chatbot,
    aws_iam,
    aws_kms,
    aws_sns,
)
from constructs import Construct

from infra.config import StageConfig

_PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")


class Notifications(Construct):
    """The topic of all alarms.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage: Slack and budget.

    Attributes:
        topic: Where alarms are published.
    """

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(scope, id_)
        key = aws_kms.Key(
            self,
            "Key",
            description=f"Alarms of {config.service}",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.topic = aws_sns.Topic(
            self, "Topic", display_name=f"{config.service} alarms", master_key=key, enforce_ssl=True
        )
        # The SSL rule replaces the default policy, so that without these two grants alarms vanish unseen.
        publishers = [aws_iam.ServicePrincipal(name) for name in _PUBLISHERS]
        ours = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        self.topic.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="Alarms",
                principals=list(publishers),
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=ours,
            )
        )
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="Alarms",
                principals=list(publishers),
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key's policy: this key
                conditions=ours,
            )
        )
        if config.slack_workspace_id:
            self._slack(config)
        elif config.stage != "local":
            Annotations.of(self).add_warning_v2(
                "nightjar:slack",
                "alarms reach the topic but not Slack: give -c slack_workspace_id=… and -c slack_channel_id=…",
            )
        if config.budget_usd:
            self._budget(config)

    def _slack(self, config: StageConfig) -> None:
        """Alarms are read in the channel; nothing can be done from it.

        The default guardrail is AdministratorAccess.
        """
        statement = aws_iam.PolicyStatement(
            # Neither action can be limited to one dashboard or alarm.
            actions=["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricWidgetImage"],
            resources=["*"],
        )
        policy = aws_iam.ManagedPolicy(self, "ReadAlarms", statements=[statement])
        role = aws_iam.Role(
            self,
            "SlackRole",
            assumed_by=aws_iam.ServicePrincipal("chatbot.amazonaws.com"),
            managed_policies=[policy],
        )
        aws_chatbot.SlackChannelConfiguration(
            self,
            "Slack",
            slack_channel_configuration_name=config.service,
            slack_workspace_id=config.slack_workspace_id,
            slack_channel_id=config.slack_channel_id,
            notification_topics=[self.topic],
            role=role,
            guardrail_policies=[policy],
        )
        Validations.of(policy).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]",
                reason="reading alarms and graphs has no narrower resource",
            )
        )

    def _budget(self, config: StageConfig) -> None:
        budget = aws_budgets.CfnBudget.BudgetDataProperty(
            budget_name=config.service,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=aws_budgets.CfnBudget.SpendProperty(amount=config.budget_usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:service${config.service}"]}
            if config.budget_by_tag
            else None,
        )
        subscriber = aws_budgets.CfnBudget.SubscriberProperty(
            address=self.topic.topic_arn, subscription_type="SNS"
        )
        aws_budgets.CfnBudget(
            self,
            "Budget",
            budget=budget,
            notifications_with_subscribers=[
                aws_budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=aws_budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )
