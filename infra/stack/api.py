"""The HTTP API in front of the function.

HTTP APIs validate nothing, so every request goes to the function, which does: the routes of
:data:`function.routes.ROUTES` by name, so that metrics and logs can tell them apart, and everything else by
``$default``, so that a wrong path or method is answered like a wrong value.
"""

__all__ = ["Api"]

import json
from typing import cast

from aws_cdk import (
    Acknowledgment,
    Duration,
    Stack,
    Validations,
    aws_apigatewayv2,
    aws_apigatewayv2_authorizers,
    aws_iam,
    aws_lambda,
    aws_logs,
)
from constructs import Construct

from function.routes import ROUTES
from infra.config import StageConfig

_ACCESS_LINE = {
    "type": "gateway.access",
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationStatus": "$context.integration.status",
    "integrationError": "$context.integrationErrorMessage",
}
"""One line a request. No address, no user agent, no path: callers may be minors, and a path may hold anything.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""


class _AliasIntegration(aws_apigatewayv2.HttpRouteIntegration):
    """Hands requests to an alias, without a permission of its own.

    The CDK's own Lambda integration adds one permission a route, or one for ``*/*/*``. The latter never
    matches the ``$default`` route, whose ARN is one part shorter, so that AWS would answer 500 to every
    wrong path. Source: https://github.com/aws/serverless-application-model/issues/1860
    """

    def __init__(self, alias: aws_lambda.IAlias, *, timeout: Duration) -> None:
        super().__init__("Integration")
        self._uri = alias.function_arn
        self._timeout = timeout

    def bind(  # the CDK passes both by name
        self,
        *,
        route: aws_apigatewayv2.IHttpRoute,  # noqa: ARG002
        scope: Construct,  # noqa: ARG002
    ) -> aws_apigatewayv2.HttpRouteIntegrationConfig:
        """Describe the integration; the CDK calls it once."""
        return aws_apigatewayv2.HttpRouteIntegrationConfig(
            type=aws_apigatewayv2.HttpIntegrationType.AWS_PROXY,
            uri=self._uri,
            payload_format_version=aws_apigatewayv2.PayloadFormatVersion.VERSION_2_0,
            timeout=self._timeout,
        )


class Api(Construct):
    """An HTTP API whose every route invokes one alias.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage: timeout and throttling.
        alias: What to invoke.
        log_group: Where access lines go.

    Attributes:
        http_api: The API.
        url: Where it answers, with a trailing slash.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        alias: aws_lambda.Alias,
        log_group: aws_logs.ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        timeout = Duration.millis(round(config.integration_timeout_s * 1000))
        integration = _AliasIntegration(alias, timeout=timeout)
        self.http_api = aws_apigatewayv2.HttpApi(
            self,
            "Http",
            api_name=config.service,
            create_default_stage=False,
            default_integration=integration,
            default_authorizer=_authorizer(config),
        )
        for route in ROUTES:
            self.http_api.add_routes(
                path=route.path, methods=[aws_apigatewayv2.HttpMethod[route.method]], integration=integration
            )
        alias.add_permission(
            "Gateway",
            principal=aws_iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=Stack.of(self).format_arn(
                service="execute-api", resource=self.http_api.api_id, resource_name="*"
            ),
        )
        if config.auth == "none":
            Validations.of(self.http_api).acknowledge(
                Acknowledgment(id="AwsSolutions-APIG4", reason="stage local listens on this machine alone")
            )
        if config.caller_role_arns and config.auth == "iam":
            self._let_call(config)
        stage = aws_apigatewayv2.HttpStage(
            self,
            "Stage",
            http_api=self.http_api,
            stage_name="$default",
            auto_deploy=True,
            throttle=aws_apigatewayv2.ThrottleSettings(
                rate_limit=config.throttle_rate_per_s, burst_limit=config.throttle_burst
            ),
        )
        # The construct's own way wants an object that answers calls from Node; the resource takes two texts.
        resource = cast("aws_apigatewayv2.CfnStage", stage.node.default_child)
        resource.access_log_settings = aws_apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=log_group.log_group_arn, format=json.dumps(_ACCESS_LINE, separators=(",", ":"))
        )
        self.url = stage.url

    def _let_call(self, config: StageConfig) -> None:
        """Give roles the right to call this API and no other."""
        call = aws_iam.PolicyStatement(
            actions=["execute-api:Invoke"],
            resources=[
                Stack.of(self).format_arn(
                    service="execute-api", resource=self.http_api.api_id, resource_name="*"
                )
            ],
        )
        arns = config.caller_role_arns.split(",")
        roles = [aws_iam.Role.from_role_arn(self, f"Caller{at}", arn) for at, arn in enumerate(arns)]
        policy = aws_iam.ManagedPolicy(self, "Callers", statements=[call], roles=roles)
        logical_id = Stack.of(self).get_logical_id(
            cast("aws_apigatewayv2.CfnApi", self.http_api.node.default_child)
        )
        Validations.of(policy).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:"
                f"{config.region}:<AWS::AccountId>:<{logical_id}>/*]",
                reason="every route of this one API",
            )
        )


def _authorizer(config: StageConfig) -> aws_apigatewayv2.IHttpRouteAuthorizer | None:
    """Return who is let through, on every route: health and OpenAPI are no more public than predictions."""
    match config.auth:
        case "jwt":
            return aws_apigatewayv2_authorizers.HttpJwtAuthorizer(
                "Token", config.jwt_issuer, jwt_audience=config.jwt_audience.split(",")
            )
        case "iam":
            return aws_apigatewayv2_authorizers.HttpIamAuthorizer()
        case _:
            return None
