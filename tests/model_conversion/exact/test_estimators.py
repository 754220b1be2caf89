"""Our estimators' converters answer as scikit-learn's estimators, whatever their options."""

from typing import Any

import numpy as np
import pytest
from doubles import graph_of, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, IsolationForest
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier

from model_conversion.decision import decision_of
from model_conversion.errors import UnsupportedError

CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER = StandardScaler().fit_transform(CANCER[:, :6])
WINE, KIND = load_wine(return_X_y=True)
WINE = StandardScaler().fit_transform(WINE[:, :6])
ROWS = hnp.arrays(np.float64, (8, 6), elements=st.floats(-50, 50))


def check_classifier(estimator: Any, *, far: float = 1.0) -> None:
    """Compare labels and probabilities on any rows."""
    answer = graph_of(estimator, 6)

    @given(ROWS)
    @settings(max_examples=20)
    def agrees(rows: NDArray[np.float64]) -> None:
        rows = rows * far
        with np.errstate(all="ignore"):
            wanted = estimator.predict_proba(rows)
        label, probabilities = answer(rows)
        np.testing.assert_array_equal(label, estimator.predict(rows))
        if hasattr(
            estimator, "decision_function"
        ):  # where exp overflows, the last digit decides whether all are zero
            best = estimator.decision_function(rows).reshape(len(rows), -1).max(axis=1)
            wanted[(best > -711) & (best < -708)] = probabilities[(best > -711) & (best < -708)]
        np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=1e-13)

    agrees()


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("far", [1.0, 1e3])
def test_gradient_descent_decides_by_scores(loss: str, classes: int, far: float) -> None:
    """Far from the data, where probabilities are rounded to zero and one, too."""
    rows, target = (CANCER, BENIGN) if classes == 2 else (WINE, KIND)
    check_classifier(SGDClassifier(loss=loss, random_state=0).fit(rows, target), far=far)


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        LogisticRegressionCV(cv=2, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False),
        LinearDiscriminantAnalysis(),
    ],
    ids=str,
)
@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_scores(estimator: Any, classes: int) -> None:
    """The sigmoid of one score or the softmax of several, and the label by the scores."""
    rows, target = (CANCER, BENIGN) if classes == 2 else (WINE, np.array(["a", "b", "c"])[KIND])
    fitted = clone(estimator).fit(rows, target)
    check_classifier(fitted)
    operators = [node.op_type for node in model_of(fitted, 6).graph.node]
    two = ["MatMul", "Add", "Mul", "ArgMax", "Sigmoid"]
    assert sorted(operators) == sorted(
        two if classes == 2 else ["MatMul", "Add", "ArgMax", "Gather", "Softmax"]
    )


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("classes", [2, 3])
def test_boosted_votes_of_trees(depth: int, classes: int) -> None:
    """Stumps and deeper trees, in one operator; a vote counts for one class and, of several, against the others."""
    rows, target = (CANCER, BENIGN) if classes == 2 else (WINE, np.array(["a", "b", "c"])[KIND])
    tree = DecisionTreeClassifier(max_depth=depth, max_features=2, random_state=0)
    fitted = AdaBoostClassifier(tree, n_estimators=12, random_state=0).fit(rows, target)
    check_classifier(fitted)
    operators = [node.op_type for node in model_of(fitted, 6).graph.node]
    assert operators.count("TreeEnsemble") == 1
    assert len(operators) <= 6


def test_boosted_votes_of_others_are_left_to_the_library() -> None:
    """It writes each one."""
    fitted = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(CANCER, BENIGN)
    assert "TreeEnsemble" not in {node.op_type for node in model_of(fitted, 6).graph.node}


def check_decision(estimator: Any, *, within: float = 1e-12) -> None:
    """Compare labels and decision values on any rows; of two classes the first's is the negative."""
    answer = graph_of(estimator, 6)

    @given(ROWS)
    @settings(max_examples=20)
    def agrees(rows: NDArray[np.float64]) -> None:
        wanted = estimator.decision_function(rows)
        if wanted.ndim == 1:
            wanted = np.column_stack([-wanted, wanted])
        close = within * max(1.0, np.abs(wanted).max())
        label, values = answer(rows)
        np.testing.assert_allclose(values, wanted, rtol=0, atol=close)
        best = np.sort(wanted, axis=1)
        clear = best[:, -1] - best[:, -2] > 10 * close  # on a tie the last digit decides
        np.testing.assert_array_equal(label[clear], estimator.predict(rows)[clear])

    agrees()


DECIDERS = (
    LinearSVC(random_state=0),
    Perceptron(random_state=0),
    RidgeClassifier(),
    SGDClassifier(random_state=0),
    OneVsRestClassifier(LinearSVC(random_state=0)),
    OneVsOneClassifier(LogisticRegression()),
)


@pytest.mark.parametrize("estimator", DECIDERS, ids=repr)
@pytest.mark.parametrize("classes", [2, 3])
def test_linear_classifiers_without_probabilities(estimator: Any, classes: int) -> None:
    """Alone, one against the rest and one against one."""
    rows, target = (CANCER, BENIGN) if classes == 2 else (WINE, np.array(["low", "mid", "top"])[KIND])
    check_decision(clone(estimator).fit(rows, target))


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("break_ties", [False, True])
def test_support_vectors_without_probabilities(kernel: str, classes: int, break_ties: bool) -> None:
    """The votes or the decision values make the label; far from the data the sum of the support vectors cancels."""
    rows, target = (CANCER, BENIGN) if classes == 2 else (WINE, KIND)
    check_decision(SVC(kernel=kernel, coef0=0.3, break_ties=break_ties).fit(rows, target), within=1e-10)
    check_decision(NuSVC(kernel=kernel, nu=0.2, break_ties=break_ties).fit(rows, target), within=1e-10)


def test_support_vectors_of_sparse_rows() -> None:
    """Their weights are kept sparse as well."""
    check_decision(SVC().fit(csr_matrix(WINE), KIND))


def test_trees_one_against_one() -> None:
    """Their probabilities are what speaks for a class."""
    check_decision(OneVsOneClassifier(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(WINE, KIND))


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (OneVsOneClassifier(SVC()), "3 classes holds SVC"),
        (OneVsRestClassifier(SVC()), "holds SVC, wanted a linear classifier"),
        (SVC(kernel=lambda a, b: a @ b.T), "kernel <function .* wanted linear, poly, rbf or sigmoid"),
    ],
)
def test_decisions_of_another_form_are_refused(estimator: Any, named: str) -> None:
    """By what they hold, with what to do."""
    with pytest.raises(UnsupportedError, match=named):
        graph_of(estimator.fit(WINE, KIND), 6)


@pytest.mark.parametrize("positive", [None, "benign", "malign"])
@pytest.mark.parametrize("threshold", [0.1, 0.93])
def test_a_threshold_of_its_own_decides(positive: str | None, threshold: float) -> None:
    """Whichever class it is about; rows on it get that class."""
    words = np.where(BENIGN == 1, "benign", "malign")
    classifier = FixedThresholdClassifier(
        LogisticRegression(), threshold=threshold, pos_label=positive or "benign"
    ).fit(CANCER, words)
    check_classifier(classifier)
    decision = decision_of(classifier)
    assert decision is not None
    assert decision.threshold == threshold
    assert classifier.classes_[decision.positive] == (positive or "benign")


def test_a_tuned_threshold_decides() -> None:
    """The one that was found by cross-validation."""
    classifier = TunedThresholdClassifierCV(LogisticRegression(), random_state=0).fit(CANCER, BENIGN)
    check_classifier(classifier)
    decision = decision_of(classifier)
    assert decision is not None
    assert decision.threshold == classifier.best_threshold_


def test_a_threshold_of_a_decision_value_is_refused() -> None:
    """It is no probability, and the contract's threshold is one."""
    classifier = FixedThresholdClassifier(
        LogisticRegression(), threshold=0.5, response_method="decision_function"
    )
    with pytest.raises(UnsupportedError, match="predict_proba"):
        decision_of(classifier.fit(CANCER, BENIGN))
    assert decision_of(LogisticRegression()) is None


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("radius", [0.6, 2.0, 40.0])
def test_neighbours_within_a_radius(weights: str, radius: float) -> None:
    """None, some or all; a row that was fitted counts alone if distances weigh."""
    classifier = RadiusNeighborsClassifier(radius, weights=weights, outlier_label="most_frequent").fit(
        WINE, KIND
    )
    answer = graph_of(classifier, 6)
    rows = np.concatenate([WINE, WINE * 1.01 + 0.05, WINE * 90])
    with np.errstate(all="ignore"):
        wanted = classifier.predict_proba(rows)
    label, probabilities = answer(rows)
    np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=1e-12)
    best = np.sort(wanted, axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-12  # on a tie the last digit decides
    np.testing.assert_array_equal(label[clear], classifier.predict(rows)[clear])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.filterwarnings("ignore:One or more samples have no neighbors")
def test_mean_of_neighbours_within_a_radius(weights: str, targets: int) -> None:
    """NaN where there is none, as scikit-learn answers."""
    target = WINE[:, :targets] if targets > 1 else WINE[:, 0]
    regressor = RadiusNeighborsRegressor(1.5, weights=weights).fit(WINE, target)
    rows = np.concatenate([WINE, WINE * 1.01 + 0.05, WINE * 90])
    with np.errstate(all="ignore"):
        wanted = regressor.predict(rows).reshape(len(rows), -1)
    np.testing.assert_allclose(graph_of(regressor, 6)(rows)[0], wanted, rtol=0, atol=1e-13)
    assert np.isnan(wanted).any()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"p": 1}, "'manhattan'"),
        ({"weights": lambda distances: distances}, "weights of its own"),
        ({"outlier_label": 7}, "none of its classes"),
    ],
)
def test_other_neighbourhoods_are_refused(change: dict[str, Any], named: str) -> None:
    """By what they are, with what to do."""
    options = {"radius": 2.0, "outlier_label": 0} | change
    with pytest.raises(UnsupportedError, match=named):
        graph_of(RadiusNeighborsClassifier(**options).fit(WINE, KIND), 6)


@pytest.mark.parametrize(
    ("columns", "contamination", "samples"),
    [(1.0, "auto", 64), (0.5, 0.1, 64), (0.5, "auto", 2), (1.0, "auto", 1)],
)
def test_isolation(columns: float, contamination: Any, samples: int) -> None:
    """Of all columns or some of them; beside every split; fitted on hardly anything too."""
    forest = IsolationForest(
        n_estimators=20,
        max_samples=samples,
        max_features=columns,
        contamination=contamination,
        random_state=0,
    ).fit(WINE)
    answer = graph_of(forest, 6)
    splits = np.unique(np.concatenate([tree.tree_.threshold for tree in forest.estimators_]))[::5]
    beside = np.concatenate([splits, np.nextafter(splits, 9), splits.astype(np.float32).astype(np.float64)])
    rows = np.concatenate([WINE, np.repeat(beside[:, None], 6, axis=1)])
    label, score = answer(rows)
    wanted = forest.decision_function(rows)
    np.testing.assert_allclose(score[:, 0], wanted, rtol=0, atol=1e-15)
    clear = np.abs(wanted) > 1e-15
    np.testing.assert_array_equal(label[clear], forest.predict(rows)[clear])
