"""What is committed comes out again, and the command line does what it says."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from model.estimator import build_pipeline
from model.survey import DATA, FEATURES, Survey
from model.train import comparison_document, main, metrics_document

MODEL = Path(__file__).parents[2] / "model"


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

    @pytest.mark.long
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

    def run(self, out: Path, *more: str) -> int:
        """Train with few folds."""
        return main(["--out", str(out), "--folds", "2", *more])

    def test_two_runs_write_the_same_bytes(self, tmp_path: Path) -> None:
        """Model and figures repeat byte for byte, and nothing else is left behind."""
        written = []
        for run in ("first", "second"):
            folder = tmp_path / run
            folder.mkdir()
            assert self.run(folder) == 0
            written.append({path.name: path.read_bytes() for path in folder.iterdir()})

        assert set(written[0]) == {"sleep.skops", "metrics.json"}
        assert written[0] == written[1]

    def test_table_names_what_was_found(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """People get figures, calibration and the files."""
        assert self.run(tmp_path) == 0

        printed = capsys.readouterr()
        assert "12335 people, base rate 0.3057, 2-fold" in printed.out
        assert re.search(r"^logistic regression +0\.60", printed.out, re.MULTILINE)
        assert "wrote sleep.skops, metrics.json" in printed.out
        assert printed.err == ""

    def test_json_is_for_machines(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The same as one JSON document."""
        assert self.run(tmp_path, "--json") == 0

        printed = json.loads(capsys.readouterr().out)
        assert printed["metrics"] == json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))

    def test_unusable_data_is_reported(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A wrong file ends with status 2 and one line, and nothing is written."""
        data = tmp_path / "survey.csv"
        data.write_text(DATA.read_text(encoding="utf-8").replace(FEATURES[0], "years", 1), encoding="utf-8")
        out = tmp_path / "out"
        out.mkdir()

        assert self.run(out, "--data", str(data)) == 2

        assert re.fullmatch(r"error: .*age.*\n", capsys.readouterr().err)
        assert list(out.iterdir()) == []

    def test_help_shows_an_example(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The example can be copied."""
        with pytest.raises(SystemExit) as ended:
            main(["--help"])

        assert ended.value.code == 0
        assert "example:\n  python -m model.train --compare" in capsys.readouterr().out
