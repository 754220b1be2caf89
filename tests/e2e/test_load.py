"""The load test against the real thing: green on a healthy deployment, red with the reason behind a fault proxy."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from issuer import AUDIENCE, serving_issuer

from infra.bundle import Bundle
from infra.local.deploy import deploy
from infra.local.deployment import LocalDeployment, base_url, synthesise, wait_until_ready
from infra.local.emulator import ACCOUNT, emulator
from loadtests.gate import main
from loadtests.traffic import PROFILE
from tests.e2e.fault_proxy import Fault, FaultProxy, fault_proxy

pytestmark = pytest.mark.e2e

REGION = "eu-central-1"

type Gate = Callable[..., int]

DAY = ("--shape", "day", "--minutes", "0.1", "--requests", "20")
"""A weekday in six seconds."""

PATIENT = ("--sla-s", "60", "--p99-ms", "60000")
"""Limits that a healthy answer keeps however busy the machine that tests, where another fault is looked for."""

ENVIRONMENTS = 4
"""Running before the first test: on a machine that does much else, a start alone may take ten seconds."""


@pytest.fixture
def gate(root: Path, artefact: Path, tmp_path: Path) -> Gate:
    """Run the gate with rows of the survey's first 200 people."""
    data = tmp_path / "yrbss.csv"
    with (root / "model/data/yrbss.csv").open(encoding="utf-8") as survey:
        data.write_text("".join(islice(survey, 201)), encoding="utf-8")

    def run(host: str, *more: str) -> int:
        arguments = ["--host", host, "--data", str(data), "--artefact", str(artefact)]
        arguments += ["--traffic", str(root / PROFILE)]
        for name in ("summary", "markdown", "html"):
            arguments += [f"--{name}", str(tmp_path / name)]
        return main([*arguments, *more])

    return run


@pytest.fixture
def proxy(deployment: LocalDeployment) -> Iterator[FaultProxy]:
    """A proxy before the deployment, which spoils nothing yet."""
    log = deployment.emulator.log
    wait_until_ready(deployment.base_url, log=log, environments=ENVIRONMENTS, timeout_s=120)
    with fault_proxy(deployment.base_url) as running:
        yield running


def reasons(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return why the test failed."""
    return re.findall("^FAILED: (.*)$", capsys.readouterr().out, re.MULTILINE)


def test_a_healthy_deployment_is_green(gate: Gate, proxy: FaultProxy, tmp_path: Path) -> None:
    """Every planned request is answered right, also by way of the proxy; those behind it were real."""
    assert gate(proxy.url, *DAY) == 0
    summary = json.loads((tmp_path / "summary").read_text())
    assert (summary["passed"], summary["requests"], summary["limits"]["planned"]) == (True, 20, 20)
    assert [exchange.upstream for exchange in proxy.exchanges] == [200] * 21  # with the probe
    assert summary["function"]["requests"] == 20


def test_late_answers_are_red(gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]) -> None:
    """With a limit of a second, to be done sooner."""
    proxy.set_fault(Fault(delay_s=1.5, every=5))
    assert gate(proxy.url, *DAY, "--sla-s", "1") == 1
    (late,) = [reason for reason in reasons(capsys) if "took longer than 1 s, the longest" in reason]
    assert int(late.split(" of 20 requests")[0]) >= 4
    assert float(late.split()[-2]) >= 1.5


@pytest.mark.slow
def test_an_answer_after_eleven_seconds_is_red(
    gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """The promise itself: ten."""
    proxy.set_fault(Fault(delay_s=11))
    assert gate(proxy.url, "--shape", "day", "--minutes", "0.02", "--requests", "3") == 1
    late, p99 = reasons(capsys)
    assert re.fullmatch(r"3 of 3 requests took longer than 10 s, the longest 1\d\.\d{3} s", late)
    assert re.fullmatch(r"the 99th percentile is 1\d,\d{3} ms, wanted at most 8,000 ms", p99)


def test_a_percentile_above_its_target_is_red(
    gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though every single answer is within the limit."""
    proxy.set_fault(Fault(delay_s=0.3))
    assert gate(proxy.url, *DAY, *PATIENT, "--p99-ms", "250") == 1
    (reason,) = reasons(capsys)
    assert re.fullmatch(r"the 99th percentile is [\d,]+ ms, wanted at most 250 ms", reason)


def test_errors_are_red(gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]) -> None:
    """One of four; the gateway's own words are the reason."""
    proxy.set_fault(Fault(status=502, every=4))
    assert gate(proxy.url, *DAY, *PATIENT) == 1
    assert reasons(capsys) == ["5 of 20 requests failed: status 502, the first: spoilt by the fault proxy"]


def test_a_changed_answer_is_red(gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]) -> None:
    """A digit of a probability."""

    def change(body: bytes) -> bytes:
        document = json.loads(body)
        document["predictions"][0]["probability"] += 0.001
        return json.dumps(document).encode()

    proxy.set_fault(Fault(change=change, every=10))
    assert gate(proxy.url, *DAY, *PATIENT) == 1
    (reason,) = reasons(capsys)
    assert reason.startswith("2 of 20 requests got a wrong answer: wrong probability, the first: ")
    assert re.search(r"yrbss\.csv line \d+: 0\.\d+, wanted 0\.\d+$", reason)


def test_answers_that_never_come_are_red(
    gate: Gate, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """The connection closes without a byte."""
    proxy.set_fault(Fault(drop=True, every=8))
    proxy.next_fault()  # the probe's turn: without an answer to it nothing is tested
    assert gate(proxy.url, *DAY, *PATIENT) == 1
    (reason,) = reasons(capsys)
    assert reason.startswith("2 of 20 requests failed: ")


@pytest.mark.slow
def test_prod_is_tested_with_signatures_that_it_verifies(
    gate: Gate,
    real_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Prod's own template; the emulator checks every signature and the caller's policies."""
    role = f"arn:aws:iam::{ACCOUNT}:role/Phones"
    context = ("packaging=zip", "auth=iam", f"caller_role_arns={role}")
    assembly = synthesise(scratch=tmp_path, bundle=real_bundle.path, stage="prod", context=context)
    with emulator(scratch=tmp_path, region=REGION, checks_callers=True) as started:
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        started.client("iam").create_role(RoleName="Phones", AssumeRolePolicyDocument=policy)
        keys = started.client("sts").assume_role(RoleArn=role, RoleSessionName="load")["Credentials"]
        url = base_url(started, deploy(assembly=assembly, emulator=started))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
        monkeypatch.setenv("AWS_REGION", REGION)
        assert gate(url, *DAY, *PATIENT, "--auth", "iam") == 0
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
        assert gate(url, *DAY, "--auth", "iam") == 2
        assert gate(url, *DAY) == 2
    assert capsys.readouterr().err.count("refuses with status 403") == 2


@pytest.mark.slow
def test_prod_is_tested_with_a_token_that_it_verifies(
    gate: Gate,
    real_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The issuer's, and no other's."""
    with serving_issuer(tmp_path) as (issuer, certificate):
        context = ("packaging=zip", f"jwt_issuer={issuer.url}", f"jwt_audience={AUDIENCE}")
        assembly = synthesise(scratch=tmp_path, bundle=real_bundle.path, stage="prod", context=context)
        with emulator(scratch=tmp_path, region=REGION, authorities=certificate) as started:
            url = base_url(started, deploy(assembly=assembly, emulator=started))
            monkeypatch.setenv("NIGHTJAR_TOKEN", issuer.token())
            assert gate(url, *DAY, *PATIENT, "--auth", "bearer") == 0
            monkeypatch.setenv("NIGHTJAR_TOKEN", issuer.token(aud="other-app"))
            assert gate(url, *DAY, "--auth", "bearer") == 2
    assert "refuses with status 401" in capsys.readouterr().err
