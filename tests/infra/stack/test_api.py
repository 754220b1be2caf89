"""The HTTP API: every request reaches the alias, in time, within limits, and leaves a line."""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from function.routes import ROUTES

type Properties = Callable[[Any, str], list[dict[str, Any]]]


def test_every_operation_has_a_route_and_everything_else_reaches_the_function_too(
    prod: Any, properties: Properties
) -> None:
    """A wrong path or method is the function's to answer."""
    routes = properties(prod, "AWS::ApiGatewayV2::Route")
    wanted = {f"{route.method} {route.path}" for route in ROUTES} | {"$default"}
    assert wanted == {route["RouteKey"] for route in routes}
    assert len({json.dumps(route["Target"]) for route in routes}) == 1


def test_the_gateway_gives_up_before_ten_seconds(prod: Any, properties: Properties) -> None:
    """An on-demand initialisation comes on top of the function's own timeout."""
    (integration,) = properties(prod, "AWS::ApiGatewayV2::Integration")
    assert (integration["TimeoutInMillis"], integration["PayloadFormatVersion"]) == (9500, "2.0")


def test_the_gateway_calls_the_alias(prod: Any, properties: Properties) -> None:
    """Not the function, whose newest code may be unproved."""
    (alias,) = prod.find_resources("AWS::Lambda::Alias")
    (integration,) = properties(prod, "AWS::ApiGatewayV2::Integration")
    assert {"Ref": alias} == integration["IntegrationUri"]


@pytest.mark.parametrize(
    "call", ["$default/POST/predictions", "$default/GET/v2/health/live", "$default/$default"]
)
def test_one_permission_on_the_alias_covers_every_route_of_this_api(
    prod: Any, properties: Properties, call: str
) -> None:
    """The ``$default`` route's ARN is one part shorter than the others'; each part of a pattern must match."""
    gateway = "apigateway.amazonaws.com"
    (permission,) = [p for p in properties(prod, "AWS::Lambda::Permission") if p["Principal"] == gateway]
    (alias,) = prod.find_resources("AWS::Lambda::Alias")
    (api,) = prod.find_resources("AWS::ApiGatewayV2::Api")
    assert ({"Ref": alias}, gateway) == (
        permission["FunctionName"],
        permission["Principal"],
    )
    *_, api_ref, tail = permission["SourceArn"]["Fn::Join"][1]
    assert {"Ref": api} == api_ref
    assert fnmatchcase(f"/{call}", tail)


def test_requests_are_throttled(synthesised: Callable[..., Any], properties: Properties) -> None:
    """The stage's limits reach the resource."""
    template = synthesised("dev", {"throttle_rate_per_s": 3, "throttle_burst": 4})
    (stage,) = properties(template, "AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4}
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)


def test_access_lines_are_json_with_the_request_id_and_nothing_about_the_caller(
    prod: Any, properties: Properties
) -> None:
    """Callers may be minors: no address, no user agent, no path or query, which may hold anything."""
    (stage,) = properties(prod, "AWS::ApiGatewayV2::Stage")
    line = json.loads(stage["AccessLogSettings"]["Format"])
    variables = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"]))
    assert line["requestId"] == "$context.requestId"
    assert not [name for name in variables if name.startswith(("identity", "path", "authorizer"))]
    (group,) = prod.find_resources("AWS::Logs::LogGroup")
    assert {"Fn::GetAtt": [group, "Arn"]} == stage["AccessLogSettings"]["DestinationArn"]


def test_no_route_of_prod_is_open(prod: Any, properties: Properties) -> None:
    """Health and unknown paths neither; tokens are of one issuer and for one audience."""
    (authorizer,) = prod.find_resources("AWS::ApiGatewayV2::Authorizer")
    assert {("JWT", authorizer)} == {
        (route["AuthorizationType"], route["AuthorizerId"]["Ref"])
        for route in properties(prod, "AWS::ApiGatewayV2::Route")
    }
    (settings,) = properties(prod, "AWS::ApiGatewayV2::Authorizer")
    assert settings["JwtConfiguration"] == {"Issuer": "https://id.example", "Audience": ["app"]}


def test_dev_is_for_iam_principals_and_local_for_this_machine(
    synthesised: Callable[..., Any], local: Any, properties: Properties
) -> None:
    """The kind of authorisation is the stage's."""
    kinds = [
        {route.get("AuthorizationType", "NONE") for route in properties(t, "AWS::ApiGatewayV2::Route")}
        for t in (synthesised("dev"), local)
    ]
    assert kinds == [{"AWS_IAM"}, {"NONE"}]


def test_roles_may_call_this_api_and_nothing_else(
    synthesised: Callable[..., Any], properties: Properties
) -> None:
    """A role's name is the last part of its ARN."""
    arn = "arn:aws:iam::123456789012:role/phone/app"
    template = synthesised("dev", {"caller_role_arns": arn})
    (policy,) = properties(template, "AWS::IAM::ManagedPolicy")
    (api,) = template.find_resources("AWS::ApiGatewayV2::Api")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (policy["Roles"], statement["Action"]) == (["app"], "execute-api:Invoke")
    assert statement["Resource"]["Fn::Join"][1][-2:] == [{"Ref": api}, "/*"]
