"""The committed survey is the documented one and is read as documented."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.survey import CATEGORIES, DATA, FEATURES, MISSING, NUMBERS, TARGET, Survey, load_survey

HOURS = "school_night_hours_sleep"
DOCUMENTED = (DATA.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def everyone() -> pd.DataFrame:
    """The file as it stands, every cell a string."""
    return pd.read_csv(DATA, dtype="object", keep_default_na=False)


def test_file_is_the_documented_one() -> None:
    """The committed file has the SHA-256 that its documentation states."""
    documented = re.search(r"^SHA-256: `([0-9a-f]{64})`$", DOCUMENTED, re.MULTILINE)

    assert documented is not None
    assert documented[1] == hashlib.sha256(DATA.read_bytes()).hexdigest()


def test_columns_are_the_answers_and_the_target(everyone: pd.DataFrame) -> None:
    """The file holds the ten answers, the hours and the target; nothing sensitive besides."""
    assert [*FEATURES, HOURS, TARGET] == list(everyone.columns)


def test_open_questions_are_counted_as_documented(everyone: pd.DataFrame) -> None:
    """Each column lacks as many answers as the documentation says."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d,]+) \|$", DOCUMENTED, re.MULTILINE)

    assert {name: int(count.replace(",", "")) for name, count in rows} == {
        name: int((everyone[name] == "").sum()) for name in everyone.columns
    }


def test_everyone_is_there(everyone: pd.DataFrame) -> None:
    """All people of the source are in the file."""
    assert len(everyone) == 13_583


def test_target_follows_from_the_hours(everyone: pd.DataFrame) -> None:
    """The target is 1 from 8 hours, 0 below, and empty where the hours are."""
    derived = everyone[HOURS].map(
        {"": "", "<5": "0", "5": "0", "6": "0", "7": "0", "8": "1", "9": "1", "10+": "1"}
    )

    assert derived.tolist() == everyone[TARGET].tolist()


@pytest.mark.parametrize("name", ["age", "physically_active_7d", "strength_training_7d"])
def test_whole_numbers_are_written_whole(everyone: pd.DataFrame, name: str) -> None:
    """Ages and days carry no decimal point."""
    assert everyone[name].str.fullmatch(r"\d*").all()


def test_people_without_a_target_are_left_out(survey: Survey) -> None:
    """Training sees those who said how long they sleep, three in ten of them long enough."""
    assert len(survey.features) == len(survey.target) == 12_335
    assert survey.base_rate == pytest.approx(0.306, abs=5e-4)


def test_features_are_what_the_pipeline_expects(survey: Survey) -> None:
    """Numbers are floats with NaN, categories strings without nulls, in the order of training."""
    assert list(FEATURES) == list(survey.features.columns)
    assert all(survey.features[name].dtype == np.float64 for name in NUMBERS)
    assert all(survey.features[name].map(type).eq(str).all() for name in CATEGORIES)
    assert all(survey.features[name].eq(MISSING).any() for name in CATEGORIES)
    assert all(survey.features[name].isna().any() for name in NUMBERS)
    assert survey.target.dtype == np.int64


def test_words_that_pandas_takes_for_nulls_stay_words(tmp_path: Path) -> None:
    """Only an empty cell is missing."""
    lines = DATA.read_text(encoding="utf-8").splitlines()[:2]
    path = tmp_path / "survey.csv"
    path.write_text("\n".join([lines[0], lines[1].replace("female", "None")]) + "\n", encoding="utf-8")

    assert load_survey(path).features["gender"].tolist() == ["None"]


def test_missing_column_is_refused(tmp_path: Path) -> None:
    """A file without one of the answers is refused and the column named."""
    path = tmp_path / "survey.csv"
    path.write_text("age,gender\n16,male\n", encoding="utf-8")

    with pytest.raises(ValueError, match="strength_training_7d"):
        load_survey(path)
