"""Weights of words in double: skl2onnx computes them in float32, which near a decision boundary is another class.

Words are counted by the library's own operators; a count is exact in float32.
"""

__all__ = ["CONVERTERS"]

from types import SimpleNamespace
from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.operator_converters.text_vectoriser import convert_sklearn_text_vectorizer
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

from model_conversion.exact.graph import Graph


def _shapes(operator: Any) -> None:
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = DoubleTensorType([rows, _words(operator.raw_operator)])


def _words(estimator: Any) -> int:
    return len(estimator.vocabulary_) if hasattr(estimator, "vocabulary_") else int(estimator.n_features_in_)


def _vectoriser(scope: Any, operator: Any, container: Any) -> None:
    """Count, then weigh."""
    estimator = operator.raw_operator
    counts = str(scope.get_unique_variable_name("counts"))
    # Called directly: as an operator of its own it would have the same estimator, and come back here for ever.
    counter = SimpleNamespace(
        raw_operator=estimator,
        inputs=operator.inputs,
        input_full_names=operator.input_full_names,
        output_full_names=[counts],
    )
    convert_sklearn_text_vectorizer(scope, counter, container)
    graph = Graph(scope, operator, container)
    _weigh(graph, graph.node("Cast", [counts], to=TensorProto.DOUBLE), estimator)


def _transformer(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, operator, container)
    _weigh(graph, graph.matrix(), operator.raw_operator)


def _weigh(graph: Graph, counts: str, estimator: Any) -> None:
    """Weigh counts as scikit-learn does. Source: TfidfTransformer.transform and normalize, scikit-learn 1.9."""
    zero, one = graph.constant(0.0), graph.constant(1.0)
    weights = counts
    if estimator.sublinear_tf:
        present = graph.node("Greater", [counts, zero])
        logarithm = graph.node("Log", [graph.node("Where", [present, counts, one])])
        weights = graph.node("Where", [present, graph.node("Add", [logarithm, one]), zero])
    if estimator.use_idf:
        weights = graph.node("Mul", [weights, graph.constant(np.asarray(estimator.idf_)[None, :])])
    if estimator.norm is not None:
        kind = {"l1": "ReduceL1", "l2": "ReduceL2"}[estimator.norm]
        length = graph.node(kind, [weights, graph.constant([1], np.int64)], keepdims=1)
        empty = graph.node("Equal", [length, zero])
        weights = graph.node("Div", [weights, graph.node("Where", [empty, one, length])])
    graph.node("Identity", [weights], output=0)


CONVERTERS: dict[type, tuple[Any, Any]] = {
    TfidfVectorizer: (_shapes, _vectoriser),
    TfidfTransformer: (_shapes, _transformer),
}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
