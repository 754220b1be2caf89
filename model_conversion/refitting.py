"""A loaded estimator as something that can be fitted again: on which rows, with which answers, to which score."""

__all__ = ["fitting_data", "refuse_unfittable", "score_of"]

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

from model_conversion.boosters import SUFFIXES as BOOSTER_FILES
from model_conversion.dataset import Dataset, frame_of, number_of
from model_conversion.effects import Floats, Score
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.estimators import task_of
from model_conversion.inputs import as_fitted
from model_conversion.schema import Schema


def refuse_unfittable(estimator: Any, path: Path) -> None:
    """Refuse what a clone would not fit as its author did.

    Raises:
        UnsupportedError: The file holds no fitting procedure, or a part of it is frozen.
    """
    if path.suffix.lower() in BOOSTER_FILES:
        raise UnsupportedError(
            f"{path} holds trees but not how they were fitted, so they cannot be fitted again; save the whole "
            "estimator with skops.io.dump(estimator, 'model.skops')"
        )
    parts = [estimator, *estimator.get_params().values()]
    if any(isinstance(part, FrozenEstimator) for part in parts):
        raise UnsupportedError(
            f"{path} has a frozen part, which is not fitted again, so that its intervals would be too narrow; "
            "measure with an estimator that is fitted as a whole"
        )


def fitting_data(
    estimator: Any, dataset: Dataset, schema: Schema, path: Path
) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Return features and target of the rows whose true answer is known.

    Returns:
        ``(rows, features)`` as the estimator was fitted on, and ``(rows,)``: its classes, or float64.

    Raises:
        InputError: No answer is known, or one is none of the estimator's.
    """
    known = [at for at, cell in enumerate(dataset.targets) if cell is not None]
    cells = [str(dataset.targets[at]) for at in known]
    column = schema.target.column
    if not known:
        raise InputError(f"{path}: the target column {column} is empty")
    rows = frame_of([dataset.rows[at] for at in known], schema)
    if not hasattr(estimator, "classes_"):
        try:
            return rows, np.array([number_of(cell) for cell in cells])
        except ValueError:
            odd = next(cell for cell in cells if not _is_number(cell))
            raise InputError(f"{path}: the target column {column} holds {odd!r}, wanted numbers") from None
    classes = np.asarray(estimator.classes_)
    places = {str(value): at for at, value in enumerate(classes.tolist())}
    strange = next(
        (cell for cell in cells if cell not in places and cell.removesuffix(".0") not in places), None
    )
    if strange is not None:
        raise InputError(
            f"{path}: the target column {column} holds {strange!r}, the estimator's classes are {classes.tolist()}"
        )
    return rows, classes[[places.get(cell, places.get(cell.removesuffix(".0"), 0)) for cell in cells]]


def _is_number(cell: str) -> bool:
    try:
        number_of(cell)
    except ValueError:
        return False
    return True


def score_of(estimator: Any, schema: Schema) -> tuple[Score, str]:
    """Return what advice raises or lowers, and its name: the value, or the probability of the positive class.

    Raises:
        InputError: The schema does not say which class is the positive one.
        UnsupportedError: There is neither probability nor value.
    """
    task = task_of(estimator)
    if task == "regression":

        def value(fitted: Any, rows: pd.DataFrame) -> Floats:
            return np.asarray(fitted.predict(as_fitted(estimator, rows)), dtype=np.float64).reshape(
                len(rows), -1
            )[:, 0]

        return value, schema.target.column or "the value"
    if task != "classification" or not hasattr(estimator, "predict_proba"):
        raise UnsupportedError(
            f"{type(estimator).__name__} has neither probabilities nor a value that a changed answer could raise; "
            "advice is for classifiers with probabilities and for regressors"
        )
    classes = np.asarray(estimator.classes_).tolist()
    positive = schema.target.positive
    if positive is None and len(classes) == 2:
        positive = classes[1]
    if positive not in classes:
        raise InputError(
            f"[target] of the schema has positive = {positive!r}, wanted the class whose probability advice is "
            f"about, one of {classes}"
        )

    def probability(fitted: Any, rows: pd.DataFrame) -> Floats:
        seen = np.asarray(fitted.classes_).tolist()
        if positive not in seen:  # a resample without that class
            return np.zeros(len(rows))
        scores = fitted.predict_proba(as_fitted(estimator, rows))
        return np.asarray(scores[:, seen.index(positive)], dtype=np.float64)

    names = {item.value: item.name for item in schema.target.classes}
    return probability, f"the probability of {names.get(positive, positive)}"  # type: ignore[arg-type]
