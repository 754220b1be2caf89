"""Decision trees of every supported library as plain arrays.

Probes need each split's place and threshold, the exact converter needs all of it; neither should know which
library fitted the trees.
"""

__all__ = ["Ensemble", "Tree", "ensemble_of", "isolation_ensemble", "reached_by"]

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.tree import BaseDecisionTree

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """One tree; arrays have one entry a node, node 0 is the root.

    Attributes:
        left: Index of the child for ``x <= threshold`` (or ``x`` among ``categories``); the node itself in a leaf.
        right: Index of the other child.
        feature: Column that a split looks at.
        threshold: Where it splits.
        leaf: Whether the node is a leaf.
        missing_left: Whether NaN goes left.
        value: ``(nodes, targets)``: what a leaf adds to each target.
        categories: Split node → the category codes that go left; other known codes go right, unknown ones where
            NaN goes.
    """

    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    leaf: Bools
    missing_left: Bools
    value: Floats
    categories: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Trees that look at the same columns.

    Attributes:
        trees: In the order in which their values are added.
        targets: For each tree the target that its only value belongs to; None: a leaf has a value for each target.
        float32: Whether the library that fitted them rounds its input to float32 before it compares.
    """

    trees: tuple[Tree, ...]
    targets: tuple[int, ...] | None
    float32: bool


def ensemble_of(estimator: Any) -> Ensemble | None:
    """Return the trees of a fitted estimator, or None when it has none of a known form."""
    if isinstance(estimator, BaseDecisionTree):
        return Ensemble(trees=(_sklearn_tree(estimator.tree_),), targets=None, float32=True)
    if isinstance(estimator, GradientBoostingClassifier | GradientBoostingRegressor):
        stages = estimator.estimators_
        return Ensemble(
            trees=tuple(_sklearn_tree(tree.tree_, scale=estimator.learning_rate) for tree in stages.ravel()),
            targets=tuple(range(stages.shape[1])) * len(stages),
            float32=True,
        )
    if isinstance(estimator, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        stages = estimator._predictors  # noqa: SLF001  the library has no public way to its trees
        return Ensemble(
            trees=tuple(_histogram_tree(tree) for stage in stages for tree in stage),
            targets=tuple(range(len(stages[0]))) * len(stages),
            float32=False,
        )
    if isinstance(estimator, BaggingClassifier | BaggingRegressor):
        return _bag_of_trees(estimator)
    if isinstance(estimator, IsolationForest):
        return isolation_ensemble(estimator)
    members = getattr(estimator, "estimators_", None)
    if isinstance(members, list) and members and all(isinstance(m, BaseDecisionTree) for m in members):
        return Ensemble(
            trees=tuple(_sklearn_tree(member.tree_) for member in members), targets=None, float32=True
        )
    return None


def _bag_of_trees(bag: Any) -> Ensemble | None:
    """Return the trees, each with the columns and classes of the whole; None if there are others among them."""
    if not all(isinstance(member, BaseDecisionTree) for member in bag.estimators_):
        return None
    trees = []
    for member, columns in zip(bag.estimators_, bag.estimators_features_, strict=True):
        tree = _sklearn_tree(member.tree_)
        value = tree.value
        if hasattr(bag, "classes_"):
            value = np.zeros((len(tree.leaf), len(bag.classes_)))
            value[:, member.classes_.astype(np.int64)] = tree.value
        trees.append(replace(tree, value=value, feature=np.asarray(columns)[tree.feature]))
    return Ensemble(trees=tuple(trees), targets=None, float32=True)


def isolation_ensemble(forest: Any) -> Ensemble:
    """Return an isolation forest's trees; a leaf's value is its depth, with what its rows would still add."""
    trees = []
    depths = zip(forest._decision_path_lengths, forest._average_path_length_per_tree, strict=True)  # noqa: SLF001
    for member, columns, (path, rest) in zip(
        forest.estimators_, forest.estimators_features_, depths, strict=True
    ):
        tree = _sklearn_tree(member.tree_)
        value = (np.asarray(path, dtype=np.float64) + np.asarray(rest, dtype=np.float64)) - 1.0
        trees.append(replace(tree, value=value[:, None], feature=np.asarray(columns)[tree.feature]))
    return Ensemble(trees=tuple(trees), targets=None, float32=True)


def _sklearn_tree(tree: Any, *, scale: float = 1.0) -> Tree:
    leaf = tree.children_left < 0
    itself = np.arange(tree.node_count)
    return Tree(
        left=np.where(leaf, itself, tree.children_left),
        right=np.where(leaf, itself, tree.children_right),
        feature=np.where(leaf, 0, tree.feature),
        threshold=np.where(leaf, 0.0, tree.threshold),
        leaf=leaf,
        missing_left=tree.missing_go_to_left.astype(bool) & ~leaf,
        value=scale * tree.value.reshape(tree.node_count, -1),
        categories={},
    )


def _histogram_tree(predictor: Any) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    itself = np.arange(len(nodes))
    categories = {
        int(at): _members(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][at]])
        for at in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    }
    return Tree(
        left=np.where(leaf, itself, nodes["left"]).astype(np.int64),
        right=np.where(leaf, itself, nodes["right"]).astype(np.int64),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        leaf=leaf,
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        value=nodes["value"][:, None].astype(np.float64),
        categories=categories,
    )


def _members(bitset: NDArray[np.uint32]) -> tuple[int, ...]:
    """Return the numbers in a bit set of 32-bit words."""
    return tuple(
        32 * word + bit for word, bits in enumerate(bitset.tolist()) for bit in range(32) if bits >> bit & 1
    )


def reached_by(tree: Tree, matrix: Floats, order: Ints) -> Ints:
    """Return for each node the first row that comes through it, or -1.

    Args:
        tree: The tree.
        matrix: ``(rows, columns)`` float64 as the tree compares them.
        order: Row indices, in the order in which they are tried.
    """
    found = np.full(len(tree.left), -1, dtype=np.int64)
    rows = order
    node = np.zeros(len(rows), dtype=np.int64)
    while len(rows):
        found[node[::-1]] = rows[::-1]  # the first row wins
        inner = ~tree.leaf[node]
        rows, node = rows[inner], node[inner]
        value = matrix[rows, tree.feature[node]]
        goes_left = value <= tree.threshold[node]
        for at in set(node.tolist()) & tree.categories.keys():
            goes_left = np.where(node == at, np.isin(value, tree.categories[at]), goes_left)
        goes_left = np.where(np.isnan(value), tree.missing_left[node], goes_left)
        node = np.where(goes_left, tree.left[node], tree.right[node])
    return found
