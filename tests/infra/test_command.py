"""The commands of ``make deploy``: npm's CDK command line against the emulator, and what make hands to it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra import app
from infra.local.emulator import ACCOUNT, Emulator, emulator

CDK = Path("node_modules/aws-cdk/bin/cdk")
ADAPTED = ".venv/bin/python -m infra.local.app"
BROKEN = "def handler(event, context):\n    raise RuntimeError('golden row 3 differs')\n"

type Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def cdk_root(root: Path) -> Path:
    """Folder of the repository, if npm's command line is in it."""
    if not (root / CDK).exists():
        pytest.skip("npm's aws-cdk is not installed: make node_modules/.synced")
    return root


def _environment(home: Path, started: Emulator | None = None) -> Mapping[str, str]:
    """Return what a person's shell would hold; without an emulator no credentials."""
    own = {"HOME": str(home), "CI": "true", "CDK_DISABLE_CLI_TELEMETRY": "true", "NO_PROXY": "127.0.0.1"}
    own["AWS_EC2_METADATA_DISABLED"] = "true"  # it would ask for a minute
    if started is not None:
        own |= {
            "AWS_ENDPOINT_URL": started.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": started.region,
        }
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"STAGE", "MAKEFLAGS", "MFLAGS"}
    }
    return inherited | own


@pytest.fixture
def cdk(cdk_root: Path, tmp_path: Path) -> Callable[..., Finished]:
    """Return a function that runs the CDK command line, with nowhere to deploy to."""

    def run(*arguments: str) -> Finished:
        command = [".venv/bin/node", str(CDK), *arguments, "--no-color", "--no-notices"]
        env = _environment(tmp_path)
        return subprocess.run(command, cwd=cdk_root, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_both_ways_of_synthesis_give_the_same_template(
    cdk: Callable[..., Finished], make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    """What is tested is what ``cdk deploy`` would send, but for the metadata that the command line asks for."""
    folder, given = make_bundle(), ("-c", "memory_mb=1024", "-c", "log_retention_days=14")
    command = f"{sys.executable} -m infra.app --bundle {folder}"
    done = cdk(
        "synth", "-q", "--app", command, "--output", str(tmp_path / "theirs"), "-c", "stage=dev", *given
    )
    assert done.returncode == 0, done.stderr
    # The CDK reads a folder once in a process, so this process must not have read it before.
    out = tmp_path / "ours"
    assert app.main(["--stage", "dev", "--bundle", str(folder), "--out", str(out), *given]) == 0
    assert _template(out) == _template(tmp_path / "theirs")


def _template(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.template.json")
    template = json.loads(path.read_text())
    for part in (template, *template["Resources"].values()):
        part.pop("Metadata", None)
    return template


@pytest.fixture
def copy(cdk_root: Path, tmp_path: Path) -> Path:
    """A repository with a build folder of its own; everything else is the real one's."""
    folder = tmp_path / "copy"
    (folder / "build").mkdir(parents=True)
    for path in cdk_root.iterdir():
        if path.name != "build":
            (folder / path.name).symlink_to(path)
    (cdk_root / "build/cache").mkdir(parents=True, exist_ok=True)
    (folder / "build/cache").symlink_to(cdk_root / "build/cache")
    return folder


@pytest.mark.e2e
@pytest.mark.long
def test_a_stages_life_by_make(copy: Path, make_bundle: Callable[..., Path], tmp_path: Path) -> None:
    """Bootstrap, deploy, diff, a model that fails its rows, another deployment, roll back, message, destroy."""
    zipped = "CONTEXT=packaging=zip"

    with emulator(scratch=tmp_path, region="eu-central-1") as started:

        def make(*arguments: str, typed: str = "", status: int = 0) -> str:
            # What is linked is not ours to bring up to date: npm would empty the folder behind the link.
            kept = ("-o", ".venv/.synced", "-o", "node_modules/.synced")
            command = ["make", "--no-print-directory", *kept, *arguments]
            env = _environment(tmp_path, started)
            done = subprocess.run(
                command, cwd=copy, env=env, input=typed, capture_output=True, text=True, check=False
            )
            told = done.stdout + done.stderr
            assert done.returncode == status, told
            return told

        def deploy(context: str, *options: str, status: int = 0) -> str:
            app = " ".join([ADAPTED, *options])
            return make("deploy", context, f"ARGS=--app '{app}' --require-approval never", status=status)

        def answering() -> str:
            client = started.client("lambda")
            alias: str = client.get_alias(FunctionName=outputs["FunctionName"], Name="live")[
                "FunctionVersion"
            ]
            return alias

        assert "there is no stack Nightjar-dev in eu-central-1" in make("rollback", status=2)
        make("convert", "bundle")
        assert "bootstrapped" in make("bootstrap", zipped, f"ARGS=--app '{ADAPTED}'")
        assert "Nightjar-dev.DashboardUrl = https://" in deploy(zipped)
        outputs = json.loads((copy / "build/outputs-dev.json").read_text())["Nightjar-dev"]
        assert "There were no differences" in make("diff", zipped, f"ARGS=--app '{ADAPTED}'")
        assert "version 1 is the oldest" in make("rollback", status=2)

        told = deploy(zipped, "--bundle", str(make_bundle(handler=BROKEN)), status=2)
        assert "golden row 3 differs" in told
        assert answering() == "1"

        deploy(f"{zipped} memory_mb=1024")
        before = answering()
        assert before != "1"
        assert f"live of stage dev went from version {before} to 1" in make("rollback", "TO=1")
        assert answering() == "1"

        assert f"published to {outputs['TopicArn']}" in make("slack-test")
        assert "was not deleted" in make("destroy", typed="yes\n", status=2)
        told = make("destroy", typed="Nightjar-dev\n")
        assert "Nightjar-dev is deleted. What remains:" in told
        assert "USD/month  in all" in told
        assert "there is no stack Nightjar-dev" in make("destroy", "ARGS=--force", status=2)


def _make(root: Path, *arguments: str) -> Finished:
    """Ask make what it would do."""
    env = _environment(root)
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
