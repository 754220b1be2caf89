"""Synthesis for the emulator: what ``infra.app`` writes, less what the emulator refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.app import main
from infra.local.deploy import UNSUPPORTED


def test_the_template_is_adapted_where_the_command_line_wants_it(
    make_bundle: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CDK's command line says by its environment where; nothing else of the assembly changes."""
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "out"))
    assert main(["--stage", "dev", "--bundle", str(make_bundle()), "-c", "packaging=zip"]) == 0
    template = json.loads((tmp_path / "out/Nightjar-dev.template.json").read_text())
    types = {item["Type"] for item in template["Resources"].values()}
    assert "AWS::Lambda::Alias" in types
    assert not types & set(UNSUPPORTED)
    assert "Rules" not in template
    assert (tmp_path / "out/manifest.json").exists()


def test_what_synthesis_refuses_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With its sentence and its exit status."""
    assert main(["--stage", "dev", "--bundle", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capfd.readouterr().err.startswith("error: there is no bundle in ")
    assert not (tmp_path / "out").exists()
