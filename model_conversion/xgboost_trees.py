"""XGBoost's trees, read from its own model format.

The format is used rather than the dump for people, which leaves out the weights of dropout, the order of classes in
forests and the index of a named column.
"""

__all__ = ["trees_of_xgboost"]

import json
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_conversion.boosted import Boosted, Link, check_classes
from model_conversion.errors import UnsupportedError
from model_conversion.trees import Ensemble, Tree

LINKS: dict[str, Link] = {
    "binary:hinge": "step",
    "binary:logistic": "sigmoid",
    "count:poisson": "exp",
    "multi:softmax": "argmax",
    "multi:softprob": "softmax",
    "reg:absoluteerror": "identity",
    "reg:gamma": "exp",
    "reg:logistic": "sigmoid",
    "reg:pseudohubererror": "identity",
    "reg:quantileerror": "identity",
    "reg:squarederror": "identity",
    "reg:squaredlogerror": "identity",
    "reg:tweedie": "exp",
}
"""Objective → from sums to answers."""


def trees_of_xgboost(estimator: Any) -> Boosted:
    """Return the trees of a fitted ``XGBClassifier`` or ``XGBRegressor``, up to the best round of early stopping.

    Raises:
        UnsupportedError: It has a part that is not converted; the message names it.
    """
    name = type(estimator).__name__
    if callable(estimator.objective):
        raise UnsupportedError(f"{name} has an objective written in Python; fit it with one of XGBoost's own")
    booster = estimator.get_booster()
    config = json.loads(booster.save_config())["learner"]
    link = _link(config, name)
    _refuse_categories(booster, name)
    best = booster.attr("best_iteration")
    used = booster if best is None else booster[: int(best) + 1]
    learner = json.loads(used.save_raw("json"))["learner"]
    about, model = learner["learner_model_param"], learner["gradient_booster"]["model"]
    outputs = max(1, int(about["num_class"])) * max(1, int(about["num_target"]))
    check_classes(estimator, outputs, link)
    weights = model.get("weight_drop") or [1.0] * len(model["trees"])
    trees = [_tree(raw, weight, name) for raw, weight in zip(model["trees"], weights, strict=True)]
    # The library starts from the base score, and float32 sums depend on the order: a tree of one leaf comes first.
    start = np.broadcast_to(_start(about["base_score"], link), outputs)
    return Boosted(
        ensemble=Ensemble(
            trees=(*map(_constant, start.tolist()), *trees),
            targets=(*range(outputs), *map(int, model["tree_info"])),
            float32=True,
        ),
        outputs=outputs,
        link=link,
        missing=nan if estimator.missing is None else float(estimator.missing),
    )


def _link(config: dict[str, Any], name: str) -> Link:
    objective = config["objective"]["name"]
    if objective not in LINKS:
        raise UnsupportedError(
            f"{name} has the objective {objective}, which is not converted; these are: {', '.join(LINKS)}"
        )
    if config["gradient_booster"]["name"] == "gblinear":
        raise UnsupportedError(
            f"{name} is linear (gblinear); fit one of scikit-learn's linear models instead"
        )
    return LINKS[objective]


def _refuse_categories(booster: Any, name: str) -> None:
    columns = [at for at, kind in enumerate(booster.feature_types or ()) if kind == "c"]
    if columns:
        names = booster.feature_names or [f"number {at + 1}" for at in range(booster.num_features())]
        raise UnsupportedError(
            f"{name} was fitted with enable_categorical on {', '.join(names[at] for at in columns)}, which "
            "is not converted; put an OrdinalEncoder or OneHotEncoder in front in a Pipeline and fit again without it"
        )


def _start(written: str, link: Link) -> NDArray[np.float32]:
    """Return the sums before the first tree; the base score is written in the unit of the answers."""
    base, one = np.asarray(json.loads(written), dtype=np.float32), np.float32(1)
    if link not in {"sigmoid", "exp"}:
        return base
    with np.errstate(divide="ignore"):
        odds = one / base - one if link == "sigmoid" else base
        # In double and then rounded, as the C library's float32 logarithm is and numpy's is not.
        logarithm = np.log(odds.astype(np.float64)).astype(np.float32)
    return np.asarray(-logarithm if link == "sigmoid" else logarithm)


def _tree(raw: dict[str, Any], weight: float, name: str) -> Tree:
    if int(raw["tree_param"]["size_leaf_vector"]) > 1:
        raise UnsupportedError(
            f"{name} has several values a leaf (multi_strategy='multi_output_tree'), which is not converted; "
            "fit it with multi_strategy='one_output_per_tree'"
        )
    left, right = (np.asarray(raw[side], dtype=np.int64) for side in ("left_children", "right_children"))
    leaf, itself = left < 0, np.arange(len(left))
    numbers = np.asarray(raw["split_conditions"], dtype=np.float32)  # a leaf's value, or a split's threshold
    # Left is x < threshold, which is x <= the float32 number before it.
    below = np.nextafter(numbers, np.float32(-np.inf)).astype(np.float64)
    return Tree(
        left=np.where(leaf, itself, left),
        right=np.where(leaf, itself, right),
        feature=np.where(leaf, 0, np.asarray(raw["split_indices"], dtype=np.int64)),
        threshold=np.where(leaf, 0.0, below),
        leaf=leaf,
        missing_left=np.asarray(raw["default_left"], dtype=bool) & ~leaf,
        value=np.where(leaf, numbers * np.float32(weight), np.float32(0)).astype(np.float64)[:, None],
        categories={},
    )


def _constant(value: float) -> Tree:
    """Return a tree of one leaf."""
    zero = np.zeros(1, dtype=np.int64)
    return Tree(
        left=zero,
        right=zero,
        feature=zero,
        threshold=np.zeros(1),
        leaf=np.ones(1, dtype=bool),
        missing_left=np.zeros(1, dtype=bool),
        value=np.full((1, 1), value),
        categories={},
    )
