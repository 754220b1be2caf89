"""Figures of classifiers whose quality is known beforehand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from model.evaluation import evaluate


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """One feature, normally distributed."""
    return pd.DataFrame({"x": np.random.default_rng(1).normal(size=2_000)})


def test_always_the_base_rate_is_chance(rows: pd.DataFrame) -> None:
    """Answering everybody alike ranks nobody, and its Brier score is the variance of the target."""
    target = np.arange(2_000) % 4 == 0

    chance = evaluate(DummyClassifier(), rows, target.astype(np.int64), folds=5, seed=0)

    assert chance.auc == 0.5
    assert chance.pr_auc == pytest.approx(0.25)
    assert chance.brier == pytest.approx(0.25 * 0.75)
    assert chance.positive_share == 0


def test_target_that_can_be_told_is_told(rows: pd.DataFrame) -> None:
    """A target that follows the one feature is ranked perfectly."""
    found = evaluate(LogisticRegression(), rows, (rows["x"] > 0).to_numpy().astype(np.int64), folds=5, seed=0)

    assert found.auc == pytest.approx(1)
    assert found.positive_share == pytest.approx((rows["x"] > 0).mean(), abs=0.01)


def test_nobody_is_judged_by_what_has_seen_them(rows: pd.DataFrame) -> None:
    """A memoriser of noise scores chance, for its predictions are out of fold."""
    target = np.random.default_rng(2).integers(2, size=len(rows))

    assert evaluate(DecisionTreeClassifier(random_state=0), rows, target, folds=5, seed=0).auc == (
        pytest.approx(0.5, abs=0.05)
    )


def test_calibration_is_by_tenths_from_low_to_high(rows: pd.DataFrame) -> None:
    """Everybody is in one tenth; the prediction rises, and follows the truth of a right model."""
    probability = 1 / (1 + np.exp(-rows["x"].to_numpy()))
    target = (np.random.default_rng(3).uniform(size=len(rows)) < probability).astype(np.int64)

    deciles = evaluate(LogisticRegression(), rows, target, folds=5, seed=0).calibration

    assert [decile.rows for decile in deciles] == [200] * 10
    assert sorted(decile.predicted for decile in deciles) == [decile.predicted for decile in deciles]
    assert all(abs(decile.predicted - decile.observed) < 0.15 for decile in deciles)
