"""Model files of XGBoost and LightGBM themselves, and both libraries' estimators in skl2onnx.

A file of the library holds trees and no estimator around them; what stands here puts one around.
"""

__all__ = ["SUFFIXES", "load_booster", "refuse_unsupported", "register_converters"]

import json
import logging
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from model_conversion.errors import InputError, UnsupportedError, first_line
from model_conversion.pipelines import last_step

SUFFIXES = frozenset({".json", ".ubj", ".txt"})
"""XGBoost's JSON and binary JSON, LightGBM's text."""

_PLACE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")
"""Time and C++ source line, with which XGBoost's messages begin."""


def load_booster(path: Path) -> Any:
    """Load a file that XGBoost's ``save_model`` or LightGBM's ``save_model`` wrote.

    Returns:
        A fitted ``XGBClassifier``, ``XGBRegressor``, ``LGBMClassifier`` or ``LGBMRegressor``; which one the file's
        objective says. Classes are 0, 1, 2, …, and missing is NaN: the file holds neither the classes' names nor
        another number that meant missing.

    Raises:
        InputError: The file is damaged, or is of something else.
        UnsupportedError: It ranks, or has an objective that is not converted.
    """
    return _lightgbm(path) if path.suffix.lower() == ".txt" else _xgboost(path)


def refuse_unsupported(estimator: Any) -> None:
    """Refuse early what the converter of a booster would refuse after minutes of other work.

    Raises:
        UnsupportedError: The message names the part that is not converted.
    """
    if sys.modules.keys() & {"xgboost", "lightgbm"}:
        from model_conversion.exact.boosters import boosted_of  # seconds of imports, for boosters only

        boosted_of(last_step(estimator))


def register_converters() -> None:
    """Tell skl2onnx how to convert the boosters that are imported, alone and inside pipelines; once is enough.

    The graph needs ``ai.onnx.ml`` in opset 5.
    """
    from skl2onnx import update_registered_converter

    from model_conversion.exact.boosters import KINDS, booster_shapes, convert_booster

    for library, names in KINDS.items():
        module = sys.modules.get(library)  # without the import there can be no estimator of it
        for name in names if module is not None else ():
            kind = getattr(module, name)
            options: dict[str, list[Any]] = {}
            if name.endswith("Classifier"):
                options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
            if hasattr(kind, "decision_function"):
                options["raw_scores"] = [True, False]
            update_registered_converter(
                kind, f"Nightjar{name}", booster_shapes, convert_booster, options=options or None
            )


def _xgboost(path: Path) -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise InputError(f"{path} needs the package xgboost; run uv sync --group conversion") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the file's age; the proof tells whether it is read right
        try:
            booster = xgboost.Booster(model_file=str(path))
            objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
        except (xgboost.core.XGBoostError, ValueError, KeyError) as error:
            raise InputError(
                f"{path} is not a model file of XGBoost: {_said(error)}; save it again with "
                "model.save_model('model.ubj')"
            ) from error
        if objective.startswith("rank:"):
            raise UnsupportedError(
                f"{path} has the objective {objective}: it ranks rows within a group, and a request's rows "
                "are answered one by one; fit a classifier or a regressor"
            )
        kind = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type")
        if kind is None:
            kind = "classifier" if objective.startswith(("binary:", "multi:")) else "regressor"
        estimator = xgboost.XGBClassifier() if kind == "classifier" else xgboost.XGBRegressor()
        estimator.load_model(str(path))
    return estimator


def _said(error: BaseException) -> str:
    return _PLACE.sub("", first_line(error))


def _lightgbm(path: Path) -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise InputError(f"{path} needs the package lightgbm; run uv sync --group conversion") from error
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.startswith("tree\n"):
        raise InputError(
            f"{path} is not a model file of LightGBM: it does not begin with 'tree'; save it again with "
            "model.booster_.save_model('model.txt')"
        )
    sizes = re.search(r"^tree_sizes=([\d ]*)$", text, re.MULTILINE)
    blocks = text.partition("\nend of trees")[0].count("\nTree=")
    if sizes is None or len(sizes[1].split()) != blocks or "\nend of trees" not in text:
        # The library ends the process on some of these.
        raise InputError(f"{path} is damaged: it holds {blocks} whole trees and wants others; save it again")
    quiet = logging.getLogger("model_conversion.lightgbm")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    lightgbm.register_logger(quiet)  # it prints its errors beside raising them
    try:
        booster = lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise InputError(
            f"{path} is not a model file of LightGBM: {_said(error)}; save it again with "
            "model.booster_.save_model('model.txt')"
        ) from error
    objective = re.search(r"^objective=(\S+)", text, re.MULTILINE)
    return _around(lightgbm, booster, objective[1] if objective else "custom", path)


def _around(lightgbm: Any, booster: Any, objective: str, path: Path) -> Any:
    """Put an estimator around a booster: the library has no public way to it."""
    if objective in {"lambdarank", "rank_xendcg"}:
        raise UnsupportedError(
            f"{path} has the objective {objective}: it ranks rows within a group, and a request's rows are "
            "answered one by one; fit a classifier or a regressor"
        )
    names = booster.feature_name()
    fitted = {
        "_Booster": booster,
        "_n_features": booster.num_feature(),
        "_n_features_in": booster.num_feature(),
        "_objective": objective,
        "_fitted_with_feature_names": names != [f"Column_{at}" for at in range(len(names))],
        "fitted_": True,
    }
    if not objective.startswith(("binary", "multiclass")):
        estimator = lightgbm.LGBMRegressor()
    else:
        estimator = lightgbm.LGBMClassifier()
        from sklearn.preprocessing import LabelEncoder

        encoder = LabelEncoder().fit(np.arange(max(2, booster.num_model_per_iteration())))
        fitted |= {"_le": encoder, "_classes": encoder.classes_, "_n_classes": len(encoder.classes_)}
    vars(estimator).update(fitted)
    return estimator
