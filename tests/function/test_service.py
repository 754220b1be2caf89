"""The function as Lambda drives it: answers, refusals, self-test, and what it writes."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import count
from math import inf, nan
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from function.contract import Contract
from function.errors import ArtefactError, InternalError, RequestError, RuntimeLibraryError, SelfTestError
from function.predictions import refuse_non_finite
from function.predictor import Prediction
from function.service import Service
from function.settings import Settings
from function.telemetry import Telemetry

NUMBERS = count()
SENTINEL = "SENTINEL-7391"


def settings_for(artefact: Path, library: Path) -> Settings:
    """Return the settings that a deployment of an artefact would pass.

    Powertools keeps one logger a service, with the output of its first use; so each test's service has a new name.
    """
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    return Settings(
        contract_sha256=sha256,
        service=f"test-{next(NUMBERS)}",
        model_folder=str(artefact),
        library_folder=str(library),
        max_instances=40,
    )


@pytest.fixture(scope="module")
def service(artefact: Path, library: Path) -> Service:
    """The example behind HTTP."""
    return Service(settings_for(artefact, library), perf_counter())


def post(service: Service, body: Any, **changes: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Send a body to POST /predictions and return status, document and headers."""
    event = {
        "rawPath": "/predictions",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/predictions"}, "stage": "$default"},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }
    response = service.handle(event | changes, "r-1")
    return response["statusCode"], json.loads(response["body"]), response["headers"]


def test_golden_rows_get_scikit_learns_answers(service: Service, contract: Contract) -> None:
    """Label, probability, class probabilities and base rate are those of the contract."""
    golden = contract.golden.rows[:40]
    status, document, _ = post(service, {"instances": [item.row for item in golden]})
    assert status == 200
    assert document["model"] == {"name": "sleep", "version": contract.model.version}
    names = {target.value: target.name for target in contract.outputs.classes}
    for item, answer in zip(golden, document["predictions"], strict=True):
        assert item.label is not None
        assert answer["label"] == names[item.label]
        assert list(answer["probabilities"].values()) == pytest.approx(item.scores, abs=1e-6)
        assert answer["probability"] == answer["probabilities"]["8_hours_or_more"]
        assert answer["base_rate"] == pytest.approx(0.306, abs=0.001)


def test_advice_names_the_change_and_what_it_goes_with(service: Service, contract: Contract) -> None:
    """Each piece has feature, from, to, the new probability and a sentence from the contract."""
    row = contract.golden.rows[0].row | {"strength_training_7d": 0, "physically_active_7d": 0}
    _, document, _ = post(service, {"instances": [row]})
    (answer,) = document["predictions"]
    assert 1 <= len(answer["advice"]) <= 3
    for piece in answer["advice"]:
        assert piece.keys() == {"feature", "from", "to", "probability", "text"}
        assert piece["from"] == row[piece["feature"]]
        assert piece["probability"] > answer["probability"]
        assert piece["text"] in {item.text for item in contract.actionable}


def test_a_batch_is_answered_as_its_rows_alone(service: Service, contract: Contract) -> None:
    """Company changes an answer by less than the proof's tolerance (sums of float32 depend on the batch)."""
    rows = [item.row for item in contract.golden.rows[:20]]
    _, together, _ = post(service, {"instances": rows})
    for row, answer in zip(rows, together["predictions"], strict=True):
        (alone,) = post(service, {"instances": [row]})[1]["predictions"]
        assert answer["label"] == alone["label"]
        assert answer["probability"] == pytest.approx(alone["probability"], abs=1e-6)
        assert len(answer["advice"]) == len(alone["advice"])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"shoe_size": 42}, "#/instances/0/shoe_size"),
        ({"age": "16"}, "#/instances/0/age"),
        ({"age": 99}, "#/instances/0/age"),
        ({"hours_tv_per_school_day": "nine"}, "#/instances/0/hours_tv_per_school_day"),
        ({"hours_tv_per_school_day": 3}, "#/instances/0/hours_tv_per_school_day"),
    ],
)
def test_bad_answers_are_422_with_a_pointer(
    service: Service, contract: Contract, changes: dict[str, Any], pointer: str
) -> None:
    """The place is named as the client wrote it."""
    status, document, headers = post(service, {"instances": [contract.golden.rows[0].row | changes]})
    assert (status, headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in document["errors"]] == [pointer]


def test_a_missing_required_feature_is_named(service: Service, contract: Contract) -> None:
    """An absent key is an error and not a silent null."""
    row = {name: value for name, value in contract.golden.rows[0].row.items() if name != "age"}
    status, document, _ = post(service, {"instances": [row]})
    assert (status, document["errors"][0]["pointer"]) == (422, "#/instances/0/age")


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        ('{"instances": [{"age": NaN}]}', {}, 400),
        ("{", {}, 400),
        ("", {}, 400),
        ('{"instances": []}', {}, 422),
        (json.dumps({"instances": [{}] * 41}), {}, 422),
        ("{}", {"headers": {"content-type": "text/plain"}}, 415),
        ("{}", {"rawPath": "/nowhere"}, 404),
        ("é", {"isBase64Encoded": True}, 400),
        (base64.b64encode(b"\xff").decode(), {"isBase64Encoded": True}, 400),
        ('"' + "x" * 1_000_001 + '"', {}, 413),
    ],
)
def test_bad_requests_are_client_errors(
    service: Service, body: str, changes: dict[str, Any], status: int
) -> None:
    """Each is a 4xx problem document that says what is accepted."""
    seen, document, headers = post(service, body, **changes)
    assert (seen, headers["content-type"]) == (status, "application/problem+json")
    assert document["errors"][0]["detail"]


def test_a_wrong_method_is_405(service: Service) -> None:
    """The gateway's default route brings it to the function."""
    context = {"http": {"method": "DELETE", "path": "/predictions"}, "stage": "$default"}
    status, _, headers = post(service, "", requestContext=context)
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("/v2/health/live", {"live": True}), ("/v2/health/ready", {"live": True, "ready": True})],
)
def test_health_answers(service: Service, path: str, wanted: dict[str, bool]) -> None:
    """Live and ready are 200 once the model is loaded."""
    context = {"http": {"method": "GET", "path": path}, "stage": "$default"}
    status, document, _ = post(service, "", rawPath=path, requestContext=context)
    assert (status, document) == (200, wanted)


def test_timings_tell_cold_from_warm(artefact: Path, library: Path, contract: Contract) -> None:
    """The first answer carries the initialisation, the next does not."""
    service = Service(settings_for(artefact, library), perf_counter())
    body = {"instances": [contract.golden.rows[0].row]}
    first, second = (post(service, body)[2]["server-timing"] for _ in range(2))
    assert "init;dur=" in first
    assert first.endswith(", cold")
    assert "cold" not in second
    assert "infer;dur=" in second
    assert "total;dur=" in second


@pytest.mark.parametrize("event", [None, {}, {"requestContext": {}}, []])
def test_an_invocation_without_http_runs_the_self_test(
    service: Service, contract: Contract, event: Any
) -> None:
    """A deployment trigger sends no payload."""
    assert service.handle(event, "r") == {"self_test": "passed", "rows": len(contract.golden.rows)}


def test_the_self_test_fails_when_one_answer_differs(
    artefact: Path, library: Path, contract: Contract, tmp_path: Path
) -> None:
    """A model that answers otherwise than scikit-learn never gets traffic."""
    first, *rest = contract.golden.rows
    moved = replace(first, scores=(first.scores[0] + 1e-3, first.scores[1] - 1e-3))
    wrong = replace(contract, golden=replace(contract.golden, rows=(moved, *rest)))
    folder = Path(shutil.copytree(artefact, tmp_path / "model"))
    (folder / "contract.json").write_text(json.dumps(wrong.to_dict()))
    service = Service(settings_for(folder, library), perf_counter())
    with pytest.raises(SelfTestError, match=f"1 of {len(contract.golden.rows)} golden rows .* rows 0 "):
        service.handle({}, "r")


def test_a_damaged_artefact_stops_the_start(artefact: Path, library: Path, tmp_path: Path) -> None:
    """Initialisation fails with the reason, so that no request meets a broken model."""
    folder = Path(shutil.copytree(artefact, tmp_path / "model"))
    settings = settings_for(folder, library)
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"model\.onnx has SHA-256"):
        Service(settings, perf_counter())


def test_a_graph_that_is_no_graph_stops_the_start(
    artefact: Path, library: Path, contract: Contract, tmp_path: Path
) -> None:
    """Even when every hash fits."""
    folder = Path(shutil.copytree(artefact, tmp_path / "model"))
    (folder / "model.onnx").write_bytes(b"nonsense")
    sha256 = hashlib.sha256(b"nonsense").hexdigest()
    other = replace(contract, model=replace(contract.model, sha256=sha256))
    (folder / "contract.json").write_text(json.dumps(other.to_dict()))
    with pytest.raises(RuntimeLibraryError):
        Service(settings_for(folder, library), perf_counter())


def test_no_line_written_repeats_a_feature_value(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """These are minors' health answers: sentinel values of every kind appear in no log and no metric."""
    service = Service(settings_for(artefact, library), perf_counter())
    row = contract.golden.rows[0].row
    height, weight = 1.7391173, 57.391733
    bodies = [
        {"instances": [row | {"height": height, "weight": weight}]},
        {"instances": [row | {"hours_tv_per_school_day": SENTINEL}]},
        {"instances": [row | {SENTINEL: SENTINEL}]},
        {"instances": [row | {"age": SENTINEL, "height": height}]},
        SENTINEL,
        f'{{"{SENTINEL}": NaN}}',
    ]
    for body in bodies:
        post(service, body)
    post(service, "", rawPath=f"/{SENTINEL}")
    written = "".join(capfd.readouterr())
    assert len(written.splitlines()) >= len(bodies) + 2
    for value in (SENTINEL, "7391173", "391733"):
        assert value not in written


def test_an_unexpected_error_propagates_without_its_message(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """Lambda counts it, no log repeats what it quoted, and the next request works."""
    service = Service(settings_for(artefact, library), perf_counter())
    with pytest.raises(InternalError) as caught:
        service.handle({"requestContext": {"http": {"method": SENTINEL}}, "headers": SENTINEL}, "r-9")
    assert SENTINEL not in repr(caught.value)
    assert caught.value.__suppress_context__
    written = capfd.readouterr().out
    assert SENTINEL not in written
    assert '"failed"' in written
    assert post(service, {"instances": [contract.golden.rows[0].row]})[0] == 200


def test_one_line_and_one_metric_a_request(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """The line has counts and timings, the metric one value a row and the service as its only dimension."""
    service = Service(settings_for(artefact, library), perf_counter())
    capfd.readouterr()
    rows = [item.row for item in contract.golden.rows[:3]]
    _, document, _ = post(service, {"instances": rows})
    line, metric = [json.loads(text) for text in capfd.readouterr().out.splitlines()]
    assert line["message"] == "predicted"
    assert (line["rows"], line["status"], line["request_id"]) == (3, 200, "r-1")
    assert sum(line["classes"].values()) == 3
    assert line["model_version"] == contract.model.version
    assert metric["PredictionProbability"] == [answer["probability"] for answer in document["predictions"]]
    (definition,) = metric["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "Nightjar"
    assert definition["Dimensions"] == [["service"]]
    assert definition["Metrics"] == [{"Name": "PredictionProbability", "Unit": "None"}]


def test_scores_are_counted_in_the_bins_of_the_contract(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """As numpy counts them; the drift function compares the sums of a day with the contract's own counts."""
    service = Service(replace(settings_for(artefact, library), max_instances=250), perf_counter())
    capfd.readouterr()
    _, document, _ = post(service, {"instances": [item.row for item in contract.golden.rows]})
    line = json.loads(capfd.readouterr().out.splitlines()[0])
    scores = [answer["probability"] for answer in document["predictions"]]
    wanted, _ = np.histogram(scores, bins=contract.baseline["score"]["edges"])
    assert {str(at): count for at, count in enumerate(wanted.tolist()) if count} == line["score_histogram"]
    assert len(line["score_histogram"]) > 2


def test_scores_beyond_the_bins_and_on_their_edges_are_counted() -> None:
    """A regression's value may leave the range of training; an edge belongs to the bin above it, as in numpy."""
    telemetry = Telemetry(
        service="edges", namespace="N", level="INFO", model_version="v", metric="M", edges=[-1, 0, 2, 5]
    )
    assert telemetry._counts([-9, -1, -0.5, 0, 1.9, 2, 5, 99]) == {"0": 3, "1": 2, "2": 3}


def test_missing_and_outlying_answers_are_counted_in_the_line(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only counts: what was answered stays out of it."""
    service = Service(settings_for(artefact, library), perf_counter())
    capfd.readouterr()
    row = contract.golden.rows[0].row
    post(service, {"instances": [row | {"weight": 400.5, "height": None}, row | {"weight": 1}, row]})
    line = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (line["nulls"], line["outside"], line["rows"]) == (1, 2, 3)


def test_an_answer_beyond_numbers_is_the_clients_to_mend(service: Service, contract: Contract) -> None:
    """A weight that only warns can overflow the model; JSON has no infinity."""
    row = contract.golden.rows[0].row
    for weight in (1e308, -1e308, 1.7976931348623157e308):
        status, document, _ = post(service, {"instances": [row, row | {"weight": weight}]})
        assert status in {200, 422}
        if status == 422:
            assert document["errors"][0]["pointer"] == "#/instances/1"


@pytest.mark.parametrize("other", [nan, inf, -inf])
def test_no_score_of_an_answer_may_be_infinite(other: float) -> None:
    """Not even one that is not watched."""
    predictions = [Prediction(0, (0.5, 0.5)), Prediction(0, (other, 0.5))]
    with pytest.raises(RequestError) as caught:
        refuse_non_finite(predictions, lambda at, _: f"row {at}")
    assert caught.value.status == 422
    assert [problem.pointer for problem in caught.value.problems] == ["row 1"]
    refuse_non_finite(predictions[:1], lambda at, _: f"row {at}")


def test_a_batch_beyond_one_metric_line_loses_no_score(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch takes 100 values a line; the rest follow in further lines."""
    service = Service(replace(settings_for(artefact, library), max_instances=250), perf_counter())
    capfd.readouterr()
    post(service, {"instances": [contract.golden.rows[0].row] * 250})
    lines = [json.loads(text) for text in capfd.readouterr().out.splitlines()]
    values = [line["PredictionProbability"] for line in lines if "_aws" in line]
    assert sum(map(len, values)) == 250
    assert max(map(len, values)) <= 100


def test_the_handler_module_serves_from_the_environment(
    artefact: Path, library: Path, root: Path, contract: Contract
) -> None:
    """The entry point that Lambda imports loads neither numpy nor the Python binding."""
    code = (
        "import sys, types, function.handler as h;"
        "print(h.handler({}, types.SimpleNamespace(aws_request_id='r')));"
        "print(sorted(m for m in ('numpy', 'onnxruntime', 'boto3', 'pydantic') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=settings_for(artefact, library).to_env(),
        capture_output=True,
        text=True,
        check=True,
    )
    answer, modules = done.stdout.splitlines()[-2:]
    assert answer == str({"self_test": "passed", "rows": len(contract.golden.rows)})
    assert modules == "[]"
