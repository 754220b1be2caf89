"""Deployments go wrong safely: what is promised of a bad one is shown under traffic."""

import shutil
from pathlib import Path

import pytest

from function.errors import ArtefactError
from infra.bundle import Bundle
from infra.local.deployment import synthesise
from infra.local.prove import __main__ as prove
from infra.local.prove.variants import corrupted

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_nobody_is_let_down_by_a_good_or_a_bad_deployment(
    real_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new version takes over, three bad ones are refused with their reasons, the old one comes back."""
    assert prove.main(["--bundle", str(real_bundle.path), "--only", "deployments"]) == 0
    lines = capsys.readouterr().out.splitlines()
    outcomes = [line.strip() for line in lines if line.startswith("    ")]
    assert len(outcomes) == 5
    assert outcomes[0].endswith(" → next")
    reasons = (
        "1 of 66 golden rows were answered differently",
        "model.onnx has SHA-256 ",
        "this handler cannot start",
    )
    for outcome, reason in zip(outcomes[1:4], reasons, strict=True):
        assert outcome.startswith("refused, next went on: ")
        assert outcome.count("Custom::Trigger") == 1
        assert reason in outcome
    assert outcomes[4].startswith("next → ")


def test_a_bundle_that_was_damaged_on_this_machine_is_not_even_synthesised(
    real_bundle: Bundle, tmp_path: Path
) -> None:
    """The sentence says which file and what to do."""
    folder = tmp_path / "asset.copy"
    shutil.copytree(real_bundle.path, folder)
    corrupted(tmp_path)
    with pytest.raises(ArtefactError, match=r"model\.onnx has SHA-256 .* convert and deploy again"):
        synthesise(scratch=tmp_path, bundle=folder)
