"""The whole road: a survey row in, through gateway and function, and scikit-learn's own answer out."""

import json
import urllib.error
import urllib.request
from typing import Any

import pandas as pd
import pytest
import skops.io

from function.contract import Contract
from function.settings import METRICS_NAMESPACE, PROBABILITY_METRIC
from infra.local.deployment import LocalDeployment
from model.survey import CATEGORIES, MISSING, load_survey

pytestmark = pytest.mark.e2e


def _send(
    deployment: LocalDeployment,
    path: str,
    *,
    body: str | None = None,
    method: str | None = None,
    content_type: str = "application/json",
) -> tuple[int, str, Any]:
    """Return status, content type and document."""
    outgoing = urllib.request.Request(
        deployment.base_url + path,
        data=None if body is None else body.encode(),
        method=method,
        headers={"content-type": content_type},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(outgoing, timeout=30) as answer:
            return answer.status, answer.headers["content-type"], json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], json.load(error)


def _instance(row: "pd.Series[Any]") -> dict[str, Any]:
    """Return a survey row as a request would carry it."""
    values = {name: None if value == MISSING or pd.isna(value) else value for name, value in row.items()}
    return {name: v if name in CATEGORIES or v is None else float(v) for name, v in values.items()} | {
        "age": None if values["age"] is None else int(values["age"])
    }


@pytest.fixture(scope="module")
def answered(
    deployment: LocalDeployment, root: Any
) -> tuple["pd.DataFrame", list[dict[str, Any]], dict[str, Any]]:
    """Rows from all over the survey, among them the first with a missing number, asked in one request."""
    features = load_survey().features
    holes = features[features["height"].isna()].index[:3]
    rows = features.loc[[*range(0, len(features), len(features) // 20), *holes]]
    instances = [_instance(row) for _, row in rows.iterrows()]
    status, content_type, document = _send(
        deployment, "/predictions", body=json.dumps({"instances": instances})
    )
    assert (status, content_type) == (200, "application/json")
    return rows, instances, document


def test_a_prediction_is_scikit_learns(
    answered: tuple["pd.DataFrame", list[dict[str, Any]], dict[str, Any]], root: Any, contract: Contract
) -> None:
    """Same class, same probability, for complete answers and for missing ones."""
    rows, _, document = answered
    pipeline = skops.io.load(root / "model/sleep.skops", trusted=["numpy.dtype"])
    wanted = pipeline.predict_proba(rows)[:, 1]
    found = [prediction["probability"] for prediction in document["predictions"]]
    assert pytest.approx(wanted, abs=1e-6) == found
    names = {target.value: target.name for target in contract.outputs.classes}
    labels = [names[value] for value in pipeline.predict(rows).tolist()]
    assert labels == [prediction["label"] for prediction in document["predictions"]]


def test_advice_is_what_scikit_learn_says_of_the_changed_answer(
    answered: tuple["pd.DataFrame", list[dict[str, Any]], dict[str, Any]], root: Any
) -> None:
    """Each alternative's probability is the model's own, higher than before, and says what changes."""
    rows, instances, document = answered
    pipeline = skops.io.load(root / "model/sleep.skops", trusted=["numpy.dtype"])
    checked = 0
    for (_, row), instance, prediction in zip(
        rows.iterrows(), instances, document["predictions"], strict=True
    ):
        for advice in prediction["advice"]:
            assert instance[advice["feature"]] == advice["from"]
            changed = (
                row.to_frame().T.assign(**{advice["feature"]: advice["to"]}).astype(rows.dtypes.to_dict())
            )
            assert pytest.approx(pipeline.predict_proba(changed)[0, 1], abs=1e-6) == advice["probability"]
            assert advice["probability"] > prediction["probability"]
            checked += 1
    assert checked > len(instances) / 2


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready"])
def test_health_is_answered(deployment: LocalDeployment, path: str) -> None:
    """What a load balancer asks."""
    assert _send(deployment, path)[0] == 200


@pytest.mark.parametrize(
    ("request_", "status", "pointer"),
    [
        ({"path": "/predictions", "body": "{"}, 400, "#"),
        ({"path": "/predictions", "body": '{"instances": [{"age": NaN}]}'}, 400, "#"),
        ({"path": "/predictions", "body": '{"instances": []}'}, 422, "#/instances"),
        ({"path": "/predictions", "body": '{"instances": [{"age": "old"}]}'}, 422, "#/instances/0/age"),
        ({"path": "/predictions", "body": '{"instances": [{"shoe": 1}]}'}, 422, "#/instances/0/shoe"),
        ({"path": "/predictions", "body": "age=14", "content_type": "text/plain"}, 415, "#"),
        ({"path": "/predictions", "method": "GET"}, 405, "#"),
        ({"path": "/predictions", "method": "DELETE"}, 405, "#"),
        ({"path": "/prediction", "body": "{}"}, 404, "#"),
        ({"path": "/", "method": "GET"}, 404, "#"),
    ],
)
def test_a_wrong_request_is_answered_by_the_function_with_the_place(
    deployment: LocalDeployment, request_: dict[str, Any], status: int, pointer: str
) -> None:
    """A wrong path or method reaches it by ``$default``; none of them is a 5xx."""
    found, content_type, document = _send(deployment, **request_)
    assert (status, "application/problem+json") == (found, content_type)
    assert pointer in {item["pointer"] for item in document["errors"]}


def test_the_alias_proves_itself_when_it_is_invoked_without_a_request(deployment: LocalDeployment) -> None:
    """Which is how a deployment will check a new version."""
    client = deployment.emulator.client("lambda")
    answer = client.invoke(FunctionName=deployment.outputs["FunctionName"], Qualifier="live", Payload=b"{}")
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"])["self_test"] == "passed"


def test_log_lines_and_metrics_arrive_where_the_dashboard_looks(
    deployment: LocalDeployment, answered: object
) -> None:
    """In the stack's log group, as JSON, with the metric's namespace, name and dimension."""
    client = deployment.emulator.client("logs")
    group = deployment.outputs["LogGroupName"]
    lines = [
        json.loads(event["message"])
        for stream in client.describe_log_streams(logGroupName=group)["logStreams"]
        for event in client.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])[
            "events"
        ]
        if event["message"].startswith("{")
    ]
    assert "predicted" in {line.get("message") for line in lines}
    emitted = [line for line in lines if PROBABILITY_METRIC in line]
    (directive,) = emitted[0]["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == (METRICS_NAMESPACE, [["service"]])
    assert emitted[0]["service"] == "nightjar-local"
