"""The corpus: nothing converts and then answers otherwise, and the catalogue tells of every estimator."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from model_conversion.corpus.__main__ import main
from model_conversion.corpus.cases import FAST, Case, cases, listed
from model_conversion.corpus.catalogue import markdown, share
from model_conversion.corpus.examination import DIFFERS, EXACT, REFUSED, WITHIN, Outcome, outcome_of

CATALOGUE = Path(__file__).resolve().parents[3] / "model_conversion/SUPPORT.md"
BY_NAME = {case.name: case for case in cases()}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST)
def test_the_fast_slice_is_converted_or_refused_by_name(name: str) -> None:
    """In a process of its own, and asked afresh about rows that the proof did not see."""
    found = outcome_of(BY_NAME[name])
    if name.startswith(("NearestCentroid", "DBSCAN")):
        assert found.verdict == REFUSED
        assert found.reason
        assert found.alternative
    else:
        assert found.verdict in {EXACT, WITHIN}, found.reason
        assert found.max_error <= 1e-5
        assert found.size_bytes > 0


@pytest.mark.corpus
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_no_estimator_converts_and_then_answers_otherwise(case: Case) -> None:
    """The whole corpus: ``pytest -m corpus``."""
    found = outcome_of(case)
    assert found.verdict != DIFFERS, found.reason
    assert found.reason or found.verdict != REFUSED


def test_names_are_not_used_twice() -> None:
    """The outcome of one case never hides another's."""
    assert len(BY_NAME) == len(cases())


def test_the_catalogue_tells_of_every_estimator() -> None:
    """It is the current one: each listed estimator stands in it, and none that differs."""
    text = CATALOGUE.read_text(encoding="utf-8")
    absent = [
        name
        for members in listed().values()
        for name, _ in members
        if f"| {name} |" not in text and f"| {name} (not in skl2onnx) |" not in text
    ]
    assert absent == []
    assert f"| {DIFFERS}" not in text
    assert "There is none." in text


def test_an_estimator_counts_as_converted_only_if_every_case_of_it_is() -> None:
    """One refused data set is enough to leave it out of the share."""
    good, bad = Outcome(verdict=EXACT), Outcome(verdict=REFUSED, reason="for want of trying")
    both = {"SVC on cancer": good, "SVC on wine": bad, "Lasso on diabetes": good}
    assert share(both) == (["SVC", "Lasso"], ["Lasso"], ["Lasso"])


def test_a_note_says_how_the_copy_was_made() -> None:
    """Where it was not made by one run."""
    assert "By hand." in markdown({"Lasso on diabetes": Outcome(verdict=EXACT)}, "By hand.")


def test_a_difference_is_shouted() -> None:
    """The catalogue names a defect a defect."""
    text = markdown({"Lasso on diabetes": Outcome(verdict=DIFFERS, reason="a flip")})
    assert "a defect" in text
    assert f"| {DIFFERS}: a flip |" in text


def test_known_outcomes_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of few cases adds to them, and asks none of them again unless told to."""
    known = tmp_path / "known.json"
    kept = Outcome(verdict=WITHIN, strategy="float32", max_error=1e-7)
    names = ("Lasso on diabetes", "DummyClassifier on cancer")
    known.write_text(json.dumps({name: asdict(kept) for name in names}), encoding="utf-8")
    arguments = ["--only", "DummyClassifier on cancer", "--known", str(known)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""
    assert main([*arguments, "--again"]) == 0
    found = json.loads(known.read_text(encoding="utf-8"))
    assert set(found) == set(names)
    assert found["Lasso on diabetes"] == asdict(kept)
    assert found["DummyClassifier on cancer"]["verdict"] == REFUSED
    assert "DummyClassifier" in found["DummyClassifier on cancer"]["reason"]
