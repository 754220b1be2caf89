"""Labels and probabilities as every classifier of ours writes them."""

__all__ = ["as_index", "write_label", "write_two_columns"]

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
