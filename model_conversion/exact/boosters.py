"""XGBoost's and LightGBM's answers to the last digits.

onnxmltools 1.16 writes the trees of both libraries too, and its graph answers something else without a word for
dropout, forests, one-against-all classes, linear leaves, several targets, zeros that mean missing, and columns
named like ``f1``. Here the trees come from the library's own format, and sums are made in its order and precision.
"""

__all__ = ["boosted_of", "booster_shapes", "convert_booster"]

import sys
import warnings
from math import isnan
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper
from skl2onnx.common.data_types import DoubleTensorType, guess_tensor_type

from model_conversion.boosted import Boosted
from model_conversion.errors import UnsupportedError
from model_conversion.exact import ensemble
from model_conversion.exact.answers import write_largest
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import label_type
from model_conversion.lightgbm_trees import ZERO, trees_of_lightgbm
from model_conversion.xgboost_trees import trees_of_xgboost

KINDS = {
    "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    "lightgbm": ("LGBMClassifier", "LGBMRegressor"),
}
"""Library → its estimators that are converted."""


def boosted_of(estimator: Any) -> Boosted | None:
    """Return the trees of an estimator of either library, None of any other.

    Raises:
        UnsupportedError: It has a part that is not converted; the message names it.
    """
    readers = {"xgboost": trees_of_xgboost, "lightgbm": trees_of_lightgbm}
    for library, names in KINDS.items():
        module = sys.modules.get(library)  # without the import there can be no estimator of it
        if module is not None and isinstance(estimator, tuple(getattr(module, name) for name in names)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the age of what is read
                return readers[library](estimator)
    return None


def booster_shapes(operator: Any) -> None:
    """Set the types of an operator's outputs: label and ``(rows, classes)``, or ``(rows, targets)``."""
    estimator = operator.raw_operator
    rows = operator.inputs[0].get_first_dimension()
    number = type(guess_tensor_type(operator.inputs[0].type))
    if hasattr(estimator, "classes_"):
        operator.outputs[0].type = label_type(estimator)([rows])
        operator.outputs[1].type = number([rows, len(estimator.classes_)])
    else:
        operator.outputs[0].type = number([rows, None])


class _Narrow(Graph):
    """Writes a node's tensors as float32; no digit of XGBoost's numbers is lost."""

    def node(
        self, kind: str, inputs: list[str], *, output: int | None = None, ml: bool = False, **about: Any
    ) -> str:
        """Add a node and return its output's name."""
        for name, value in about.items():
            if isinstance(value, TensorProto) and value.data_type == TensorProto.DOUBLE:
                about[name] = numpy_helper.from_array(numpy_helper.to_array(value).astype(np.float32), name)
        return super().node(kind, inputs, output=output, ml=ml, **about)


def convert_booster(scope: Any, operator: Any, container: Any) -> None:
    """Write the nodes of a fitted booster.

    Raises:
        UnsupportedError: It has a part that is not converted; the message names it.
    """
    estimator = operator.raw_operator
    boosted = boosted_of(estimator)
    if boosted is None:
        raise UnsupportedError(f"{type(estimator).__name__} is no booster of a known form")
    narrow = boosted.ensemble.float32
    graph = (_Narrow if narrow else Graph)(scope, operator, container)
    sums = _sums(graph, boosted, _matrix(graph, boosted, estimator.n_features_in_))
    answers = _answers(graph, boosted, sums)
    at = 0
    if hasattr(estimator, "classes_"):
        at = 1
        if boosted.outputs == 1:
            one = graph.constant(1.0, np.float32 if narrow else np.float64)
            answers = graph.node("Concat", [graph.node("Sub", [one, answers]), answers], axis=1)
        write_largest(graph, estimator, sums if boosted.link == "argmax" else answers)
        if graph.asked_for_scores():
            answers = sums
            if boosted.outputs == 1:
                answers = graph.node("Concat", [graph.node("Neg", [sums]), sums], axis=1)
    double = isinstance(operator.outputs[at].type, DoubleTensorType)
    graph.node("Cast", [answers], output=at, to=TensorProto.DOUBLE if double else TensorProto.FLOAT)


def _matrix(graph: Graph, boosted: Boosted, count: int) -> str:
    """Return ``(rows, columns)`` as the trees compare them, in float32 if they do."""
    matrix = graph.matrix()
    if boosted.ensemble.float32:
        matrix = graph.node("Cast", [matrix], to=TensorProto.FLOAT)
        if not isnan(boosted.missing):
            gaps = graph.node("Equal", [matrix, graph.constant(boosted.missing, np.float32)])
            matrix = graph.node("Where", [gaps, graph.constant(np.nan, np.float32), matrix])
        return matrix
    columns = np.arange(count)[None, :]
    if boosted.zeros_missing:
        zero = graph.node("LessOrEqual", [graph.node("Abs", [matrix]), graph.constant(ZERO)])
        gaps = graph.node("And", [zero, graph.constant(np.isin(columns, boosted.zeros_missing), np.bool_)])
        matrix = graph.node("Where", [gaps, graph.constant(np.nan), matrix])
    if boosted.codes:
        size = graph.node("Floor", [graph.node("Abs", [matrix])])
        whole = graph.node("Mul", [graph.node("Sign", [matrix]), size])
        coded = graph.constant(np.isin(columns, boosted.codes), np.bool_)
        matrix = graph.node("Where", [coded, whole, matrix])
    return matrix


def _sums(graph: Graph, boosted: Boosted, matrix: str) -> str:
    """Return ``(rows, outputs)``: leaves added in the library's order and precision, then averaged."""
    targets = list(boosted.ensemble.targets or ())
    total = ensemble.sums(graph, matrix, boosted.ensemble, targets, boosted.outputs)
    return total if boosted.divisor == 1 else graph.node("Div", [total, graph.constant(boosted.divisor)])


def _answers(graph: Graph, boosted: Boosted, sums: str) -> str:
    """Return what the library makes of the sums, in their precision."""
    raw = sums if boosted.slope == 1 else graph.node("Mul", [sums, graph.constant(boosted.slope)])
    narrow = boosted.ensemble.float32
    match boosted.link:
        case "sigmoid":
            return _narrow_sigmoid(graph, raw) if narrow else graph.node("Sigmoid", [raw])
        case "softmax" | "argmax":
            return _narrow_softmax(graph, raw) if narrow else graph.node("Softmax", [raw], axis=1)
        case "exp":
            return _narrow_exp(graph, raw) if narrow else graph.node("Exp", [raw])
        case "step":
            above = graph.node("Greater", [raw, graph.constant(0.0, np.float32)])
            return graph.node("Cast", [above], to=TensorProto.FLOAT)
        case "softplus":
            return graph.node("Softplus", [raw])
        case "signed square":
            return graph.node("Mul", [raw, graph.node("Abs", [raw])])
    return raw


def _narrow_exp(graph: Graph, raw: str) -> str:
    """Return the exponential rounded to float32, which onnxruntime's own in float32 is not."""
    wide = graph.node("Exp", [graph.node("Cast", [raw], to=TensorProto.DOUBLE)])
    return graph.node("Cast", [wide], to=TensorProto.FLOAT)


def _narrow_sigmoid(graph: Graph, raw: str) -> str:
    """Return XGBoost's sigmoid. Source: ``Sigmoid`` in XGBoost 3.4, ``src/common/math.h``."""
    one = graph.constant(1.0, np.float32)
    exponent = graph.node("Min", [graph.node("Neg", [raw]), graph.constant(88.7, np.float32)])
    return graph.node("Div", [one, graph.node("Add", [_narrow_exp(graph, exponent), one])])


def _narrow_softmax(graph: Graph, raw: str) -> str:
    """Return XGBoost's softmax. Source: ``Softmax`` in XGBoost 3.4, ``src/common/math.h``."""
    axis = graph.constant([1], np.int64)
    powers = _narrow_exp(graph, graph.node("Sub", [raw, graph.node("ReduceMax", [raw, axis], keepdims=1)]))
    wide = graph.node("ReduceSum", [graph.node("Cast", [powers], to=TensorProto.DOUBLE), axis], keepdims=1)
    return graph.node("Div", [powers, graph.node("Cast", [wide], to=TensorProto.FLOAT)])
