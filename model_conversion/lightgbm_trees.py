"""LightGBM's trees, read from its own model text.

Source: LightGBM 4.7, ``src/io/tree.cpp`` (``Tree::ToString``, ``NumericalDecision``, ``CategoricalDecision``) and
``src/objective`` (``ConvertOutput``).
"""

__all__ = ["ZERO", "trees_of_lightgbm"]

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_conversion.boosted import Boosted, Link, check_classes
from model_conversion.errors import UnsupportedError
from model_conversion.trees import Ensemble, Tree

LINKS: dict[str, Link] = {
    "binary": "sigmoid",
    "cross_entropy": "sigmoid",
    "cross_entropy_lambda": "softplus",
    "fair": "identity",
    "gamma": "exp",
    "huber": "identity",
    "mape": "identity",
    "multiclass": "softmax",
    "multiclassova": "sigmoid",
    "poisson": "exp",
    "quantile": "identity",
    "regression": "identity",
    "regression_l1": "identity",
    "tweedie": "exp",
}
"""Objective → from sums to answers."""

ZERO = 1.0000000180025095e-35
"""Source: ``kZeroThreshold`` in LightGBM 4.7, ``include/LightGBM/meta.h``, a float32 1e-35."""

_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of decision_type
_NO_MISSING, _ZERO_MISSING = 0, 1  # the next two bits


class _Parsed(NamedTuple):
    tree: Tree
    columns: NDArray[np.int64]
    missing: NDArray[np.int64]


def trees_of_lightgbm(estimator: Any) -> Boosted:
    """Return the trees of a fitted ``LGBMClassifier`` or ``LGBMRegressor``, up to the best round of early stopping.

    Raises:
        UnsupportedError: It has a part that is not converted; the message names it.
    """
    name, booster = type(estimator).__name__, estimator.booster_
    if booster.pandas_categorical:
        raise UnsupportedError(
            f"{name} was fitted on columns of pandas' category type, which a request cannot hold; put an "
            "OrdinalEncoder or OneHotEncoder in front in a Pipeline and fit again"
        )
    head, *blocks = booster.model_to_string().partition("\nend of trees")[0].split("\nTree=")
    about = _fields(head)
    objective, *parameters = about.get("objective", "custom").split()
    if objective not in LINKS:
        raise UnsupportedError(
            f"{name} has the objective {objective}, which is not converted; these are: {', '.join(LINKS)}"
        )
    outputs = int(about["num_tree_per_iteration"])
    link: Link = "signed square" if "sqrt" in parameters else LINKS[objective]
    check_classes(estimator, outputs, link)
    parsed = [_parse(_fields(block), name) for block in blocks]
    options = dict(parameter.split(":") for parameter in parameters if ":" in parameter)
    return Boosted(
        ensemble=Ensemble(
            trees=tuple(item.tree for item in parsed),
            targets=tuple(at % outputs for at in range(len(parsed))),
            float32=False,
        ),
        outputs=outputs,
        link=link,
        slope=float(options.get("sigmoid", 1.0)),
        divisor=len(parsed) / outputs if "average_output" in head.splitlines() else 1.0,
        zeros_missing=_zeros_missing(parsed, name),
        codes=tuple(sorted({int(t.feature[node]) for t, _, _ in parsed for node in t.categories})),
    )


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _zeros_missing(parsed: list[_Parsed], name: str) -> tuple[int, ...]:
    if not parsed:
        return ()
    columns = np.concatenate([item.columns for item in parsed])
    zero = np.concatenate([item.missing for item in parsed]) == _ZERO_MISSING
    found = set(columns[zero].tolist())
    if found & set(columns[~zero].tolist()):
        raise UnsupportedError(
            f"{name} takes 0 for missing in some of its trees only; fit all of them in one go"
        )
    return tuple(sorted(found))


def _parse(fields: dict[str, str], name: str) -> _Parsed:
    if fields.get("is_linear") == "1":
        raise UnsupportedError(f"{name} has linear models in its leaves; fit it with linear_tree=False")
    leaves = int(fields["num_leaves"])
    splits = leaves - 1

    def numbers(field: str, dtype: type = np.int64) -> NDArray[Any]:
        return np.array(fields.get(field, "").split(), dtype=dtype)[:splits]

    def children(side: str) -> NDArray[np.int64]:
        index = numbers(side)
        return np.concatenate([np.where(index < 0, splits + ~index, index), ends])

    ends = np.arange(splits, splits + leaves)
    feature, threshold, decision = (
        numbers("split_feature"),
        numbers("threshold", np.float64),
        numbers("decision_type"),
    )
    coded = (decision & _CATEGORICAL) > 0
    # Numbers up to ZERO from 0 are taken for 0, so a threshold among them is as good as one at their end.
    threshold = np.where((threshold >= 0) & (threshold < ZERO) & ~coded, ZERO, threshold)
    threshold = np.where((threshold < 0) & (threshold >= -ZERO), np.nextafter(-ZERO, -np.inf), threshold)
    missing = decision >> 2 & 3
    # Where nothing was missing when fitted, NaN is taken for 0; among categories it goes right.
    missing_left = np.where(missing == _NO_MISSING, threshold >= 0, (decision & _DEFAULT_LEFT) > 0) & ~coded
    none = np.zeros(leaves)
    tree = Tree(
        left=children("left_child"),
        right=children("right_child"),
        feature=np.concatenate([feature, none.astype(np.int64)]),
        threshold=np.concatenate([np.where(coded, 0.0, threshold), none]),
        leaf=np.arange(splits + leaves) >= splits,
        missing_left=np.concatenate([missing_left, none > 0]),
        value=np.concatenate([np.zeros(splits), np.array(fields["leaf_value"].split(), dtype=np.float64)])[
            :, None
        ],
        categories=_categories(fields, np.flatnonzero(coded), threshold),
    )
    return _Parsed(tree, feature[~coded], missing[~coded])


def _categories(
    fields: dict[str, str], nodes: NDArray[np.int64], threshold: NDArray[np.float64]
) -> dict[int, tuple[int, ...]]:
    """Return for each split on categories those that go left: bits of 32-bit words."""
    bounds = [int(item) for item in fields.get("cat_boundaries", "").split()]
    words = [int(item) for item in fields.get("cat_threshold", "").split()]
    found = {}
    for node in nodes.tolist():
        at = int(threshold[node])
        some = words[bounds[at] : bounds[at + 1]]
        found[node] = tuple(
            32 * k + bit for k, word in enumerate(some) for bit in range(32) if word >> bit & 1
        )
    return found
