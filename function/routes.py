"""The route table, and HTTP as API Gateway speaks it (payload format 2.0).

The one place that knows paths, statuses and what an error looks like: ``application/problem+json`` (RFC 9457),
and under ``/v2`` the Open Inference Protocol's ``{"error": ...}``. The stack declares the routes of this table
and sends everything else to the function too, so that a wrong path or method gets the same kind of answer as a
wrong value.
"""

__all__ = [
    "DESCRIPTION_FILE",
    "ROUTES",
    "Match",
    "Request",
    "Response",
    "Route",
    "parse_event",
    "path_of",
    "problem",
    "require_json",
    "resolve",
    "success",
    "success_mixed",
    "success_text",
]

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from function.errors import Problem, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

type Response = dict[str, Any]

DESCRIPTION_FILE = "openapi.json"
"""Name in the bundle of the API's description."""


class Route(NamedTuple):
    """One operation of the API.

    Attributes:
        method: HTTP method.
        path: Path without the stage; a part in braces stands for any part.
        operation: Name in code and log.
        summary: One line for people.
    """

    method: str
    path: str
    operation: str
    summary: str


ROUTES = (
    Route("POST", "/predictions", "predict", "Predictions and advice for rows of named features"),
    Route("GET", "/openapi.json", "describe", "This API as an OpenAPI 3.1 document"),
    Route("GET", "/v2", "server", "The server's name, version and extensions"),
    Route("GET", "/v2/health/live", "live", "The function runs"),
    Route("GET", "/v2/health/ready", "ready", "The model is loaded and verified"),
    Route("GET", "/v2/models/{name}", "metadata", "The model's input and output tensors"),
    Route("GET", "/v2/models/{name}/ready", "model_ready", "The model is loaded and verified"),
    Route("POST", "/v2/models/{name}/infer", "infer", "Predictions for tensors"),
    Route(
        "GET", "/v2/models/{name}/versions/{version}", "metadata", "The version's input and output tensors"
    ),
    Route(
        "GET",
        "/v2/models/{name}/versions/{version}/ready",
        "model_ready",
        "The version is loaded and verified",
    ),
    Route(
        "POST",
        "/v2/models/{name}/versions/{version}/infer",
        "infer",
        "Predictions of the version for tensors",
    ),
)


class Match(NamedTuple):
    """The operation that a request asks for.

    Attributes:
        operation: Of the route.
        names: What stands where the route's path has braces.
    """

    operation: str
    names: tuple[str, ...]


_EXACT = {(route.method, route.path): Match(route.operation, ()) for route in ROUTES if "{" not in route.path}
_TEMPLATES = [(route, route.path.split("/")) for route in ROUTES if "{" in route.path]
_PROTOCOL = "/v2"


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


def path_of(event: "Mapping[str, Any]") -> str:
    """Return the path that an API Gateway event asks for, without the stage."""
    context = event["requestContext"]
    path: str = event.get("rawPath") or context["http"]["path"]
    stage = context.get("stage", "$default")
    return path if stage == "$default" else path.removeprefix(f"/{stage}")


def parse_event(event: "Mapping[str, Any]") -> Request:
    """Read an API Gateway event.

    Raises:
        RequestError: 400 when the body is marked as base64 and is not.
    """
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
    return Request(event["requestContext"]["http"]["method"].upper(), path_of(event), headers, body)


def resolve(request: Request) -> Match:
    """Return the operation that a request asks for.

    Raises:
        RequestError: 404 for an unknown path, 405 for a known path with another method.
    """
    match = _EXACT.get((request.method, request.path))
    if match is not None:
        return match
    allowed = [method for method, path in _EXACT if path == request.path]
    parts = request.path.split("/")
    for route, wanted in _TEMPLATES:
        if len(parts) == len(wanted) and all(
            bool(part) if name[:1] == "{" else part == name for part, name in zip(parts, wanted, strict=True)
        ):
            if route.method == request.method:
                names = [part for part, name in zip(parts, wanted, strict=True) if name[:1] == "{"]
                return Match(route.operation, tuple(names))
            allowed.append(route.method)
    if allowed:
        detail = f"this path does not accept {request.method}, wanted {', '.join(allowed)}"
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
    return _response(200, "application/json", _dumps(document), headers)


def success_text(text: str, headers: "Mapping[str, str]") -> Response:
    """Return a 200 with a JSON document that is text already."""
    return _response(200, "application/json", text, headers)


def success_mixed(document: "Mapping[str, Any]", tail: bytes, headers: "Mapping[str, str]") -> Response:
    """Return a 200 with a JSON document and the binary tensors after it.

    Args:
        document: Says how long each tensor is.
        tail: The tensors; without any, this is :func:`success`.
        headers: Further headers.

    Raises:
        ValueError: The document holds NaN or Infinity.
    """
    if not tail:
        return success(document, headers)
    head = _dumps(document).encode()
    response = _response(
        200,
        "application/octet-stream",
        b64encode(head + tail).decode(),
        {"inference-header-content-length": str(len(head)), **headers},
    )
    response["isBase64Encoded"] = True
    return response


def problem(error: RequestError, path: str, headers: "Mapping[str, str]") -> Response:
    """Return the document for a client's error.

    Args:
        error: What is wrong.
        path: The request's; the protocol under ``/v2`` has a form of its own, and 400 for a wrong value.
        headers: Further headers.
    """
    headers = {**error.headers, **headers}
    document: dict[str, Any]
    if path == _PROTOCOL or path.startswith(f"{_PROTOCOL}/"):
        details = [
            item.detail if item.pointer == "#" else f"{item.pointer}: {item.detail}"
            for item in error.problems
        ]
        document = {"error": f"{error.title}: {'; '.join(details)}"}
        status = 400 if error.status == 422 else error.status
        return _response(status, "application/json", _dumps(document), headers)
    document = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "errors": [{"pointer": item.pointer, "detail": item.detail} for item in error.problems],
    }
    return _response(error.status, "application/problem+json", _dumps(document), headers)


def _dumps(document: "Mapping[str, Any]") -> str:
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def _response(status: int, content_type: str, body: str, headers: "Mapping[str, str]") -> Response:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, "cache-control": "no-store", **headers},
        "body": body,
        "isBase64Encoded": False,
    }
