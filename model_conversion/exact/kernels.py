"""Support vector classifiers without probabilities: their decision function in double.

skl2onnx computes it in float32, and of two classes with the other sign.
"""

__all__ = ["CONVERTERS"]

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx.common._registration import get_converter
from sklearn.svm import SVC, NuSVC

from model_conversion.errors import UnsupportedError
from model_conversion.exact.answers import write_decision, write_largest
from model_conversion.exact.graph import Graph
from model_conversion.exact.multiclass import write_decision_of_pairs
from model_conversion.exact.shapes import classifier_shapes, of_library

ALIAS = "SklearnSVC"
"""The library's name for its own converter, of both."""


def _dense(values: Any) -> NDArray[np.float64]:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _kernel(graph: Graph, estimator: Any) -> str:
    """Return the kernel of each row and each support vector, ``(rows, support vectors)``.

    Source: sklearn.metrics.pairwise and libsvm's Kernel, scikit-learn 1.9.

    Raises:
        UnsupportedError: It is a function of its own, or was computed before.
    """
    vectors, gamma = _dense(estimator.support_vectors_), float(estimator._gamma)  # noqa: SLF001
    matrix = graph.matrix()
    if estimator.kernel == "rbf":
        # Square by square as libsvm does; products of long rows would cancel.
        rows = graph.node("Unsqueeze", [matrix, graph.constant([1], np.int64)])
        gaps = graph.node("Sub", [rows, graph.constant(vectors[None])])
        square = graph.node("ReduceSumSquare", [gaps, graph.constant([2], np.int64)], keepdims=0)
        return graph.node("Exp", [graph.node("Mul", [square, graph.constant(-gamma)])])
    if estimator.kernel not in {"linear", "poly", "sigmoid"}:
        raise UnsupportedError(
            f"{type(estimator).__name__} has kernel {estimator.kernel!r}, wanted linear, poly, rbf or sigmoid; "
            "fit it with one of them"
        )
    product = graph.node("MatMul", [matrix, graph.constant(vectors.T)])
    if estimator.kernel == "linear":
        return product
    scaled = graph.node("Mul", [product, graph.constant(gamma)])
    scaled = graph.node("Add", [scaled, graph.constant(float(estimator.coef0))])
    if estimator.kernel == "sigmoid":
        return graph.node("Tanh", [scaled])
    return graph.node("Pow", [scaled, graph.constant(float(estimator.degree))])


def _weights(estimator: Any) -> NDArray[np.float64]:
    """Return each support vector's weight in the decision of each pair of classes, ``(support vectors, pairs)``."""
    weights = _dense(estimator.dual_coef_)
    starts = np.concatenate([[0], np.cumsum(estimator.n_support_)])
    pairs = list(combinations(range(len(estimator.classes_)), 2))
    found = np.zeros((weights.shape[1], len(pairs)))
    for at, (one, other) in enumerate(pairs):
        first, second = slice(starts[one], starts[one + 1]), slice(starts[other], starts[other + 1])
        found[first, at] = weights[other - 1, first]
        found[second, at] = weights[one, second]
    return found


def _decide(scope: Any, operator: Any, container: Any) -> None:
    """Write the decision values; the label by the votes of the pairs, as libsvm does, or by the values.

    Source: BaseSVC.decision_function and BaseSVC.predict, scikit-learn 1.9.

    Raises:
        UnsupportedError: The kernel is not of a known form.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    if hasattr(estimator, "predict_proba") and not graph.asked_for_scores():
        get_converter(ALIAS)(scope, operator, container)
        return
    kernel = _kernel(graph, estimator)
    product = graph.node("MatMul", [kernel, graph.constant(_weights(estimator))])
    scores = graph.node("Add", [product, graph.constant(np.reshape(estimator.intercept_, (1, -1)))])
    # Of two classes the public weights speak for the second; in a pair of several they speak for the first.
    if len(estimator.classes_) == 2:
        write_decision(graph, estimator, scores)
        return
    second = graph.node("Cast", [graph.node("Less", [scores, graph.constant(0.0)])], to=TensorProto.DOUBLE)
    votes = write_decision_of_pairs(graph, estimator, second, graph.node("Neg", [scores]))
    decided = operator.outputs[1].full_name if estimator.break_ties else votes
    write_largest(graph, estimator, decided)


def _shapes(operator: Any) -> None:
    if hasattr(operator.raw_operator, "predict_proba"):
        of_library(ALIAS)(operator)
    else:
        classifier_shapes(operator)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys((SVC, NuSVC), (_shapes, _decide))
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
