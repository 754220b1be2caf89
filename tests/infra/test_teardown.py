"""Deleting a stage: capacity first, then the stack, then a list of what remains and costs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra import teardown
from infra.app import synthesise
from infra.bundle import read
from infra.config import load_config
from infra.local.deploy import deploy
from infra.local.emulator import ACCOUNT, emulator
from infra.remains import Remain, table
from infra.teardown import give_back_capacity

FUNCTION = "arn:aws:lambda:eu-central-1:000000000000:function:f"
REGION = teardown.region_of("local")


def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")


def test_capacity_is_taken_away_and_never_ordered_again() -> None:
    """Requests as AWS's own models define them: the target to 0 and suspended, then each configuration deleted."""
    scaling, functions = _client("application-autoscaling"), _client("lambda")
    resources = {
        "AWS::ApplicationAutoScaling::ScalableTarget": [
            "function:f:live|lambda:function:ProvisionedConcurrency|lambda"
        ],
        "AWS::Lambda::Alias": [f"{FUNCTION}:live"],
    }
    suspended = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    with Stubber(scaling) as of_scaling, Stubber(functions) as of_functions:
        of_scaling.add_response(
            "register_scalable_target",
            {},
            {
                "ServiceNamespace": "lambda",
                "ResourceId": "function:f:live",
                "ScalableDimension": "lambda:function:ProvisionedConcurrency",
                "MinCapacity": 0,
                "MaxCapacity": 0,
                "SuspendedState": dict.fromkeys(suspended, True),
            },
        )
        of_functions.add_response(
            "get_provisioned_concurrency_config",
            {"AllocatedProvisionedConcurrentExecutions": 2},
            {"FunctionName": FUNCTION, "Qualifier": "live"},
        )
        of_functions.add_response(
            "delete_provisioned_concurrency_config", {}, {"FunctionName": FUNCTION, "Qualifier": "live"}
        )
        clients = {"application-autoscaling": scaling, "lambda": functions}
        assert [f"{FUNCTION}:live"] == give_back_capacity(clients.__getitem__, resources)
        of_scaling.assert_no_pending_responses()
        of_functions.assert_no_pending_responses()


def test_a_stage_is_deleted_and_what_remains_is_listed(
    make_bundle: Callable[..., Path],
    contract: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the emulator: the functions are gone, the file of the deployment is listed; a second time there is none."""
    out = tmp_path / "assembly"
    bundle = read(make_bundle())
    synthesise(config=load_config("local"), bundle=bundle, contract=contract, out=out, context={})
    with emulator(scratch=tmp_path, region=REGION) as started:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, ACCOUNT)
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.endpoint)
        name = deploy(assembly=out, emulator=started)["FunctionName"]
        started.client("logs").create_log_group(logGroupName="/aws/lambda/Nightjar-local-Provider")
        started.client("lambda").put_provisioned_concurrency_config(
            FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1
        )
        assert teardown.main(["--stage", "local", "--force"]) == 0
        assert started.client("lambda").list_functions()["Functions"] == []
        told, progress = capsys.readouterr()
        assert f"function:{name}:live\n" in progress
        assert "USD/month  bucket cdk-hnb659fds-assets-000000000000-eu-central-1: " in told
        assert "log group /aws/lambda/Nightjar-local-Provider: 0.0 MB, lines never end" in told
        assert "USD/month  encryption key " in told
        assert "could not be listed" not in told
        assert "List prices of eu-central-1, " in told
        assert teardown.main(["--stage", "local", "--force", "--json"]) == 2
        assert capsys.readouterr().err.startswith(
            f"error: there is no stack Nightjar-local in {REGION}, wanted "
        )


@pytest.mark.parametrize("typed", ["", "yes", "Nightjar-prod"])
def test_nothing_is_deleted_without_the_stacks_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    """Another stage's name is not enough, nor is the end of the input."""

    def answer(_: str) -> str:
        if not typed:
            raise EOFError
        return typed

    monkeypatch.setattr("builtins.input", answer)
    assert teardown.main(["--stage", "dev"]) == 2
    assert capsys.readouterr().err == ("error: Nightjar-dev was not deleted, wanted its name or --force\n")


def test_an_interruption_at_the_question_is_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is exit code 130, and nothing was asked of AWS."""

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    assert teardown.main(["--stage", "dev"]) == 130


def test_the_dearest_comes_first_and_what_is_unknown_is_said() -> None:
    """A sum at the end."""
    found = [
        Remain(what="a", usd_per_month=0.001, note="x"),
        Remain(what="b", usd_per_month=None, note="y"),
        Remain(what="c", usd_per_month=2.0, note="z"),
    ]
    lines = [line.split() for line in table(found).splitlines()]
    assert [line[0] for line in lines] == ["2.0000", "0.0010", "?", "2.0010"]
