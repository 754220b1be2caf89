"""Arguments with which the corpus makes an estimator: defaults, but for what cannot be fitted or answered so."""

__all__ = ["build"]

from typing import Any

from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

SMALL = {"n_estimators": 20, "max_iter": 20}
"""Of ensembles: more trees prove nothing that twenty do not."""

CLASSIFIERS = [
    ("linear", LogisticRegression()),
    ("tree", DecisionTreeClassifier(max_depth=4, random_state=0)),
]
REGRESSORS = [("linear", Ridge()), ("tree", DecisionTreeRegressor(max_depth=4, random_state=0))]

ARGUMENTS: dict[str, dict[str, Any]] = {
    "CalibratedClassifierCV": {"estimator": LinearSVC()},
    "ClassifierChain": {"estimator": LogisticRegression()},
    "FixedThresholdClassifier": {"estimator": LogisticRegression()},
    "GaussianProcessRegressor": {"alpha": 1.0},
    "LocalOutlierFactor": {"novelty": True},
    "MultiOutputClassifier": {"estimator": LogisticRegression()},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "NuSVC": {"probability": True, "nu": 0.3},
    "OneVsOneClassifier": {"estimator": LogisticRegression()},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "OutputCodeClassifier": {"estimator": LogisticRegression()},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "RANSACRegressor": {"random_state": 0},
    "RadiusNeighborsClassifier": {"radius": 6.0, "outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 12.0},
    "RegressorChain": {"estimator": Ridge()},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
    "SelfTrainingClassifier": {"estimator": RandomForestClassifier(5, random_state=0)},
    "StackingClassifier": {"estimators": CLASSIFIERS},
    "StackingRegressor": {"estimators": REGRESSORS},
    "TransformedTargetRegressor": {"regressor": Ridge()},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression()},
    "VotingClassifier": {"estimators": CLASSIFIERS, "voting": "soft"},
    "VotingRegressor": {"estimators": REGRESSORS},
}

FRONTS: dict[str, Any] = {
    "CategoricalNB": lambda: KBinsDiscretizer(
        4, encode="ordinal", strategy="uniform", quantile_method="averaged_inverted_cdf"
    ),
    "IsotonicRegression": lambda: SelectKBest(f_regression, k=1),
}
"""What an estimator cannot do without."""


def build(name: str, kind: type) -> Any:
    """Return an unfitted estimator, small and with a fixed seed."""
    estimator = kind(**ARGUMENTS.get(name, {}))
    known = estimator.get_params(deep=False)
    if kind.__module__.startswith("sklearn.ensemble"):
        estimator.set_params(**{key: value for key, value in SMALL.items() if key in known})
    if "random_state" in known:
        estimator.set_params(random_state=0)
    return make_pipeline(FRONTS[name](), estimator) if name in FRONTS else estimator
