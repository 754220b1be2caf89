"""Labels, probabilities and decision values as every classifier of ours writes them."""

__all__ = ["as_index", "write_decision", "write_label", "write_label_of_scores", "write_two_columns"]

from typing import Any

import numpy as np
from onnx import TensorProto

from model_conversion.exact.graph import Graph


def write_two_columns(graph: Graph, positive: str) -> None:
    """Write the probabilities of two classes, given the second's ``(rows, 1)``."""
    negative = graph.node("Sub", [graph.constant(1.0), positive])
    graph.node("Concat", [negative, positive], output=1, axis=1)


def as_index(graph: Graph, decided: str) -> str:
    """Return the ``(rows,)`` index of the second class where it is decided for, of the first elsewhere."""
    index = graph.node("Cast", [decided], to=TensorProto.INT64)
    return graph.node("Reshape", [index, graph.constant([-1], np.int64)])


def write_label(graph: Graph, estimator: Any, index: str) -> None:
    """Write the label, given the ``(rows,)`` index of its class."""
    classes = np.asarray(estimator.classes_)
    if classes.dtype.kind in "OU":
        graph.node("Gather", [graph.constant(classes, object), index], output=0)
    elif np.array_equal(classes, np.arange(len(classes))):
        graph.node("Identity", [index], output=0)
    else:
        graph.node("Gather", [graph.constant(classes, np.int64), index], output=0)


def write_label_of_scores(graph: Graph, estimator: Any, scores: str) -> None:
    """Write the label by the decision values, ``(rows, classes)`` or ``(rows, 1)`` for the second of two classes.

    Where probabilities are rounded to the same number, these still differ.
    """
    if len(estimator.classes_) > 2:
        write_label(graph, estimator, graph.node("ArgMax", [scores], axis=1, keepdims=0))
    else:
        above = graph.node("Greater", [scores, graph.constant(0.0)])
        write_label(graph, estimator, as_index(graph, above))


def write_decision(graph: Graph, estimator: Any, scores: str) -> None:
    """Write label and decision values, a column a class: of two classes the first's is the negative of the second's.

    Args:
        graph: Where to.
        estimator: The classifier.
        scores: As for :func:`write_label_of_scores`.
    """
    write_label_of_scores(graph, estimator, scores)
    if len(estimator.classes_) == 2:
        graph.node("Concat", [graph.node("Neg", [scores]), scores], output=1, axis=1)
    else:
        graph.node("Identity", [scores], output=1)
