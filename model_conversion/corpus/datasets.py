"""The real data sets of the corpus: scikit-learn's bundled ones and the survey of the example model.

Half of the rows prove a conversion; the other half were never seen by the proof, and the written artefact is asked
about them afterwards.
"""

__all__ = ["Sample", "sample"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets

SURVEY = Path(__file__).resolve().parents[2] / "model/data/yrbss.csv"
"""What 13,583 students answered in the CDC's Youth Risk Behavior Survey, with gaps and strings."""

SURVEY_STEP = 12
"""Every so many-th row of the survey: enough for every category and gap, quick enough for 200 fits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Rows to fit, prove and ask afresh.

    Attributes:
        frame: ``(rows, features)``, as pandas reads it from a file.
        target: ``(rows,)``, or ``(rows, targets)``.
        about: What it is, for a reader.
    """

    frame: pd.DataFrame
    target: NDArray[Any]
    about: str


def sample(name: str) -> Sample:
    """Return a data set.

    Args:
        name: ``cancer``, ``wine``, ``labels``, ``diabetes``, ``linnerud``, ``survey``, ``survey words``, ``gaps`` or
            ``survey height``.

    Raises:
        KeyError: There is no such data set.
    """
    return _SAMPLES[name]()


def _cancer() -> Sample:
    bunch = datasets.load_breast_cancer(as_frame=True)
    return Sample(
        frame=bunch.data.iloc[:, :10], target=bunch.target.to_numpy(), about="breast cancer, two classes"
    )


def _wine() -> Sample:
    bunch = datasets.load_wine(as_frame=True)
    return Sample(frame=bunch.data, target=bunch.target.to_numpy(), about="wine, three classes")


def _labels() -> Sample:
    wine = _wine()
    target = np.stack([wine.target, (wine.frame["alcohol"] > 13).to_numpy().astype(int)], axis=1)
    return Sample(frame=wine.frame, target=target, about="wine, two labels a row")


def _diabetes() -> Sample:
    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    return Sample(frame=bunch.data, target=bunch.target.to_numpy(), about="diabetes, a number")


def _linnerud() -> Sample:
    bunch = datasets.load_linnerud(as_frame=True)
    return Sample(frame=bunch.data, target=bunch.target.to_numpy(), about="Linnerud, three numbers a row")


def _survey_table() -> pd.DataFrame:
    table = pd.read_csv(SURVEY).iloc[::SURVEY_STEP].reset_index(drop=True)
    known = table["sleeps_8_hours"].notna()
    table = table[known].drop(columns=["school_night_hours_sleep"]).reset_index(drop=True)
    return table.astype({"sleeps_8_hours": int})


def _survey() -> Sample:
    table = _survey_table()
    return Sample(
        frame=table.drop(columns=["sleeps_8_hours"]),
        target=table["sleeps_8_hours"].to_numpy(),
        about="survey, two classes, gaps and strings",
    )


def _survey_words() -> Sample:
    sleep, ages = _survey(), {12: "young", 13: "young", 14: "young", 15: "young", 16: "middle"}
    known = sleep.frame["age"].notna()
    words = sleep.frame["age"].map(ages).fillna("old").to_numpy(dtype=object)
    return Sample(
        frame=sleep.frame[known].drop(columns=["age"]).reset_index(drop=True),
        target=words[known.to_numpy()],
        about="survey, three classes called by words, gaps and strings",
    )


def _gaps() -> Sample:
    sleep = _survey()
    return Sample(
        frame=sleep.frame.select_dtypes("number"), target=sleep.target, about="survey's numbers, gaps left in"
    )


def _survey_height() -> Sample:
    table = _survey_table()
    table = table[table["height"].notna()].reset_index(drop=True)
    return Sample(
        frame=table.drop(columns=["height", "sleeps_8_hours"]),
        target=table["height"].to_numpy(),
        about="survey, a number, gaps and strings",
    )


_SAMPLES = {
    "cancer": _cancer,
    "wine": _wine,
    "labels": _labels,
    "diabetes": _diabetes,
    "linnerud": _linnerud,
    "survey": _survey,
    "survey words": _survey_words,
    "gaps": _gaps,
    "survey height": _survey_height,
}
