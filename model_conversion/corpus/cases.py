"""What the corpus fits: every estimator that answers, boosters, and transformers in front of them."""

__all__ = ["FAST", "Case", "cases", "claimed", "listed"]

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sklearn.base import is_outlier_detector
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators

from model_conversion.corpus import fronts
from model_conversion.corpus.parameters import build

RAW = ("sklearn.tree", "sklearn.ensemble", "sklearn.naive_bayes", "sklearn.isotonic", "sklearn.dummy")
"""Modules whose estimators are fitted on numbers as they are; others see scaled ones."""

MULTIPLE = frozenset({"MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"})
MULTIPLE |= {"CCA", "PLSCanonical", "MultiOutputRegressor", "RegressorChain"}
"""Regressors of several targets."""

LABELS = frozenset({"MultiOutputClassifier", "ClassifierChain"})
"""Classifiers of several labels a row."""

BINARY = frozenset({"TunedThresholdClassifierCV", "FixedThresholdClassifier"})
"""Classifiers of two classes only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An estimator on a data set.

    Attributes:
        estimator: Class name, or a transformer's and the estimator's behind it.
        data: Name for :func:`model_conversion.corpus.datasets.sample`.
        kind: Chapter of the catalogue.
        claimed: Whether skl2onnx says that it converts it.
        make: Makes the unfitted pipeline; can be sent to another process.
    """

    estimator: str
    data: str
    kind: str
    claimed: bool
    make: Callable[[], Any]

    @property
    def name(self) -> str:
        """The same for the same case."""
        return f"{self.estimator} on {self.data}"


@cache
def claimed() -> frozenset[type]:
    """Return the classes that skl2onnx claims to convert."""
    from skl2onnx._supported_operators import sklearn_operator_name_map

    return frozenset(
        kind
        for kind, alias in sklearn_operator_name_map.items()
        if isinstance(kind, type) and not alias.startswith("Nightjar")
    )


@cache
def listed() -> dict[str, tuple[tuple[str, type], ...]]:
    """Return chapter → name and class of all that scikit-learn lists and that answers."""
    found = {
        chapter: tuple(all_estimators(type_filter=kind))
        for chapter, kind in (
            ("classifiers", "classifier"),
            ("regressors", "regressor"),
            ("clusterers", "cluster"),
        )
    }
    others = [item for item in all_estimators() if _detects(item[1])]
    return found | {"outlier detectors": tuple(others)}


def _detects(kind: type) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about estimators that will go
            return bool(is_outlier_detector(kind()))
    except (TypeError, AttributeError):  # needs arguments, so is none
        return False


@cache
def cases() -> tuple[Case, ...]:
    """Return the whole corpus in the catalogue's order."""
    found: list[Case] = []
    for chapter, members in listed().items():
        for name, kind in members:
            known = kind in claimed()
            found.extend(
                Case(estimator=name, data=data, kind=chapter, claimed=known, make=partial(_plain, name, kind))
                for data in _data_of(chapter, name, known=known)
            )
    for chapter, makers in fronts.CHAPTERS.items():
        found += [
            Case(
                estimator=name,
                data=data,
                kind=chapter,
                claimed=False,
                make=partial(_front, chapter, name, data),
            )
            for name, data in makers
        ]
    return tuple(found)


def _data_of(chapter: str, name: str, *, known: bool) -> tuple[str, ...]:
    if chapter == "regressors":
        return ("linnerud",) if name in MULTIPLE else ("diabetes",)
    if chapter != "classifiers":
        return ("wine",)
    if name in LABELS:
        return ("labels",)
    return ("cancer", "wine") if known and name not in BINARY else ("cancer",)


def _front(kind: str, name: str, data: str) -> Any:
    return fronts.CHAPTERS[kind][name, data]()


def _plain(name: str, kind: type) -> Any:
    estimator = build(name, kind)
    if kind.__module__.startswith(RAW):
        return estimator
    return make_pipeline(StandardScaler(), estimator)


FAST = (
    "RandomForestClassifier on wine",
    "HistGradientBoostingRegressor on diabetes",
    "RidgeClassifier on wine",
    "SVC(probability=False) on cancer",
    "OneVsOneClassifier on wine",
    "NearestCentroid on cancer",
    "KMeans on wine",
    "DBSCAN on wine",
    "histogram boosting on gaps",
    "OneHotEncoder + HistGradientBoostingClassifier on survey",
    "XGBClassifier on gaps",
)
"""Names of the cases that every run of the tests examines: exact, within tolerance, refused; each kind of data."""
