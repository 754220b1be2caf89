"""Our transformers answer as scikit-learn's: bit by bit where it only compares, multiplies and adds."""

import warnings
from typing import Any

import numpy as np
import pytest
from doubles import graph_of, model_of, session_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import (
    RFE,
    SelectFromModel,
    SelectKBest,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from model_conversion.errors import UnsupportedError
from model_conversion.exact.selection import selectors

DATA, TARGET = load_breast_cancer(return_X_y=True)
DATA = np.ascontiguousarray(DATA[:, :5])
ROWS = hnp.arrays(np.float64, (6, 5), elements=st.floats(-1e6, 1e6))
BINS = {"quantile_method": "averaged_inverted_cdf"}


def beside(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each number and its neighbours in double and in float32."""
    narrow = edges.astype(np.float32).astype(np.float64)
    return np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), narrow])


@pytest.mark.parametrize(
    "transformer",
    [
        Binarizer(threshold=3.3),
        PolynomialFeatures(2),
        PolynomialFeatures(3, include_bias=False),
        PolynomialFeatures((2, 4)),
        PolynomialFeatures((0, 3), interaction_only=True),
        PolynomialFeatures(7, interaction_only=True, include_bias=False),
        KBinsDiscretizer(4, encode="onehot-dense", **BINS),
        KBinsDiscretizer([2, 3, 4, 5, 6], encode="ordinal", strategy="uniform"),
        KBinsDiscretizer(3, encode="ordinal", dtype=np.float32, **BINS),
        SelectKBest(k=2),
        SelectFromModel(LogisticRegression(max_iter=5000)),
        VarianceThreshold(),
    ],
    ids=str,
)
def test_bits_are_equal(transformer: Any) -> None:
    """Of any rows, and of rows on an edge and just beside it."""
    transformer.fit(DATA, TARGET)
    answer = graph_of(transformer, 5)

    @given(ROWS)
    @settings(max_examples=50)
    def agrees(rows: NDArray[np.float64]) -> None:
        np.testing.assert_array_equal(answer(rows)[0], transformer.transform(rows))

    agrees()
    edges = np.concatenate([*getattr(transformer, "bin_edges_", []), [3.3], DATA[:50, 0]])
    rows = np.repeat(beside(edges)[:, None], 5, axis=1)
    np.testing.assert_array_equal(answer(rows)[0], transformer.transform(rows))


def test_a_sparse_one_hot_of_bins_is_written_densely() -> None:
    """As the default of KBinsDiscretizer is."""
    bins = KBinsDiscretizer(4, **BINS).fit(DATA)
    np.testing.assert_array_equal(graph_of(bins, 5)(DATA)[0], bins.transform(DATA).toarray())


@pytest.mark.parametrize("method", ["yeo-johnson", "box-cox"])
@pytest.mark.parametrize("powers", [[0.0, 1e-20, 1e-17, -0.3, 0.5], [1.0, 2.0, 2.0 + 1e-17, 2.5, -9.0]])
def test_powers_differ_in_the_last_digits_only(method: str, powers: list[float]) -> None:
    """Around a power of zero, for small and negative numbers, and where nothing is known."""
    transformer = PowerTransformer(method=method, standardize=False).fit(np.abs(DATA) + 0.1)
    transformer.lambdas_ = np.array(powers)
    answer = graph_of(transformer, 5)

    @given(
        rows=hnp.arrays(np.float64, (6, 5), elements=st.floats(1e-8, 1e6)),
        size=st.sampled_from([1.0, -1.0, 1e-12]),
    )
    @settings(max_examples=60)
    def agrees(rows: NDArray[np.float64], size: float) -> None:
        rows = rows if method == "box-cox" else rows * size
        rows[0, 0] = np.nan
        with np.errstate(all="ignore"):
            wanted = transformer.transform(rows.copy())
        # The digits of an exponential that its exponent, up to 300 here, has used up are lost on both sides.
        np.testing.assert_allclose(answer(rows)[0], wanted, rtol=2e-13, atol=0)

    agrees()


def test_powers_are_scaled_as_fitted() -> None:
    """On the data itself; what the scaler takes away costs digits on both sides."""
    transformer = PowerTransformer().fit(DATA)
    np.testing.assert_allclose(graph_of(transformer, 5)(DATA)[0], transformer.transform(DATA), atol=1e-11)


@pytest.mark.parametrize(
    "projection",
    [PCA(3), PCA(3, whiten=True), IncrementalPCA(2, whiten=True), TruncatedSVD(3, random_state=0)],
    ids=str,
)
def test_projections_differ_in_the_last_digits_only(projection: Any) -> None:
    """One row alone and all together."""
    projection.fit(DATA)
    answer = graph_of(projection, 5)
    wanted = projection.transform(DATA)
    scale = np.abs(wanted).max()
    assert np.abs(answer(DATA)[0] - wanted).max() <= 1e-14 * scale
    assert np.abs(answer(DATA[:1])[0] - wanted[:1]).max() <= 1e-14 * scale


def test_a_selection_of_the_first_column_alone_is_kept() -> None:
    """Where the library's graph answers zeros."""
    selector = SelectKBest(lambda rows, target: (np.arange(rows.shape[1])[::-1], None), k=1).fit(DATA, TARGET)
    np.testing.assert_array_equal(graph_of(selector, 5)(DATA)[0], DATA[:, :1])


def test_a_selection_of_nothing_is_refused() -> None:
    """A graph without columns has no answer."""
    selector = VarianceThreshold().fit(DATA)
    selector.variances_ = np.zeros(5)
    with pytest.raises(UnsupportedError, match="no column"):
        graph_of(selector, 5)


@pytest.mark.parametrize(
    "selector",
    [
        RFE(LogisticRegression(max_iter=5000), n_features_to_select=2),
        SequentialFeatureSelector(
            DecisionTreeClassifier(max_depth=2, random_state=0), n_features_to_select=2
        ),
    ],
    ids=["RFE", "sequential"],
)
def test_selectors_that_hold_an_estimator_are_found_in_pipelines(selector: Any) -> None:
    """skl2onnx takes them for classifiers unless it is told."""
    inner = make_pipeline(StandardScaler(), selector)
    pipeline = make_pipeline(inner, LogisticRegression())
    assert list(selectors(pipeline)) == [selector, inner]
    selector.fit(DATA, TARGET)
    np.testing.assert_array_equal(graph_of(selector, 5)(DATA)[0], DATA[:, selector.get_support()])


NAMES = st.sampled_from(["red", "green", "blue", "nan", "other", ""])


@given(rows=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=8))
@settings(max_examples=50)
def test_codes_of_strings(rows: list[tuple[str, str]]) -> None:
    """Known, missing and unknown ones; a missing one reaches the graph by its name."""
    fitted = np.array([["red", np.nan], ["green", "red"], ["blue", "blue"], [np.nan, "red"]], dtype=object)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    encoder.fit(fitted)
    asked = np.array([[np.nan if name == "nan" else name for name in row] for row in rows], dtype=object)
    np.testing.assert_array_equal(graph_of(encoder, 2, text=True)(rows)[0], encoder.transform(asked))


@pytest.mark.parametrize("missing", [np.nan, -5.0])
@pytest.mark.parametrize("rare", [None, 2])
def test_codes_of_numbers(missing: float, rare: int | None) -> None:
    """Gaps, numbers never seen and categories that are rare."""
    column = np.array([1.5, 1.5, 2.0, 2.0, 3.0, np.nan, 4.0, 2.0])[:, None]
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=missing,
        min_frequency=rare,
    ).fit(column)
    asked = np.array([1.5, np.nextafter(1.5, 2), 2.0, 3.0, np.nan, 4.0, 99.0])[:, None]
    np.testing.assert_array_equal(graph_of(encoder, 1)(asked)[0], encoder.transform(asked))


ONE_HOT = [
    {"handle_unknown": "ignore"},
    {"handle_unknown": "ignore", "drop": "first"},
    {"handle_unknown": "ignore", "drop": "if_binary"},
    {"handle_unknown": "ignore", "min_frequency": 2},
    {"handle_unknown": "infrequent_if_exist", "min_frequency": 2},
    {"handle_unknown": "infrequent_if_exist", "max_categories": 2, "drop": "first"},
    {"handle_unknown": "warn", "min_frequency": 2},
]


@given(rows=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=8), options=st.sampled_from(ONE_HOT))
@settings(max_examples=100)
def test_one_column_a_category(rows: list[tuple[str, str]], options: dict[str, Any]) -> None:
    """Words that both columns know, that one does not know, missing and rare ones; all or without one."""
    fitted = np.array(
        [["red", np.nan], ["green", "red"], ["blue", "blue"], [np.nan, "red"], ["red", "blue"]], dtype=object
    )
    asked = np.array([[np.nan if name == "nan" else name for name in row] for row in rows], dtype=object)
    encoder = OneHotEncoder(sparse_output=False, **options).fit(fitted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is unknown
        wanted = encoder.transform(asked)
    np.testing.assert_array_equal(graph_of(encoder, 2, text=True)(rows)[0], wanted)


def test_all_columns_are_looked_up_at_once() -> None:
    """However many there are; a column of one category adds none without it."""
    words = np.array([["a", "b", "only"], ["b", "c", "only"]], dtype=object)
    encoder = OneHotEncoder(drop="first").fit(words)
    model = model_of(encoder, 3, text=True)
    assert [node.op_type for node in model.graph.node] == ["LabelEncoder", "Gather", "Equal", "Cast"]
    np.testing.assert_array_equal(session_of(model, text=True)(words)[0], encoder.transform(words).toarray())


def test_nothing_is_left_of_one_category_without_it() -> None:
    """The graph has no column then."""
    words = np.array([["only"], ["only"]], dtype=object)
    encoder = OneHotEncoder(drop="first", sparse_output=False).fit(words)
    assert graph_of(encoder, 1, text=True)(words)[0].shape == (2, 0)


def test_one_column_a_number_is_left_to_the_library() -> None:
    """It takes whole numbers."""
    encoder = OneHotEncoder(sparse_output=False).fit([[1], [2], [3]])
    asked = np.array([[2.0], [3.0]])
    np.testing.assert_array_equal(graph_of(encoder, 1)(asked)[0], encoder.transform(asked))
