"""The command that shows everything: stages by name, and one sentence when one fails."""

import json
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


def test_what_was_shown_is_text_or_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Titles and lines for people; for machines nothing but JSON, by stage."""
    stages = [
        prove.Stage(name=name, title=name.upper(), run=lambda _: (["a line"], {"seconds": 1.5}))
        for name in ("one", "two")
    ]
    monkeypatch.setattr(prove, "STAGES", stages)
    assert prove.main([]) == 0
    assert capsys.readouterr().out == "\nONE\n\na line\n\nTWO\n\na line\n"
    assert prove.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"one": {"seconds": 1.5}, "two": {"seconds": 1.5}}
