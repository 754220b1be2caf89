"""The daily comparison of scores with training: a small function, a schedule, one metric."""

__all__ = ["Drift"]

import json
from pathlib import Path

from aws_cdk import (
    Acknowledgment,
    Duration,
    Validations,
    aws_cloudwatch,
    aws_events,
    aws_events_targets,
    aws_iam,
    aws_lambda,
    aws_logs,
)
from constructs import Construct

from function.contract import Contract
from function.settings import METRICS_NAMESPACE
from infra.config import StageConfig

_CODE = Path(__file__).parent / "drift_function"


class Drift(Construct):
    """Reads the day's score counts from the one log group and emits the population stability index.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage.
        contract: Its baseline is what the day is compared with.
        log_group: Read, and written to.

    Attributes:
        index: The metric.
        errors: Days on which the comparison itself failed.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        contract: Contract,
        log_group: aws_logs.LogGroup,
    ) -> None:
        super().__init__(scope, id_)
        role = aws_iam.Role(self, "Role", assumed_by=aws_iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        log_group.grant(role, "logs:StartQuery")
        # A query's results have no resource of their own. Source: service authorisation reference, CloudWatch Logs.
        results = aws_iam.PolicyStatement(actions=["logs:GetQueryResults"], resources=["*"])
        role.add_to_policy(results)
        function = aws_lambda.Function(
            self,
            "Function",
            description="Compares the day's scores with training",
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            handler="drift.handler",
            code=aws_lambda.Code.from_asset(str(_CODE), exclude=["__pycache__", "__init__.py"]),
            environment={
                "BASELINE": json.dumps(contract.baseline["score"]["counts"]),
                "LOG_GROUP": log_group.log_group_name,
                "NAMESPACE": METRICS_NAMESPACE,
                "SERVICE": config.service,
            },
            log_group=log_group,
            logging_format=aws_lambda.LoggingFormat.JSON,
            # Its reports would count as the inference function's: the metric filters read the one group. Only a
            # report of a run that failed is at WARN. Source: "System log level event mapping", Lambda guide,
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
            system_log_level_v2=aws_lambda.SystemLogLevel.WARN,
            memory_size=128,
            role=role,
            timeout=Duration.minutes(2),
        )
        aws_events.Rule(
            self,
            "Daily",
            schedule=aws_events.Schedule.cron(minute="15", hour="0"),
            targets=[aws_events_targets.LambdaFunction(function, retry_attempts=2)],
        )
        Validations.of(role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]", reason="logs:GetQueryResults knows no narrower resource"
            )
        )
        Validations.of(function).acknowledge(
            Acknowledgment(id="AwsSolutions-L1", reason="3.13, as the inference function")
        )
        self.index = aws_cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="ScoreDrift",
            dimensions_map={"service": config.service},
            statistic="Maximum",
            period=Duration.days(1),
        )
        self.errors = function.metric_errors(statistic="Sum", period=Duration.days(1))
