"""Tree ensembles whose answers are scikit-learn's to the last digits.

skl2onnx writes thresholds and leaves as float32, drops where missing values go in some forests and the categorical
splits of histogram boosting. Here every split and leaf is a double in an ai.onnx.ml opset-5 ``TreeEnsemble``, a split
decides as it does after scikit-learn's rounding to float32, and the label is decided by scikit-learn's own rule.
"""

__all__ = ["CONVERTERS", "tree_shapes", "write_trees"]

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
from model_conversion.exact.answers import both, write_largest
from model_conversion.exact.ensemble import FEW_TREES, chosen_classes, mean, sums
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, set_width
from model_conversion.exact.splits import on_doubles
from model_conversion.trees import Ensemble, Tree, ensemble_of


def tree_shapes(operator: Any) -> None:
    """Set the types of an operator's outputs: label and ``(rows, classes)`` doubles, or ``(rows, targets)``."""
    estimator = operator.raw_operator
    if hasattr(estimator, "classes_"):
        classifier_shapes(operator)
    else:
        set_width(operator, getattr(estimator, "n_outputs_", 1))


def write_trees(scope: Any, operator: Any, container: Any) -> None:
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
    ensemble = on_doubles(ensemble)
    match estimator:
        case GradientBoostingClassifier() | HistGradientBoostingClassifier():
            _boosted_classes(graph, estimator, _boosted(graph, matrix, ensemble, estimator))
        case GradientBoostingRegressor() | HistGradientBoostingRegressor():
            if getattr(estimator, "loss", "") in {"gamma", "poisson"}:
                graph.node("Exp", [_boosted(graph, matrix, ensemble, estimator)], output=0)
            else:
                _boosted(graph, matrix, ensemble, estimator, output=0)
        case _ if hasattr(estimator, "classes_"):
            _averaged_classes(graph, estimator, matrix, ensemble)
        case _:
            mean(graph, matrix, ensemble, ordered=False, output=0)


def _boosted(
    graph: Graph, matrix: str, ensemble: Ensemble, estimator: Any, *, output: int | None = None
) -> str:
    """Return the sum of the leaves on top of the start, ``(rows, targets)``."""
    targets = list(ensemble.targets or ())
    start = _start(estimator)
    return sums(graph, matrix, ensemble, targets, len(start), start=start, output=output)


def _start(estimator: Any) -> NDArray[np.float64]:
    """Return the raw score before the first tree, ``(targets,)``."""
    if hasattr(estimator, "_baseline_prediction"):
        return np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel()  # noqa: SLF001
    if not (estimator.init_ == "zero" or isinstance(estimator.init_, DummyClassifier | DummyRegressor)):
        raise UnsupportedError(
            f"{type(estimator).__name__} starts from {type(estimator.init_).__name__}'s answers, which is not "
            "converted; fit it with init=None or init='zero'"
        )
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    start = estimator._raw_predict_init(row)  # noqa: SLF001  the library has no public way to it
    return np.asarray(start, dtype=np.float64).ravel()


def _boosted_classes(graph: Graph, estimator: Any, raw: str) -> None:
    two = len(estimator.classes_) == 2
    columns = both(graph, raw) if two else raw
    # Of two classes GradientBoosting answers the second at exactly zero, HistGradientBoosting does not.
    last = two and isinstance(estimator, GradientBoostingClassifier)
    write_largest(graph, estimator, columns, last=last)
    if graph.asked_for_scores():
        graph.node("Identity", [columns], output=1)
    elif not two:
        graph.node("Softmax", [columns], output=1, axis=1)
    else:
        if getattr(estimator, "loss", "") == "exponential":
            columns = graph.node("Mul", [columns, graph.constant(2.0)])
        graph.node("Sigmoid", [columns], output=1)


def _averaged_classes(graph: Graph, estimator: Any, matrix: str, ensemble: Ensemble) -> None:
    count = len(ensemble.trees)
    if len(estimator.classes_) == 2 and (count > FEW_TREES or chosen_classes(ensemble) is None):
        positive = [_one_column(tree, 1) for tree in ensemble.trees]
        single = Ensemble(trees=tuple(positive), targets=(0,) * count, float32=ensemble.float32)
        votes = sums(graph, matrix, single, [0] * count, 1)
        shares = graph.node("Div", [votes, graph.constant([[-float(count), float(count)]])])
        probabilities = graph.node("Add", [shares, graph.constant([[1.0, 0.0]])], output=1)
    else:  # of two classes, too, one operator is quicker for few trees, and slower for many
        probabilities = mean(graph, matrix, ensemble, output=1)
    write_largest(graph, estimator, probabilities)


def _one_column(tree: Tree, column: int) -> Tree:
    return replace(tree, value=tree.value[:, min(column, tree.value.shape[1] - 1)][:, None])


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
    (tree_shapes, write_trees),
)
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
