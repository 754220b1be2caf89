"""The stack: it makes the constructs, hands them to one another and says where things are."""

__all__ = ["NightjarStack"]

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from function.contract import Contract
from infra.bundle import Bundle
from infra.config import StageConfig
from infra.schedule import Schedule
from infra.stack.alarms import Alarms
from infra.stack.api import Api
from infra.stack.dashboard import Dashboard
from infra.stack.drift import Drift
from infra.stack.inference import Inference
from infra.stack.notifications import Notifications
from infra.stack.observability import Observability
from infra.stack.proof import Proof
from infra.stack.scaling import Scaling


class NightjarStack(Stack):
    """One stage of the service.

    Args:
        scope: The app.
        config: The stage.
        bundle: What the function runs.
        contract: The bundle's contract.
        schedule: When capacity is warm.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        config: StageConfig,
        bundle: Bundle,
        contract: Contract,
        schedule: Schedule,
    ) -> None:
        super().__init__(
            scope,
            config.stack_name,
            description=f"{contract.model.name} served as ONNX on Lambda, stage {config.stage}",
            env=Environment(region=config.region),
            tags={"service": config.service},
        )
        observability = Observability(self, "Observability", config=config, contract=contract)
        inference = Inference(
            self,
            "Inference",
            config=config,
            bundle=bundle,
            contract=contract,
            log_group=observability.log_group,
        )
        scaling = Scaling(self, "Scaling", alias=inference.alias, schedule=schedule)
        Proof(self, "Proof", function=inference.function, before=[inference.alias, scaling])
        api = Api(self, "Api", config=config, alias=inference.alias, log_group=observability.log_group)
        notifications = Notifications(self, "Notifications", config=config)
        drift = Drift(self, "Drift", config=config, contract=contract, log_group=observability.log_group)
        Alarms(
            self,
            "Alarms",
            config=config,
            topic=notifications.topic,
            alias=inference.alias,
            http_api=api.http_api,
            observability=observability,
            drift=drift,
            contract=contract,
            schedule=schedule,
        )
        dashboard = Dashboard(
            self,
            "Dashboard",
            config=config,
            alias=inference.alias,
            http_api=api.http_api,
            contract=contract,
            observability=observability,
            drift=drift,
        )
        outputs = {
            "ApiUrl": api.url,
            "ApiId": api.http_api.api_id,
            "FunctionName": inference.function.function_name,
            "LogGroupName": observability.log_group.log_group_name,
            "TopicArn": notifications.topic.topic_arn,
            "DashboardName": dashboard.name,
            "DashboardUrl": dashboard.url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
