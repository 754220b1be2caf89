"""What is committed comes out again, and the command line does what it says."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from model.estimator import build_pipeline
from model.survey import DATA, FEATURES, Survey
from model.train import comparison_document, evidence_document, main, metrics_document, read_candidates

MODEL = Path(__file__).parents[2] / "model"


@pytest.fixture(scope="module")
def short_schema(schema: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema whose two what-ifs take a moment to test."""
    path = tmp_path_factory.mktemp("schema") / "schema.toml"
    path.write_text(
        '[target]\ncolumn = "sleeps_8_hours"\nbetter = "higher"\n'
        '[[features]]\nname = "text_while_driving_30d"\n'
        '[[features.what_ifs]]\nvalues = ["30"]\nto = "0"\n'
        '[[features]]\nname = "strength_training_7d"\n'
        "[[features.what_ifs]]\nlow = 0\nhigh = 2\nto = 5\n",
        encoding="utf-8",
    )
    return path


class TestCommitted:
    """The files in version control."""

    def test_training_again_gives_the_committed_model(self, survey: Survey, committed: Any) -> None:
        """Coefficients and probabilities are those of the file in version control."""
        again = build_pipeline().fit(survey.features, survey.target)

        np.testing.assert_allclose(committed["classify"].coef_, again["classify"].coef_, atol=1e-12)
        np.testing.assert_allclose(
            committed.predict_proba(survey.features), again.predict_proba(survey.features), atol=1e-12
        )

    def test_only_numpy_dtype_must_be_trusted(self) -> None:
        """The file holds nothing that runs code of its own."""
        assert skops.io.get_untrusted_types(file=MODEL / "sleep.skops") == ["numpy.dtype"]

    def test_mean_probability_is_the_base_rate(self, survey: Survey, committed: Any) -> None:
        """An unpenalised intercept makes the predictions right on average."""
        assert committed.predict_proba(survey.features)[:, 1].mean() == pytest.approx(
            survey.base_rate, abs=1e-8
        )

    def test_unseen_category_and_open_questions_are_answered(self, survey: Survey, committed: Any) -> None:
        """The pipeline ignores a category it has not seen and fills what is missing."""
        row = survey.features.iloc[[0]].assign(hours_tv_per_school_day="24", height=np.nan, age=np.nan)

        assert 0 < committed.predict_proba(row)[0, 1] < 1

    def test_metrics_are_those_of_the_data(self, survey: Survey, metrics: dict[str, Any]) -> None:
        """Cross-validating again gives the committed figures."""
        assert metrics == metrics_document(survey, folds=metrics["folds"], seed=metrics["seed"])

    def test_evidence_is_about_this_data(self, survey: Survey, evidence: dict[str, Any]) -> None:
        """The evidence names the file it was won from, and rests on enough resamples."""
        assert evidence["data_sha256"] == survey.sha256
        assert evidence["resamples"] >= 200
        assert evidence["confidence"] == 0.95

    def test_evidence_matches_the_schema_one_to_one(
        self, schema: dict[str, Any], evidence: dict[str, Any]
    ) -> None:
        """Every candidate was tested, in order, and nothing else was."""
        tested = [
            (each["feature"], tuple(each.get("values", ())), each.get("low"), each.get("high"), each["to"])
            for each in evidence["what_ifs"]
        ]

        assert tested == [
            (each.feature, each.values, each.low, each.high, each.to) for each in read_candidates(schema)
        ]

    def test_supported_means_above_zero(self, schema: dict[str, Any], evidence: dict[str, Any]) -> None:
        """Supported if and only if the interval excludes zero on the side that is better."""
        assert schema["target"]["better"] == "higher"
        for each in evidence["what_ifs"]:
            low, high = each["interval"]
            assert low <= each["effect"] <= high
            assert each["supported"] == (low > 0)

    def test_evidence_both_supports_and_rejects(self, evidence: dict[str, Any]) -> None:
        """Training more is supported; television and rare texting are not."""
        supported = {
            (each["feature"], str(each.get("values", each.get("low")))): each["supported"]
            for each in evidence["what_ifs"]
        }

        assert supported["strength_training_7d", "0"]
        assert supported["physically_active_7d", "0"]
        assert supported["text_while_driving_30d", "['30']"]
        assert not supported["text_while_driving_30d", "['1-2']"]
        assert not supported["hours_tv_per_school_day", "['5+']"]

    def test_point_estimates_are_those_of_the_data(
        self, survey: Survey, schema: dict[str, Any], evidence: dict[str, Any]
    ) -> None:
        """Effects and counts do not depend on resampling and come out again."""
        again = evidence_document(survey, schema, resamples=1, seed=0)

        for name in ("effect", "rows"):
            assert [each[name] for each in evidence["what_ifs"]] == pytest.approx(
                [each[name] for each in again["what_ifs"]], abs=2e-6
            )

    @pytest.mark.slow
    def test_evidence_comes_out_again(
        self, survey: Survey, schema: dict[str, Any], evidence: dict[str, Any]
    ) -> None:
        """All resamples, refitted, give the committed intervals."""
        again = evidence_document(survey, schema, resamples=evidence["resamples"], seed=evidence["seed"])

        assert [each["interval"] for each in evidence["what_ifs"]] == [
            pytest.approx(each["interval"], abs=2e-6) for each in again["what_ifs"]
        ]

    @pytest.mark.slow
    def test_comparison_comes_out_again(
        self, survey: Survey, metrics: dict[str, Any], comparison: dict[str, Any]
    ) -> None:
        """The other classifiers, cross-validated again, give the committed figures."""
        again = comparison_document(survey, folds=metrics["folds"], seed=metrics["seed"])

        assert list(comparison) == list(again)
        for name, figures in comparison.items():
            assert figures == pytest.approx(again[name], abs=2e-4)


class TestCommand:
    """``python -m model.train``."""

    def run(self, out: Path, schema: Path, *more: str) -> int:
        """Train with few folds and resamples."""
        arguments = ["--out", str(out), "--schema", str(schema), "--resamples", "4", "--folds", "2"]
        return main([*arguments, *more])

    def test_two_runs_write_the_same_bytes(
        self, tmp_path: Path, short_schema: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Model, figures and evidence repeat byte for byte, and nothing else is left behind."""
        written = []
        for run in ("first", "second"):
            folder = tmp_path / run
            folder.mkdir()
            assert self.run(folder, short_schema) == 0
            written.append({path.name: path.read_bytes() for path in folder.iterdir()})

        assert set(written[0]) == {"sleep.skops", "metrics.json", "evidence.toml"}
        assert written[0] == written[1]

    def test_table_names_what_was_found(
        self, tmp_path: Path, short_schema: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """People get figures, calibration, what-ifs and the files; no progress bar off a terminal."""
        assert self.run(tmp_path, short_schema) == 0

        printed = capsys.readouterr()
        assert "12335 people, base rate 0.3057, 2-fold" in printed.out
        assert re.search(r"^logistic regression +0\.60", printed.out, re.MULTILINE)
        assert re.search(r"^yes  strength_training_7d: 0 to 2 → 5, \+0\.042 \[", printed.out, re.MULTILINE)
        assert "wrote sleep.skops, metrics.json, evidence.toml" in printed.out
        assert printed.err == ""

    def test_json_is_for_machines(
        self, tmp_path: Path, short_schema: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The same as one JSON document."""
        assert self.run(tmp_path, short_schema, "--json") == 0

        printed = json.loads(capsys.readouterr().out)
        assert printed["metrics"] == json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
        assert printed["evidence"] == tomllib.loads((tmp_path / "evidence.toml").read_text(encoding="utf-8"))

    def test_evidence_says_who_wrote_it(
        self, tmp_path: Path, short_schema: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The first line of the generated file names the command."""
        assert self.run(tmp_path, short_schema) == 0

        first = (tmp_path / "evidence.toml").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# Written by `python -m model.train`")

    def test_unusable_data_is_reported(
        self, tmp_path: Path, short_schema: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A wrong file ends with status 1 and one line, and nothing is written."""
        data = tmp_path / "survey.csv"
        data.write_text(DATA.read_text(encoding="utf-8").replace(FEATURES[0], "years", 1), encoding="utf-8")
        out = tmp_path / "out"
        out.mkdir()

        assert self.run(out, short_schema, "--data", str(data)) == 1

        assert re.fullmatch(r"model\.train: .*age.*\n", capsys.readouterr().err)
        assert list(out.iterdir()) == []

    def test_missing_schema_is_reported(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A schema that is not there ends with status 1 and is named."""
        assert self.run(tmp_path, tmp_path / "none.toml") == 1

        assert "none.toml" in capsys.readouterr().err

    def test_help_shows_an_example(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The example can be copied."""
        with pytest.raises(SystemExit) as ended:
            main(["--help"])

        assert ended.value.code == 0
        assert "example: python -m model.train --compare" in capsys.readouterr().out
