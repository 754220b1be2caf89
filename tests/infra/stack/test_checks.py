"""What the field's own checkers say of every stage, and a snapshot for the reader of a change."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from function.contract import Contract
from infra.app import NODE, synthesise
from infra.bundle import Bundle
from infra.config import load_config
from infra.schedule import load

ROLES = {"auth": "iam", "caller_role_arns": "arn:aws:iam::123456789012:role/phone/app"}
TOKENS = {
    "jwt_issuer": "https://id.example",
    "jwt_audience": "app",
    "slack_workspace_id": "T0123",
    "slack_channel_id": "C0123",
}
CONTEXTS = [("local", {}), ("dev", {}), ("prod", TOKENS), ("prod", ROLES)]
UPDATE = "NIGHTJAR_UPDATE_SNAPSHOT"
SNAPSHOT = Path(__file__).parent / "prod.snapshot.json"


@pytest.fixture
def nag(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The checker, once the CDK's JavaScript is told which Node.js to use."""
    monkeypatch.setenv("JSII_NODE", str(NODE))
    return importlib.import_module("cdk_nag")


@pytest.mark.parametrize(("stage", "context"), CONTEXTS)
def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(
    nag: ModuleType,
    bundle: Bundle,
    contract: Contract,
    root: Path,
    tmp_path: Path,
    stage: str,
    context: dict[str, str],
) -> None:
    """The pack AwsSolutions: synthesis raises where it finds something that nobody acknowledged."""
    template = synthesise(
        config=load_config(stage, context),
        bundle=bundle,
        contract=contract,
        out=tmp_path,
        context=json.loads((root / "cdk.json").read_text())["context"],
        schedule=load(root / "infra/schedule.toml"),
        checks=[nag.AwsSolutionsChecks()],
    )
    metadata = json.loads(template.with_name(f"{template.name.partition('.')[0]}.metadata.json").read_text())
    reasons = [
        (rule, reason)
        for entries in metadata.values()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for rule, reason in entry["data"].items()
    ]
    assert "Annotation::AwsSolutions-L1" in dict(reasons)
    assert all(len(reason.split()) > 2 for _, reason in reasons)


def test_cdk_nag_is_awake(nag: ModuleType, tmp_path: Path) -> None:
    """A topic that takes unencrypted publishers is found, so silence above means something."""
    cdk, sns = importlib.import_module("aws_cdk"), importlib.import_module("aws_cdk.aws_sns")
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    cdk.Validations.of(app).add_plugins(nag.AwsSolutionsChecks())
    sns.Topic(cdk.Stack(app, "Open"), "Topic")
    with pytest.raises(RuntimeError, match="AwsSolutions-SNS3"):
        app.synth()


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_cfn_lint_finds_nothing(synthesised: Callable[..., Any], tmp_path: Path, stage: str) -> None:
    """But W3005: the CDK writes dependencies that CloudFormation would have found by itself."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(synthesised(stage).to_json()))
    code = "import sys; from cfnlint.runner import main; main()"
    command = [
        sys.executable,
        "-c",
        code,
        "--ignore-checks",
        "W3005",
        "--regions",
        "eu-central-1",
        "--",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_template_of_prod_is_the_snapshots(prod: Any) -> None:
    """``NIGHTJAR_UPDATE_SNAPSHOT=1`` writes it anew; hashes and what follows from the data are scrubbed."""
    text = json.dumps(prod.to_json(), indent=1, sort_keys=True) + "\n"
    text = re.sub(r"\b[0-9a-f]{64}\b|(?<=CurrentVersion)[0-9A-F]{8}[0-9a-f]{32}", "<hash>", text)
    text = re.sub(r"\bsleep [0-9a-f]{12}\b", "sleep <version>", text)
    text = re.sub(r'("BASELINE": )".*"', r'\1"<counts>"', text)
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text(text)
    assert SNAPSHOT.read_text() == text, (
        f"the template changed; if it was meant to, run again with {UPDATE}=1"
    )
