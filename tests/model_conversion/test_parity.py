"""The comparison passes what is equal and fails everything else, NaN included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC

from function.predictor import Prediction
from model_conversion.comparison import Block, Comparison, Reference
from model_conversion.dataset import frame_of
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.parity import judge, reference, tied
from model_conversion.report import Attempt
from model_conversion.schema import FeatureSchema, Schema, TargetSchema

SCHEMA = Schema(name="t", target=TargetSchema(), features=(FeatureSchema(name="x", kind="number"),))
FRAME = frame_of([{"x": float(at)} for at in range(6)], SCHEMA)


def block(rows: list[tuple[float, ...]], seen: list[Prediction], source: str = "data") -> Block:
    """Return a block whose reference answers class 0 with these scores."""
    wanted = Reference(labels=[0] * len(rows), scores=np.array(rows))
    return Block(source=source, wanted=wanted, seen=seen, ties=tied(wanted, seen))


def compare(blocks: list[Block], tolerance: float) -> Attempt:
    """Return the verdict on blocks."""
    return judge("float64", Comparison.of(blocks), tolerance)


@given(st.lists(st.tuples(st.floats(0, 0.4), st.floats(0.5, 1)), min_size=1), st.data())
def test_equal_answers_pass_and_one_change_fails(
    rows: list[tuple[float, float]], data: st.DataObject
) -> None:
    """A moved score or another label in any row is found."""
    seen = [Prediction(0, row) for row in rows]
    report = compare([block(rows, seen)], 1e-6)
    assert (report.passed, report.rows, report.max_abs_error) == (True, len(rows), 0.0)
    at = data.draw(st.integers(0, len(rows) - 1))
    flipped = [*seen[:at], Prediction(1, rows[at]), *seen[at + 1 :]]
    report = compare([block(rows, flipped)], 1e-6)
    assert (report.passed, report.flips) == (False, 1)
    moved = [*seen[:at], Prediction(0, (rows[at][0] + 2e-6, rows[at][1])), *seen[at + 1 :]]
    assert not compare([block(rows, moved)], 1e-6).passed


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_no_number_on_one_side_fails(value: float) -> None:
    """NaN fails closed; the same NaN or infinity on both sides is agreement."""
    assert not compare([block([(0.5, 0.5)], [Prediction(0, (value, 0.5))])], 1e-6).passed
    assert not compare([block([(value, 0.5)], [Prediction(0, (0.5, 0.5))])], 1e-6).passed
    assert compare([block([(value, 0.5)], [Prediction(0, (value, 0.5))])], 1e-6).passed


def test_nothing_compared_is_no_proof() -> None:
    """An empty report does not pass."""
    assert not compare([], 1.0).passed


def test_ties_are_counted_apart_and_capped() -> None:
    """Another class is forgiven where both are as probable, in at most one row of a thousand."""
    rows = [(0.5, 0.5 + 1e-13), *[(0.1, 0.9)] * 999]
    seen = [Prediction(1, rows[0]), *[Prediction(0, row) for row in rows[1:]]]
    report = compare([block(rows, seen)], 1e-6)
    assert (report.passed, report.ties, report.flips) == (True, 1, 0)
    assert not compare([block(rows[:999], seen[:999])], 1e-6).passed
    apart = [(0.5, 0.5 + 1e-11), *rows[1:]]
    assert compare([block(apart, [Prediction(1, apart[0]), *seen[1:]])], 1e-6).flips == 1


def test_rows_searched_for_on_the_boundary_may_all_be_ties() -> None:
    """They were made to be; a class that is clearly another one is not forgiven there either."""
    data = block([(0.9, 0.1)] * 400, [Prediction(0, (0.9, 0.1))] * 400)
    near = [(0.5 + 1e-16, 0.5), (0.5, 0.5)]
    ties = [Prediction(1, row) for row in near]
    report = compare([data, block(near, ties, "boundary")], 1e-6)
    assert (report.passed, report.ties, report.flips) == (True, 2, 0)
    assert not compare([data, block(near, ties, "range")], 1e-6).passed
    clear = [(0.5 + 1e-11, 0.5 - 1e-11)]
    assert compare([data, block(clear, [Prediction(1, clear[0])], "boundary")], 1e-6).flips == 1


def test_the_reference_is_what_the_estimator_says() -> None:
    """Labels are plain Python values, scores have a column a class, or one."""
    classifier = LogisticRegression().fit(FRAME, ["n", "n", "n", "y", "y", "y"])
    found = reference(classifier, FRAME, "classification")
    assert found.labels == classifier.predict(FRAME).tolist()
    assert type(found.labels[0]) is str
    np.testing.assert_array_equal(found.scores, classifier.predict_proba(FRAME))
    regressor = LinearRegression().fit(FRAME, range(6))
    found = reference(regressor, FRAME, "regression")
    assert found.labels == [None] * 6
    np.testing.assert_array_equal(found.scores[:, 0], regressor.predict(FRAME))


def test_an_estimator_fitted_without_names_is_asked_without_names() -> None:
    """No warning, same answers."""
    classifier = LogisticRegression().fit(FRAME.to_numpy(), [0, 0, 0, 1, 1, 1])
    assert len(reference(classifier, FRAME, "classification").labels) == 6


def test_an_estimator_without_probabilities_is_refused_with_a_way_out() -> None:
    """The message names the wrapper that adds them."""
    coded = OutputCodeClassifier(LinearSVC(), random_state=0).fit(FRAME, [0, 0, 0, 1, 1, 1])
    with pytest.raises(
        UnsupportedError, match="OutputCodeClassifier has no predict_proba; wrap it in Calibrated"
    ):
        reference(coded, FRAME, "classification")


def test_a_decision_has_a_value_for_each_class() -> None:
    """Of two classes one is the negative of the other; values of pairs of classes are no values of classes."""
    classifier = LinearSVC().fit(FRAME, [0, 0, 0, 1, 1, 1])
    found = reference(classifier, FRAME, "decision")
    np.testing.assert_array_equal(found.scores[:, 1], classifier.decision_function(FRAME))
    np.testing.assert_array_equal(found.scores[:, 0], -found.scores[:, 1])
    pairs = SVC(decision_function_shape="ovo").fit(FRAME[:4], [0, 1, 2, 3])
    with pytest.raises(UnsupportedError, match=r"gives 6 decision values of 4 classes.*ovr"):
        reference(pairs, FRAME[:4], "decision")


def test_ties_of_decision_values_are_relative_to_the_largest() -> None:
    """The last digit of a sum of large numbers is a larger number."""
    wanted = Reference(labels=["a", "a"], scores=np.array([[5e-10, -5e-10], [1e3, -1e3]]))
    seen = [Prediction("b", (0.0, 0.0)), Prediction("a", (1e3, -1e3))]
    assert tied(wanted, seen) == [0]
    assert tied(Reference(labels=["a"], scores=wanted.scores[:1]), seen[:1]) == []


def test_several_values_a_row_have_a_column_each() -> None:
    """Multi-output regression keeps the order of its targets."""
    regressor = LinearRegression().fit(FRAME, [[at, -at] for at in range(6)])
    found = reference(regressor, FRAME, "regression")
    np.testing.assert_array_equal(found.scores, regressor.predict(FRAME))


def test_outliers_and_clusters_have_labels_and_scores() -> None:
    """A decision value, or the distance to each cluster."""
    detector = IsolationForest(n_estimators=5, random_state=0).fit(FRAME)
    found = reference(detector, FRAME, "outlier")
    assert found.labels == detector.predict(FRAME).tolist()
    np.testing.assert_array_equal(found.scores[:, 0], detector.decision_function(FRAME))
    clusters = KMeans(2, random_state=0, n_init=1).fit(FRAME)
    found = reference(clusters, FRAME, "clustering")
    np.testing.assert_array_equal(found.scores, clusters.transform(FRAME))


def test_several_labels_a_row_are_refused() -> None:
    """The message says what to fit instead."""
    classifier = KNeighborsClassifier(1).fit(FRAME, [[at % 2, at % 3] for at in range(6)])
    with pytest.raises(UnsupportedError, match="fit one classifier a label"):
        reference(classifier, FRAME, "classification")


def test_data_that_scikit_learn_refuses_is_named() -> None:
    """The message is scikit-learn's first line, without its trace."""
    classifier = LogisticRegression().fit(FRAME, [0, 0, 0, 1, 1, 1])
    gap = frame_of([{"x": None}], SCHEMA)
    with pytest.raises(InputError, match="scikit-learn refuses the data: Input X contains NaN"):
        reference(classifier, gap, "classification")


def test_a_probe_far_beyond_the_data_is_compared_relative_to_itself() -> None:
    """Of 1e30 the last digit is a large number; rows of the data and the self-test's are compared as they are."""
    values = {"data": 200.0, "range": 1e30, "golden": 1e30}

    def compared(source: str, factor: float) -> float:
        blocks = [
            Block(
                source=name,
                wanted=Reference(labels=[None], scores=np.array([[value]])),
                seen=[Prediction(None, (value * (factor if name == source else 1.0),))],
            )
            for name, value in values.items()
        ]
        return Comparison.of(blocks).max_abs_error

    assert compared("range", 1 + 1e-9) == pytest.approx(200e-9, rel=1e-3)
    assert compared("data", 1 + 1e-9) == pytest.approx(200e-9, rel=1e-3)
    assert compared("golden", 1 + 1e-9) == pytest.approx(1e21, rel=1e-3)
    assert np.isnan(compared("range", np.inf)) or compared("range", np.inf) == np.inf
