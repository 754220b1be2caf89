"""Whatever comes in, the function answers with a client's error, keeps its state and stays offline."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import count
from math import nan
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.contract import Contract, load_contract, read_model
from function.errors import ArtefactError, RuntimeLibraryError
from function.oip import inputs_of
from function.oip_request import HEADER
from function.routes import ROUTES
from function.service import Service
from function.settings import Settings
from function.tensors import to_bytes

NASTY = sorted((Path(__file__).parent / "nasty").iterdir())
PATHS = sorted({route.path.replace("{name}", "sleep").replace("{version}", "1") for route in ROUTES})
INFER = "/v2/models/sleep/infer"
FUZZED = 20_000
SHORT = 400

NUMBERS = count()


def settings_for(artefact: Path, library: Path) -> Settings:
    """Return the settings that a deployment of an artefact would pass, with a logger of its own."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    service = f"hardening-{next(NUMBERS)}"
    return Settings(
        contract_sha256=sha256,
        service=service,
        model_folder=str(artefact),
        library_folder=str(library),
        max_body_bytes=30_000,
        log_level="CRITICAL",
    )


@pytest.fixture(scope="module")
def service(artefact: Path, library: Path) -> Service:
    """The example behind HTTP."""
    return Service(settings_for(artefact, library), perf_counter())


def event(path: str, method: str, headers: Any, body: str | None, encoded: bool) -> dict[str, Any]:
    """Return an event as API Gateway sends it."""
    context = {"http": {"method": method, "path": path}, "stage": "$default"}
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": headers,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": encoded,
    }


def known(service: Service, contract: Contract) -> tuple[int, Any]:
    """Ask for the first golden row."""
    body = json.dumps({"instances": [contract.golden.rows[0].row]})
    headers = {"content-type": "application/json"}
    response = service.handle(event("/predictions", "POST", headers, body, False), "known")
    return response["statusCode"], json.loads(response["body"])["predictions"]


def assert_sound(response: dict[str, Any]) -> None:
    """An answer below 500 that is what its headers say."""
    assert 200 <= response["statusCode"] < 500
    assert all(isinstance(value, str) for value in response["headers"].values())
    raw = base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode()
    size = int(response["headers"].get("inference-header-content-length", len(raw)))
    document = json.loads(raw[:size], parse_constant=pytest.fail)
    if response["statusCode"] >= 400:
        assert document.keys() & {"errors", "error"}


@pytest.mark.parametrize("path", ["/predictions", "/v2/models/sleep/infer"])
@pytest.mark.parametrize("file", NASTY, ids=lambda file: file.stem)
def test_a_nasty_body_is_answered_and_changes_nothing(
    service: Service, contract: Contract, file: Path, path: str
) -> None:
    """Each is refused or answered, as text or as base64, and the known row is answered as before."""
    before = known(service, contract)
    raw = file.read_bytes()
    headers = {"content-type": "application/json"}
    for body, encoded in (
        (base64.b64encode(raw).decode(), True),
        (raw.decode(errors="surrogateescape"), False),
    ):
        assert_sound(service.handle(event(path, "POST", headers, body, encoded), "nasty"))
        sized = headers | {"Inference-Header-Content-Length": str(len(raw) // 2)}
        assert_sound(service.handle(event(path, "POST", sized, body, encoded), "nasty"))
    assert known(service, contract) == before
    assert before[0] == 200


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63), 2**64, 10**400, 1e308, -0.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["female", "11", "never", "\0", "\ud800", "INT64", "BYTES", "label", "age"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def bodies(contract: Contract) -> st.SearchStrategy[bytes]:
    """Return bodies from random bytes to requests that are right but for one value."""
    example = {feature.name: feature.example for feature in contract.features}
    tensors = [{**info, "shape": [1, 1], "data": [example[info["name"]]]} for info in inputs_of(contract)]
    names = st.sampled_from(list(example))
    row = st.builds(
        lambda changes: {**example, **changes}, st.dictionaries(names | st.text(), JSON, max_size=2)
    )
    rows = st.fixed_dictionaries({"instances": st.lists(row | JSON, max_size=3) | JSON})
    sizes = st.sampled_from([-1, 0, 1, 8, 2**31, 2**63, 2**64, True, "8", None]) | st.integers()
    changes = st.fixed_dictionaries(
        {},
        optional={
            "name": names | JSON,
            "shape": st.lists(st.integers(-1, 3) | sizes, max_size=3) | JSON,
            "datatype": st.sampled_from(["INT64", "FP32", "FP16", "BOOL", "BYTES", "BF16"]) | JSON,
            "data": st.lists(JSON, max_size=2) | JSON,
            "parameters": st.dictionaries(
                st.sampled_from(["binary_data_size", "binary_data", "classification"]), sizes | JSON
            )
            | JSON,
        },
    )
    tensor = st.tuples(st.integers(0, len(tensors) - 1), changes)
    inputs = st.lists(tensor, max_size=2).map(lambda found: _with(tensors, dict(found)))
    asked = st.fixed_dictionaries(
        {"inputs": inputs | JSON},
        optional={
            "id": st.text() | JSON,
            "outputs": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from(["label", "x"])}) | JSON, max_size=2
            ),
            "parameters": st.fixed_dictionaries({"binary_data_output": st.booleans()}) | JSON,
        },
    )
    documents = st.one_of(rows, asked, JSON).map(lambda document: json.dumps(document).encode())
    return st.one_of(
        documents, st.tuples(documents, st.binary(max_size=40)).map(b"".join), st.binary(max_size=60)
    )


def _with(tensors: list[dict[str, Any]], changes: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**tensor, **changes.get(at, {})} for at, tensor in enumerate(tensors)]


def binaries(contract: Contract) -> st.SearchStrategy[tuple[bytes, int]]:
    """Return bodies of binary tensors, most of them right but for one size, and the size of their JSON."""
    parts = [
        to_bytes(["" if item.example is None else item.example], "BYTES")
        if item.kind == "category"
        else to_bytes([nan if item.example is None else item.example], "FP64")
        for item in contract.features
    ]
    tensors = [
        {**info, "shape": [1], "datatype": "BYTES" if info["datatype"] == "BYTES" else "FP64"}
        for info in inputs_of(contract)
    ]
    sizes = st.sampled_from([-1, 0, 1, 7, 2**31, 2**63, 2**64, True, "8", None]) | st.integers(0, 90)
    lies = st.dictionaries(st.integers(0, len(parts) - 1), sizes, max_size=1)
    contents = st.dictionaries(st.integers(0, len(parts) - 1), st.binary(max_size=12), max_size=1)

    def build(lie: dict[int, Any], content: dict[int, bytes], more: bytes, asked: bool) -> tuple[bytes, int]:
        tail = [content.get(at, part) for at, part in enumerate(parts)]
        inputs = [
            {**tensor, "parameters": {"binary_data_size": lie.get(at, len(tail[at]))}}
            for at, tensor in enumerate(tensors)
        ]
        head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": asked}}).encode()
        return head + b"".join(tail) + more, len(head)

    return st.builds(build, lies, contents, st.just(b"") | st.binary(max_size=3), st.booleans())


def events(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Return events: most reach the checks of a body, the rest have odd paths, methods, headers and encodings."""
    raw = bodies(contract)
    json_type = {"content-type": "application/json"}
    paths = st.sampled_from(["/predictions", INFER])
    encoded = raw.map(lambda body: (base64.b64encode(body).decode(), True))
    plain = raw.map(lambda body: (body.decode(errors="surrogateescape"), False))
    usual = st.builds(lambda path, body: event(path, "POST", json_type, *body), paths, encoded | plain)
    lengths = st.integers(-1, 1500).map(str) | st.text(max_size=5) | st.just("9" * 5000)

    def tensors(found: tuple[bytes, int], header: str | None) -> dict[str, Any]:
        headers = {HEADER: str(found[1]) if header is None else header}
        return event(INFER, "POST", headers, base64.b64encode(found[0]).decode(), True)

    binary = st.builds(tensors, binaries(contract), st.none() | st.none() | lengths)
    lies = raw.map(lambda body: (body.decode(errors="surrogateescape"), True))
    headers = st.one_of(
        st.none(),
        st.fixed_dictionaries({}, optional={"Content-Type": st.text(), HEADER.upper(): lengths}),
        st.dictionaries(st.text(), st.text(), max_size=3),
    )
    path = st.sampled_from(PATHS) | st.text()
    method = st.sampled_from(["POST", "GET", "HEAD", "delete", "OPTIONS"]) | st.text(max_size=5)
    nothing = st.sampled_from([(None, False), (None, True)])
    odd = st.builds(
        lambda p, m, h, body: event(p, m, h, *body), path, method, headers, encoded | lies | nothing
    )
    return st.integers(0, 9).flatmap(lambda kind: odd if kind < 2 else binary if kind < 5 else usual)


def fuzz(service: Service, contract: Contract, examples: int) -> None:
    """Send events and compare a known row before and after."""
    before = known(service, contract)
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(events(contract))
    def send(one: dict[str, Any]) -> None:
        response = service.handle(one, "fuzz")
        assert_sound(response)
        statuses[response["statusCode"]] += 1

    send()
    assert statuses.total() >= examples
    assert statuses.keys() >= {200, 400, 404, 422}  # it came as deep as the model
    assert known(service, contract) == before


def test_any_event_is_answered_below_500(service: Service, contract: Contract) -> None:
    """A short run; the known row is answered as before."""
    fuzz(service, contract, SHORT)


@pytest.mark.long
def test_twenty_thousand_events_are_answered_below_500(service: Service, contract: Contract) -> None:
    """No exception, no 5xx; the known row is answered as before."""
    fuzz(service, contract, FUZZED)


@pytest.fixture
def copy(artefact: Path, tmp_path: Path) -> Path:
    """A copy of the artefact that a test may damage."""
    return Path(shutil.copytree(artefact, tmp_path / "model"))


@pytest.mark.parametrize(("name", "step"), [("model.onnx", 5), ("contract.json", 101)])
def test_a_flipped_byte_is_refused_at_start(copy: Path, library: Path, name: str, step: int) -> None:
    """Wherever it is; the reason names the file and both hashes."""
    wanted = settings_for(copy, library)
    raw = bytearray((copy / name).read_bytes())
    for at in {*range(0, len(raw), step), len(raw) - 1}:
        raw[at] ^= 0xFF
        (copy / name).write_bytes(raw)
        raw[at] ^= 0xFF
        with pytest.raises(
            ArtefactError, match=f"{name} has SHA-256 [0-9a-f]{{64}}, .* wants [0-9a-f]{{64}}: it was"
        ):
            load_and_read(copy, wanted)
    (copy / name).write_bytes(raw)
    load_and_read(copy, wanted)


def load_and_read(folder: Path, wanted: Settings) -> None:
    """Do what a start does first."""
    read_model(folder, load_contract(folder, sha256=wanted.contract_sha256))


@pytest.mark.parametrize("name", ["model.onnx", "contract.json"])
@pytest.mark.parametrize("left", [0, 1, 0.5, -1])
def test_a_truncated_file_stops_the_start(copy: Path, library: Path, name: str, left: float) -> None:
    """Through the service, as on Lambda."""
    wanted = settings_for(copy, library)
    raw = (copy / name).read_bytes()
    (copy / name).write_bytes(raw[: int(len(raw) * left) if isinstance(left, float) else left])
    with pytest.raises(ArtefactError, match=f"{name} has SHA-256"):
        Service(wanted, perf_counter())


def test_swapped_files_stop_the_start(copy: Path, library: Path) -> None:
    """The contract is looked at first."""
    wanted = settings_for(copy, library)
    (copy / "model.onnx").rename(copy / "other")
    (copy / "contract.json").rename(copy / "model.onnx")
    (copy / "other").rename(copy / "contract.json")
    with pytest.raises(ArtefactError, match=r"contract\.json has SHA-256"):
        Service(wanted, perf_counter())


def test_a_graph_damaged_before_its_hash_was_taken_is_refused_or_answers_otherwise(
    copy: Path, library: Path, contract: Contract
) -> None:
    """Even a contract that vouches for a damaged graph brings down no process."""
    raw = (copy / "model.onnx").read_bytes()
    refused = 0
    for at in range(0, len(raw), len(raw) // 40):
        damaged = bytearray(raw)
        damaged[at] ^= 0xFF
        (copy / "model.onnx").write_bytes(damaged)
        sha256 = hashlib.sha256(damaged).hexdigest()
        vouching = replace(contract, model=replace(contract.model, sha256=sha256))
        (copy / "contract.json").write_text(json.dumps(vouching.to_dict()))
        try:
            Service(settings_for(copy, library), perf_counter())
        except (ArtefactError, RuntimeLibraryError):
            refused += 1
    assert refused > 0


OFFLINE = """
import json, os, sys, types
seen = []
sys.addaudithook(lambda name, args: seen.append(name) if name.startswith("socket.") else None)
import function.handler as h
lambda_context = types.SimpleNamespace(aws_request_id="r")
for event in json.loads(sys.argv[1]):
    h.handler(event, lambda_context)
descriptors = []
for name in os.listdir("/proc/self/fd"):
    try:
        descriptors.append(os.readlink(f"/proc/self/fd/{name}"))
    except OSError:
        pass
print(json.dumps({"events": seen, "sockets": [d for d in descriptors if d.startswith("socket:")]}))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed in /proc on Linux only")
def test_no_socket_is_opened_at_start_or_by_requests(
    artefact: Path, library: Path, root: Path, contract: Contract
) -> None:
    """Neither by Python, as its audit events tell, nor by the C library, as the open files tell."""
    row = contract.golden.rows[0].row
    tensors = [{**info, "shape": [1], "data": [row.get(info["name"])]} for info in inputs_of(contract)]
    headers = {"content-type": "application/json"}
    asked = [
        {},
        event("/predictions", "POST", headers, json.dumps({"instances": [row]}), False),
        event("/v2/models/sleep/infer", "POST", headers, json.dumps({"inputs": tensors}), False),
        event("/predictions", "POST", headers, "{", False),
    ]
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, json.dumps(asked)],
        cwd=root,
        env=settings_for(artefact, library).to_env(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {"events": [], "sockets": []}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_system_call_opens_a_socket(
    artefact: Path, library: Path, root: Path, contract: Contract, tmp_path: Path
) -> None:
    """Not even one that is closed again: strace sees every thread."""
    body = json.dumps({"instances": [contract.golden.rows[0].row]})
    asked = [event("/predictions", "POST", {"content-type": "application/json"}, body, False)]
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=socket,connect,bind,sendto", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, "-c", OFFLINE, json.dumps(asked)],
        cwd=root,
        # Without HOME the interpreter itself asks the name service, before any of our code runs.
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings_for(artefact, library).to_env()},
        capture_output=True,
        text=True,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let strace trace")
    assert done.returncode == 0
    calls = [line for line in trace.read_text().splitlines() if "socket(" in line or "connect(" in line]
    assert calls == []
