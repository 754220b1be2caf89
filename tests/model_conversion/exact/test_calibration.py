"""Calibrated classifiers answer as scikit-learn's, whatever is calibrated and how."""

from typing import Any

import numpy as np
import pytest
from doubles import graph_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFE
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from model_conversion.errors import UnsupportedError

CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER = StandardScaler().fit_transform(CANCER[:, :6])
WINE, KIND = load_wine(return_X_y=True)
WINE = StandardScaler().fit_transform(WINE[:, :6])
DATA = {2: (CANCER, BENIGN), 3: (WINE, np.array(["low", "mid", "top"])[KIND])}
METHODS = ("sigmoid", "isotonic", "temperature")


def check(estimator: Any, rows: NDArray[np.float64], answer: Any, *, within: float) -> None:
    """Compare probabilities, and labels where no last digit decides."""
    wanted = estimator.predict_proba(rows)
    label, probabilities = answer(rows)
    np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=within)
    best = np.sort(wanted, axis=1)
    clear = best[:, -1] - best[:, -2] > 2 * within
    np.testing.assert_array_equal(label[clear], estimator.predict(rows)[clear])


def check_any(estimator: Any, data: NDArray[np.float64]) -> None:
    """Compare on the data, and on rows within it and far outside."""
    answer = graph_of(estimator, data.shape[1])
    check(estimator, data, answer, within=1e-11)  # as steep as an isotonic calibrator is between two rows

    @given(hnp.arrays(np.float64, (8, 6), elements=st.floats(-1, 1)), st.sampled_from([1.0, 3.0, 1e3]))
    @settings(max_examples=6)
    def agrees(rows: NDArray[np.float64], far: float) -> None:
        check(estimator, rows * far, answer, within=1e-11)

    agrees()


INNER = (
    LogisticRegression(),
    SVC(probability=True, random_state=0),
    LinearSVC(random_state=0),
    GaussianNB(),
    GradientBoostingClassifier(n_estimators=3, random_state=0),
)


@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inner", INNER, ids=lambda inner: type(inner).__name__)
@pytest.mark.parametrize("classes", [2, 3])
def test_calibrators_are_asked_about_decision_values_or_probabilities(
    method: str, inner: Any, classes: int
) -> None:
    """The former of a classifier that has both."""
    rows, target = DATA[classes]
    check_any(CalibratedClassifierCV(clone(inner), method=method, cv=2).fit(rows, target), rows)


SELECTED = RFE(LogisticRegression(), n_features_to_select=3)
PIPELINES = (
    make_pipeline(StandardScaler(), SVC()),
    make_pipeline(make_pipeline(StandardScaler(), SELECTED), "passthrough", LinearSVC(random_state=0)),
    make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), RandomForestClassifier(3))),
    make_pipeline(StandardScaler(), GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)),
)


@pytest.mark.parametrize("inner", PIPELINES, ids=["kernel", "selection", "forest", "search"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_pipeline_is_calibrated(inner: Any, classes: int) -> None:
    """Nested ones and what a search found too."""
    rows, target = DATA[classes]
    check_any(CalibratedClassifierCV(clone(inner), method="isotonic", cv=2).fit(rows, target), rows)


@pytest.mark.parametrize("ensemble", ["auto", True])
def test_a_frozen_classifier_is_calibrated(ensemble: Any) -> None:
    """Once, or the same with several calibrators."""
    frozen = FrozenEstimator(make_pipeline(StandardScaler(), LogisticRegression()).fit(WINE, KIND))
    check_any(CalibratedClassifierCV(frozen, ensemble=ensemble, cv=3).fit(WINE, KIND), WINE)


def scores_are_columns(classes: int) -> tuple[Any, NDArray[np.float64], NDArray[np.int64]]:
    """Return a classifier whose decision values are its columns, and rows of which any class may be the largest."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 1 if classes == 2 else classes)).round(1)
    noisy = rows + rng.normal(size=rows.shape)
    target = (noisy[:, 0] > 0).astype(np.int64) if classes == 2 else noisy.argmax(axis=1)
    classifier = LinearSVC(random_state=0).fit(rows, target)
    classifier.coef_, classifier.intercept_ = np.eye(rows.shape[1]), np.zeros(rows.shape[1])
    return FrozenEstimator(classifier), rows, target


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("classes", [2, 3])
def test_scores_at_thresholds_beside_between_and_beyond(method: str, classes: int) -> None:
    """To the last digits, since the scores are the same doubles here."""
    classifier, data, target = scores_are_columns(classes)
    estimator = CalibratedClassifierCV(classifier, method=method).fit(data, target)
    answer = graph_of(estimator, data.shape[1])
    beside = np.concatenate([data, np.nextafter(data, 9.0), np.nextafter(data, -9.0), data * 1e6])
    check(estimator, beside, answer, within=1e-15)
    scores = st.floats(-4, 4) | st.sampled_from([-1e300, -1e3, 1e3, 1e300])

    @given(hnp.arrays(np.float64, (8, data.shape[1]), elements=scores))
    @settings(max_examples=15)
    def agrees(rows: NDArray[np.float64]) -> None:
        check(estimator, rows, answer, within=1e-15)

    agrees()


def test_no_class_at_all_is_each_alike() -> None:
    """Where every sigmoid is rounded to zero."""
    classifier, data, target = scores_are_columns(3)
    answer = graph_of(CalibratedClassifierCV(classifier).fit(data, target), 3)
    np.testing.assert_array_equal(answer([[-1e6, -1e6, -1e6]])[1], np.full((1, 3), 1 / 3))


@pytest.mark.parametrize("method", METHODS)
def test_a_single_score_is_calibrated(method: str) -> None:
    """An isotonic calibrator has one threshold then."""
    constant = DecisionTreeClassifier(min_samples_leaf=len(WINE))
    check_any(CalibratedClassifierCV(constant, method=method, cv=2).fit(WINE, KIND), WINE)


SOME = np.flatnonzero(KIND < 2)


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (
            CalibratedClassifierCV(QuadraticDiscriminantAnalysis()),
            "decision values of QuadraticDiscriminantAnalysis are not converted",
        ),
        (
            CalibratedClassifierCV(GaussianNB(), cv=[(SOME, np.arange(len(KIND)))]),
            "GaussianNB fitted on 2 of 3 classes; fit it with stratified folds",
        ),
        (
            CalibratedClassifierCV(
                make_pipeline(make_column_transformer((StandardScaler(), [0, 1])), LogisticRegression())
            ),
            r"ColumnTransformer; put that in front of it: make_pipeline\(ColumnTransformer",
        ),
    ],
    ids=["decision values", "classes", "columns"],
)
def test_members_that_are_not_converted_are_refused(estimator: Any, named: str) -> None:
    """By name, with what to do."""
    with pytest.raises(UnsupportedError, match=named):
        graph_of(estimator.fit(WINE, KIND), 6)


def test_texts_within_are_refused() -> None:
    """Their vectoriser belongs in front."""
    estimator = CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LinearSVC()), cv=2)
    estimator.fit(["good day", "bad night"] * 4, [1, 0] * 4)
    with pytest.raises(
        UnsupportedError, match=r"make_pipeline\(TfidfVectorizer\(…\), CalibratedClassifierCV"
    ):
        graph_of(estimator, 1, text=True)
