"""Transformers in front of estimators, gaps and strings, and the booster libraries."""

__all__ = ["CHAPTERS"]

from collections.abc import Callable
from functools import partial
from typing import Any

import lightgbm
import xgboost
from sklearn import decomposition, feature_selection, impute, linear_model, preprocessing, svm
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

TEXT, NUMBER = make_column_selector(dtype_exclude="number"), make_column_selector(dtype_include="number")


def _behind(front: Any) -> Any:
    return make_pipeline(front, LogisticRegression(max_iter=300))


def _tree_behind(front: Any) -> Any:
    return make_pipeline(front, DecisionTreeClassifier(min_samples_leaf=3, random_state=0))


def _mixed(numbers: Any, texts: Any, estimator: Any) -> Any:
    return make_pipeline(make_column_transformer((numbers, NUMBER), (texts, TEXT)), estimator)


_scaled = partial(make_pipeline, impute.SimpleImputer(), preprocessing.StandardScaler())

FRONTS: dict[str, Any] = {
    "Binarizer": preprocessing.Binarizer(threshold=20.0),
    "KBinsDiscretizer": preprocessing.KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf"),
    "MaxAbsScaler": preprocessing.MaxAbsScaler(),
    "MinMaxScaler": preprocessing.MinMaxScaler(),
    "Normalizer": preprocessing.Normalizer(),
    "PolynomialFeatures": make_pipeline(
        preprocessing.StandardScaler(), preprocessing.PolynomialFeatures(2), preprocessing.StandardScaler()
    ),
    "PowerTransformer": preprocessing.PowerTransformer(),
    "QuantileTransformer": preprocessing.QuantileTransformer(n_quantiles=50),
    "RobustScaler": preprocessing.RobustScaler(),
    "StandardScaler": preprocessing.StandardScaler(),
    "SplineTransformer": preprocessing.SplineTransformer(),
    "FunctionTransformer": preprocessing.FunctionTransformer(),
    "PCA": make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(4)),
    "IncrementalPCA": make_pipeline(preprocessing.StandardScaler(), decomposition.IncrementalPCA(4)),
    "KernelPCA": make_pipeline(preprocessing.StandardScaler(), decomposition.KernelPCA(4, kernel="rbf")),
    "TruncatedSVD": make_pipeline(
        preprocessing.StandardScaler(), decomposition.TruncatedSVD(4, random_state=0)
    ),
    "SelectKBest": make_pipeline(preprocessing.StandardScaler(), feature_selection.SelectKBest(k=5)),
    "SelectPercentile": make_pipeline(preprocessing.StandardScaler(), feature_selection.SelectPercentile()),
    "VarianceThreshold": make_pipeline(preprocessing.StandardScaler(), feature_selection.VarianceThreshold()),
    "RFE": make_pipeline(preprocessing.StandardScaler(), feature_selection.RFE(LogisticRegression())),
}

_onehot = partial(preprocessing.OneHotEncoder, handle_unknown="ignore", sparse_output=False)
_ordinal = partial(preprocessing.OrdinalEncoder, handle_unknown="use_encoded_value", unknown_value=-1)

type Chapter = dict[tuple[str, str], Callable[[], Any]]

_TRANSFORMERS: Chapter = {
    (f"{name} + LogisticRegression", "cancer"): partial(_behind, front) for name, front in FRONTS.items()
} | {
    (f"{name} + DecisionTreeClassifier", "cancer"): partial(_tree_behind, FRONTS[name])
    for name in (
        "MinMaxScaler",
        "RobustScaler",
        "StandardScaler",
        "PolynomialFeatures",
        "QuantileTransformer",
        "PowerTransformer",
        "PCA",
    )
}

_GAPS: Chapter = {
    ("forest", "gaps"): lambda: RandomForestClassifier(20, min_samples_leaf=3, random_state=0),
    ("tree", "gaps"): lambda: DecisionTreeClassifier(min_samples_leaf=3, random_state=0),
    ("histogram boosting", "gaps"): lambda: HistGradientBoostingClassifier(max_iter=20, random_state=0),
    ("SimpleImputer + LogisticRegression", "gaps"): lambda: make_pipeline(_scaled(), LogisticRegression()),
    ("SimpleImputer(add_indicator) + forest", "gaps"): lambda: make_pipeline(
        impute.SimpleImputer(add_indicator=True), RandomForestClassifier(20, random_state=0)
    ),
    ("KNNImputer + LogisticRegression", "gaps"): lambda: make_pipeline(
        preprocessing.StandardScaler(), impute.KNNImputer(), LogisticRegression()
    ),
    ("OneHotEncoder + LogisticRegression", "survey"): lambda: _mixed(
        _scaled(), _onehot(), LogisticRegression(max_iter=300)
    ),
    ("OneHotEncoder + RandomForestClassifier", "survey words"): lambda: _mixed(
        impute.SimpleImputer(), _onehot(), RandomForestClassifier(20, min_samples_leaf=3, random_state=0)
    ),
    ("OneHotEncoder + GradientBoostingClassifier", "survey words"): lambda: _mixed(
        impute.SimpleImputer(), _onehot(), GradientBoostingClassifier(n_estimators=10, random_state=0)
    ),
    ("OneHotEncoder + HistGradientBoostingClassifier", "survey"): lambda: _mixed(
        "passthrough", _onehot(), HistGradientBoostingClassifier(max_iter=20, random_state=0)
    ),
    ("OrdinalEncoder + HistGradientBoostingClassifier", "survey"): lambda: _mixed(
        "passthrough", _ordinal(), HistGradientBoostingClassifier(max_iter=20, random_state=0)
    ),
    ("OrdinalEncoder + categorical HistGradientBoostingRegressor", "survey height"): lambda: _mixed(
        "passthrough",
        _ordinal(encoded_missing_value=-2),
        HistGradientBoostingRegressor(max_iter=20, random_state=0, categorical_features=[5, 6, 7]),
    ),
    ("OrdinalEncoder + RandomForestRegressor", "survey height"): lambda: _mixed(
        "passthrough", _ordinal(encoded_missing_value=-2), RandomForestRegressor(20, random_state=0)
    ),
    ("TargetEncoder + ExtraTreesRegressor", "survey height"): lambda: _mixed(
        impute.SimpleImputer(),
        preprocessing.TargetEncoder(random_state=0),
        ExtraTreesRegressor(20, min_samples_leaf=3, random_state=0),
    ),
}

_BOOSTERS: Chapter = {
    ("XGBClassifier", "gaps"): lambda: xgboost.XGBClassifier(n_estimators=20),
    ("XGBClassifier", "wine"): lambda: xgboost.XGBClassifier(n_estimators=20),
    ("XGBRFClassifier", "cancer"): lambda: xgboost.XGBRFClassifier(n_estimators=20),
    ("XGBRegressor", "diabetes"): lambda: xgboost.XGBRegressor(n_estimators=20),
    ("XGBRegressor(dart)", "diabetes"): lambda: xgboost.XGBRegressor(
        n_estimators=20, booster="dart", rate_drop=0.2
    ),
    ("XGBRFRegressor", "diabetes"): lambda: xgboost.XGBRFRegressor(n_estimators=20),
    ("OneHotEncoder + XGBRegressor", "survey height"): lambda: _mixed(
        "passthrough", _onehot(), xgboost.XGBRegressor(n_estimators=20)
    ),
    ("LGBMClassifier", "gaps"): lambda: lightgbm.LGBMClassifier(n_estimators=20, verbose=-1),
    ("LGBMClassifier", "wine"): lambda: lightgbm.LGBMClassifier(n_estimators=20, verbose=-1),
    ("LGBMRegressor", "diabetes"): lambda: lightgbm.LGBMRegressor(n_estimators=20, verbose=-1),
    ("OneHotEncoder + LGBMClassifier", "survey words"): lambda: _mixed(
        "passthrough", _onehot(), lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)
    ),
}


def _calibrated(make: Callable[[], Any]) -> Any:
    return make_pipeline(preprocessing.StandardScaler(), CalibratedClassifierCV(make()))


_CALIBRATED: Chapter = {
    (f"CalibratedClassifierCV({make.func.__name__})", "wine"): partial(_calibrated, make)
    for make in (
        partial(
            linear_model.PassiveAggressiveClassifier, random_state=0
        ),  # warns that it will go, so not made here
        partial(linear_model.Perceptron, random_state=0),
        partial(linear_model.RidgeClassifier),
        partial(linear_model.RidgeClassifierCV),
        partial(linear_model.SGDClassifier, random_state=0),
    )
} | {
    (f"CalibratedClassifierCV(StandardScaler + SVC, method={method!r})", data): partial(
        CalibratedClassifierCV, make_pipeline(preprocessing.StandardScaler(), svm.SVC()), method=method
    )
    for method in ("isotonic", "temperature")
    for data in ("cancer", "wine")
}


def _scaled_rows(make: Callable[[], Any]) -> Any:
    return make_pipeline(preprocessing.StandardScaler(), make())


_DECIDERS: Chapter = {
    ("SVC(probability=False)", "cancer"): partial(_scaled_rows, svm.SVC),
    ("SVC(probability=False)", "wine"): partial(_scaled_rows, svm.SVC),
    ("NuSVC(probability=False)", "wine"): partial(_scaled_rows, partial(svm.NuSVC, nu=0.3)),
    ("SVC(kernel='poly')", "wine"): partial(_scaled_rows, partial(svm.SVC, kernel="poly")),
    ("SGDClassifier(loss='hinge')", "wine"): partial(
        _scaled_rows, partial(linear_model.SGDClassifier, random_state=0)
    ),
    ("OneVsOneClassifier(DecisionTreeClassifier)", "wine"): partial(
        _scaled_rows, lambda: OneVsOneClassifier(DecisionTreeClassifier(max_depth=4, random_state=0))
    ),
    ("OneVsRestClassifier(LinearSVC)", "wine"): partial(
        _scaled_rows, lambda: OneVsRestClassifier(svm.LinearSVC(random_state=0))
    ),
}

_OTHERS: Chapter = {
    ("HistGradientBoostingRegressor(monotonic_cst)", "diabetes"): lambda: HistGradientBoostingRegressor(
        max_iter=20, monotonic_cst={"bmi": 1}, random_state=0
    ),
    ("IsolationForest behind an imputer", "gaps"): lambda: make_pipeline(
        _scaled(), IsolationForest(n_estimators=20, random_state=0)
    ),
}

CHAPTERS: dict[str, Chapter] = {
    "classifiers without probabilities, by decision value": _DECIDERS,
    "classifiers without probabilities, calibrated": _CALIBRATED,
    "booster libraries": _BOOSTERS,
    "gaps and strings": _GAPS,
    "transformers in front": _TRANSFORMERS,
    "other combinations": _OTHERS,
}
"""Chapter → (name, data set) → what makes the pipeline."""
