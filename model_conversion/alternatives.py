"""What to fit instead of an estimator that is refused: the nearest one that is converted.

Each one named here is converted in the catalogue, ``SUPPORT.md``; a test compares the two.
"""

__all__ = ["NAMED", "alternative_for", "alternative_to"]

from collections.abc import Iterator
from typing import Any

_LABELS = "fit one classifier a label"
_CLUSTERS = "KMeans, or a classifier fitted on the clusters it found"
_MONOTONE = "leave it out: a tree splits the same rows without it"

NAMED = {
    "OutputCodeClassifier": "OneVsRestClassifier",
    "NearestCentroid": "LinearDiscriminantAnalysis or GaussianNB",
    "ClassifierChain": _LABELS,
    "MultiOutputClassifier": _LABELS,
    "DummyClassifier": "answer the constant without a model",
    "DummyRegressor": "answer the constant without a model",
    "LabelPropagation": "KNeighborsClassifier fitted on the labels it found",
    "LabelSpreading": "KNeighborsClassifier fitted on the labels it found",
    "SelfTrainingClassifier": "its estimator_, which is the classifier that answers",
    "CCA": "PLSRegression",
    "PLSCanonical": "PLSRegression",
    "IsotonicRegression": "HistGradientBoostingRegressor(monotonic_cst) or DecisionTreeRegressor",
    "KernelRidge": "GaussianProcessRegressor or SVR with the same kernel",
    "RegressorChain": "MultiOutputRegressor",
    "TransformedTargetRegressor": "its regressor_, with the target transformed where the answer is read",
    "EllipticEnvelope": "IsolationForest or OneClassSVM",
    "KNNImputer": "SimpleImputer, with add_indicator=True if a gap itself tells something",
    "PowerTransformer + DecisionTreeClassifier": _MONOTONE,
    "SplineTransformer": "KBinsDiscretizer or PolynomialFeatures, or histogram boosting, which bends by itself",
} | dict.fromkeys(
    (
        "AffinityPropagation",
        "AgglomerativeClustering",
        "Birch",
        "BisectingKMeans",
        "DBSCAN",
        "FeatureAgglomeration",
        "HDBSCAN",
        "MeanShift",
        "OPTICS",
        "SpectralClustering",
    ),
    _CLUSTERS,
)
"""Class name, or a transformer's with ``+`` and the estimator's behind it → what to fit instead."""


def alternative_to(name: str) -> str:
    """Return what to fit instead; empty if nobody has looked for it.

    Args:
        name: Class of the refused estimator, or of a transformer with ``+`` and what stands behind it.
    """
    return NAMED.get(name) or NAMED.get(name.split("(")[0].split(" + ")[0], "")


def alternative_for(estimator: Any) -> str:
    """Return what to fit instead of the parts of a refused estimator, as a sentence; empty if nobody has looked.

    Args:
        estimator: Fitted; its steps, columns and the estimators within are looked at too.
    """
    names = list(dict.fromkeys(type(part).__name__ for part in _parts(estimator)))
    pairs = [f"{first} + {names[-1]}" for first in names[:-1]]
    found = [(name, NAMED[name]) for name in [*names, *pairs] if name in NAMED]
    return "; ".join(f"instead of {name}: {instead}" for name, instead in found)


def _parts(estimator: Any) -> Iterator[Any]:
    """Yield a pipeline's steps and a column transformer's transformers, those within them too, the last one last."""
    steps = getattr(estimator, "steps", None) or getattr(estimator, "transformers_", None)
    if steps is None:
        yield estimator
        return
    for _, step, *_ in steps:
        if not isinstance(step, str):  # "passthrough" and "drop"
            yield from _parts(step)
