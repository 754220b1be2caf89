"""Events of API Gateway in, operations and problem documents out."""

import base64
import json
from typing import Any

import pytest

from function.errors import Problem, RequestError
from function.routes import ROUTES, parse_event, problem, require_json, resolve, success


def event(method: str = "POST", path: str = "/predictions", **changes: Any) -> dict[str, Any]:
    """Return an event of payload format 2.0."""
    plain = {
        "rawPath": path,
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    return plain | changes


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_of_the_table_resolves_to_its_operation(route: Any) -> None:
    """The table is the truth."""
    assert resolve(parse_event(event(route.method, route.path))) == route.operation


def test_a_named_stage_is_no_part_of_the_path() -> None:
    """A stage other than the default prefixes the raw path."""
    context = {"http": {"method": "GET", "path": "/dev/v2/health/live"}, "stage": "dev"}
    assert resolve(parse_event(event(rawPath="/dev/v2/health/live", requestContext=context))) == "live"


def test_an_unknown_path_is_404_with_the_known_ones() -> None:
    """A client sees where to go."""
    with pytest.raises(RequestError) as caught:
        resolve(parse_event(event(path="/predict")))
    assert caught.value.status == 404
    assert "POST /predictions" in caught.value.problems[0].detail


def test_a_wrong_method_is_405_with_allow() -> None:
    """RFC 9110 wants the Allow header."""
    with pytest.raises(RequestError) as caught:
        resolve(parse_event(event("DELETE")))
    assert caught.value.status == 405
    assert caught.value.headers == {"allow": "POST"}


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_accepted_with_parameters_and_in_any_case(content_type: str) -> None:
    """Content types are compared as RFC 9110 says."""
    require_json(parse_event(event(headers={"CONTENT-TYPE": content_type})))


@pytest.mark.parametrize("headers", [None, {}, {"content-type": "text/csv"}])
def test_anything_else_than_json_is_415(headers: dict[str, str] | None) -> None:
    """The answer names what was sent."""
    with pytest.raises(RequestError) as caught:
        require_json(parse_event(event(headers=headers)))
    assert caught.value.status == 415


def test_a_base64_body_is_decoded() -> None:
    """API Gateway encodes bodies that are not text."""
    body = base64.b64encode("é".encode()).decode()
    assert parse_event(event(body=body, isBase64Encoded=True)).body == "é".encode()


def test_a_body_wrongly_marked_as_base64_is_400() -> None:
    """It is the client's error, not ours."""
    with pytest.raises(RequestError) as caught:
        parse_event(event(body="é", isBase64Encoded=True))
    assert caught.value.status == 400


def test_a_problem_is_a_problem_document() -> None:
    """Members and media type are those of RFC 9457."""
    error = RequestError(405, "No", (Problem("#/a", "b"),), {"allow": "GET"})
    response = problem(error, {"server-timing": "total;dur=1"})
    assert response["statusCode"] == 405
    assert response["headers"]["content-type"] == "application/problem+json"
    assert response["headers"]["allow"] == "GET"
    assert json.loads(response["body"]) == {
        "type": "about:blank",
        "title": "No",
        "status": 405,
        "errors": [{"pointer": "#/a", "detail": "b"}],
    }


def test_a_success_never_holds_nan() -> None:
    """NaN is not JSON, and a phone's parser would fail on it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        success({"x": float("nan")}, {})
