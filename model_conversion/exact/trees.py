"""Tree ensembles whose answers are scikit-learn's to the last digits.

skl2onnx writes thresholds and leaves as float32, drops where missing values go in some forests and the categorical
splits of histogram boosting. Here every split and leaf is a double in an ai.onnx.ml opset-5 ``TreeEnsemble``, input
is rounded to float32 exactly where scikit-learn rounds it, and the label is decided by scikit-learn's own rule.
"""

__all__ = ["CONVERTERS", "convert_tree_model", "tree_model_shapes"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from model_conversion.errors import UnsupportedError
from model_conversion.exact.graph import Graph
from model_conversion.trees import Ensemble, Tree, ensemble_of

_LESS_OR_EQUAL, _MEMBER = 0, 6  # values of nodes_modes, ONNX operator TreeEnsemble-5
_SUM = 1  # aggregate_function


def tree_model_shapes(operator: Any) -> None:
    """Set the types of an operator's outputs: label and ``(rows, classes)`` doubles, or ``(rows, targets)``."""
    estimator = operator.raw_operator
    rows = operator.inputs[0].get_first_dimension()
    if hasattr(estimator, "classes_"):
        _require_one_output(estimator)
        text = np.asarray(estimator.classes_).dtype.kind in "OU"
        operator.outputs[0].type = (StringTensorType if text else Int64TensorType)([rows])
        operator.outputs[1].type = DoubleTensorType([rows, len(estimator.classes_)])
    else:
        operator.outputs[0].type = DoubleTensorType([rows, getattr(estimator, "n_outputs_", 1)])


def _require_one_output(estimator: Any) -> None:
    if isinstance(estimator.classes_, list):
        raise UnsupportedError(
            f"{type(estimator).__name__} answers {len(estimator.classes_)} labels a row; fit one classifier a label"
        )


def convert_tree_model(scope: Any, operator: Any, container: Any) -> None:
    """Write the nodes of a fitted tree model.

    Raises:
        UnsupportedError: It starts from another estimator's answers, or answers several labels a row.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    ensemble = ensemble_of(estimator)
    if ensemble is None:
        raise UnsupportedError(f"{type(estimator).__name__} has no trees of a known form")
    matrix = graph.matrix()
    preprocessor = getattr(estimator, "_preprocessor", None)
    if preprocessor is not None:
        matrix = _encode_categories(graph, matrix, estimator)
    if ensemble.float32:
        matrix = graph.node(
            "Cast", [graph.node("Cast", [matrix], to=TensorProto.FLOAT)], to=TensorProto.DOUBLE
        )
    match estimator:
        case GradientBoostingClassifier() | HistGradientBoostingClassifier():
            _boosted_classes(graph, estimator, _boosted(graph, matrix, ensemble, estimator))
        case GradientBoostingRegressor() | HistGradientBoostingRegressor():
            raw = _boosted(graph, matrix, ensemble, estimator)
            exponential = getattr(estimator, "loss", "") in {"gamma", "poisson"}
            graph.node("Exp" if exponential else "Identity", [raw], output=0)
        case _ if hasattr(estimator, "classes_"):
            _averaged_classes(graph, estimator, matrix, ensemble)
        case _:
            mean = _mean(graph, _leaves(graph, matrix, ensemble), len(ensemble.trees))
            graph.node("Identity", [mean], output=0)


def _boosted(graph: Graph, matrix: str, ensemble: Ensemble, estimator: Any) -> str:
    """Return the sum of the leaves on top of the start, ``(rows, targets)``."""
    targets = ensemble.targets or ()
    total = _sums(graph, matrix, ensemble, list(targets), max(targets) + 1)
    return graph.node("Add", [total, graph.constant(_start(estimator))])


def _start(estimator: Any) -> NDArray[np.float64]:
    """Return the raw score before the first tree, ``(1, targets)``."""
    if hasattr(estimator, "_baseline_prediction"):
        return np.asarray(estimator._baseline_prediction, dtype=np.float64).reshape(1, -1)  # noqa: SLF001
    if not (estimator.init_ == "zero" or isinstance(estimator.init_, DummyClassifier | DummyRegressor)):
        raise UnsupportedError(
            f"{type(estimator).__name__} starts from {type(estimator.init_).__name__}'s answers, which is not "
            "converted; fit it with init=None or init='zero'"
        )
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    start = estimator._raw_predict_init(row)  # noqa: SLF001  the library has no public way to it
    return np.asarray(start, dtype=np.float64).reshape(1, -1)


def _boosted_classes(graph: Graph, estimator: Any, raw: str) -> None:
    if len(estimator.classes_) > 2:
        graph.node("Softmax", [raw], output=1, axis=1)
        _label(graph, estimator, graph.node("ArgMax", [raw], axis=1, keepdims=0))
        return
    doubled = getattr(estimator, "loss", "") == "exponential"
    margin = graph.node("Mul", [raw, graph.constant(2.0)]) if doubled else raw
    _two_columns(graph, graph.node("Sigmoid", [margin]))
    # GradientBoosting answers the positive class at exactly zero, HistGradientBoosting does not.
    rule = "GreaterOrEqual" if isinstance(estimator, GradientBoostingClassifier) else "Greater"
    _label(graph, estimator, _flat(graph, graph.node(rule, [raw, graph.constant(0.0)])))


def _averaged_classes(graph: Graph, estimator: Any, matrix: str, ensemble: Ensemble) -> None:
    classes = len(estimator.classes_)
    count = len(ensemble.trees)
    if classes == 2:
        positive = [_one_column(tree, 1) for tree in ensemble.trees]
        single = Ensemble(trees=tuple(positive), targets=(0,) * count, float32=ensemble.float32)
        share = _mean(graph, _sums(graph, matrix, single, [0] * count, 1), count)
        _two_columns(graph, share)
        _label(graph, estimator, _flat(graph, graph.node("Greater", [share, graph.constant(0.5)])))
        return
    probabilities = _mean(graph, _leaves(graph, matrix, ensemble), count)
    graph.node("Identity", [probabilities], output=1)
    _label(graph, estimator, graph.node("ArgMax", [probabilities], axis=1, keepdims=0))


def _one_column(tree: Tree, column: int) -> Tree:
    return Tree(
        left=tree.left,
        right=tree.right,
        feature=tree.feature,
        threshold=tree.threshold,
        leaf=tree.leaf,
        missing_left=tree.missing_left,
        value=tree.value[:, min(column, tree.value.shape[1] - 1)][:, None],
        categories=tree.categories,
    )


def _mean(graph: Graph, total: str, count: int) -> str:
    return total if count == 1 else graph.node("Div", [total, graph.constant(float(count))])


def _two_columns(graph: Graph, positive: str) -> None:
    negative = graph.node("Sub", [graph.constant(1.0), positive])
    graph.node("Concat", [negative, positive], output=1, axis=1)


def _flat(graph: Graph, decided: str) -> str:
    index = graph.node("Cast", [decided], to=TensorProto.INT64)
    return graph.node("Reshape", [index, graph.constant([-1], np.int64)])


def _label(graph: Graph, estimator: Any, index: str) -> None:
    classes = np.asarray(estimator.classes_)
    if classes.dtype.kind in "OU":
        graph.node("Gather", [graph.constant(classes, object), index], output=0)
    elif np.array_equal(classes, np.arange(len(classes))):
        graph.node("Identity", [index], output=0)
    else:
        graph.node("Gather", [graph.constant(classes, np.int64), index], output=0)


def _leaves(graph: Graph, matrix: str, ensemble: Ensemble) -> str:
    """Return the sum over trees of the reached leaves' values, ``(rows, targets)``.

    A TreeEnsemble leaf holds one number, so that several would need a copy of each tree a target. Instead each tree
    answers the number of its leaf, and the values are looked up.
    """
    if ensemble.trees[0].value.shape[1] == 1:
        return _sums(graph, matrix, ensemble, [0] * len(ensemble.trees), 1)
    values = np.concatenate([tree.value[tree.leaf] for tree in ensemble.trees])
    starts = np.cumsum([0, *(int(tree.leaf.sum()) for tree in ensemble.trees[:-1])])
    numbered = []
    for tree, start in zip(ensemble.trees, starts.tolist(), strict=True):
        number = np.zeros((len(tree.leaf), 1))
        number[tree.leaf, 0] = start + np.arange(int(tree.leaf.sum()))
        numbered.append(
            Tree(
                left=tree.left,
                right=tree.right,
                feature=tree.feature,
                threshold=tree.threshold,
                leaf=tree.leaf,
                missing_left=tree.missing_left,
                value=number,
                categories=tree.categories,
            )
        )
    count = len(numbered)
    single = Ensemble(trees=tuple(numbered), targets=tuple(range(count)), float32=ensemble.float32)
    found = graph.node(
        "Cast", [_sums(graph, matrix, single, list(range(count)), count)], to=TensorProto.INT64
    )
    looked_up = graph.node("Gather", [graph.constant(values), found], axis=0)
    return graph.node("ReduceSum", [looked_up, graph.constant([1], np.int64)], keepdims=0)


def _sums(graph: Graph, matrix: str, ensemble: Ensemble, targets: list[int], count: int) -> str:
    """Add the TreeEnsemble node and return ``(rows, count)``: for each target the sum of its trees' leaves."""
    return graph.node(
        "TreeEnsemble", [matrix], ml=True, n_targets=count, **_attributes(ensemble.trees, targets)
    )


def _attributes(trees: tuple[Tree, ...], targets: list[int]) -> dict[str, Any]:
    """Return the attributes of ONNX's TreeEnsemble-5; splits and leaves are numbered apart, trees one after another.

    Source: ONNX operator documentation, ai.onnx.ml TreeEnsemble, since version 5.
    """
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    roots: list[int] = []
    members: list[float] = []
    splits = leaves = 0
    for tree, target in zip(trees, targets, strict=True):
        roots.append(splits)
        inner = np.flatnonzero(~tree.leaf)
        ends = np.flatnonzero(tree.leaf)
        place = np.zeros(len(tree.leaf), dtype=np.int64)
        place[inner] = splits + np.arange(len(inner))
        place[ends] = leaves + np.arange(len(ends))
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
            ("weight", tree.value[ends, 0]),
            ("target", np.full(len(ends), target, dtype=np.int64)),
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
        "leaf_targetids": joined["target"].tolist(),
        "leaf_weights": numpy_helper.from_array(joined["weight"], "leaf_weights"),
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
    "weight",
    "target",
)


def _encode_categories(graph: Graph, matrix: str, estimator: Any) -> str:
    """Return the matrix as histogram boosting's own preprocessing leaves it.

    Categorical columns come first, as the index of their category (NaN for one never seen); the others follow.
    """
    encoder = estimator._preprocessor.named_transformers_["encoder"]  # noqa: SLF001
    chosen = np.flatnonzero(estimator.is_categorical_)
    others = np.flatnonzero(~estimator.is_categorical_)
    columns = []
    for column, categories in zip(chosen.tolist(), encoder.categories_, strict=True):
        values = np.asarray(categories, dtype=np.float64)
        known = values[~np.isnan(values)]
        one = graph.node("Gather", [matrix, graph.constant([column], np.int64)], axis=1)
        columns.append(
            graph.node(
                "LabelEncoder",
                [one],
                ml=True,
                keys_tensor=numpy_helper.from_array(known, "keys_tensor"),
                values_tensor=numpy_helper.from_array(
                    np.arange(len(known), dtype=np.float64), "values_tensor"
                ),
                default_tensor=numpy_helper.from_array(np.array([np.nan]), "default_tensor"),
            )
        )
    if len(others):
        columns.append(graph.node("Gather", [matrix, graph.constant(others, np.int64)], axis=1))
    return columns[0] if len(columns) == 1 else graph.node("Concat", columns, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (
        DecisionTreeClassifier,
        DecisionTreeRegressor,
        ExtraTreeClassifier,
        ExtraTreeRegressor,
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    ),
    (tree_model_shapes, convert_tree_model),
)
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
