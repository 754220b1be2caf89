"""The commands of ``make deploy``: npm's CDK command line against the emulator, and what make hands to it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.deploy import adapt
from infra.local.emulator import ACCOUNT, Emulator, emulator

CDK = Path("node_modules/aws-cdk/bin/cdk")
BROKEN = "def handler(event, context):\n    raise RuntimeError('golden row 3 differs')\n"
WORKING = "def handler(event, context):\n    return {'answer': 1}\n"


@pytest.fixture
def cdk(root: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the CDK command line against an emulator."""
    if not (root / CDK).exists():
        pytest.skip("npm's aws-cdk is not installed: make node_modules/.synced")

    def run(started: Emulator, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "AWS_ENDPOINT_URL": started.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": started.region,
            "NO_PROXY": "127.0.0.1",
            "HOME": str(tmp_path),
            "CI": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
        node = root / ".venv/bin/node"
        command = [str(node), str(CDK), *arguments, "--no-color", "--no-notices"]
        return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.e2e
@pytest.mark.slow
def test_the_pinned_command_line_deploys_and_a_failing_model_rolls_back(
    cdk: Callable[..., subprocess.CompletedProcess[str]],
    make_bundle: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """Synthesised through cdk.json's app; deployed; no difference; a model that fails its rows changes nothing."""
    folder, out = make_bundle(handler=WORKING), tmp_path / "out"
    template = out / "Nightjar-dev.template.json"

    def assemble(started: Emulator) -> None:
        app = f".venv/bin/python -m infra.app --bundle {folder}"
        context = ("-c", "stage=dev", "-c", "packaging=zip")
        done = cdk(started, "synth", "-q", "--app", app, "--output", str(out), *context)
        assert done.returncode == 0, done.stderr
        template.write_text(json.dumps(adapt(json.loads(template.read_text()))))

    with emulator(scratch=tmp_path, region="eu-central-1") as started:
        assemble(started)
        assert cdk(started, "bootstrap", "--app", str(out)).returncode == 0
        outputs = tmp_path / "outputs.json"
        deploy = ("deploy", "--app", str(out), "--require-approval", "never", "--outputs-file", str(outputs))
        done = cdk(started, *deploy)
        assert done.returncode == 0, done.stderr
        function = json.loads(outputs.read_text())["Nightjar-dev"]["FunctionName"]
        assert "There were no differences" in cdk(started, "diff", "--app", str(out)).stdout

        (folder / "function/handler.py").write_text(BROKEN)
        assemble(started)
        done = cdk(started, *deploy)
        assert done.returncode != 0
        assert "golden row 3 differs" in done.stderr + done.stdout
        answer = started.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=b"{}")
        assert json.load(answer["Payload"]) == {"answer": 1}


def _make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask make what it would do."""
    env = {name: value for name, value in os.environ.items() if name not in {"STAGE", "MAKEFLAGS", "MFLAGS"}}
    command = ["make", "--dry-run", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["deploy"], "cdk deploy -c stage=dev "),
        (
            ["deploy", "STAGE=prod", "CONTEXT=jwt_issuer=https://id.example jwt_audience=app"],
            "cdk deploy -c stage=prod -c 'jwt_issuer=https://id.example' -c 'jwt_audience=app' ",
        ),
        (["deploy", "ARCHITECTURE=arm64"], "cdk deploy -c stage=dev -c architecture=arm64 "),
        (["diff", "CONTEXT=-c memory_mb=1024"], "cdk diff -c stage=dev -c 'memory_mb=1024'"),
        (["synth", "STAGE=dev", "CONTEXT=memory_mb=1024"], "infra.app --stage dev -c 'memory_mb=1024'"),
        (["rollback", "TO=3"], "infra.rollback --stage dev --to 3"),
        (["slack-test", "STAGE=prod"], "infra.slack_test --stage prod"),
        (["destroy", "STAGE=prod"], "infra.teardown --stage prod"),
    ],
)
def test_make_hands_on_stage_and_settings(root: Path, arguments: list[str], wanted: str) -> None:
    """The stage is dev unless said; settings are key=value, with or without -c."""
    told = " ".join(_make(root, *arguments).stdout.split())
    assert wanted.strip() in told


@pytest.mark.parametrize("target", ["deploy", "diff", "destroy", "rollback", "slack-test", "bootstrap"])
def test_the_open_stage_never_goes_to_aws(root: Path, target: str) -> None:
    """Stage local authenticates nobody."""
    command = ["make", "--no-print-directory", target, "STAGE=local"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("STAGE is 'local', wanted dev or prod")
    assert done.stdout == ""
