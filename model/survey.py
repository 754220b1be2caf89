"""The survey as training data: which columns are answers, what a missing one looks like, who has a target.

The same rules hold wherever the model is used: a missing number is NaN, a missing category is the string
``"missing"``, because a one-hot encoder fitted on real nulls does not survive conversion to ONNX.
"""

__all__ = [
    "CATEGORIES",
    "DATA",
    "FEATURES",
    "MISSING",
    "NUMBERS",
    "TARGET",
    "Survey",
    "load_survey",
]

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

DATA = Path(__file__).parent / "data" / "yrbss.csv"
MISSING = "missing"
TARGET = "sleeps_8_hours"
FEATURES = (
    "age",
    "gender",
    "grade",
    "height",
    "weight",
    "helmet_12m",
    "text_while_driving_30d",
    "physically_active_7d",
    "hours_tv_per_school_day",
    "strength_training_7d",
)
CATEGORIES = ("gender", "grade", "helmet_12m", "text_while_driving_30d", "hours_tv_per_school_day")
NUMBERS = tuple(name for name in FEATURES if name not in CATEGORIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everyone who said how long they sleep.

    Attributes:
        features: ``(rows, features)``, columns :data:`FEATURES` in order; numbers float64 with NaN,
            categories str with :data:`MISSING`.
        target: ``(rows,)`` int64, 1 for at least 8 hours on a school night.
        sha256: Of the file, lower-case hex.
    """

    features: pd.DataFrame
    target: npt.NDArray[np.int64]
    sha256: str

    @property
    def base_rate(self) -> float:
        """Share of people who sleep at least 8 hours."""
        return float(self.target.mean())


def load_survey(path: Path = DATA) -> Survey:
    """Read the survey and leave out everyone without a target.

    Raises:
        OSError: The file cannot be read.
        ValueError: A column is missing.
    """
    wanted: dict[str, Any] = dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(CATEGORIES, "object")
    # Only an empty cell is missing: pandas would also take words such as "None" or "NA" for nulls.
    everyone = pd.read_csv(
        path,
        usecols=[*FEATURES, TARGET],
        dtype=wanted | {TARGET: "float64"},
        keep_default_na=False,
        na_values=[""],
    )
    known = everyone[everyone[TARGET].notna()].reset_index(drop=True)
    features = known[list(FEATURES)].copy()
    features[list(CATEGORIES)] = features[list(CATEGORIES)].fillna(MISSING)
    return Survey(
        features=features,
        target=known[TARGET].to_numpy().astype(np.int64),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
