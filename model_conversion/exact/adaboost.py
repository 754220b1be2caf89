"""AdaBoost of decision trees: all votes in one operator; skl2onnx writes each tree and each vote by itself."""

__all__ = ["CONVERTERS"]

from dataclasses import replace
from typing import Any

import numpy as np
from skl2onnx.common._registration import get_converter
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import BaseDecisionTree

from model_conversion.exact.answers import both, write_largest
from model_conversion.exact.ensemble import sums
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, of_library
from model_conversion.exact.splits import on_doubles
from model_conversion.trees import Ensemble, ensemble_of

ALIAS = "SklearnAdaBoostClassifier"
"""The library's name for its own converter."""


def _is_of_trees(booster: Any) -> bool:
    return all(isinstance(member, BaseDecisionTree) for member in booster.estimators_)


def _shapes(operator: Any) -> None:
    (classifier_shapes if _is_of_trees(operator.raw_operator) else of_library(ALIAS))(operator)


def _votes(booster: Any) -> Ensemble:
    """Return for each tree and class one that adds its weight for the class it chooses and takes some from others.

    Of two classes only those of the second are needed.

    Source: AdaBoostClassifier.decision_function, scikit-learn 1.9.
    """
    classes = len(booster.classes_)
    columns = [1] if classes == 2 else range(classes)
    trees, targets = [], []
    for member, weight in zip(booster.estimators_, booster.estimator_weights_.tolist(), strict=False):
        ensemble = ensemble_of(member)
        if ensemble is None:
            raise TypeError(f"{type(member).__name__} has no trees of a known form")
        (tree,) = on_doubles(ensemble).trees
        chosen = np.searchsorted(booster.classes_, member.classes_)[tree.value.argmax(axis=1)]
        for target, column in enumerate(columns):
            value = np.where(chosen == column, weight, -1 / (classes - 1) * weight)
            trees.append(replace(tree, value=value[:, None]))
            targets.append(target)
    return Ensemble(trees=tuple(trees), targets=tuple(targets), float32=False)


def _boosted(scope: Any, operator: Any, container: Any) -> None:
    """Write the weighted mean of the votes and its softmax; what is not of trees is left to the library.

    Source: AdaBoostClassifier.predict and predict_proba, scikit-learn 1.9.
    """
    booster = operator.raw_operator
    if not _is_of_trees(booster):
        get_converter(ALIAS)(scope, operator, container)
        return
    graph = Graph(scope, operator, container)
    classes = len(booster.classes_)
    votes = _votes(booster)
    targets = list(votes.targets or ())
    total = sums(graph, graph.matrix(), votes, targets, max(targets) + 1)
    shares = graph.node("Div", [total, graph.constant(float(booster.estimator_weights_.sum()))])
    # Of two classes the decision value is the sum of both columns, and half of it enters the softmax.
    columns = both(graph, shares) if classes == 2 else shares
    write_largest(graph, booster, columns)
    if graph.asked_for_scores():
        graph.node("Mul", [columns, graph.constant(2.0 if classes == 2 else 1.0)], output=1)
        return
    if classes > 2:
        columns = graph.node("Div", [columns, graph.constant(classes - 1.0)])
    graph.node("Softmax", [columns], output=1, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = {AdaBoostClassifier: (_shapes, _boosted)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
