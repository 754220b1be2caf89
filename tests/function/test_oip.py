"""The Open Inference Protocol: the golden answers in JSON and in binary, and errors in its own form."""

import base64
import hashlib
import json
import struct
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Contract, Feature, GoldenRow
from function.oip import SERVER_VERSION, inputs_of, outputs_of
from function.oip_request import ACCEPTED, Reader
from function.service import Service
from function.settings import Settings
from function.tensors import FLOATS, INTEGERS, from_bytes, from_json, to_bytes
from function.validation import Limits

INFER = "/v2/models/sleep/infer"
CODES = {"BOOL": "?", **FLOATS, **INTEGERS}


@pytest.fixture(scope="module")
def service(artefact: Path, library: Path) -> Service:
    """The example behind HTTP."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    settings = Settings(
        contract_sha256=sha256, service="oip", model_folder=str(artefact), library_folder=str(library)
    )
    return Service(settings, perf_counter())


def send(
    service: Service, path: str, body: bytes | None = None, *, json_size: int | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send GET, or POST of a body as API Gateway hands it over; return status, headers and the decoded body."""
    event = {
        "rawPath": path,
        "headers": {} if json_size is None else {"Inference-Header-Content-Length": str(json_size)},
        "requestContext": {"http": {"method": "GET" if body is None else "POST", "path": path}},
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
    }
    response = service.handle(event, "r")
    raw = base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode()
    return response["statusCode"], response["headers"], raw


def ask(service: Service, document: Any, *, path: str = INFER) -> tuple[int, Any]:
    """Send JSON, get JSON."""
    status, _, raw = send(service, path, json.dumps(document).encode())
    return status, json.loads(raw)


def tensors(contract: Contract, golden: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    """Return JSON tensors of golden rows; null where nothing was answered."""
    return [
        {**info, "shape": [len(golden), 1], "data": [item.row.get(info["name"]) for item in golden]}
        for info in inputs_of(contract)
    ]


def binary(contract: Contract, golden: Sequence[GoldenRow], **top: Any) -> tuple[bytes, int]:
    """Return a body of binary tensors, and the size of its JSON; NaN and nothing stand for a missing answer."""
    inputs, tail = [], b""
    for feature in contract.features:
        values = [item.row.get(feature.name) for item in golden]
        if feature.kind == "category":
            part = to_bytes(["" if value is None else value for value in values], "BYTES")
        else:
            part = to_bytes([nan if value is None else value for value in values], "FP64")
        inputs.append(
            {
                "name": feature.name,
                "shape": [len(values)],
                "datatype": "BYTES" if feature.kind == "category" else "FP64",
                "parameters": {"binary_data_size": len(part)},
            }
        )
        tail += part
    head = json.dumps({"inputs": inputs, **top}).encode()
    return head + tail, len(head)


def assert_golden(contract: Contract, golden: Sequence[GoldenRow], outputs: dict[str, list[Any]]) -> None:
    """Compare output tensors with scikit-learn's answers."""
    names = {target.value: target.name for target in contract.outputs.classes}
    assert outputs["label"] == [names[item.label] for item in golden]  # type: ignore[index]
    scores = [score for item in golden for score in item.scores]
    assert outputs["probabilities"] == pytest.approx(scores, abs=1e-6)
    assert outputs["probability"] == pytest.approx([item.scores[1] for item in golden], abs=1e-6)


def test_golden_rows_get_scikit_learns_answers_in_json(service: Service, contract: Contract) -> None:
    """One tensor a feature in, label and probabilities out, with missing answers as null."""
    golden = contract.golden.rows
    status, document = ask(service, {"inputs": tensors(contract, golden)})
    assert status == 200
    assert (document["model_name"], document["model_version"]) == ("sleep", contract.model.version)
    assert [output["shape"] for output in document["outputs"]] == [[len(golden), n] for n in (1, 1, 2)]
    assert_golden(contract, golden, {output["name"]: output["data"] for output in document["outputs"]})


def test_golden_rows_get_scikit_learns_answers_in_binary(service: Service, contract: Contract) -> None:
    """Both directions, with missing answers as NaN and as an empty text."""
    golden = contract.golden.rows
    body, size = binary(contract, golden, parameters={"binary_data_output": True})
    status, headers, raw = send(service, INFER, body, json_size=size)
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    at = int(headers["inference-header-content-length"])
    found = {}
    for output in json.loads(raw[:at])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        count = output["shape"][0] * output["shape"][1]
        found[output["name"]] = from_bytes(raw[at : at + size], output["datatype"], count)
        at += size
    assert at == len(raw)
    assert_golden(contract, golden, found)


def test_requested_outputs_come_in_their_order_each_in_its_form(service: Service, contract: Contract) -> None:
    """What an output says of itself overrides what the request says of all."""
    outputs = [{"name": "probability"}, {"name": "label", "parameters": {"binary_data": False}}]
    request = {
        "inputs": tensors(contract, contract.golden.rows[:1]),
        "outputs": outputs,
        "parameters": {"binary_data_output": True},
    }
    _, headers, raw = send(service, INFER, json.dumps(request).encode())
    size = int(headers["inference-header-content-length"])
    first, second = json.loads(raw[:size])["outputs"]
    assert (first["name"], first["parameters"]) == ("probability", {"binary_data_size": 8})
    assert struct.unpack("<d", raw[size:])[0] == pytest.approx(contract.golden.rows[0].scores[1], abs=1e-6)
    assert (second["name"], second["data"]) == ("label", ["under_8_hours"])


def test_id_and_own_parameters_are_repeated(service: Service, contract: Contract) -> None:
    """Those that steer the protocol itself are not."""
    request = {"inputs": tensors(contract, contract.golden.rows[:1]), "id": "é\ud800"}
    parameters = {"trace": "x", "n": 1.5, "flag": True}
    _, document = ask(service, request | {"parameters": {**parameters, "binary_data_output": False}})
    assert (document["id"], document["parameters"]) == ("é\ud800", parameters)
    assert not {"id", "parameters"} & ask(service, {"inputs": request["inputs"]})[1].keys()


def test_a_versioned_path_answers_the_same(service: Service, contract: Contract) -> None:
    """The version is the contract's."""
    request = {"inputs": tensors(contract, contract.golden.rows[:2])}
    versioned = f"/v2/models/sleep/versions/{contract.model.version}/infer"
    assert ask(service, request, path=versioned) == ask(service, request)


def test_metadata_lists_what_an_inference_takes_and_gives(service: Service, contract: Contract) -> None:
    """Names, datatypes and shapes; a wide output names its columns."""
    for path in ("/v2/models/sleep", f"/v2/models/sleep/versions/{contract.model.version}"):
        status, _, raw = send(service, path)
        document = json.loads(raw)
        assert (status, document["name"], document["versions"]) == (200, "sleep", [contract.model.version])
        assert document["inputs"] == inputs_of(contract)
        assert [info["name"] for info in document["inputs"]] == [f.name for f in contract.features]
        assert {info["datatype"] for info in document["inputs"]} == {"INT64", "FP64", "BYTES"}
    columns = document["outputs"][2]["parameters"]["columns"]
    assert tuple(json.loads(columns)) == contract.outputs.score_names
    assert json.loads(send(service, "/v2/models/sleep/ready")[2]) == {"name": "sleep", "ready": True}


def test_the_server_names_its_extension_and_the_projects_version(service: Service, root: Path) -> None:
    """Clients look for the extension before they send binary tensors."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = {"name": "nightjar", "version": project["version"], "extensions": ["binary_tensor_data"]}
    assert json.loads(send(service, "/v2")[2]) == wanted
    assert project["version"] == SERVER_VERSION


@pytest.mark.parametrize(
    ("task", "names", "outputs"),
    [
        ("regression", ("value",), {"value": 1}),
        ("regression", ("a", "b", "c"), {"value": 1, "values": 3}),
        ("decision", ("no", "yes"), {"label": 1, "value": 1, "values": 2}),
        ("outlier", ("score",), {"label": 1, "value": 1}),
        ("clustering", ("0", "1", "2"), {"label": 1, "distances": 3}),
    ],
)
def test_every_task_has_its_outputs(
    contract: Contract, task: Any, names: tuple[str, ...], outputs: dict[str, int]
) -> None:
    """Named as in ``POST /predictions``."""
    other = replace(
        contract,
        model=replace(contract.model, task=task),
        outputs=replace(contract.outputs, score_names=names),
    )
    assert {output["name"]: output["shape"][1] for output in outputs_of(other)} == outputs


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/other",
        "/v2/models/other/ready",
        "/v2/models/sleep/versions/1",
        "/v2/models/sleep/versions/1/ready",
    ],
)
def test_another_model_or_version_is_404(service: Service, path: str) -> None:
    """The error says which there is."""
    status, headers, raw = send(service, path)
    assert (status, headers["content-type"]) == (404, "application/json")
    assert json.loads(raw).keys() == {"error"}
    assert send(service, path.removesuffix("/ready") + "/infer", b"{}")[0] == 404


def _changed(inputs: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {"inputs": [{**inputs[0], **changes}, *inputs[1:]]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": [99]}, 'input "age", row 0: is 99, wanted a whole number from 12 to 18'),
        ({"data": ["16"]}, "has a value at row 0 that is not INT64"),
        ({"data": [16.0]}, "not INT64"),
        ({"data": [True]}, "not INT64"),
        ({"data": [2**63]}, "not INT64"),
        ({"data": [1, 2]}, "has 2 values, wanted 1 by its shape"),
        ({"data": [[[16]]]}, "not INT64"),
        ({"data": [[16, 17]]}, "nested otherwise"),
        ({"data": 16}, "no array"),
        ({"data": None}, "either data or the parameter"),
        ({"shape": [2, 1], "data": [16, 16]}, "has 1 rows, the tensors before have 2"),
        ({"shape": [1, 2]}, "wanted [rows] or [rows, 1]"),
        ({"shape": []}, "wanted [rows]"),
        ({"shape": [True]}, "wanted [rows]"),
        ({"shape": [0]}, "has 0 rows, wanted 1 to 1000"),
        ({"shape": [10**400]}, "rows, wanted 1 to 1000"),
        ({"shape": None}, "wanted [rows]"),
        ({"datatype": "BYTES"}, 'datatype is the string "BYTES", wanted INT64 or FP16 or'),
        ({"datatype": "BF16"}, "datatype is"),
        ({"datatype": None}, "datatype is null"),
        ({"name": "shoe"}, 'name is the string "shoe", wanted tensors named age,'),
        ({"name": ["age"]}, "name is an array"),
        ({"parameters": {"classification": 1}}, 'parameter "classification" is not supported'),
        ({"parameters": {"shared_memory_region": "x"}}, "is not supported"),
        ({"parameters": {"x": [1]}}, 'parameter "x" is an array'),
        ({"parameters": {"x": 1e999}}, "beyond double precision"),
        ({"parameters": []}, "parameters is an array"),
        ({"parameters": {"binary_data_size": 1}}, "wanted up to the 0 bytes left"),
        ({"parameters": {"binary_data_size": 0}}, "either data or"),
    ],
)
def test_a_wrong_tensor_is_400_with_its_name(
    service: Service, contract: Contract, changes: dict[str, Any], words: str
) -> None:
    """In the protocol's own form."""
    inputs = tensors(contract, contract.golden.rows[:1])
    body = json.dumps(_changed(inputs, **changes)).replace("Infinity", "1e999").encode()
    status, headers, raw = send(service, INFER, body)
    assert (status, headers["content-type"]) == (400, "application/json")
    assert words in json.loads(raw)["error"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": None}, "inputs: is null"),
        ({"inputs": []}, "wanted an array of tensors"),
        ({"inputs": [7]}, "an input is the number 7"),
        ({"id": 7}, "id: is the number 7, wanted a string"),
        ({"parameters": 7}, "parameters is the number 7"),
        ({"parameters": {"n": 1e999}}, "beyond double precision"),
        ({"parameters": {"binary_data_output": "yes"}}, "wanted true or false"),
        ({"outputs": 7}, "an output is the number 7"),
        ({"outputs": [{"name": "x"}]}, "wanted objects named label, probability, probabilities"),
        ({"outputs": [{"name": "label"}, {"name": "label"}]}, "asked for twice"),
        ({"outputs": [{"name": "label", "parameters": {"classification": 2}}]}, "not supported"),
    ],
)
def test_a_wrong_request_is_400(
    service: Service, contract: Contract, changes: dict[str, Any], words: str
) -> None:
    """The member is named."""
    request = {"inputs": tensors(contract, contract.golden.rows[:1])} | changes
    status, _, raw = send(service, INFER, json.dumps(request).replace("Infinity", "1e999").encode())
    assert status == 400
    assert words in json.loads(raw)["error"]


def test_a_tensor_sent_twice_and_one_left_out_are_named_together(
    service: Service, contract: Contract
) -> None:
    """A client mends everything at once."""
    inputs = tensors(contract, contract.golden.rows[:1])
    status, document = ask(service, {"inputs": [inputs[1], *inputs[1:]]})
    assert status == 400
    assert 'input "gender": is sent twice; input "age": is missing, wanted a whole' in document["error"]


def test_an_optional_tensor_may_be_left_out(service: Service, contract: Contract) -> None:
    """It is null in every row then."""
    golden = contract.golden.rows[:3]
    optional = {feature.name for feature in contract.features if not feature.required}
    inputs = tensors(contract, golden)
    without = [info for info in inputs if info["name"] not in optional]
    nulls = [{**i, "data": [None] * 3} if i["name"] in optional else i for i in inputs]
    assert optional
    assert ask(service, {"inputs": without}) == ask(service, {"inputs": nulls})


def _lies(contract: Contract) -> Iterator[tuple[bytes, int | str]]:
    body, size = binary(contract, contract.golden.rows[:1])
    head, tail = json.loads(body[:size]), body[size:]
    for lie in (-1, 10**30, len(tail) + 1, 3, 0, True, "8", 8.0, None):
        inputs = [{**head["inputs"][0], "parameters": {"binary_data_size": lie}}, *head["inputs"][1:]]
        raw = json.dumps({"inputs": inputs}).encode()
        yield raw + tail, len(raw)
    yield body + b"more", size
    yield body[:-1], size
    for header in (size - 1, size + 1, len(body) + 1, 0, "-1", "+1", "1e2", "", " 7", "٣", "9" * 5000, "7,7"):
        yield body, header
    yield body.replace(b"\x06\0\0\0female", b"\xff\xff\xff\xfffemale"), size
    yield body.replace(b"\x06\0\0\0female", b"\x06\0\0\0\xff\xff\xff\xff\xff\xff"), size


def test_headers_and_sizes_that_lie_are_400(service: Service, contract: Contract) -> None:
    """Negative, too large, overlapping, not numbers: nothing is read that is not there."""
    for body, header in _lies(contract):
        status, _, raw = send(service, INFER, body, json_size=header)  # type: ignore[arg-type]
        assert status == 400
        assert json.loads(raw)["error"]
    body, size = binary(contract, contract.golden.rows[:1])
    assert send(service, INFER, body, json_size=size)[0] == 200


def test_a_large_body_is_413_in_the_protocols_form(service: Service) -> None:
    """Before anything of it is read."""
    status, headers, raw = send(service, INFER, b" " * 1_000_001, json_size=1)
    assert (status, headers["content-type"]) == (413, "application/json")
    assert "1000001 bytes" in json.loads(raw)["error"]


def test_one_line_and_one_metric_a_request_as_for_predictions(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counts and scores are written, no value of a feature is."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    folders = {"model_folder": str(artefact), "library_folder": str(library)}
    service = Service(Settings(contract_sha256=sha256, service="oip-line", **folders), perf_counter())
    capfd.readouterr()
    row = {**contract.golden.rows[0].row, "weight": 739.1173, "height": None}
    inputs = tensors(contract, [replace(contract.golden.rows[0], row=row)])
    status, document = ask(service, {"inputs": inputs, "id": "SENTINEL"})
    assert status == 200
    ask(service, {"inputs": [{**inputs[0], "data": ["SENTINEL"]}, *inputs[1:]]})
    written = capfd.readouterr().out
    line, metric, refused = [json.loads(text) for text in written.splitlines()]
    assert (line["operation"], line["rows"], line["nulls"], line["outside"]) == ("infer", 1, 1, 1)
    assert metric["PredictionProbability"] == document["outputs"][1]["data"]
    assert (refused["operation"], refused["status"], refused["problems"]) == ("infer", 400, 1)
    for value in ("739.1173", "SENTINEL"):  # three digits alone may be part of a time
        assert value not in written


def test_single_precision_does_not_push_a_number_out_of_its_range(
    service: Service, contract: Contract
) -> None:
    """2.2 as FP32 lies beyond 2.2; it means 2.2 all the same."""
    row = contract.golden.rows[0].row
    (height,) = [feature for feature in contract.features if feature.name == "height"]
    answers = []
    for datatype in ("FP64", "FP32"):
        value = np.array(height.maximum, {"FP64": "<f8", "FP32": "<f4"}[datatype]).item()
        inputs = tensors(contract, [replace(contract.golden.rows[0], row={**row, "height": value})])
        inputs[3] |= {"datatype": datatype}
        answers.append(ask(service, {"inputs": inputs}))
    assert answers[0][0] == 200
    assert answers[0] == answers[1]


def boolean(name: str) -> Feature:
    """Return a boolean that may be null."""
    rest = {"unit": None, "null_token": None, "minimum": None, "maximum": None, "categories": ()}
    shared = {"required": True, "nullable": True, "outside": "reject", "example": True}
    return Feature(name=name, kind="boolean", onnx_input=name, column=0, question="", **rest, **shared)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("datatype", "data", "wanted"),
    [
        ("BOOL", [True, False, None], [True, False, None]),
        ("FP64", [1.0, 0, None], [True, False, None]),
        ("UINT8", [1, 0, 2], [True, False, 2]),
    ],
)
def test_a_boolean_may_come_as_a_number(datatype: str, data: list[Any], wanted: list[Any]) -> None:
    """Only so can one be missing in binary; another number stays one, for the check to refuse."""
    reader = Reader([boolean("b")], ("value",), Limits(10, 1000))
    tensor = {"name": "b", "shape": [3], "datatype": datatype, "data": data}
    columns = reader.read({}, json.dumps({"inputs": [tensor]}).encode()).columns
    assert [(type(v), v) for v in columns["b"]] == [(type(v), v) for v in wanted]


@given(data=st.data(), datatype=st.sampled_from(sorted(CODES)))
def test_numbers_are_read_as_numpy_reads_them(data: st.DataObject, datatype: str) -> None:
    """Little-endian, without padding, whatever the bytes are."""
    dtype = np.dtype(f"<{CODES[datatype]}")
    count = data.draw(st.integers(0, 5))
    raw = data.draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if datatype == "BOOL":
        raw = bytes(byte & 1 for byte in raw)
    np.testing.assert_array_equal(from_bytes(raw, datatype, count), np.frombuffer(raw, dtype).tolist())


@given(texts=st.lists(st.text(), max_size=5), junk=st.binary(max_size=9))
def test_texts_survive_the_round_trip_and_nothing_else_is_read(texts: list[str], junk: bytes) -> None:
    """A length that lies is refused, never followed."""
    raw = to_bytes(texts, "BYTES")
    assert from_bytes(raw, "BYTES", len(texts)) == texts
    if junk:
        with pytest.raises(ValueError, match="has"):
            from_bytes(raw + junk, "BYTES", len(texts))


@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5
    ),
    datatype=st.sampled_from([*CODES, "BYTES"]),
    shape=st.lists(st.integers(1, 3), min_size=1, max_size=1) | st.tuples(st.integers(1, 3), st.just(1)),
)
def test_any_json_is_elements_of_the_datatype_or_refused(
    data: Any, datatype: str, shape: Sequence[int]
) -> None:
    """What passes can be packed, so it is what it says."""
    try:
        values = from_json(data, datatype, shape)
    except ValueError:
        return
    assert len(values) == shape[0]
    present = [value for value in values if value is not None]
    if datatype == "BYTES":
        assert all(isinstance(value, str) for value in present)
    elif datatype not in FLOATS:
        struct.pack(f"<{len(present)}{CODES[datatype]}", *present)


def test_every_kind_of_feature_has_a_datatype() -> None:
    """The first is what the metadata says."""
    assert {kind: names[0] for kind, names in ACCEPTED.items()} == {
        "number": "FP64",
        "integer": "INT64",
        "boolean": "BOOL",
        "category": "BYTES",
        "text": "BYTES",
    }
