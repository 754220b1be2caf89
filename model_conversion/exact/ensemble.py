"""ONNX's opset-5 ``TreeEnsemble`` in double: the node, and the sums of leaves that every tree model starts from."""

__all__ = ["leaves", "sums"]

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from model_conversion.exact.graph import Graph
from model_conversion.trees import Ensemble, Tree

_LESS_OR_EQUAL, _MEMBER = 0, 6  # values of nodes_modes, ONNX operator TreeEnsemble-5
_SUM = 1  # aggregate_function


def leaves(graph: Graph, matrix: str, ensemble: Ensemble) -> str:
    """Return the sum over trees of the reached leaves' values, ``(rows, targets)``.

    A TreeEnsemble leaf holds one number, so that several would need a copy of each tree a target. Instead each tree
    answers the number of its leaf's values, which are looked up; leaves of the same values share them.
    """
    if ensemble.trees[0].value.shape[1] == 1:
        return sums(graph, matrix, ensemble, [0] * len(ensemble.trees), 1)
    values, places = np.unique(
        np.concatenate([tree.value[tree.leaf] for tree in ensemble.trees]), axis=0, return_inverse=True
    )
    numbered, start = [], 0
    for tree in ensemble.trees:
        number = np.zeros((len(tree.leaf), 1))
        end = start + int(tree.leaf.sum())
        number[tree.leaf, 0] = places[start:end]
        numbered.append(replace(tree, value=number))
        start = end
    count = len(numbered)
    single = Ensemble(trees=tuple(numbered), targets=tuple(range(count)), float32=ensemble.float32)
    found = graph.node("Cast", [sums(graph, matrix, single, list(range(count)), count)], to=TensorProto.INT64)
    looked_up = graph.node("Gather", [graph.constant(values), found], axis=0)
    return graph.node("ReduceSum", [looked_up, graph.constant([1], np.int64)], keepdims=0)


def sums(graph: Graph, matrix: str, ensemble: Ensemble, targets: list[int], count: int) -> str:
    """Add the TreeEnsemble node and return ``(rows, count)``: for each target the sum of its trees' leaves."""
    return graph.node(
        "TreeEnsemble", [matrix], ml=True, n_targets=count, **_attributes(ensemble.trees, targets)
    )


def _attributes(trees: tuple[Tree, ...], targets: list[int]) -> dict[str, Any]:
    """Return the attributes of ONNX's TreeEnsemble-5; splits and leaves are numbered apart, trees one after another.

    Leaves of the same value and target are one, of all trees together.

    Source: ONNX operator documentation, ai.onnx.ml TreeEnsemble, since version 5.
    """
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    roots: list[int] = []
    members: list[float] = []
    weights = [tree.value[tree.leaf, 0] for tree in trees]
    owners = [np.full(len(weight), target) for weight, target in zip(weights, targets, strict=True)]
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
        "aggregate_function": _SUM,
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
