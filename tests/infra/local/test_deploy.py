"""What is deployed is what was synthesised, less what the emulator cannot do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.bundle import Bundle
from infra.local.deploy import UNSUPPORTED, DeployError, adapt, deploy
from infra.local.deployment import base_url, wait_until_ready
from infra.local.emulator import emulator
from infra.local.http import request

REGION = "eu-central-1"
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


def test_of_the_stage_local_only_capacity_and_saved_queries_are_removed(
    assemble: Callable[[Path], Path], bundle: Bundle
) -> None:
    """Everything that answers, watches or alarms is deployed."""
    template = json.loads((assemble(bundle.path) / "Nightjar-local.template.json").read_text())
    gone = template["Resources"].keys() - adapt(template)["Resources"].keys()
    types = {template["Resources"][name]["Type"] for name in gone}
    assert types == {TARGET, "AWS::Logs::QueryDefinition"}


def test_every_path_and_method_reaches_the_function_and_a_new_bundle_replaces_the_old(
    make_bundle: Callable[..., Path], assemble: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Routes by name, the rest by ``$default``; a second deployment updates the stack in place."""
    folder = make_bundle()
    with emulator(scratch=tmp_path, region=REGION) as started:
        outputs = deploy(assembly=assemble(folder), emulator=started)
        url = base_url(started, outputs)
        wait_until_ready(url, log=started.log, environments=2)
        paths = ("/v2/health/live", "/predictions", "/", "/no/such/path")
        assert [_answer(url + path)["route"] for path in paths] == [
            "GET /v2/health/live",
            "$default",
            "$default",
            "$default",
        ]
        posted = {"route": "POST /predictions", "path": "/predictions", "method": "POST"}
        assert posted == _answer(f"{url}/predictions", body=b"{}")

        # Elsewhere: the CDK reads a folder once in a process.
        changed = shutil.copytree(folder, tmp_path / "changed")
        handler = changed / "function/handler.py"
        handler.write_text(handler.read_text().replace('event["rawPath"]', "'changed'"))
        assert outputs == deploy(assembly=assemble(changed), emulator=started)
        assert _answer(f"{url}/predictions")["path"] == "changed"


def test_a_function_that_cannot_start_is_not_deployed_and_the_old_one_keeps_serving(
    make_bundle: Callable[..., Path], assemble: Callable[[Path], Path], tmp_path: Path
) -> None:
    """The trigger fails with what the handler raised, before the alias moves; a second time with that alone."""
    folder = make_bundle()
    with emulator(scratch=tmp_path, region=REGION) as started:
        url = base_url(started, deploy(assembly=assemble(folder), emulator=started))
        broken = shutil.copytree(folder, tmp_path / "broken")
        (broken / "function/handler.py").write_text("raise RuntimeError('no model today')")
        with pytest.raises(DeployError, match=r"Custom::Trigger .*no model today"):
            deploy(assembly=assemble(broken), emulator=started)
        worse = shutil.copytree(folder, tmp_path / "worse")
        (worse / "function/handler.py").write_text("raise RuntimeError('nor tomorrow')")
        with pytest.raises(DeployError, match=r"Custom::Trigger .*nor tomorrow") as refused:
            deploy(assembly=assemble(worse), emulator=started)
        assert "today" not in str(refused.value)
        assert _answer(f"{url}/predictions", body=b"{}")["path"] == "/predictions"


def _answer(url: str, body: bytes | None = None) -> dict[str, str]:
    answer = request(url, body=body)
    assert answer is not None
    return json.loads(answer.body)


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
        emulator(scratch=tmp_path, region=REGION) as started,
        pytest.raises(DeployError, match=reason),
    ):
        deploy(assembly=tmp_path, emulator=started)


def _write_assembly(folder: Path, template: dict[str, object]) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (folder / "t.json").write_text(json.dumps(template))
    (folder / "S.assets.json").write_text(json.dumps({"files": {}}))
