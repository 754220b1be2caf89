"""Effects and intervals of data whose effect is known beforehand."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from model_conversion.effects import Change, bootstrap_effects, mean_effects

FROM_ZERO = Change(feature="x", low=0, high=0, to=1)


def value(estimator: Any, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Score a regressor by its answer."""
    return np.asarray(estimator.predict(rows), dtype=np.float64)


class Line(RegressorMixin, BaseEstimator):
    """Answers ``slope * x`` whatever it is fitted on."""

    def __init__(self, slope: float = 1.0) -> None:
        self.slope = slope

    def fit(self, rows: pd.DataFrame, target: npt.NDArray[np.float64]) -> "Line":
        self.fitted_ = True
        return self

    def predict(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        return self.slope * rows["x"].to_numpy(dtype=np.float64)


def coins(seed: int, *, effect: float, rows: int = 400) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Return people with an answer 0 or 1, noise beside it, and a target that the answer shifts."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": random.integers(2, size=rows), "noise": random.integers(2, size=rows)})
    return frame, effect * frame["x"].to_numpy() + random.normal(size=rows)


class TestChange:
    """Whom a changed answer applies to."""

    def test_values_are_matched_exactly(self) -> None:
        """A category applies where it stands; neither another nor null does."""
        rows = pd.DataFrame({"tv": ["5+", "5", None, "missing"]}, dtype="object")

        assert Change(feature="tv", values=("5+",), to="2").applies_to(rows).tolist() == [
            True,
            False,
            False,
            False,
        ]

    def test_range_is_closed(self) -> None:
        """Both ends of a range belong to it; NaN does not."""
        rows = pd.DataFrame({"x": [-1, 0, 2, 3, np.nan]})

        assert Change(feature="x", low=0, high=2, to=5).applies_to(rows).tolist() == [
            False,
            True,
            True,
            False,
            False,
        ]


class TestMeanEffects:
    """The mean change of a score."""

    @given(
        slope=st.floats(-10, 10),
        present=st.lists(st.integers(0, 7), min_size=1, max_size=30),
        low=st.integers(0, 7),
        to=st.integers(0, 7),
    )
    def test_line_changes_by_slope_times_the_mean_change(
        self, slope: float, present: list[int], low: int, to: int
    ) -> None:
        """For a straight line the effect is known; where nobody starts it is NaN."""
        rows = pd.DataFrame({"x": np.array(present, dtype=np.float64)})
        starts = [x for x in present if low <= x <= 7]

        effect = mean_effects(Line(slope), rows, [Change(feature="x", low=low, high=7, to=to)], score=value)

        wanted = slope * np.mean([to - x for x in starts]) if starts else np.nan
        assert effect == pytest.approx(np.array([wanted]), abs=1e-9, nan_ok=True)

    def test_each_candidate_gets_its_own_rows(self) -> None:
        """Candidates scored in one call are not mixed up, also with one that applies to nobody between."""
        rows = pd.DataFrame({"x": [0.0, 1.0, 2.0, 2.0]})
        changes = [
            Change(feature="x", values=(2.0,), to=5),
            Change(feature="x", values=(9.0,), to=5),
            Change(feature="x", low=0, high=1, to=5),
        ]

        effects = mean_effects(Line(), rows, changes, score=value)

        np.testing.assert_array_equal(effects, [3.0, np.nan, 4.5])

    def test_rows_are_left_as_they_were(self) -> None:
        """The frame that was passed is not changed."""
        rows = pd.DataFrame({"x": [0.0, 1.0]})

        mean_effects(Line(), rows, [FROM_ZERO], score=value)

        assert rows["x"].tolist() == [0.0, 1.0]


class TestBootstrap:
    """The interval of the mean change."""

    def test_known_effect_is_found(self) -> None:
        """With a true effect of one the estimate is near it and the interval excludes zero."""
        rows, target = coins(1, effect=1.0)

        [found] = bootstrap_effects(
            LinearRegression(), rows, target, [FROM_ZERO], score=value, resamples=100, seed=1
        )

        low, high = found.interval
        assert found.rows == int((rows["x"] == 0).sum())
        assert 0 < low < found.effect < high
        assert found.effect == pytest.approx(1.0, abs=0.25)

    def test_estimate_is_the_difference_of_means(self) -> None:
        """For one binary answer and least squares the effect is the plain difference of group means."""
        rows, target = coins(2, effect=0.5)
        x = rows[["x"]]

        [found] = bootstrap_effects(
            LinearRegression(), x, target, [FROM_ZERO], score=value, resamples=1, seed=1
        )

        assert found.effect == pytest.approx(target[x["x"] == 1].mean() - target[x["x"] == 0].mean())

    def test_interval_is_as_wide_as_theory_says(self) -> None:
        """Its width is about 2 × 1.96 standard errors of a difference of two means."""
        rows, target = coins(3, effect=0.0, rows=1_000)
        x = rows[["x"]]

        [found] = bootstrap_effects(
            LinearRegression(), x, target, [FROM_ZERO], score=value, resamples=400, seed=1
        )

        counts = x["x"].value_counts()
        wanted = 2 * 1.96 * np.sqrt(1 / counts[0] + 1 / counts[1])
        assert found.interval[1] - found.interval[0] == pytest.approx(wanted, rel=0.15)

    def test_less_confidence_is_a_narrower_interval(self) -> None:
        """An 80 % interval lies within the 95 % one of the same resamples."""
        rows, target = coins(4, effect=0.3)

        wide, narrow = (
            bootstrap_effects(
                LinearRegression(), rows, target, [FROM_ZERO],
                score=value, resamples=50, seed=1, confidence=confidence,
            )[0].interval
            for confidence in (0.95, 0.8)
        )  # fmt: skip

        assert wide[0] < narrow[0] < narrow[1] < wide[1]

    def test_noise_is_rarely_supported(self) -> None:
        """Of thirty data sets in which an answer means nothing, at most a few look as if it did."""
        noise = Change(feature="noise", values=(0,), to=1)
        supported = 0
        for seed in range(30):
            rows, target = coins(100 + seed, effect=1.0, rows=200)
            [found] = bootstrap_effects(
                LinearRegression(), rows, target, [noise], score=value, resamples=50, seed=seed
            )
            low, high = found.interval
            supported += low > 0 or high < 0

        assert (
            supported <= 6
        )  # binomial(40, .05..0.08): more than 6 in under 3 % of worlds; the seeds are fixed

    def test_strings_change_as_numbers_do(self) -> None:
        """The score may be a probability, the answers categories."""
        random = np.random.default_rng(5)
        rows = pd.DataFrame({"tv": random.choice(["none", "5+"], size=600)}, dtype="object")
        target = random.uniform(size=600) < np.where(rows["tv"] == "none", 0.8, 0.2)
        classifier = make_pipeline(OneHotEncoder(), LogisticRegression())

        [found] = bootstrap_effects(
            classifier, rows, target, [Change(feature="tv", values=("5+",), to="none")],
            score=lambda fitted, people: fitted.predict_proba(people)[:, 1], resamples=30, seed=1,
        )  # fmt: skip

        assert found.effect == pytest.approx(0.6, abs=0.1)
        assert found.interval[0] > 0

    def test_same_seed_same_evidence(self) -> None:
        """Runs repeat; another seed draws other people."""
        rows, target = coins(6, effect=0.3)
        first, again, other = (
            bootstrap_effects(
                LinearRegression(), rows, target, [FROM_ZERO], score=value, resamples=20, seed=seed
            )
            for seed in (1, 1, 2)
        )

        assert first == again
        assert first[0].effect == other[0].effect
        assert first[0].interval != other[0].interval

    def test_estimator_is_left_as_it_was(self) -> None:
        """The caller's estimator is neither fitted nor refitted."""
        rows, target = coins(7, effect=0.3)
        estimator = LinearRegression()

        bootstrap_effects(estimator, rows, target, [FROM_ZERO], score=value, resamples=2, seed=1)

        assert not hasattr(estimator, "coef_")

    def test_resample_without_the_answer_has_no_interval(self) -> None:
        """An answer so rare that a resample misses it has no interval."""
        rows = pd.DataFrame({"x": [0.0] + [1.0] * 30})

        [found] = bootstrap_effects(
            Line(), rows, np.zeros(31), [FROM_ZERO], score=value, resamples=20, seed=1
        )

        assert found.effect == 1.0
        assert np.isnan(found.interval).all()

    def test_candidate_for_nobody_is_refused(self) -> None:
        """A what-if that no row starts is a mistake in the schema."""
        rows, target = coins(8, effect=0.3)

        with pytest.raises(ValueError, match=r"'x' from 5 to 6 to 1 applies to none of 400"):
            bootstrap_effects(
                Line(),
                rows,
                target,
                [Change(feature="x", low=5, high=6, to=1)],
                score=value,
                resamples=1,
                seed=1,
            )

    @pytest.mark.parametrize("wrong", [{"resamples": 0}, {"resamples": 5, "confidence": 1.0}])
    def test_senseless_numbers_are_refused(self, wrong: dict[str, Any]) -> None:
        """No resample, or certainty, is not a bootstrap."""
        rows, target = coins(9, effect=0.3)

        with pytest.raises(ValueError, match="resamples="):
            bootstrap_effects(Line(), rows, target, [FROM_ZERO], score=value, seed=1, **wrong)

    def test_progress_counts_every_refit(self) -> None:
        """The caller hears of each refit, and how many there will be."""
        rows, target = coins(10, effect=0.3)
        heard: list[tuple[int, int]] = []

        bootstrap_effects(
            Line(), rows, target, [FROM_ZERO], score=value, resamples=3, seed=1,
            progress=lambda done, wanted: heard.append((done, wanted)),
        )  # fmt: skip

        assert heard == [(1, 3), (2, 3), (3, 3)]
