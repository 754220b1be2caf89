"""The API's description: valid, complete, and true of what the function answers."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Contract
from function.oip import inputs_of
from function.routes import DESCRIPTION_FILE, ROUTES
from function.service import Service
from function.settings import Settings
from infra.openapi import document, render


@pytest.fixture(scope="module")
def described(contract: Contract) -> dict[str, Any]:
    """The example's document, as it is read from its file."""
    return dict(json.loads(render(contract)))


@pytest.fixture(scope="module")
def service(
    artefact: Path, library: Path, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """The example behind HTTP, beside its description."""
    folder = tmp_path_factory.mktemp("task")
    (folder / DESCRIPTION_FILE).write_text(render(contract), encoding="utf-8")
    settings = Settings(
        contract_sha256=hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest(),
        service="openapi",
        model_folder=str(artefact),
        library_folder=str(library),
    )
    return Service(settings, perf_counter(), folder=folder)


@pytest.fixture(scope="module")
def validator(described: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """Return a function from a schema of the document to its validator."""
    components = described["components"]
    return lambda schema: jsonschema.Draft202012Validator({**schema, "components": components})


def test_the_document_is_valid_openapi(described: dict[str, Any]) -> None:
    """By the specification's own schema for 3.1."""
    openapi_spec_validator.OpenAPIV31SpecValidator(described).validate()


def test_every_route_is_described_once_and_nothing_else(described: dict[str, Any]) -> None:
    """With the parameters that its path names."""
    operations = {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == {(route.method, route.path) for route in ROUTES}
    assert len({operation["operationId"] for operation in operations.values()}) == len(ROUTES)
    for (_, path), operation in operations.items():
        named = {item["name"] for item in operation.get("parameters", ()) if item["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_the_gateways_own_answers_are_described(described: dict[str, Any]) -> None:
    """They come instead of the function's, so a client meets them too."""
    for methods in described["paths"].values():
        for operation in methods.values():
            wanted = {"401", "403", "429", "503", "504"} | ({"413"} if "requestBody" in operation else set())
            assert wanted <= operation["responses"].keys()


def test_every_example_is_valid(
    described: dict[str, Any], validator: Callable[[dict[str, Any]], Any], contract: Contract
) -> None:
    """Of each feature and of each request; the golden rows are valid instances too."""
    for methods in described["paths"].values():
        for operation in methods.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in media:
                    validator(media["schema"]).validate(media["example"])
    instance = described["components"]["schemas"]["Instance"]
    for feature in instance["properties"].values():
        validator(feature).validate(feature["examples"][0])
    for item in contract.golden.rows:
        validator(instance).validate(item.row)


def test_the_same_contract_gives_the_same_bytes(contract: Contract) -> None:
    """The bundle's digest depends on it."""
    assert render(contract) == render(Contract.from_dict(json.loads(json.dumps(contract.to_dict()))))
    assert document(contract)["info"]["version"] == contract.model.version


def send(
    service: Service, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Send a request as API Gateway hands it over."""
    text = body if isinstance(body, str) else None if body is None else json.dumps(body)
    event = {
        "rawPath": path,
        "headers": {"content-type": "application/json"} if headers is None else headers,
        "requestContext": {"http": {"method": method, "path": path}},
        "body": text,
    }
    return service.handle(event, "r")


def requests(contract: Contract) -> list[tuple[str, str, int, dict[str, Any]]]:
    """Return route, path, status and what else to send, for every answer that the function gives."""
    row = {feature.name: feature.example for feature in contract.features}
    tensors = [{**info, "shape": [1, 1], "data": [row[info["name"]]]} for info in inputs_of(contract)]
    right, wrong = {"instances": [row, row]}, {"instances": [{**row, "age": -1}, 7]}
    asked = {"inputs": tensors, "id": "1", "parameters": {"a": 1}}
    binary = {**asked, "parameters": {"binary_data_output": True}}
    text = {"content-type": "text/plain"}
    found: list[tuple[str, str, int, dict[str, Any]]] = [
        ("POST /predictions", "/predictions", 200, {"body": right}),
        ("POST /predictions", "/predictions", 400, {"body": "{"}),
        ("POST /predictions", "/predictions", 413, {"body": " " * 1_000_001}),
        ("POST /predictions", "/predictions", 415, {"body": "{}", "headers": text}),
        ("POST /predictions", "/predictions", 422, {"body": wrong}),
        ("GET /openapi.json", "/openapi.json", 200, {}),
        ("GET /v2", "/v2", 200, {}),
        ("GET /v2/health/live", "/v2/health/live", 200, {}),
        ("GET /v2/health/ready", "/v2/health/ready", 200, {}),
    ]
    for template, version in (("", contract.model.version), ("/versions/{version}", contract.model.version)):
        route = "/v2/models/{name}" + template
        right_path = route.format(name="sleep", version=version)
        wrong_path = route.format(name="other", version=version)
        for path, status in ((right_path, 200), (wrong_path, 404)):
            found += [(f"GET {route}", path, status, {}), (f"GET {route}/ready", f"{path}/ready", status, {})]
            for body in (asked, binary):
                found.append((f"POST {route}/infer", f"{path}/infer", status, {"body": body}))
        for body, status in (({"inputs": tensors[:1]}, 400), ("[", 400), (" " * 1_000_001, 413)):
            found.append((f"POST {route}/infer", f"{right_path}/infer", status, {"body": body}))
    return found


def test_every_answer_is_as_described(
    service: Service,
    contract: Contract,
    described: dict[str, Any],
    validator: Callable[[dict[str, Any]], Any],
) -> None:
    """Status, media type, headers and document: of every route, success and each of its errors."""
    met = set()
    for route, path, status, sent in requests(contract):
        method, _, template = route.partition(" ")
        response = send(service, method, path, **sent)
        assert (route, response["statusCode"]) == (route, status)
        answer = described["paths"][template][method.lower()]["responses"][str(status)]
        met.add((route, str(status)))
        media = answer["content"][response["headers"]["content-type"]]
        raw = base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode()
        size = response["headers"].get("inference-header-content-length")
        content = json.loads(raw[: None if size is None else int(size)])
        schema = media.get("schema") or answer["content"]["application/json"]["schema"]
        validator(schema).validate(content)
        for name in answer.get("headers", {}):
            assert name in response["headers"] or name != "server-timing"
    gateway = {"401", "403", "429", "500", "503", "504"}
    wanted = {
        (f"{method.upper()} {path}", status)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
        if status not in gateway
    }
    assert met == wanted - {("GET /openapi.json", "404")}


def test_the_gateways_form_is_accepted_where_it_answers(
    described: dict[str, Any], validator: Callable[[dict[str, Any]], Any]
) -> None:
    """``{"message": ...}``, as HTTP APIs write it."""
    for methods in described["paths"].values():
        for operation in methods.values():
            for status in {"401", "403", "413", "429", "500", "503", "504"} & operation["responses"].keys():
                media = operation["responses"][status]["content"]["application/json"]
                validator(media["schema"]).validate({"message": "Too Many Requests"})


def test_a_deployment_without_its_description_says_so(artefact: Path, library: Path, tmp_path: Path) -> None:
    """A function that runs from its source was not bundled."""
    settings = Settings(
        contract_sha256=hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest(),
        service="openapi-none",
        model_folder=str(artefact),
        library_folder=str(library),
    )
    response = send(Service(settings, perf_counter(), folder=tmp_path), "GET", "/openapi.json")
    assert (response["statusCode"], response["headers"]["content-type"]) == (404, "application/problem+json")


@given(data=st.data())
def test_the_schema_accepts_what_the_function_answers(
    service: Service, contract: Contract, validator: Callable[[dict[str, Any]], Any], data: st.DataObject
) -> None:
    """And refuses what it refuses: a client that checks first is never surprised."""
    values = (
        st.none()
        | st.booleans()
        | st.integers(-5, 200)
        | st.floats(-5, 200)
        | st.sampled_from(["", "female", "11", "never", "a\0b", "30"])
    )
    row: dict[str, Any] = {feature.name: feature.example for feature in contract.features}
    row |= data.draw(st.dictionaries(st.sampled_from([*row, "shoe"]), values, max_size=2))
    for name in data.draw(st.sets(st.sampled_from(sorted(row)), max_size=2)):
        row.pop(name)
    body = {"instances": [row] * data.draw(st.integers(0, 2))}
    status = send(service, "POST", "/predictions", body)["statusCode"]
    assert validator({"$ref": "#/components/schemas/PredictionRequest"}).is_valid(body) == (status == 200)
