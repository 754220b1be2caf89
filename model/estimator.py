"""The pipeline that is trained: standard scikit-learn parts only, so that it converts to ONNX."""

__all__ = ["build_pipeline"]

from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from model.survey import CATEGORIES, NUMBERS


def build_pipeline(classifier: Any | None = None) -> Pipeline:
    """Return the unfitted pipeline.

    Args:
        classifier: What learns from the encoded answers; None takes the logistic regression that is served.
            Newton's method needs four steps where the default solver stops early, and a fully converged
            fit comes out the same on every machine.
    """
    if classifier is None:
        classifier = LogisticRegression(C=0.3, max_iter=2000, solver="newton-cholesky", tol=1e-10)
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    encode = ColumnTransformer(
        [
            ("numbers", numbers, list(NUMBERS)),
            ("categories", OneHotEncoder(handle_unknown="ignore"), list(CATEGORIES)),
        ]
    )
    return Pipeline([("encode", encode), ("classify", classifier)])
