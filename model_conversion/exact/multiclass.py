"""Classifiers made of one for each class or pair of classes, of which skl2onnx takes other decision values."""

__all__ = ["CONVERTERS", "write_decision_of_pairs"]

from itertools import combinations
from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx._supported_operators import _get_sklearn_operator_name
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier

from model_conversion.errors import UnsupportedError
from model_conversion.exact.answers import as_index, write_decision, write_label, write_largest
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, of_library

ALIAS = "SklearnOneVsRestClassifier"
"""The library's name for its own converter."""


def write_decision_of_pairs(graph: Graph, estimator: Any, second: str, confidence: str) -> str:
    """Return the votes of each class, ``(rows, classes)``, and write its decision value: the votes and a part of one.

    Source: sklearn.utils.multiclass._ovr_decision_function, scikit-learn 1.9.

    Args:
        graph: Where to.
        estimator: The classifier of all classes.
        second: ``(rows, pairs)`` doubles: one where the pair's second class is answered, zero where its first is.
        confidence: ``(rows, pairs)`` doubles: how much speaks for the second.
    """
    classes = len(estimator.classes_)
    pairs = list(combinations(range(classes), 2))
    is_second, is_first = np.zeros((len(pairs), classes)), np.zeros((len(pairs), classes))
    for at, (one, other) in enumerate(pairs):
        is_first[at, one] = is_second[at, other] = 1.0
    first = graph.node("Sub", [graph.constant(1.0), second])
    votes = graph.node(
        "Add",
        [
            graph.node("MatMul", [second, graph.constant(is_second)]),
            graph.node("MatMul", [first, graph.constant(is_first)]),
        ],
    )
    total = graph.node("MatMul", [confidence, graph.constant(is_second - is_first)])
    size = graph.node("Add", [graph.node("Abs", [total]), graph.constant(1.0)])
    part = graph.node("Div", [total, graph.node("Mul", [size, graph.constant(3.0)])])
    scores = graph.node("Add", [votes, part])
    if classes == 2:
        positive = graph.node("Gather", [scores, graph.constant([1], np.int64)], axis=1)
        graph.node("Concat", [graph.node("Neg", [positive]), positive], output=1, axis=1)
    else:
        graph.node("Identity", [scores], output=1)
    return votes


def _linear(graph: Graph, members: list[Any]) -> str:
    """Return the decision values of linear classifiers of two classes each, ``(rows, members)``."""
    weights = np.vstack([np.reshape(member.coef_, (1, -1)) for member in members])
    product = graph.node("MatMul", [graph.matrix(), graph.constant(weights.T)])
    offsets = [float(np.ravel(member.intercept_)[0]) for member in members]
    return graph.node("Add", [product, graph.constant([offsets])])


def _decisions(graph: Graph, scope: Any, operator: Any) -> tuple[str, str]:
    """Return the answers and confidences of the classifiers of the pairs.

    Raises:
        UnsupportedError: One is of a kind whose decision value is not converted.
    """
    estimator = operator.raw_operator
    members = estimator.estimators_
    if all(isinstance(member, LinearClassifierMixin) for member in members):
        confidence = _linear(graph, members)
        above = graph.node("Greater", [confidence, graph.constant(0.0)])
        return graph.node("Cast", [above], to=TensorProto.DOUBLE), confidence
    answers, confidences = [], []
    for member in members:
        # Of two classes the only classifier's probability is cut at a half, and a contract's decision value at zero.
        mute = hasattr(member, "decision_function") or not hasattr(member, "predict_proba")
        if mute or len(estimator.classes_) == 2:
            raise UnsupportedError(
                f"{type(estimator).__name__} of {len(estimator.classes_)} classes holds {type(member).__name__}, "
                "wanted a linear classifier, or three classes and one that has only probabilities; "
                "fit OneVsRestClassifier"
            )
        child = scope.declare_local_operator(_get_sklearn_operator_name(type(member)), member)
        child.inputs = operator.inputs
        label = scope.declare_local_variable("label", Int64TensorType())
        probabilities = scope.declare_local_variable("probabilities", DoubleTensorType())
        child.outputs.append(label)
        child.outputs.append(probabilities)
        answer = graph.node("Reshape", [label.full_name, graph.constant([-1, 1], np.int64)])
        answers.append(graph.node("Cast", [answer], to=TensorProto.DOUBLE))
        chosen = graph.node("Gather", [probabilities.full_name, graph.constant([1], np.int64)], axis=1)
        confidences.append(graph.node("Cast", [chosen], to=TensorProto.DOUBLE))
    return graph.node("Concat", answers, axis=1), graph.node("Concat", confidences, axis=1)


def _one_against_one(scope: Any, operator: Any, container: Any) -> None:
    """Write the decision values, and the label by them.

    Raises:
        UnsupportedError: It takes kernels that were computed before, or holds classifiers that are not converted.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    if estimator.pairwise_indices_ is not None:
        raise UnsupportedError(
            f"{type(estimator).__name__} takes kernels that were computed before; fit it on the features"
        )
    answers, confidences = _decisions(graph, scope, operator)
    write_decision_of_pairs(graph, estimator, answers, confidences)
    if len(estimator.classes_) == 2:
        write_label(graph, estimator, as_index(graph, answers))
    else:
        scores = operator.outputs[1].full_name
        write_largest(graph, estimator, scores)


def _one_against_rest(scope: Any, operator: Any, container: Any) -> None:
    """Write the decision values and the label by them; with probabilities convert as the library does.

    Raises:
        UnsupportedError: It holds classifiers without probabilities that are not linear.
    """
    estimator = operator.raw_operator
    if hasattr(estimator, "predict_proba"):
        get_converter(ALIAS)(scope, operator, container)
        return
    graph = Graph(scope, operator, container)
    for member in estimator.estimators_:
        if not isinstance(member, LinearClassifierMixin):
            raise UnsupportedError(
                f"{type(estimator).__name__} holds {type(member).__name__}, wanted a linear classifier or one with "
                "probabilities; wrap that in CalibratedClassifierCV"
            )
    write_decision(graph, estimator, _linear(graph, estimator.estimators_))


def _rest_shapes(operator: Any) -> None:
    if hasattr(operator.raw_operator, "predict_proba"):
        of_library(ALIAS)(operator)
    else:
        classifier_shapes(operator)


CONVERTERS: dict[type, tuple[Any, Any]] = {
    OneVsOneClassifier: (classifier_shapes, _one_against_one),
    OneVsRestClassifier: (_rest_shapes, _one_against_rest),
}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
