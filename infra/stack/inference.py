"""The function that answers, as an image or as a zip of the same bundle, and the alias that callers use."""

__all__ = ["Inference"]

from typing import Any

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations, aws_iam, aws_lambda, aws_logs
from aws_cdk.aws_ecr_assets import Platform
from constructs import Construct

from function.contract import Contract
from function.settings import Settings
from infra.bundle import Bundle
from infra.config import ALIAS, StageConfig

HANDLER = "function.handler.handler"

_ARCHITECTURES = {
    "x86_64": (aws_lambda.Architecture.X86_64, Platform.LINUX_AMD64),
    "arm64": (aws_lambda.Architecture.ARM_64, Platform.LINUX_ARM64),
}


class Inference(Construct):
    """The function, a version for every model and code, and the alias ``live``.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage.
        bundle: What runs.
        contract: The bundle's contract; its model version makes a new function version.
        log_group: The one group that the function may write to.

    Attributes:
        function: The function.
        alias: ``live``; what the API invokes and whose metrics count.
        settings: What the function is told.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        bundle: Bundle,
        contract: Contract,
        log_group: aws_logs.ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        self.settings = Settings(contract_sha256=bundle.contract_sha256, service=config.service)
        # An own role: the one that CDK would make may write to every log group of the account.
        role = aws_iam.Role(self, "Role", assumed_by=aws_iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        architecture, platform = _ARCHITECTURES[config.architecture]
        common: dict[str, Any] = {
            "architecture": architecture,
            "description": f"{contract.model.name} {contract.model.version}",
            "environment": self.settings.to_env(),
            "log_group": log_group,
            # The metric filters read Lambda's lines as JSON; INFO is what lets them and the function's metrics out.
            "logging_format": aws_lambda.LoggingFormat.JSON,
            "system_log_level_v2": aws_lambda.SystemLogLevel.INFO,
            "application_log_level_v2": aws_lambda.ApplicationLogLevel.INFO,
            "memory_size": config.memory_mb,
            # Kept, so that a rollback has somewhere to go; a version by itself costs nothing.
            "current_version_options": aws_lambda.VersionOptions(removal_policy=RemovalPolicy.RETAIN),
            "reserved_concurrent_executions": config.reserved_concurrency or None,
            "role": role,
            "timeout": Duration.seconds(config.timeout_s),
        }
        self.function: aws_lambda.Function
        if config.packaging == "image":
            # The bundle is the build's whole context: what is not in it cannot reach the image.
            code = aws_lambda.DockerImageCode.from_image_asset(
                str(bundle.path), file="function/Dockerfile", platform=platform
            )
            self.function = aws_lambda.DockerImageFunction(self, "Function", code=code, **common)
        else:
            self.function = aws_lambda.Function(
                self,
                "Function",
                code=aws_lambda.Code.from_asset(str(bundle.path)),
                handler=HANDLER,
                runtime=aws_lambda.Runtime.PYTHON_3_13,
                **common,
            )
        Validations.of(self.function).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1", reason="3.13 starts quicker than 3.14; supported to June 2029"
            )
        )
        self.alias = aws_lambda.Alias(self, "Live", alias_name=ALIAS, version=self.function.current_version)
