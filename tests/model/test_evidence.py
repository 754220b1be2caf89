"""Effects and intervals of data whose effect is known beforehand."""

from typing import Any, Literal

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

from model.evidence import Candidate, Evidence, bootstrap_effects, mean_effects

FROM_ZERO = Candidate(feature="x", low=0, high=0, to=1)


def value(estimator: Any, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Score a regressor by its answer."""
    return np.asarray(estimator.predict(rows), dtype=np.float64)


class Line(RegressorMixin, BaseEstimator):  # type: ignore[misc]
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


class TestCandidate:
    """Whom a changed answer applies to."""

    def test_values_are_matched_exactly(self) -> None:
        """A category applies where it stands; neither another nor null does."""
        rows = pd.DataFrame({"tv": ["5+", "5", None, "missing"]}, dtype="object")

        assert Candidate(feature="tv", values=("5+",), to="2").applies_to(rows).tolist() == [
            True,
            False,
            False,
            False,
        ]

    def test_range_is_closed(self) -> None:
        """Both ends of a range belong to it; NaN does not."""
        rows = pd.DataFrame({"x": [-1, 0, 2, 3, np.nan]})

        assert Candidate(feature="x", low=0, high=2, to=5).applies_to(rows).tolist() == [
            False,
            True,
            True,
            False,
            False,
        ]

    @pytest.mark.parametrize(
        "start",
        [{}, {"low": 1}, {"high": 1}, {"values": (1,), "low": 0, "high": 1}, {"values": (1,), "low": 0}],
    )
    def test_start_is_either_values_or_a_range(self, start: dict[str, Any]) -> None:
        """Neither, both, or half a range is refused, naming the feature."""
        with pytest.raises(ValueError, match="what-if on 'x'"):
            Candidate(feature="x", to=1, **start)


class TestSupported:
    """When an interval is evidence."""

    @pytest.mark.parametrize(
        ("interval", "higher", "lower", "either"),
        [
            ((0.1, 0.2), True, False, True),
            ((-0.2, -0.1), False, True, True),
            ((-0.1, 0.1), False, False, False),
            ((0.0, 0.1), False, False, False),
            ((-0.1, 0.0), False, False, False),
            ((float("nan"), float("nan")), False, False, False),
        ],
    )
    def test_interval_must_exclude_zero_on_the_better_side(
        self, interval: tuple[float, float], higher: bool, lower: bool, either: bool
    ) -> None:
        """Touching zero, NaN and the worse side support nothing."""
        evidence = Evidence(candidate=FROM_ZERO, effect=0.0, interval=interval, rows=1)

        assert evidence.supported("higher") == higher
        assert evidence.supported("lower") == lower
        assert evidence.supported(None) == either

    @given(
        ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(lambda ends: (min(ends), max(ends))),
        better=st.sampled_from(["higher", "lower", None]),
    )
    def test_zero_inside_is_never_support(
        self, ends: tuple[float, float], better: Literal["higher", "lower"] | None
    ) -> None:
        """Whatever is better, an interval that holds zero supports nothing."""
        evidence = Evidence(candidate=FROM_ZERO, effect=0.0, interval=ends, rows=1)

        assert not (evidence.supported(better) and ends[0] <= 0 <= ends[1])


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

        effect = mean_effects(
            Line(slope), rows, [Candidate(feature="x", low=low, high=7, to=to)], score=value
        )

        wanted = slope * np.mean([to - x for x in starts]) if starts else np.nan
        assert effect == pytest.approx(np.array([wanted]), abs=1e-9, nan_ok=True)

    def test_each_candidate_gets_its_own_rows(self) -> None:
        """Candidates scored in one call are not mixed up, also with one that applies to nobody between."""
        rows = pd.DataFrame({"x": [0.0, 1.0, 2.0, 2.0]})
        candidates = [
            Candidate(feature="x", values=(2.0,), to=5),
            Candidate(feature="x", values=(9.0,), to=5),
            Candidate(feature="x", low=0, high=1, to=5),
        ]

        effects = mean_effects(Line(), rows, candidates, score=value)

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
        assert low < found.effect < high
        assert found.effect == pytest.approx(1.0, abs=0.25)
        assert found.supported("higher")

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
        noise = Candidate(feature="noise", values=(0,), to=1)
        supported = 0
        for seed in range(30):
            rows, target = coins(100 + seed, effect=1.0, rows=200)
            [found] = bootstrap_effects(
                LinearRegression(), rows, target, [noise], score=value, resamples=50, seed=seed
            )
            supported += found.supported(None)

        assert (
            supported <= 6
        )  # binomial(40, .05..0.08): more than 6 in under 3 % of worlds; the seeds are fixed

    def test_classifier_of_strings_needs_no_score(self) -> None:
        """By default the score is the probability of the last class."""
        random = np.random.default_rng(5)
        rows = pd.DataFrame({"tv": random.choice(["none", "5+"], size=600)}, dtype="object")
        target = random.uniform(size=600) < np.where(rows["tv"] == "none", 0.8, 0.2)
        classifier = make_pipeline(OneHotEncoder(), LogisticRegression())

        [found] = bootstrap_effects(
            classifier, rows, target, [Candidate(feature="tv", values=("5+",), to="none")],
            resamples=30, seed=1,
        )  # fmt: skip

        assert found.effect == pytest.approx(0.6, abs=0.1)
        assert found.supported("higher")

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

    def test_resample_without_the_answer_supports_nothing(self) -> None:
        """An answer so rare that a resample misses it has no interval."""
        rows = pd.DataFrame({"x": [0.0] + [1.0] * 30})

        [found] = bootstrap_effects(
            Line(), rows, np.zeros(31), [FROM_ZERO], score=value, resamples=20, seed=1
        )

        assert found.effect == 1.0
        assert np.isnan(found.interval).all()
        assert not found.supported(None)

    def test_candidate_for_nobody_is_refused(self) -> None:
        """A what-if that no row starts is a mistake in the schema."""
        rows, target = coins(8, effect=0.3)

        with pytest.raises(ValueError, match=r"'x'.*applies to none of 400 rows"):
            bootstrap_effects(
                Line(), rows, target, [Candidate(feature="x", low=5, high=6, to=1)], resamples=1, seed=1
            )

    @pytest.mark.parametrize("wrong", [{"resamples": 0}, {"resamples": 5, "confidence": 1.0}])
    def test_senseless_numbers_are_refused(self, wrong: dict[str, Any]) -> None:
        """No resample, or certainty, is not a bootstrap."""
        rows, target = coins(9, effect=0.3)

        with pytest.raises(ValueError, match="resamples="):
            bootstrap_effects(Line(), rows, target, [FROM_ZERO], seed=1, **wrong)

    def test_progress_counts_every_refit(self) -> None:
        """The caller hears of each refit, and how many there will be."""
        rows, target = coins(10, effect=0.3)
        heard: list[tuple[int, int]] = []

        bootstrap_effects(
            Line(), rows, target, [FROM_ZERO], score=value, resamples=3, seed=1,
            progress=lambda done, wanted: heard.append((done, wanted)),
        )  # fmt: skip

        assert heard == [(1, 3), (2, 3), (3, 3)]
