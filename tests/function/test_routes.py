"""Events of API Gateway in, operations and problem documents out."""

import base64
import json
from typing import Any

import pytest

from function.errors import Problem, RequestError
from function.routes import (
    ROUTES,
    Match,
    parse_event,
    problem,
    require_json,
    resolve,
    success,
    success_mixed,
)


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
    assert resolve(parse_event(event(route.method, route.path))).operation == route.operation


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v2/models/sleep", ("sleep",)),
        ("/v2/models/sleep/versions/1", ("sleep", "1")),
        ("/v2/models/versions", ("versions",)),
    ],
)
def test_a_part_in_braces_takes_what_stands_there(path: str, names: tuple[str, ...]) -> None:
    """The names come in the order of the path."""
    assert resolve(parse_event(event("GET", path))) == Match("metadata", names)


@pytest.mark.parametrize("path", ["/v2/models", "/v2/models/", "/v2/models/a/b", "/v2/models//ready", "/v2/"])
def test_a_path_that_only_looks_like_a_template_is_404(path: str) -> None:
    """A part is never empty, and none is left over."""
    with pytest.raises(RequestError) as caught:
        resolve(parse_event(event("GET", path)))
    assert caught.value.status == 404


def test_a_wrong_method_on_a_template_is_405_with_allow() -> None:
    """As for an exact path."""
    with pytest.raises(RequestError) as caught:
        resolve(parse_event(event("GET", "/v2/models/sleep/infer")))
    assert (caught.value.status, caught.value.headers) == (405, {"allow": "POST"})


def test_a_named_stage_is_no_part_of_the_path() -> None:
    """A stage other than the default prefixes the raw path."""
    context = {"http": {"method": "GET", "path": "/dev/v2/health/live"}, "stage": "dev"}
    assert (
        resolve(parse_event(event(rawPath="/dev/v2/health/live", requestContext=context))).operation == "live"
    )


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
    response = problem(error, "/predictions", {"server-timing": "total;dur=1"})
    assert response["statusCode"] == 405
    assert response["headers"]["content-type"] == "application/problem+json"
    assert response["headers"]["allow"] == "GET"
    assert json.loads(response["body"]) == {
        "type": "about:blank",
        "title": "No",
        "status": 405,
        "errors": [{"pointer": "#/a", "detail": "b"}],
    }


@pytest.mark.parametrize(("status", "sent"), [(422, 400), (400, 400), (404, 404), (413, 413)])
def test_the_protocol_has_a_form_of_its_own_for_errors(status: int, sent: int) -> None:
    """One string that holds every problem, and 400 for a value that does not fit."""
    error = RequestError(status, "No", (Problem("#", "a"), Problem("row 1", "b")))
    response = problem(error, "/v2/models/x/infer", {})
    assert (response["statusCode"], response["headers"]["content-type"]) == (sent, "application/json")
    assert json.loads(response["body"]) == {"error": "No: a; row 1: b"}


def test_binary_tensors_follow_the_document() -> None:
    """The header says where they begin; without any the answer is plain JSON."""
    response = success_mixed({"a": 1}, b"\x00\xff", {"x": "y"})
    assert response["isBase64Encoded"]
    assert base64.b64decode(response["body"]) == b'{"a":1}\x00\xff'
    assert response["headers"]["inference-header-content-length"] == "7"
    assert response["headers"]["content-type"] == "application/octet-stream"
    assert success_mixed({"a": 1}, b"", {}) == success({"a": 1}, {})


def test_a_success_never_holds_nan() -> None:
    """NaN is not JSON, and a phone's parser would fail on it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        success({"x": float("nan")}, {})
