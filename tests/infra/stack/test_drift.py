"""Drift: the index itself, the day's query, and the rights of the function that asks it."""

import hashlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Contract
from function.service import Service
from function.settings import Settings
from infra.stack.drift_function import drift

type Properties = Callable[[Any, str], list[dict[str, Any]]]
counts = st.lists(st.integers(0, 10_000), min_size=10, max_size=10)


def test_the_index_is_the_textbooks() -> None:
    """Two bins, shares 0.5/0.5 and 0.9/0.1: (0.4)(ln 1.8) + (-0.4)(ln 0.2)."""
    wanted = 0.4 * math.log(1.8) - 0.4 * math.log(0.2)
    assert pytest.approx(wanted, rel=1e-3) == drift.psi([50_000, 50_000], [90_000, 10_000])


@given(counts, counts)
def test_the_index_is_never_negative_and_does_not_know_which_came_first(a: list[int], b: list[int]) -> None:
    """And is finite whatever bins are empty."""
    assert drift.psi(a, b) >= -1e-12
    assert math.isfinite(drift.psi(a, b))
    assert pytest.approx(drift.psi(a, b), abs=1e-9) == drift.psi(b, a)


@given(counts)
def test_the_same_histogram_has_not_drifted(a: list[int]) -> None:
    """Zero."""
    assert drift.psi(a, a) == 0


def test_histograms_of_other_bins_are_refused() -> None:
    """A baseline of another model would give a number that means nothing."""
    with pytest.raises(ValueError, match="shorter"):
        drift.psi([1, 2, 3], [1, 2])


class _Logs:
    """Answers a query after a while."""

    def __init__(self, row: dict[str, str], last: str = "Complete") -> None:
        self.row, self.statuses, self.asked = row, ["Running", last], {}

    def start_query(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        return {"queryId": "q"}

    def get_query_results(self, **_: str) -> dict[str, Any]:
        cells = [{"field": name, "value": value} for name, value in self.row.items()]
        return {"status": self.statuses.pop(0), "results": [cells] if cells else []}


def _run(logs: _Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BASELINE": "[50, 50]", "LOG_GROUP": "g", "NAMESPACE": "N", "SERVICE": "s"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.client", lambda _: logs)
    monkeypatch.setattr(drift, "_POLL_S", 0)
    drift.handler({}, None)


def test_a_day_becomes_one_metric(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One embedded-metric line; the query covers a day of the one group."""
    logs = _Logs({"bin0": "180", "bin1": "20.0"})
    _run(logs, monkeypatch)
    line = json.loads(capsys.readouterr().out)
    assert (line["service"], line["rows"]) == ("s", 200)
    assert line["ScoreDrift"] == pytest.approx(drift.psi([50, 50], [180, 20]), abs=1e-6)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert (definition["Namespace"], definition["Dimensions"]) == ("N", [["service"]])
    assert logs.asked["endTime"] - logs.asked["startTime"] == 86_400
    assert logs.asked["queryString"] == (
        'filter message = "predicted" | stats sum(`score_histogram.0`) as bin0, sum(`score_histogram.1`) as bin1'
    )


@pytest.mark.parametrize("row", [{}, {"bin0": "40"}])
def test_a_quiet_day_has_no_metric(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], row: dict[str, str]
) -> None:
    """Few rows differ from training by chance."""
    _run(_Logs(row), monkeypatch)
    assert "_aws" not in capsys.readouterr().out


def test_a_query_that_fails_is_an_error_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which alarms."""
    with pytest.raises(RuntimeError, match="the query is Failed, wanted Complete"):
        _run(_Logs({}, last="Failed"), monkeypatch)


def test_the_function_reads_one_group_and_nothing_else(prod: Any, properties: Properties) -> None:
    """The results of a query have no resource of their own."""
    (function,) = [
        f for f in properties(prod, "AWS::Lambda::Function") if f.get("Handler") == "drift.handler"
    ]
    role = function["Role"]["Fn::GetAtt"][0]
    (group,) = prod.find_resources("AWS::Logs::LogGroup")
    (policy,) = [p for p in properties(prod, "AWS::IAM::Policy") if p["Roles"] == [{"Ref": role}]]
    own = {"Fn::GetAtt": [group, "Arn"]}
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:StartQuery"],
            "Effect": "Allow",
            "Resource": own,
        },
        {"Action": "logs:GetQueryResults", "Effect": "Allow", "Resource": "*"},
    ]


def test_the_days_scores_are_compared_with_the_contracts(
    prod: Any, properties: Properties, contract: Contract
) -> None:
    """Once a day, with the baseline of the deployed model."""
    (function,) = [
        f for f in properties(prod, "AWS::Lambda::Function") if f.get("Handler") == "drift.handler"
    ]
    baseline = json.loads(function["Environment"]["Variables"]["BASELINE"])
    assert contract.baseline["score"]["counts"] == baseline
    (rule,) = properties(prod, "AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "cron(15 0 * * ? *)"


def test_what_the_query_adds_up_is_what_the_function_writes(
    artefact: Path, library: Path, contract: Contract, capfd: pytest.CaptureFixture[str]
) -> None:
    """The two programs share no code: same message, same field names, and every row in a bin of the baseline."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    settings = Settings(
        contract_sha256=sha256, service="drift", model_folder=str(artefact), library_folder=str(library)
    )
    service = Service(settings, perf_counter())
    rows = [item.row for item in contract.golden.rows]
    event = {
        "rawPath": "/predictions",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/predictions"}, "stage": "$default"},
        "body": json.dumps({"instances": rows}),
        "isBase64Encoded": False,
    }
    service.handle(event, "r")
    written = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    (line,) = [item for item in written if item.get("message") == "predicted"]
    text = drift.query(len(contract.baseline["score"]["counts"]))
    message = re.match(r'filter message = "(\w+)"', text)
    assert message
    assert line["message"] == message[1]
    summed = re.findall(r"sum\(`([\w.]+)`\) as bin(\d+)", text)
    flat = {f"score_histogram.{key}": count for key, count in line["score_histogram"].items()}
    assert all(field.endswith(f".{at}") for field, at in summed)
    assert set(flat) <= {field for field, _ in summed}
    assert len(rows) == sum(flat.get(field, 0) for field, _ in summed)
