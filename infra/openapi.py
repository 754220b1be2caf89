"""The API as an OpenAPI 3.1 document, from the contract and the function's route table.

Field names, ranges, categories and examples are the model's own, so that a client generated from the document
refuses what the function would. It is written when the bundle is built; the same contract gives the same bytes.
"""

__all__ = ["document", "render"]

import json
import re
from typing import TYPE_CHECKING

from function.oip import inputs_of
from function.oip_request import HEADER
from function.routes import ROUTES
from infra.schemas import Json, ref, schemas

if TYPE_CHECKING:
    from function.contract import Contract
    from function.routes import Route

_GATEWAY = {
    401: "The gateway: the token is missing or not accepted (on stages with an authoriser)",
    403: "The gateway: the token may not do this",
    413: "The request is too large for the function or the gateway",
    429: "The gateway: too many requests, or no free execution environment; try again later",
    500: "The function failed; the request can be tried again once",
    503: "The gateway: the function did not answer in time, or is not available",
    504: "The gateway: the function did not answer in time",
}
"""Answers of the gateway: to requests that never reach the function, or instead of the function's own."""

_OWN = {
    "predict": {
        400: "The body is not acceptable JSON",
        413: _GATEWAY[413],
        415: "The content type is not application/json",
        422: "The body does not fit the model; every problem is named, up to 20",
    },
    "infer": {
        400: "The body does not fit the model",
        404: "There is no such model or version",
        413: _GATEWAY[413],
    },
    "metadata": {404: "There is no such model or version"},
    "model_ready": {404: "There is no such model or version"},
    "describe": {404: "The deployment holds no description"},
}
"""Operation → statuses of its client errors."""

_TIMING = {
    "server-timing": {
        "description": "Milliseconds: infer (in the model), total; after a cold start init, and the mark cold",
        "schema": {"type": "string"},
    }
}


def render(contract: "Contract") -> str:
    """Return the document as text."""
    return json.dumps(document(contract), ensure_ascii=False, indent=1) + "\n"


def document(contract: "Contract") -> Json:
    """Return the document."""
    model = contract.model
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, contract)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of the model {model.name}",
            "version": model.version,
            "description": contract.outputs.question,
        },
        "servers": [{"url": ".", "description": "Where this document is"}],
        "paths": paths,
        "components": {"schemas": schemas(contract)},
    }


def _operation(route: "Route", contract: "Contract") -> Json:
    names = re.findall(r"{(\w+)}", route.path)
    known = {"name": contract.model.name, "version": contract.model.version}
    parameters: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "enum": [known[name]]},
        }
        for name in names
    ]
    result: Json = {
        "operationId": f"{route.operation}_version" if "version" in names else route.operation,
        "summary": route.summary,
    }
    if route.operation == "infer":
        parameters.append(
            {
                "name": HEADER,
                "in": "header",
                "description": "Bytes of the JSON, when binary tensors follow it",
                "schema": {"type": "integer", "minimum": 0},
            }
        )
    if parameters:
        result["parameters"] = parameters
    if route.operation == "predict":
        example = {"instances": [{feature.name: feature.example for feature in contract.features}]}
        result["requestBody"] = {"required": True, "content": _json("PredictionRequest", example)}
    if route.operation == "infer":
        content = _json("InferenceRequest", _inference_example(contract)) | {"application/octet-stream": {}}
        result["requestBody"] = {"required": True, "content": content}
    return result | {"responses": _responses(route)}


def _responses(route: "Route") -> Json:
    protocol = route.path.startswith("/v2")
    success: Json = {"description": "The answer", "headers": dict(_TIMING)}
    success["content"] = {
        "describe": {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}},
        "infer": _json("InferenceResponse") | {"application/octet-stream": {}},
        "live": _json("Live"),
        "metadata": _json("ModelMetadata"),
        "model_ready": _json("ModelReady"),
        "predict": _json("PredictionResponse"),
        "ready": _json("Ready"),
        "server": _json("ServerMetadata"),
    }[route.operation]
    if route.operation == "infer":
        success["headers"][HEADER] = {
            "description": "Bytes of the JSON, when binary tensors follow it",
            "schema": {"type": "integer", "minimum": 0},
        }
    responses: dict[str, Json] = {"200": success}
    own = _OWN.get(route.operation, {})
    for status in sorted({*own, *(s for s in _GATEWAY if s != 413)}):
        content: Json = {}
        if status in own:
            content = (
                _json("ProtocolError")
                if protocol
                else {"application/problem+json": {"schema": ref("Problem")}}
            )
        if status in _GATEWAY:
            choices = [item["schema"] for item in (content.get("application/json"),) if item]
            choices.append(ref("GatewayError"))
            content["application/json"] = {"schema": choices[0] if len(choices) == 1 else {"anyOf": choices}}
        responses[str(status)] = {"description": own.get(status) or _GATEWAY[status], "content": content}
    return responses


def _json(schema: str, example: Json | None = None) -> Json:
    media: Json = {"schema": ref(schema)}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def _inference_example(contract: "Contract") -> Json:
    values = [feature.example for feature in contract.features]
    tensors = zip(inputs_of(contract), values, strict=True)
    return {"inputs": [{**info, "shape": [1, 1], "data": [value]} for info, value in tensors]}
