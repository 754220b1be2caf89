"""The command that shows everything: stages by name, and one sentence when one fails."""

from pathlib import Path

import pytest

from infra.local.prove import __main__ as prove


def test_each_stage_has_a_name_and_a_title_of_its_own() -> None:
    """The names are what ``--only`` takes."""
    names = [stage.name for stage in prove.STAGES]
    assert len(set(names)) == len(names) == len({stage.title for stage in prove.STAGES})
    for name in names:
        assert prove.parser().parse_args(["--only", name]).only == name


def test_no_bundle_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2, and without a stage begun."""
    for stage in prove.STAGES:
        assert prove.main(["--bundle", str(tmp_path / "absent"), "--only", stage.name]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: there is no bundle in ")
        assert error.count("\n") == 1
