"""Failed and refused invocations, counted from what the emulator writes, against what a caller saw."""

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.deploy import DeployError, deploy
from infra.local.deployment import LocalDeployment, base_url
from infra.local.emulator import emulator
from infra.local.http import request
from infra.local.metrics.bridge import Bridge
from infra.local.metrics.series import Metric

pytestmark = pytest.mark.e2e

CONCURRENCY = 2
"""As many as a deployment needs: the CDK's provider invokes the function."""

HANDLER = """\
import json, os, socket

def handler(event, context):
    path = event.get("rawPath")
    print(json.dumps({"message": "in", "operation": "predict"} if path else {"operation": "self_test"},
          separators=(",", ":")), flush=True)
    if path == "/raise":
        raise ValueError("no")
    if path == "/die":
        os._exit(1)
    if path == "/hold":
        with socket.create_connection(("127.0.0.1", int(event["rawQueryString"]))) as held:
            held.recv(1)
    return {"statusCode": 200, "body": "{}"} if path else {}
"""


@pytest.fixture
def running(
    make_bundle: Callable[..., Path], assemble: Callable[[Path], Path], tmp_path: Path
) -> Iterator[LocalDeployment]:
    """A function that fails when it is asked to."""
    with emulator(scratch=tmp_path, region="eu-central-1", account_concurrency=CONCURRENCY) as started:
        outputs = deploy(assembly=assemble(make_bundle(handler=HANDLER)), emulator=started)
        yield LocalDeployment(base_url=base_url(started, outputs), outputs=outputs, emulator=started)


def _sum(bridge: Bridge, running: LocalDeployment, name: str, *, alias: bool = True) -> float | None:
    """Return a metric's sum of the last minutes, of the alias or of every version."""
    function = running.outputs["FunctionName"]
    dimensions = [("FunctionName", function), *([("Resource", f"{function}:live")] if alias else [])]
    metric = Metric(namespace="AWS/Lambda", name=name, dimensions=tuple(dimensions))
    found = bridge.query(metric, statistic="Sum", period_s=300, periods=3)
    values = [value for value in found if value is not None]
    return sum(values) if values else None


def _alarm(bridge: Bridge, name: str) -> str:
    (state,) = [held.state for held in bridge.states if held.alarm.name == f"nightjar-local-{name}"]
    return state


def _get(running: LocalDeployment, path: str) -> int:
    answer = request(running.base_url + path)
    assert answer is not None
    return answer.status


def test_an_invocation_that_raises_or_dies_is_an_error_and_alarms(running: LocalDeployment) -> None:
    """As many as the caller was told of; one that answers counts as none."""
    bridge = Bridge(running.emulator, running.outputs)
    assert [_get(running, path) for path in ("/", "/raise", "/die", "/")] == [200, 502, 502, 200]
    bridge.collect()
    assert _sum(bridge, running, "Invocations") == 4
    assert _sum(bridge, running, "Errors") == 2
    assert _sum(bridge, running, "Throttles") == 0
    bridge.evaluate()
    assert (_alarm(bridge, "errors"), _alarm(bridge, "throttles")) == ("ALARM", "OK")


def test_a_refused_invocation_is_a_throttle_and_alarms(running: LocalDeployment) -> None:
    """While as many requests are under way as may be, others are refused; none of those is an invocation."""
    bridge = Bridge(running.emulator, running.outputs)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(CONCURRENCY) as pool:
        server.settimeout(60)
        path = f"/hold?{server.getsockname()[1]}"
        waiting = [pool.submit(_get, running, path) for _ in range(CONCURRENCY)]
        held = [server.accept()[0] for _ in waiting]
        assert [_get(running, "/") for _ in range(3)] == [429] * 3
        bridge.collect()
        assert _get(running, "/") == 429
        for connection in held:
            connection.close()
        assert [item.result() for item in waiting] == [200] * CONCURRENCY
    bridge.collect()
    bridge.collect()
    assert _sum(bridge, running, "Throttles") == 4
    assert _sum(bridge, running, "Invocations") == CONCURRENCY
    assert _sum(bridge, running, "Errors") == 0
    bridge.evaluate()
    assert (_alarm(bridge, "errors"), _alarm(bridge, "throttles")) == ("OK", "ALARM")


def test_what_a_refused_deployment_did_is_not_the_callers(
    running: LocalDeployment, assemble: Callable[[Path], Path], tmp_path: Path
) -> None:
    """A version that cannot start, or fails its self-test, never was the alias's; the function counts it."""
    bridge = Bridge(running.emulator, running.outputs)
    for name, code in {
        "crash": "raise RuntimeError('no start')",
        "wrong": "class SelfTestError(Exception): ...\ndef handler(e, c):\n    raise SelfTestError('row 1')",
    }.items():
        folder = shutil.copytree(tmp_path / "bundle", tmp_path / name)
        (folder / "function/handler.py").write_text(code)
        with pytest.raises(DeployError):
            deploy(assembly=assemble(folder), emulator=running.emulator)
    assert _get(running, "/") == 200
    bridge.collect()
    assert _sum(bridge, running, "Errors") == 0
    assert _sum(bridge, running, "Invocations") == 1
    errors = _sum(bridge, running, "Errors", alias=False)
    assert errors is not None
    assert errors >= 2
    bridge.evaluate()
    assert _alarm(bridge, "errors") == "OK"


def test_a_lines_dimension_makes_the_series(running: LocalDeployment) -> None:
    """A filter with dimensions, put beside the template's own, is applied with them."""
    group = running.outputs["LogGroupName"]
    transformation = {
        "metricNamespace": "Own",
        "metricName": "Asked",
        "metricValue": "1",
        "dimensions": {"operation": "$.operation"},
    }
    running.emulator.client("logs").put_metric_filter(
        logGroupName=group,
        filterName="asked",
        filterPattern='{ $.message = "in" }',
        metricTransformations=[transformation],
    )
    bridge = Bridge(running.emulator, running.outputs)
    _get(running, "/")
    bridge.collect()
    found = {metric.dimensions: data for metric, data in bridge.store.data.items() if metric.name == "Asked"}
    assert [*found] == [(("operation", "predict"),)]
    ((datum,),) = found.values()
    assert abs(datum.at_s - time.time()) < 60
    assert json.dumps(datum.value) == "1.0"
