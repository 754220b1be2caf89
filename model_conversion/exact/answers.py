"""Labels, probabilities and decision values as every classifier of ours writes them."""

__all__ = [
    "as_index",
    "both",
    "two_columns",
    "write_decision",
    "write_label",
    "write_label_of_scores",
    "write_largest",
]

from typing import Any

import numpy as np
from onnx import TensorProto

from model_conversion.exact.graph import Graph


def both(graph: Graph, score: str) -> str:
    """Return ``(rows, 2)``: a score of the second of two classes, ``(rows, 1)``, after its negative."""
    return graph.node("Mul", [score, graph.constant([[-1.0, 1.0]])])


def two_columns(graph: Graph, positive: str, *, output: int | None = None) -> str:
    """Return the probabilities of two classes, given the second's ``(rows, 1)``.

    Args:
        graph: Where to.
        positive: Probability of the second class.
        output: Index of the operator's output that is written; None for a new name.
    """
    return graph.node("Add", [both(graph, positive), graph.constant([[1.0, 0.0]])], output=output)


def as_index(graph: Graph, decided: str) -> str:
    """Return the ``(rows,)`` index of the second class where it is decided for, of the first elsewhere."""
    index = graph.node("Cast", [decided], to=TensorProto.INT64)
    return graph.node("Reshape", [index, graph.constant([-1], np.int64)])


def write_label(graph: Graph, estimator: Any, index: str) -> None:
    """Write the label, given the ``(rows,)`` index of its class."""
    if _numbered(estimator):
        graph.node("Identity", [index], output=0)
    else:
        _name(graph, estimator, index)


def write_largest(graph: Graph, estimator: Any, columns: str, *, last: bool = False) -> None:
    """Write the label of the class with the largest value.

    Args:
        graph: Where to.
        estimator: The classifier.
        columns: ``(rows, classes)``.
        last: Whether the last of equals is taken instead of the first.
    """
    named = not _numbered(estimator)
    index = graph.node(
        "ArgMax", [columns], output=None if named else 0, axis=1, keepdims=0, select_last_index=int(last)
    )
    if named:
        _name(graph, estimator, index)


def _numbered(estimator: Any) -> bool:
    """Return whether a class's label is its index."""
    classes = np.asarray(estimator.classes_)
    return classes.dtype.kind not in "OU" and np.array_equal(classes, np.arange(len(classes)))


def _name(graph: Graph, estimator: Any, index: str) -> None:
    classes = np.asarray(estimator.classes_)
    kind = object if classes.dtype.kind in "OU" else np.int64
    graph.node("Gather", [graph.constant(classes, kind), index], output=0)


def write_label_of_scores(graph: Graph, estimator: Any, scores: str) -> str:
    """Write the label by the decision values; where probabilities are rounded to the same number, these still differ.

    Args:
        graph: Where to.
        estimator: The classifier.
        scores: ``(rows, classes)``, or ``(rows, 1)`` for the second of two classes.

    Returns:
        ``(rows, classes)``: of two classes the first's is the negative of the second's.
    """
    columns = both(graph, scores) if len(estimator.classes_) == 2 else scores
    write_largest(graph, estimator, columns)
    return columns


def write_decision(graph: Graph, estimator: Any, scores: str) -> None:
    """Write label and decision values, a column a class.

    Args:
        graph: Where to.
        estimator: The classifier.
        scores: As for :func:`write_label_of_scores`.
    """
    graph.node("Identity", [write_label_of_scores(graph, estimator, scores)], output=1)
