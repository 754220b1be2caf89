"""Tree ensembles whose answers are scikit-learn's to the last digits.

skl2onnx writes thresholds and leaves as float32, drops where missing values go in some forests and the categorical
splits of histogram boosting. Here every split and leaf is a double in an ai.onnx.ml opset-5 ``TreeEnsemble``, input
is rounded to float32 exactly where scikit-learn rounds it, and the label is decided by scikit-learn's own rule.
"""

__all__ = ["CONVERTERS"]

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from model_conversion.errors import UnsupportedError
from model_conversion.exact.answers import as_index, write_label, write_two_columns
from model_conversion.exact.ensemble import leaves, sums
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, set_width
from model_conversion.trees import Ensemble, Tree, ensemble_of


def _shapes(operator: Any) -> None:
    """Set the types of an operator's outputs: label and ``(rows, classes)`` doubles, or ``(rows, targets)``."""
    estimator = operator.raw_operator
    if hasattr(estimator, "classes_"):
        classifier_shapes(operator)
    else:
        set_width(operator, getattr(estimator, "n_outputs_", 1))


def _trees(scope: Any, operator: Any, container: Any) -> None:
    """Write the nodes of a fitted tree model.

    Raises:
        UnsupportedError: It starts from another estimator's answers, or answers several labels a row.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    ensemble = ensemble_of(estimator)
    if ensemble is None:
        raise UnsupportedError(f"{type(estimator).__name__} has no trees of a known form")
    matrix = graph.matrix()
    preprocessor = getattr(estimator, "_preprocessor", None)
    if preprocessor is not None:
        matrix = _encode_categories(graph, matrix, estimator)
    if ensemble.float32:
        matrix = graph.node(
            "Cast", [graph.node("Cast", [matrix], to=TensorProto.FLOAT)], to=TensorProto.DOUBLE
        )
    match estimator:
        case GradientBoostingClassifier() | HistGradientBoostingClassifier():
            _boosted_classes(graph, estimator, _boosted(graph, matrix, ensemble, estimator))
        case GradientBoostingRegressor() | HistGradientBoostingRegressor():
            raw = _boosted(graph, matrix, ensemble, estimator)
            exponential = getattr(estimator, "loss", "") in {"gamma", "poisson"}
            graph.node("Exp" if exponential else "Identity", [raw], output=0)
        case _ if hasattr(estimator, "classes_"):
            _averaged_classes(graph, estimator, matrix, ensemble)
        case _:
            mean = _mean(graph, leaves(graph, matrix, ensemble), len(ensemble.trees))
            graph.node("Identity", [mean], output=0)


def _boosted(graph: Graph, matrix: str, ensemble: Ensemble, estimator: Any) -> str:
    """Return the sum of the leaves on top of the start, ``(rows, targets)``."""
    targets = ensemble.targets or ()
    total = sums(graph, matrix, ensemble, list(targets), max(targets) + 1)
    return graph.node("Add", [total, graph.constant(_start(estimator))])


def _start(estimator: Any) -> NDArray[np.float64]:
    """Return the raw score before the first tree, ``(1, targets)``."""
    if hasattr(estimator, "_baseline_prediction"):
        return np.asarray(estimator._baseline_prediction, dtype=np.float64).reshape(1, -1)  # noqa: SLF001
    if not (estimator.init_ == "zero" or isinstance(estimator.init_, DummyClassifier | DummyRegressor)):
        raise UnsupportedError(
            f"{type(estimator).__name__} starts from {type(estimator.init_).__name__}'s answers, which is not "
            "converted; fit it with init=None or init='zero'"
        )
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    start = estimator._raw_predict_init(row)  # noqa: SLF001  the library has no public way to it
    return np.asarray(start, dtype=np.float64).reshape(1, -1)


def _boosted_classes(graph: Graph, estimator: Any, raw: str) -> None:
    if len(estimator.classes_) > 2:
        graph.node("Softmax", [raw], output=1, axis=1)
        write_label(graph, estimator, graph.node("ArgMax", [raw], axis=1, keepdims=0))
        return
    doubled = getattr(estimator, "loss", "") == "exponential"
    margin = graph.node("Mul", [raw, graph.constant(2.0)]) if doubled else raw
    write_two_columns(graph, graph.node("Sigmoid", [margin]))
    # GradientBoosting answers the positive class at exactly zero, HistGradientBoosting does not.
    rule = "GreaterOrEqual" if isinstance(estimator, GradientBoostingClassifier) else "Greater"
    write_label(graph, estimator, as_index(graph, graph.node(rule, [raw, graph.constant(0.0)])))


def _averaged_classes(graph: Graph, estimator: Any, matrix: str, ensemble: Ensemble) -> None:
    classes = len(estimator.classes_)
    count = len(ensemble.trees)
    if classes == 2:
        positive = [_one_column(tree, 1) for tree in ensemble.trees]
        single = Ensemble(trees=tuple(positive), targets=(0,) * count, float32=ensemble.float32)
        share = _mean(graph, sums(graph, matrix, single, [0] * count, 1), count)
        write_two_columns(graph, share)
        write_label(graph, estimator, as_index(graph, graph.node("Greater", [share, graph.constant(0.5)])))
        return
    probabilities = _mean(graph, leaves(graph, matrix, ensemble), count)
    graph.node("Identity", [probabilities], output=1)
    write_label(graph, estimator, graph.node("ArgMax", [probabilities], axis=1, keepdims=0))


def _one_column(tree: Tree, column: int) -> Tree:
    return replace(tree, value=tree.value[:, min(column, tree.value.shape[1] - 1)][:, None])


def _mean(graph: Graph, total: str, count: int) -> str:
    return total if count == 1 else graph.node("Div", [total, graph.constant(float(count))])


def _encode_categories(graph: Graph, matrix: str, estimator: Any) -> str:
    """Return the matrix as histogram boosting's own preprocessing leaves it.

    Categorical columns come first, as the index of their category (NaN for one never seen); the others follow.
    """
    encoder = estimator._preprocessor.named_transformers_["encoder"]  # noqa: SLF001
    chosen = np.flatnonzero(estimator.is_categorical_)
    others = np.flatnonzero(~estimator.is_categorical_)
    columns = []
    for column, categories in zip(chosen.tolist(), encoder.categories_, strict=True):
        values = np.asarray(categories, dtype=np.float64)
        known = values[~np.isnan(values)]
        one = graph.node("Gather", [matrix, graph.constant([column], np.int64)], axis=1)
        codes = np.arange(len(known), dtype=np.float64)
        columns.append(graph.lookup(one, known, codes, unknown=np.nan))
    if len(others):
        columns.append(graph.node("Gather", [matrix, graph.constant(others, np.int64)], axis=1))
    return columns[0] if len(columns) == 1 else graph.node("Concat", columns, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (
        DecisionTreeClassifier,
        DecisionTreeRegressor,
        ExtraTreeClassifier,
        ExtraTreeRegressor,
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    ),
    (_shapes, _trees),
)
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
