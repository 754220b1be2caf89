"""Traffic, logs, metrics, alarm, subscriber and back, on the deployed service."""

import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from function.contract import Contract
from infra.bundle import Bundle
from infra.local.console.preview import Preview
from infra.local.deployment import LocalDeployment
from infra.local.http import request
from infra.local.metrics.bridge import Bridge
from infra.local.metrics.series import Metric
from infra.local.prove import __main__ as prove
from infra.local.prove.alarm import Moment, prove_alarm, shown
from infra.local.prove.errors import ProofError
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e


def test_alarm_sounds_and_ends(real_bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    """Both messages reach the subscriber in order, and the command prints when; at the end the alarm is OK."""
    assert prove.main(["--bundle", str(real_bundle.path), "--only", "alarm", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["alarm"]
    assert found["alarms"]["nightjar-local-probability-high"] == "OK"
    printed = "\n".join(moment["what"] for moment in found["moments"])
    steps = (
        "OK → ALARM",
        "has the ALARM message",
        "ordinary requests answered",
        "ALARM → OK",
        "has the OK message",
    )
    positions = [printed.index(step) for step in steps]
    assert sorted(positions) == positions


@pytest.mark.parametrize(
    ("module", "signum"), [("infra.local.prove", signal.SIGTERM), ("tests.e2e.faults", signal.SIGINT)]
)
def test_a_stop_leaves_no_emulator(
    real_bundle: Bundle, root: Path, tmp_path: Path, module: str, signum: signal.Signals
) -> None:
    """Nor a temporary file, whatever part of ``make prove`` it meets."""
    command = [sys.executable, "-m", module, "--bundle", str(real_bundle.path)]
    server = Server(command, folder=root, temporary=tmp_path)
    while not any("ministack" in item for item in server.leftovers()):
        assert server.process.poll() is None
        time.sleep(0.05)
    assert server.end(signum) == 128 + signum
    assert server.leftovers() == []


def test_the_table_has_moments_states_and_what_has_no_source(deployment: LocalDeployment) -> None:
    """Each alarm of the stack with its state."""
    lines = list(shown([Moment(at_s=1.5, what="it began")], Bridge(deployment.emulator, deployment.outputs)))
    assert "   1.50  it began" in lines
    assert sum("nightjar-local-" in line for line in lines) >= 10
    assert any(line.startswith("  ScoreDrift: ") for line in lines)


def test_series_hold_what_was_measured(deployment: LocalDeployment) -> None:
    """Initialisation comes through the template's own filter, and nobody invents provisioned starts."""
    bridge = Bridge(deployment.emulator, deployment.outputs)
    assert bridge.collect() > 0
    assert bridge.collect() == 0
    asked = {"statistic": "Maximum", "period_s": 86_400, "periods": 2}
    (init,) = {
        value
        for value in bridge.query(Metric(namespace="Nightjar/local", name="InitOnDemand"), **asked)
        if value is not None
    }
    assert 0 < init < 30_000
    assert bridge.query(Metric(namespace="Nightjar/local", name="InitProvisioned"), **asked) == [None, None]


def test_every_widget_shows_data_or_says_why_not(deployment: LocalDeployment, contract: Contract) -> None:
    """After one answered request no line is empty without a note: nobody takes an empty graph for a quiet one."""
    preview = Preview(deployment.emulator, deployment.outputs)
    body = json.dumps({"instances": [dict(contract.golden.rows[0].row)]}).encode()
    answer = request(f"{deployment.base_url}/predictions", body=body)
    assert answer is not None
    preview.observe(status=answer.status, latency_ms=5)
    widgets = preview.document()["widgets"]
    assert len(widgets) > 8
    for widget in widgets:
        empty = [line["label"] for line in widget["lines"] if not any(v is not None for v in line["values"])]
        assert not empty or widget["notes"], (widget["title"], empty)


def test_server_error_alarms_by_the_gateways_dimension(deployment: LocalDeployment) -> None:
    """One 500 is enough for the alarm on 5xx, a 400 is not; the emulator's CloudWatch shows the new state."""
    name = "nightjar-local-server-errors"
    bridge = Bridge(deployment.emulator, deployment.outputs)
    now_s = 1_000_000.0
    bridge.observe(status=400, latency_ms=5, at_s=now_s)
    bridge.evaluate(now_s=now_s)
    bridge.observe(status=500, latency_ms=5, at_s=now_s)
    (change,) = bridge.evaluate(now_s=now_s)
    assert (name, "OK", "ALARM") == (change.alarm, change.before, change.after)
    client = deployment.emulator.client("cloudwatch")
    (shown,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert shown["StateValue"] == "ALARM"
    bridge.observe(status=200, latency_ms=5, at_s=now_s + 300)
    (change,) = bridge.evaluate(now_s=now_s + 300)
    assert change.after == "OK"


def test_model_without_a_row_that_breaches(deployment: LocalDeployment, contract: Contract) -> None:
    """The proof names the highest score when no golden row can make the alarm sound."""
    row = min(contract.golden.rows, key=lambda row: row.scores[1])
    weak = replace(contract, golden=replace(contract.golden, rows=(row,)))
    with pytest.raises(ProofError, match="no golden row exceeds"):
        prove_alarm(deployment, weak)
