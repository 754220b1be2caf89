"""The route table, and HTTP as API Gateway speaks it (payload format 2.0).

The one place that knows paths, statuses and ``application/problem+json`` (RFC 9457). The stack declares the
routes of this table and sends everything else to the function too, so that a wrong path or method gets the
same kind of answer as a wrong value.
"""

__all__ = [
    "ROUTES",
    "Request",
    "Response",
    "Route",
    "parse_event",
    "problem",
    "require_json",
    "resolve",
    "success",
]

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple

from function.errors import Problem, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

type Response = dict[str, Any]


class Route(NamedTuple):
    """One operation of the API.

    Attributes:
        method: HTTP method.
        path: Exact path, without the stage.
        operation: Name in code, log and OpenAPI.
        summary: One line for people.
    """

    method: str
    path: str
    operation: str
    summary: str


ROUTES = (
    Route("POST", "/predictions", "predict", "Predictions and advice for rows of named features"),
    Route("GET", "/v2/health/live", "live", "The function runs"),
    Route("GET", "/v2/health/ready", "ready", "The model is loaded and verified"),
)

_OPERATIONS = {(route.method, route.path): route.operation for route in ROUTES}


class Request(NamedTuple):
    """An HTTP request.

    Attributes:
        method: HTTP method, upper case.
        path: Path without the stage.
        headers: Lower-case names.
        body: Decoded body.
    """

    method: str
    path: str
    headers: "Mapping[str, str]"
    body: bytes


def parse_event(event: "Mapping[str, Any]") -> Request:
    """Read an API Gateway event.

    Raises:
        RequestError: 400 when the body is marked as base64 and is not.
    """
    http = event["requestContext"]["http"]
    path: str = event.get("rawPath") or http["path"]
    stage = event["requestContext"].get("stage", "$default")
    if stage != "$default":
        path = path.removeprefix(f"/{stage}")
    raw = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        body = raw.encode(errors="surrogatepass")
    else:
        try:
            body = b64decode(raw, validate=True)
        except ValueError:
            detail = Problem("#", "the body is marked as base64 and is not base64")
            raise RequestError(400, "The body cannot be decoded", (detail,)) from None
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(http["method"].upper(), path, headers, body)


def resolve(request: Request) -> str:
    """Return the operation that a request asks for.

    Raises:
        RequestError: 404 for an unknown path, 405 for a known path with another method.
    """
    operation = _OPERATIONS.get((request.method, request.path))
    if operation is not None:
        return operation
    allowed = [route.method for route in ROUTES if route.path == request.path]
    if allowed:
        detail = f"{request.path} does not accept {request.method}, wanted {', '.join(allowed)}"
        allow = {"allow": ", ".join(allowed)}
        raise RequestError(405, "The method is not allowed", (Problem("#", detail),), allow)
    known = ", ".join(f"{route.method} {route.path}" for route in ROUTES)
    raise RequestError(404, "There is no such path", (Problem("#", f"wanted one of {known}"),))


def require_json(request: Request) -> None:
    """Insist on a JSON body.

    Raises:
        RequestError: 415 when the request says that it carries something else, or does not say.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        seen = f"content-type is {content_type[:80]!r}" if content_type else "content-type is missing"
        detail = Problem("#", f"{seen}, wanted application/json")
        raise RequestError(415, "The content type is not accepted", (detail,))


def success(document: "Mapping[str, Any]", headers: "Mapping[str, str]") -> Response:
    """Return a 200 with a JSON document.

    Raises:
        ValueError: The document holds NaN or Infinity.
    """
    return _response(200, "application/json", document, headers)


def problem(error: RequestError, headers: "Mapping[str, str]") -> Response:
    """Return the problem document for a client's error."""
    document = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "errors": [{"pointer": item.pointer, "detail": item.detail} for item in error.problems],
    }
    return _response(error.status, "application/problem+json", document, {**error.headers, **headers})


def _response(
    status: int, content_type: str, document: "Mapping[str, Any]", headers: "Mapping[str, str]"
) -> Response:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, "cache-control": "no-store", **headers},
        "body": json.dumps(document, allow_nan=False, separators=(",", ":")),
        "isBase64Encoded": False,
    }
