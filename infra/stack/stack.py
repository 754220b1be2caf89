"""The stack: it makes the constructs, hands them to one another and says where things are."""

__all__ = ["NightjarStack"]

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from function.contract import Contract
from infra.bundle import Bundle
from infra.config import StageConfig
from infra.stack.api import Api
from infra.stack.dashboard import Dashboard
from infra.stack.inference import Inference
from infra.stack.observability import Observability


class NightjarStack(Stack):
    """One stage of the service.

    Args:
        scope: The app.
        config: The stage.
        bundle: What the function runs.
        contract: The bundle's contract.
    """

    def __init__(self, scope: Construct, *, config: StageConfig, bundle: Bundle, contract: Contract) -> None:
        super().__init__(
            scope,
            config.stack_name,
            description=f"{contract.model.name} served as ONNX on Lambda, stage {config.stage}",
            env=Environment(region=config.region),
            tags={"service": config.service},
        )
        observability = Observability(self, "Observability", config=config)
        inference = Inference(
            self,
            "Inference",
            config=config,
            bundle=bundle,
            contract=contract,
            log_group=observability.log_group,
        )
        api = Api(self, "Api", config=config, alias=inference.alias, log_group=observability.log_group)
        dashboard = Dashboard(
            self,
            "Dashboard",
            config=config,
            alias=inference.alias,
            outputs=contract.outputs,
            observability=observability,
        )
        outputs = {
            "ApiUrl": api.url,
            "ApiId": api.http_api.api_id,
            "FunctionName": inference.function.function_name,
            "LogGroupName": observability.log_group.log_group_name,
            "DashboardName": dashboard.name,
            "DashboardUrl": dashboard.url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
