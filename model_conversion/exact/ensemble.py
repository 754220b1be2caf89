"""ONNX's opset-5 ``TreeEnsemble`` in double: the nodes, and the sums of leaves that every tree model starts from."""

__all__ = ["FEW_TREES", "chosen_classes", "mean", "sums"]

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from model_conversion.exact.graph import Graph
from model_conversion.trees import Ensemble, Tree

_LESS_OR_EQUAL, _MEMBER = 0, 6  # values of nodes_modes, ONNX operator TreeEnsemble-5
_AVERAGE, _SUM = 0, 1  # aggregate_function

PART = 25_000
"""Splits and leaves that are worth an operator of their own, if they are :data:`FEW_TREES` or more.

onnxruntime builds an operator's trees in lists that grow as they are filled, on memory touched for the first time.
The next operator takes the same memory again, so that several small ones are ready in half the time of a large one;
each adds to the answer to one row what several trees take.
"""

FEW_TREES = 25

type Targets = Sequence[int | NDArray[np.int64]]
"""For each tree the target of its leaves, or that of each leaf in the order of the nodes."""


def mean(
    graph: Graph, matrix: str, ensemble: Ensemble, *, ordered: bool = True, output: int | None = None
) -> str:
    """Return the mean over trees of the reached leaves' values, ``(rows, targets)``.

    A TreeEnsemble leaf adds one number to one target. That is enough where a leaf has one target only, or chooses one
    class. Otherwise each tree answers the number of its leaf's values, which are looked up; leaves of the same values
    share them.

    Args:
        graph: Where to.
        matrix: ``(rows, columns)``.
        ensemble: Its trees have ``targets`` values a leaf.
        ordered: As for :func:`sums`.
        output: Index of the operator's output that is written; None for a new name.
    """
    trees = ensemble.trees
    count, width = len(trees), trees[0].value.shape[1]
    chosen = chosen_classes(ensemble)
    if width == 1:
        total = sums(graph, matrix, ensemble, [0] * count, 1, ordered=ordered)
    elif chosen is None:
        total = _looked_up(graph, matrix, trees)
    else:
        ones = tuple(replace(tree, value=np.ones((len(tree.leaf), 1))) for tree in trees)
        if len(_parts(ones)) == 1:
            return _operator(graph, matrix, ones, chosen, width, aggregate=_AVERAGE, output=output)
        total = _summed(graph, matrix, ones, chosen, width)
    return graph.node("Div", [total, graph.constant(float(count))], output=output)


def chosen_classes(ensemble: Ensemble) -> list[NDArray[np.int64]] | None:
    """Return for each tree the class that each leaf chooses; None if one gives something to several.

    Fully grown classification trees choose, but for equal rows of different classes.
    """
    chosen = []
    for tree in ensemble.trees:
        values = tree.value[tree.leaf]
        if (np.count_nonzero(values, axis=1) != 1).any() or (values.max(axis=1) != 1.0).any():
            return None
        chosen.append(values.argmax(axis=1))
    return chosen


def _looked_up(graph: Graph, matrix: str, trees: tuple[Tree, ...]) -> str:
    values, places = np.unique(
        np.concatenate([tree.value[tree.leaf] for tree in trees]), axis=0, return_inverse=True
    )
    numbered, start = [], 0
    for tree in trees:
        number = np.zeros((len(tree.leaf), 1))
        end = start + int(tree.leaf.sum())
        number[tree.leaf, 0] = places[start:end]
        numbered.append(replace(tree, value=number))
        start = end
    found = [_operator(graph, matrix, part, range(len(part)), len(part)) for part in _parts(tuple(numbered))]
    joined = found[0] if len(found) == 1 else graph.node("Concat", found, axis=1)
    index = graph.node("Cast", [joined], to=TensorProto.INT64)
    looked_up = graph.node("Gather", [graph.constant(values), index], axis=0)
    return graph.node("ReduceSum", [looked_up, graph.constant([1], np.int64)], keepdims=0)


def sums(
    graph: Graph,
    matrix: str,
    ensemble: Ensemble,
    targets: Sequence[int],
    count: int,
    *,
    start: NDArray[np.float64] | None = None,
    ordered: bool = True,
    output: int | None = None,
) -> str:
    """Return ``(rows, count)``: for each target the sum of its trees' leaves.

    Args:
        graph: Where to.
        matrix: ``(rows, columns)``.
        ensemble: Its trees have a value a leaf.
        targets: For each tree the target that it belongs to.
        count: Of targets.
        start: ``(count,)``: what is added first.
        ordered: Whether the last digit matters, so that the trees must be added one after the other.
        output: Index of the operator's output that is written; None for a new name.
    """
    trees = ensemble.trees
    if start is not None and start.any():
        trees = (*map(_constant, start.tolist()), *trees)
        targets = [*range(count), *targets]
    if ordered and not _same_in_any_order(trees):
        return _operator(graph, matrix, trees, targets, count, output=output)
    return _summed(graph, matrix, trees, targets, count, output=output)


def _summed(
    graph: Graph,
    matrix: str,
    trees: tuple[Tree, ...],
    targets: Targets,
    count: int,
    *,
    output: int | None = None,
) -> str:
    """Return the sums of :func:`sums`, of several operators where the trees are large."""
    parts = _parts(trees)
    bounds = np.cumsum([0, *map(len, parts)]).tolist()
    found = [
        _operator(graph, matrix, part, targets[begin:end], count, output=output if len(parts) == 1 else None)
        for part, (begin, end) in zip(parts, pairwise(bounds), strict=True)
    ]
    total = found[0]
    for part in found[1:]:  # one Sum of them all takes longer
        total = graph.node("Add", [total, part], output=output if part == found[-1] else None)
    return total


def _constant(value: float) -> Tree:
    """Return a tree of one leaf."""
    here, no = np.zeros(1, np.int64), np.zeros(1, np.bool_)
    return Tree(
        left=here,
        right=here,
        feature=here,
        threshold=np.zeros(1),
        leaf=~no,
        missing_left=no,
        value=np.array([[value]]),
        categories={},
    )


def _same_in_any_order(trees: tuple[Tree, ...]) -> bool:
    """Return whether no sum of leaves is rounded, as none is of votes.

    So it is where all are multiples of one power of two, and the largest sums are no more than 2^53 of them.
    """
    largest = sum(float(np.abs(tree.value[tree.leaf]).max()) for tree in trees)
    if not 0.0 < largest < np.inf:
        return True
    step = 2.0 ** (np.ceil(np.log2(largest)) - 52)
    return all(bool((np.mod(tree.value[tree.leaf], step) == 0.0).all()) for tree in trees)


def _parts(trees: tuple[Tree, ...]) -> list[tuple[Tree, ...]]:
    """Return the trees in turn, in parts of about the same size, as many as :data:`PART` allows."""
    ends = np.cumsum([len(tree.leaf) for tree in trees])
    count = max(1, min(int(ends[-1]) // PART, len(trees) // FEW_TREES))
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, count) / count) + 1
    bounds = [0, *np.unique(cuts).tolist(), len(trees)]
    return [trees[start:end] for start, end in pairwise(bounds) if end > start]


def _operator(
    graph: Graph,
    matrix: str,
    trees: tuple[Tree, ...],
    targets: Targets,
    count: int,
    *,
    aggregate: int = _SUM,
    output: int | None = None,
) -> str:
    attributes = _attributes(trees, targets)
    return graph.node(
        "TreeEnsemble",
        [matrix],
        output=output,
        ml=True,
        n_targets=count,
        aggregate_function=aggregate,
        **attributes,
    )


def _attributes(trees: tuple[Tree, ...], targets: Targets) -> dict[str, Any]:
    """Return the attributes of ONNX's TreeEnsemble-5; splits and leaves are numbered apart, trees one after another.

    Leaves of the same value and target are one, of all trees together.

    Source: ONNX operator documentation, ai.onnx.ml TreeEnsemble, since version 5.
    """
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    roots: list[int] = []
    members: list[float] = []
    weights = [tree.value[tree.leaf, 0] for tree in trees]
    owners = [np.broadcast_to(target, weight.shape) for weight, target in zip(weights, targets, strict=True)]
    kinds, places = np.unique(
        np.column_stack([np.concatenate(owners), np.concatenate(weights)]), axis=0, return_inverse=True
    )
    splits = leaves = 0
    for tree in trees:
        roots.append(splits)
        inner = np.flatnonzero(~tree.leaf)
        ends = np.flatnonzero(tree.leaf)
        place = np.zeros(len(tree.leaf), dtype=np.int64)
        place[inner] = splits + np.arange(len(inner))
        place[ends] = places[leaves : leaves + len(ends)]
        if not len(inner):  # a root must be a split: one whose two sides are the same leaf
            inner, left, right = np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
        else:
            left, right = tree.left[inner], tree.right[inner]
        modes = np.full(len(inner), _LESS_OR_EQUAL, dtype=np.uint8)
        for at, node in enumerate(inner.tolist()):
            if node in tree.categories:
                modes[at] = _MEMBER
                members += [*map(float, tree.categories[node]), float("nan")]
        for name, column in (
            ("feature", tree.feature[inner]),
            ("split", tree.threshold[inner]),
            ("mode", modes),
            ("missing", tree.missing_left[inner].astype(np.int64)),
            ("left", place[left]),
            ("right", place[right]),
            ("left_leaf", tree.leaf[left].astype(np.int64)),
            ("right_leaf", tree.leaf[right].astype(np.int64)),
        ):
            parts[name].append(column)
        splits += len(inner)
        leaves += len(ends)
    joined = {name: np.concatenate(columns) for name, columns in parts.items()}
    attributes: dict[str, Any] = {
        "post_transform": 0,
        "tree_roots": roots,
        "nodes_featureids": joined["feature"].tolist(),
        "nodes_splits": numpy_helper.from_array(joined["split"], "nodes_splits"),
        "nodes_modes": numpy_helper.from_array(joined["mode"], "nodes_modes"),
        "nodes_truenodeids": joined["left"].tolist(),
        "nodes_falsenodeids": joined["right"].tolist(),
        "nodes_trueleafs": joined["left_leaf"].tolist(),
        "nodes_falseleafs": joined["right_leaf"].tolist(),
        "leaf_targetids": kinds[:, 0].astype(np.int64).tolist(),
        "leaf_weights": numpy_helper.from_array(np.ascontiguousarray(kinds[:, 1]), "leaf_weights"),
    }
    if joined["missing"].any():
        attributes["nodes_missing_value_tracks_true"] = joined["missing"].tolist()
    if members:
        attributes["membership_values"] = numpy_helper.from_array(np.array(members), "membership_values")
    return attributes


_COLUMNS = (
    "feature",
    "split",
    "mode",
    "missing",
    "left",
    "right",
    "left_leaf",
    "right_leaf",
)
