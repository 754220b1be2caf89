"""Large ensembles are several operators, small ones one; the answers are scikit-learn's either way."""

from typing import Any

import numpy as np
import pytest
from doubles import model_of, session_of
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from model_conversion.exact import ensemble

WINE, KIND = load_wine(return_X_y=True)
SUGAR, PROGRESS = load_diabetes(return_X_y=True)
MANY = 24


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let 24 trees be few or many."""
    if request.param == "large":
        monkeypatch.setattr(ensemble, "PART", 60)
        monkeypatch.setattr(ensemble, "FEW_TREES", 6)
    return str(request.param)


def spread(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows and others around them."""
    noise = np.random.default_rng(0).normal(scale=0.2, size=(20 * len(rows), rows.shape[1]))
    return np.concatenate([rows, np.tile(rows, (20, 1)) + noise * rows.std(axis=0)])


def operators(model: Any) -> list[str]:
    """Return the operators in their order."""
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(
    ("estimator", "classes", "parts"),
    [
        (RandomForestClassifier(MANY, random_state=0), 2, 4),
        (RandomForestClassifier(MANY, random_state=0), 3, 4),
        (RandomForestClassifier(MANY, random_state=0, class_weight="balanced_subsample"), 3, 4),
        # Shares of a leaf are no multiples of one power of two, so the order of the sum decides its last digit.
        (RandomForestClassifier(MANY, min_samples_leaf=3, random_state=0), 2, 1),
        # Numbers of leaves are not added, only their values are, in the trees' order.
        (RandomForestClassifier(MANY, min_samples_leaf=3, random_state=0), 3, 4),
        (ExtraTreesClassifier(MANY, random_state=0), 3, 4),
        (BaggingClassifier(n_estimators=MANY, random_state=0), 3, 4),
        (BaggingClassifier(n_estimators=MANY, max_features=0.5, max_samples=9, random_state=0), 3, 2),
        (BaggingClassifier(n_estimators=MANY, max_features=0.5, random_state=0), 2, 4),
        (GradientBoostingClassifier(n_estimators=MANY, random_state=0), 2, 1),
        (GradientBoostingClassifier(n_estimators=MANY, random_state=0), 3, 1),
        (HistGradientBoostingClassifier(max_iter=MANY, random_state=0), 3, 1),
        (DecisionTreeClassifier(random_state=0), 2, 1),
        (DecisionTreeClassifier(max_depth=3, random_state=0), 3, 1),
    ],
    ids=str,
)
def test_classifiers(size: str, estimator: Any, classes: int, parts: int) -> None:
    """Labels are equal, and probabilities but for their last digits."""
    target = KIND if classes == 3 else KIND > 0
    fitted = estimator.fit(WINE, target)
    model = model_of(fitted, WINE.shape[1])
    assert operators(model).count("TreeEnsemble") == (parts if size == "large" else 1)
    rows = spread(WINE)
    label, probabilities = session_of(model)(rows)
    np.testing.assert_array_equal(label, fitted.predict(rows))
    np.testing.assert_allclose(probabilities, fitted.predict_proba(rows), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("estimator", "parts"),
    [
        (RandomForestRegressor(MANY, random_state=0), 4),
        (BaggingRegressor(n_estimators=MANY, max_features=0.5, random_state=0), 4),
        (GradientBoostingRegressor(n_estimators=MANY, random_state=0), 1),
        (DecisionTreeRegressor(random_state=0), 1),
    ],
    ids=str,
)
def test_regressors(size: str, estimator: Any, parts: int) -> None:
    """A value has no class beside it that its last digit could turn."""
    fitted = estimator.fit(SUGAR, PROGRESS)
    model = model_of(fitted, SUGAR.shape[1])
    assert operators(model).count("TreeEnsemble") == (parts if size == "large" else 1)
    rows = spread(SUGAR)
    (values,) = session_of(model)(rows)
    np.testing.assert_allclose(values.ravel(), fitted.predict(rows), rtol=1e-15)


def test_several_targets(size: str) -> None:
    """Two values a leaf are looked up."""
    fitted = RandomForestRegressor(MANY, random_state=0).fit(SUGAR, np.column_stack([PROGRESS, -PROGRESS]))
    model = model_of(fitted, SUGAR.shape[1])
    assert operators(model).count("TreeEnsemble") == (4 if size == "large" else 1)
    np.testing.assert_allclose(session_of(model)(SUGAR)[0], fitted.predict(SUGAR), rtol=1e-15)


def test_isolation(size: str) -> None:
    """Depths are added in the trees' order, whatever the size."""
    fitted = IsolationForest(n_estimators=MANY, random_state=0).fit(WINE)
    model = model_of(fitted, WINE.shape[1])
    assert operators(model).count("TreeEnsemble") == 1, size
    label, score = session_of(model)(WINE)
    np.testing.assert_array_equal(label, fitted.predict(WINE))
    np.testing.assert_allclose(score.ravel(), fitted.decision_function(WINE), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("estimator", "answer"),
    [
        (GradientBoostingClassifier(n_estimators=1, init="zero"), 1),
        (HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1), 0),
    ],
    ids=lambda case: type(case).__name__,
)
def test_a_score_of_exactly_zero(estimator: Any, answer: int) -> None:
    """One takes it for the second class, the other for the first, as scikit-learn's do."""
    rows, target = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 1, 0, 1]
    fitted = estimator.fit(rows, target)
    assert fitted.decision_function(rows).tolist() == [0.0] * 4
    assert fitted.predict(rows).tolist() == [answer] * 4
    with np.errstate(invalid="ignore"):  # no split has an importance
        model = model_of(fitted, 1)
    assert session_of(model)(rows)[0].tolist() == [answer] * 4


def test_few_trees_that_choose_answer_with_two_operators() -> None:
    """Fully grown trees of few votes; every operator takes its time of an answer to one row."""
    fitted = RandomForestClassifier(10, random_state=0).fit(WINE, KIND)
    assert operators(model_of(fitted, WINE.shape[1])) == ["TreeEnsemble", "ArgMax"]


def test_bags_of_others_are_left_to_the_library() -> None:
    """It writes each one."""
    fitted = BaggingClassifier(LogisticRegression(max_iter=9_999), n_estimators=2).fit(SUGAR, PROGRESS > 100)
    model = model_of(fitted, SUGAR.shape[1])
    assert "TreeEnsemble" not in operators(model)
    np.testing.assert_allclose(session_of(model)(SUGAR)[1], fitted.predict_proba(SUGAR), rtol=0, atol=1e-15)
