"""Loading a fitted estimator without running what its file says."""

__all__ = ["load_estimator", "task_of"]

import zipfile
from pathlib import Path
from typing import Any, Literal

import sklearn
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

from model_conversion.errors import InputError, UnsupportedError

SAFE = frozenset(
    {
        "numpy.dtype",
        "scipy.interpolate._bsplines.BSpline",
        "scipy.interpolate._bsplines._BSpline",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.cluster._bisect_k_means._BisectingTree",
        "sklearn.cluster._kmeans._kmeans_single_lloyd",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
    }
)
"""What skops does not list itself though scikit-learn's own estimators are made of it: data and the library's
own parts, none of which runs what a file says. Found by saving every estimator of scikit-learn 1.9.1."""

type Task = Literal["classification", "regression", "outlier", "clustering"]


def load_estimator(path: Path, *, trusted: tuple[str, ...] = ()) -> Any:
    """Load a fitted estimator or pipeline from a ``.skops`` file.

    Args:
        path: The file.
        trusted: Fully qualified names of types that the file may use beyond those skops knows.

    Raises:
        InputError: The file is missing, is not a skops file, or uses unknown types.
    """
    from skops import io  # a second of imports that --help does not need

    if path.suffix != ".skops":
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'!r}, wanted .skops; save the estimator with "
            "skops.io.dump(estimator, 'model.skops')"
        )
    try:
        unknown = io.get_untrusted_types(file=path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a skops file: {error}; save it again with skops.io.dump") from error
    refused = sorted(set(unknown) - SAFE - set(trusted))
    if refused:
        raise InputError(
            f"{path} uses types that are not known to be safe: {', '.join(refused)}; if you trust whoever made "
            f"the file, add {' '.join(f'--trust {name}' for name in refused)}"
        )
    return io.load(path, trusted=unknown)


def task_of(estimator: Any) -> Task:
    """Tell what kind of answer an estimator gives.

    Raises:
        UnsupportedError: It is none of the four.
    """
    if is_classifier(estimator):
        return "classification"
    if is_regressor(estimator):
        return "regression"
    if is_outlier_detector(estimator):
        return "outlier"
    if is_clusterer(estimator):
        return "clustering"
    raise UnsupportedError(
        f"{type(estimator).__name__} is no classifier, regressor, outlier detector or clusterer "
        f"(scikit-learn {sklearn.__version__}); convert the estimator that predicts, or the pipeline that ends in it"
    )
