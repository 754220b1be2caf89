"""What is deployed is what was synthesised, less what the emulator cannot do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle, read
from infra.config import load_config
from infra.local.deploy import UNSUPPORTED, DeployError, adapt, deploy
from infra.local.deployment import base_url, local_deployment
from infra.local.emulator import emulator, scratch_folder
from infra.local.http import request

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def test_only_what_the_emulator_cannot_do_is_removed() -> None:
    """By name, with the dependencies on it; the rest stays as it was written."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"A": 1}}
    template = {
        "Description": "d",
        "Resources": {
            "Target": {"Type": TARGET},
            "Role": role,
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": ["Target", "Role"]},
            "Late": {"Type": "AWS::Lambda::Version", "DependsOn": "Target"},
        },
        "Parameters": {"BootstrapVersion": {}, "Own": {"Type": "String"}},
        "Rules": {"CheckBootstrapVersion": {}},
    }
    assert TARGET in UNSUPPORTED
    assert {
        "Description": "d",
        "Resources": {
            "Role": role,
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": ["Role"]},
            "Late": {"Type": "AWS::Lambda::Version"},
        },
        "Parameters": {"Own": {"Type": "String"}},
    } == adapt(template)


@pytest.fixture
def assemble(tmp_path: Path, contract: Contract) -> Callable[[Bundle], Path]:
    """Return a function from a bundle to the assembly of stage ``local``."""

    def run(bundle: Bundle) -> Path:
        out = tmp_path / "assembly"
        synthesise(config=load_config("local"), bundle=bundle, contract=contract, out=out, context={})
        return out

    return run


def test_the_stage_local_needs_nothing_removed(assemble: Callable[[Bundle], Path], bundle: Bundle) -> None:
    """Every resource of the first version is one that the emulator provisions."""
    assembly = assemble(bundle)
    template = json.loads((assembly / "Nightjar-local.template.json").read_text())
    assert template["Resources"] == adapt(template)["Resources"]


def test_every_path_and_method_reaches_the_function_and_a_new_bundle_replaces_the_old(
    make_bundle: Callable[..., Path], assemble: Callable[[Bundle], Path]
) -> None:
    """Routes by name, the rest by ``$default``; a second deployment updates the stack in place."""
    folder = make_bundle()
    with local_deployment(bundle=folder, environments=2) as deployment:
        answers = {
            path: request(deployment.base_url + path)
            for path in ("/v2/health/live", "/predictions", "/", "/no/such/path")
        }
        routes = {path: json.loads(answer.body)["route"] for path, answer in answers.items() if answer}
        assert routes == {
            "/v2/health/live": "GET /v2/health/live",
            "/predictions": "$default",
            "/": "$default",
            "/no/such/path": "$default",
        }
        posted = request(f"{deployment.base_url}/predictions", body=b"{}")
        assert posted is not None
        assert json.loads(posted.body) == {
            "route": "POST /predictions",
            "path": "/predictions",
            "method": "POST",
        }

        handler = folder / "function/handler.py"
        handler.write_text(handler.read_text().replace('event["rawPath"]', "'changed'"))
        assert deployment.outputs == deploy(assembly=assemble(read(folder)), emulator=deployment.emulator)
        again = request(f"{deployment.base_url}/v2/health/live")
        assert again is not None
        assert json.loads(again.body)["path"] == "changed"
        assert deployment.base_url == base_url(deployment.emulator, deployment.outputs)


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (
            {
                "Type": "AWS::Logs::MetricFilter",
                "Properties": {"LogGroupName": "none", "MetricTransformations": []},
            },
            r"^stack S is ROLLBACK_COMPLETE: AWS::Logs::MetricFilter Bad: .*log group does not exist",
        ),
        ({"Type": "AWS::No::Such"}, r"^stack S: .*Unrecognized resource types: \[AWS::No::Such\]$"),
    ],
)
def test_a_refused_stack_names_the_resource_and_the_reason(
    tmp_path: Path, resource: dict[str, object], reason: str
) -> None:
    """One error, with every resource that failed."""
    _write_assembly(tmp_path, {"Resources": {"Bad": resource}})
    with (
        scratch_folder() as scratch,
        emulator(scratch=scratch, region="eu-central-1") as started,
        pytest.raises(DeployError, match=reason),
    ):
        deploy(assembly=tmp_path, emulator=started)


def _write_assembly(folder: Path, template: dict[str, object]) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (folder / "t.json").write_text(json.dumps(template))
    (folder / "S.assets.json").write_text(json.dumps({"files": {}}))
