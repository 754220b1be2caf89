"""Synthesis by the command line: what it writes, whom it obeys and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.app import main, read_context
from infra.bundle import Bundle
from infra.config import ConfigError

TOKENS = ("-c", "jwt_issuer=https://id.example", "-c", "jwt_audience=app")


def test_a_stage_is_synthesised_into_the_folder_that_was_named(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The template is in the folder, and its path and the model are printed."""
    out = tmp_path / "assembly"
    argv = ["--stage", "prod", "--bundle", str(bundle.path), "--out", str(out), "-c", "memory_mb=777"]
    assert main([*argv, *TOKENS]) == 0
    template = json.loads((out / "Nightjar-prod.template.json").read_text())
    memory = [
        r["Properties"]["MemorySize"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Lambda::Function"
    ]
    assert 777 in memory
    assert "AWS::ApplicationAutoScaling::ScalableTarget" in json.dumps(template)
    assert str(out / "Nightjar-prod.template.json") in capsys.readouterr().out


def test_the_cdk_command_line_says_where_and_what_by_its_environment(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CDK's command line sets CDK_OUTDIR and CDK_CONTEXT_JSON."""
    context = {"stage": "prod", "throttle_burst": "7", "auth": "iam", "aws:cdk:enable-path-metadata": True}
    context["caller_role_arns"] = "arn:aws:iam::123456789012:role/app"
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk.out"))
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(context))
    assert main(["--bundle", str(bundle.path)]) == 0
    template = (tmp_path / "cdk.out/Nightjar-prod.template.json").read_text()
    assert '"ThrottlingBurstLimit": 7' in template


def test_what_the_command_line_says_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``cdk.json`` gives way to the CDK's context, and both to ``-c``."""
    file = tmp_path / "cdk.json"
    file.write_text(json.dumps({"app": "x", "context": {"a": 1, "b": 1, "c": 1}}))
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"b": 2, "c": 2}))
    assert read_context(["c=3=x"], cdk_json=file) == {"a": 1, "b": 2, "c": "3=x"}


def test_a_context_argument_without_a_value_is_refused(tmp_path: Path) -> None:
    """The CDK's form is key=value."""
    with pytest.raises(ConfigError, match=r"^-c is 'memory_mb', wanted key=value$"):
        read_context(["memory_mb"], cdk_json=tmp_path / "none")


def _refusal(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_a_missing_bundle_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be deployed without a bundle."""
    error = _refusal(capsys, "--stage", "local", "--bundle", str(tmp_path / "none"))
    assert f"error: there is no bundle in {tmp_path / 'none'}; run `make bundle`\n" == error


def test_a_missing_contract_is_refused_in_one_sentence(
    make_bundle: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The function would refuse to start without its contract."""
    folder = make_bundle()
    (folder / "model/contract.json").unlink()
    error = _refusal(capsys, "--stage", "local", "--bundle", str(folder))
    assert error.startswith(f"error: cannot read {folder}/model/contract.json: No such file")


def test_a_bundle_for_another_processor_is_refused(
    make_bundle: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Lambda would fail at its first request, with an unreadable error."""
    error = _refusal(capsys, "--stage", "prod", "--bundle", str(make_bundle(architecture="arm64")), *TOKENS)
    assert error.endswith("or synthesise with -c architecture=arm64\n")


def test_a_wrong_setting_is_refused_in_one_sentence(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong value stops synthesis."""
    error = _refusal(capsys, "--bundle", str(bundle.path), "-c", "memory_mb=1")
    assert error == "error: memory_mb is 1, wanted 128 to 10240\n"


def test_prod_is_not_synthesised_for_anybody(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a token's issuer or roles nobody is meant to call."""
    error = _refusal(capsys, "--stage", "prod", "--bundle", str(bundle.path))
    assert error == "error: jwt_issuer is '', wanted an https address (or -c auth=iam)\n"


def test_a_wrong_schedule_is_refused_in_one_sentence(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    file = tmp_path / "schedule.toml"
    file.write_text('time_zone = "Mars/Olympus"\n')
    error = _refusal(capsys, "--bundle", str(bundle.path), "-c", f"schedule={file}")
    assert error == f"error: {file}: time_zone is 'Mars/Olympus', wanted one such as 'Europe/Berlin'\n"
