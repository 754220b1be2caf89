"""What to fit instead of an estimator that is refused: the nearest one that is converted."""

__all__ = ["alternative_to"]

_CALIBRATE = "wrap it in CalibratedClassifierCV, whose probabilities are converted"
_LABELS = "fit one classifier a label"
_CLUSTERS = "KMeans, or a classifier fitted on the clusters it found"
_LINEAR = "the regressor alone, one for each target"

_INSTEAD = {
    "LinearSVC": _CALIBRATE,
    "PassiveAggressiveClassifier": _CALIBRATE,
    "Perceptron": _CALIBRATE,
    "RidgeClassifier": _CALIBRATE,
    "RidgeClassifierCV": _CALIBRATE,
    "OneVsOneClassifier": "OneVsRestClassifier, or the classifier itself if it knows several classes",
    "OutputCodeClassifier": "OneVsRestClassifier",
    "NearestCentroid": "LinearDiscriminantAnalysis or GaussianNB",
    "ClassifierChain": _LABELS,
    "MultiOutputClassifier": _LABELS,
    "DummyClassifier": "answer the constant without a model",
    "DummyRegressor": "answer the constant without a model",
    "FixedThresholdClassifier": "the classifier inside; the client compares its probability with the threshold",
    "TunedThresholdClassifierCV": "the classifier inside; it gives the same probabilities",
    "LabelPropagation": "KNeighborsClassifier fitted on the labels it found",
    "LabelSpreading": "KNeighborsClassifier fitted on the labels it found",
    "SelfTrainingClassifier": "its estimator_, which is the classifier that answers",
    "CCA": "PLSRegression",
    "PLSCanonical": "PLSRegression",
    "IsotonicRegression": "DecisionTreeRegressor, or HistGradientBoostingRegressor with monotonic_cst",
    "KernelRidge": "GaussianProcessRegressor or SVR with the same kernel",
    "RegressorChain": _LINEAR,
    "MultiOutputRegressor": "a regressor that takes several targets itself, such as Ridge or a forest",
    "TransformedTargetRegressor": "its regressor_, with the target transformed where the answer is read",
    "EllipticEnvelope": "IsolationForest or OneClassSVM",
    "FunctionTransformer": "do the step in the data, before the pipeline",
    "GaussianProcessClassifier": "SVC(probability=True) with the same kernel",
    "QuadraticDiscriminantAnalysis": "GaussianNB or LinearDiscriminantAnalysis",
    "SplineTransformer": "histogram boosting, which bends by itself",
    "KBinsDiscretizer": "a decision tree, which finds its own bins",
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


def alternative_to(name: str) -> str:
    """Return what to fit instead; empty if nobody has looked for it.

    Args:
        name: Class of the refused estimator, or of a transformer with ``+`` and what stands behind it.
    """
    first = name.split("(")[0].split(" + ")[0]
    return _INSTEAD.get(first, "")
