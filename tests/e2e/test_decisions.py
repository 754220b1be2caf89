"""A classifier without probabilities, from the estimator to the answer: nothing calls its values probabilities."""

import hashlib
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from function.contract import load_contract
from function.service import Service
from function.settings import Settings
from infra.openapi import document
from loadtests.known import load_known
from model_conversion.convert import convert_model
from model_conversion.material import Request


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """Folder of the artefact and its data, the estimator and its features."""
    folder = tmp_path_factory.mktemp("decision")
    frame = load_breast_cancer(as_frame=True).frame
    frame.columns = [name.replace(" ", "_") for name in frame.columns]
    features = frame.drop(columns="target").iloc[:, :8]
    words = np.where(frame["target"] == 1, "benign", "malign")
    estimator = make_pipeline(StandardScaler(), SVC()).fit(features, words)
    joblib.dump(estimator, folder / "model.joblib")
    features.assign(kind=words).to_csv(folder / "rows.csv", index=False)
    convert_model(
        Request(
            model=folder / "model.joblib",
            data=folder / "rows.csv",
            schema=None,
            target="kind",
            out=folder / "model",
            trust_pickle=True,
        )
    )
    return folder, estimator, features


@pytest.fixture(scope="module")
def service(trained: tuple[Path, Any, Any], library: Path) -> Service:
    """The model behind HTTP."""
    folder = trained[0] / "model"
    sha256 = hashlib.sha256((folder / "contract.json").read_bytes()).hexdigest()
    settings = Settings(
        contract_sha256=sha256, service="decision", model_folder=str(folder), library_folder=str(library)
    )
    return Service(settings, perf_counter())


def answer(service: Service, path: str, body: Any) -> Any:
    """Send a request as API Gateway hands it over and return the document."""
    event = {
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": path}},
        "body": json.dumps(body),
    }
    response = service.handle(event, "r")
    assert response["statusCode"] == 200
    return json.loads(response["body"])


def test_label_and_decision_values_are_the_estimators(
    trained: tuple[Path, Any, Any], service: Service
) -> None:
    """The positive class's value is shown, the threshold is zero, and the description fits the answer."""
    folder, estimator, features = trained
    contract = load_contract(folder / "model")
    assert (contract.model.task, contract.outputs.threshold) == ("decision", 0.0)
    head = features.head(40)
    body = {"instances": head.to_dict("records")}
    found = answer(service, "/predictions", body)
    assert [item["label"] for item in found["predictions"]] == estimator.predict(head).tolist()
    wanted = estimator.decision_function(head)
    np.testing.assert_allclose([item["value"] for item in found["predictions"]], wanted, atol=1e-4)
    np.testing.assert_allclose(
        [item["values"]["benign"] for item in found["predictions"]], -wanted, atol=1e-4
    )
    assert "probab" not in json.dumps(found)
    described = document(contract)
    schema = {"$ref": "#/components/schemas/PredictionResponse", "components": described["components"]}
    Draft202012Validator(schema).validate(found)


def test_the_protocol_gives_the_same_values(trained: tuple[Path, Any, Any], service: Service) -> None:
    """One output for the value that is shown, one for all."""
    folder, estimator, features = trained
    name = load_contract(folder / "model").model.name
    head = features.head(5)
    tensors = [
        {"name": column, "datatype": "FP64", "shape": [5, 1], "data": head[column].tolist()}
        for column in head
    ]
    found = answer(service, f"/v2/models/{name}/infer", {"inputs": tensors})
    outputs = {item["name"]: item for item in found["outputs"]}
    assert outputs["label"]["data"] == estimator.predict(head).tolist()
    np.testing.assert_allclose(outputs["value"]["data"], estimator.decision_function(head), atol=1e-4)
    assert outputs["values"]["shape"] == [5, 2]


def test_a_load_test_knows_the_answers(trained: tuple[Path, Any, Any], service: Service) -> None:
    """As the service renders them, advice apart."""
    folder, _, _ = trained
    known = load_known(data=folder / "rows.csv", artefact=folder / "model")
    cases = known.cases[:20]
    found = answer(service, "/predictions", {"instances": [case.row for case in cases]})["predictions"]
    assert [case.answer for case in cases] == [
        {key: value for key, value in item.items() if key != "advice"} for item in found
    ]
