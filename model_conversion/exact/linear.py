"""Linear classifiers of which skl2onnx computes the probabilities by another rule."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from model_conversion.exact.graph import Graph
from model_conversion.exact.trees import write_label, write_two_columns


def _shapes(operator: Any) -> None:
    classes = np.asarray(operator.raw_operator.classes_)
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = (StringTensorType if classes.dtype.kind in "OU" else Int64TensorType)([rows])
    operator.outputs[1].type = DoubleTensorType([rows, len(classes)])


def _discriminant(scope: Any, operator: Any, container: Any) -> None:
    """Write scores, and the sigmoid of the only one or the softmax of several; the library takes another softmax."""
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    product = graph.node("MatMul", [graph.matrix(), graph.constant(estimator.coef_.T)])
    scores = graph.node("Add", [product, graph.constant(estimator.intercept_.reshape(1, -1))])
    if len(estimator.classes_) > 2:
        graph.node("Softmax", [scores], output=1, axis=1)
        write_label(graph, estimator, graph.node("ArgMax", [scores], axis=1, keepdims=0))
        return
    write_two_columns(graph, graph.node("Sigmoid", [scores]))
    above = graph.node("Cast", [graph.node("Greater", [scores, graph.constant(0.0)])], to=TensorProto.INT64)
    write_label(graph, estimator, graph.node("Reshape", [above, graph.constant([-1], np.int64)]))


CONVERTERS: dict[type, tuple[Any, Any]] = {LinearDiscriminantAnalysis: (_shapes, _discriminant)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
