"""Warm capacity on a schedule.

The scalable target owns the provisioned concurrency. With a number on alias or version as well, a deployment
after the schedule reached 0 would fail. Source: https://github.com/aws/aws-cdk/issues/29992

The target exists without peaks too, at 0: taking it out of the stack would leave what it had ordered, at its
price. Source: https://github.com/aws/aws-cdk/issues/31507
"""

__all__ = ["Scaling"]

from aws_cdk import Stack, TimeZone, aws_applicationautoscaling, aws_iam, aws_lambda
from constructs import Construct

from infra.schedule import Schedule


class Scaling(Construct):
    """Orders capacity before each peak and takes it away after it.

    Args:
        scope: The stack.
        id_: Name within the stack.
        alias: Whose capacity it is.
        schedule: When, and how much.
    """

    def __init__(self, scope: Construct, id_: str, *, alias: aws_lambda.Alias, schedule: Schedule) -> None:
        super().__init__(scope, id_)
        # The service's own role, as the CDK gives it to an alias that scales itself; the one that it would make
        # here may do nothing.
        role = aws_iam.Role.from_role_arn(
            self,
            "ServiceRole",
            Stack.of(self).format_arn(
                service="iam",
                region="",
                resource="role/aws-service-role/lambda.application-autoscaling.amazonaws.com",
                resource_name="AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency",
            ),
        )
        # CDK's minimum is 1 unless it is said, which is about $5 a month at 512 MB.
        target = aws_applicationautoscaling.ScalableTarget(
            self,
            "Target",
            service_namespace=aws_applicationautoscaling.ServiceNamespace.LAMBDA,
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            resource_id=f"function:{alias.lambda_.function_name}:{alias.alias_name}",
            min_capacity=0,
            max_capacity=schedule.largest,
            role=role,
        )
        target.node.add_dependency(alias)
        zone = TimeZone.of(schedule.time_zone)
        for action in schedule.actions:
            # The maximum too: target tracking never scales in without traffic.
            target.scale_on_schedule(
                action.name,
                schedule=aws_applicationautoscaling.Schedule.cron(
                    minute=str(action.at.minute), hour=str(action.at.hour), week_day=action.week_days
                ),
                time_zone=zone,
                min_capacity=action.minimum,
                max_capacity=action.maximum,
            )
        if schedule.target_utilization is not None:
            target.scale_to_track_metric(
                "Utilization",
                predefined_metric=aws_applicationautoscaling.PredefinedMetric.LAMBDA_PROVISIONED_CONCURRENCY_UTILIZATION,
                target_value=schedule.target_utilization,
            )
