"""Loading a fitted estimator: without running what its file says, unless whoever converts trusts the file."""

__all__ = ["MOST_UNPACKED_BYTES", "Task", "has_columns", "load_estimator", "task_of"]

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any, Literal

import sklearn
from sklearn.base import BaseEstimator, is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.utils.validation import check_is_fitted

from model_conversion import boosters
from model_conversion.errors import InputError, UnsupportedError

SAFE = frozenset(
    {
        "collections.OrderedDict",
        "functools.partial",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "scipy.interpolate._bsplines.BSpline",
        "scipy.interpolate._bsplines._BSpline",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
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
        "sklearn.utils.validation.check_array",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRFClassifier",
        "xgboost.sklearn.XGBRFRegressor",
        "xgboost.sklearn.XGBRegressor",
    }
)
"""What skops does not list itself though scikit-learn's own estimators and the boosters are made of it: data and
the libraries' own parts, none of which runs what a file says (a partial's function is listed by its own name).
Found by saving every estimator of scikit-learn 1.9.1."""

PICKLES = frozenset({".joblib", ".pickle", ".pkl"})

MOST_UNPACKED_BYTES = 4 * 2**30
"""A skops file is a zip archive, and a few kilobytes of zip can unpack to more than the machine has."""

OLDEST = (1, 6)
"""The oldest scikit-learn whose names this program imports; tried with 1.6.1, 1.7.2 and 1.8.0."""

SHOWN = 200
"""Characters of a library's message repeated to the user."""

type Task = Literal["classification", "decision", "regression", "outlier", "clustering"]
"""What is answered; ``decision`` is a class with decision values, of a classifier without probabilities."""


def load_estimator(
    path: Path,
    *,
    trusted: tuple[str, ...] = (),
    trust_pickle: bool = False,
    most_unpacked_bytes: int = MOST_UNPACKED_BYTES,
) -> Any:
    """Load a fitted estimator or pipeline.

    Args:
        path: ``.skops``, XGBoost's ``.json`` or ``.ubj``, LightGBM's ``.txt``, or one of :data:`PICKLES`.
        trusted: Fully qualified names of types that a skops file may use beyond the known ones.
        trust_pickle: Whether to load a pickle, which runs what it holds.
        most_unpacked_bytes: What a skops file may unpack to.

    Raises:
        InputError: The file is missing, damaged, of another format or of another scikit-learn version, uses unknown
            types, is too large, or holds no fitted estimator.
        UnsupportedError: It holds a booster with a part that is not converted.
    """
    suffix = path.suffix.lower()
    if suffix not in PICKLES | boosters.SUFFIXES | {".skops"}:
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'!r}, wanted .skops, XGBoost's .json or .ubj, "
            "LightGBM's .txt, or .joblib or .pkl with --trust-pickle; save the estimator with "
            "skops.io.dump(estimator, 'model.skops')"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    if suffix in PICKLES:
        estimator = _load_pickle(path, trust_pickle=trust_pickle)
    elif suffix == ".skops":
        estimator = _load_skops(path, trusted, most_unpacked_bytes)
    else:
        estimator = boosters.load_booster(path)
    _check(estimator, path)
    return estimator


def _load_skops(path: Path, trusted: tuple[str, ...], most_unpacked_bytes: int) -> Any:
    from skops import io  # a second of imports that --help does not need

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
            if size > most_unpacked_bytes:
                raise InputError(
                    f"{path} unpacks to {size / 2**20:,.0f} MB, more than {most_unpacked_bytes / 2**20:,.0f} "
                    "MB; a function could not hold it: save a smaller model"
                )
            versions = _versions(archive.read("schema.json"))
        unknown = io.get_untrusted_types(file=path)
    except InputError:
        raise
    except Exception as error:  # a damaged file makes the library raise what it likes
        raise InputError(
            f"{path} is not a skops file, or is damaged: {_brief(error)}; save it again with skops.io.dump"
        ) from error
    _refuse_versions(path, versions)
    refused = sorted(set(unknown) - SAFE - set(trusted))
    if refused:
        raise InputError(
            f"{path} uses types that are not known to be safe: {', '.join(refused)}; if you trust whoever "
            f"made the file, add {' '.join(f'--trust {name}' for name in refused)}"
        )
    return _load(path, lambda: io.load(path, trusted=unknown))


def _versions(schema: bytes) -> set[str]:
    """Return the scikit-learn versions that a skops file's estimators were fitted with."""
    found: set[str] = set()

    def note(item: dict[str, Any]) -> dict[str, Any]:
        version = item.get("_sklearn_version")
        if isinstance(version, dict) and isinstance(version.get("content"), str):
            found.add(version["content"].strip('"'))
        return item

    json.loads(schema, object_hook=note)
    return found


def _load_pickle(path: Path, *, trust_pickle: bool) -> Any:
    if not trust_pickle:
        raise InputError(
            f"{path} is a pickle, and loading a pickle runs whatever program is in it, with your rights: it "
            "can read, send or delete your files. Save the estimator with skops.io.dump(estimator, "
            "'model.skops') where it was fitted, or, if you made this file yourself or trust whoever did, add "
            "--trust-pickle"
        )
    import joblib

    return _load(path, lambda: joblib.load(path))


def _load(path: Path, read: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = read()
            failure = None
        except Exception as error:  # a damaged file, or a class that is not installed, raises anything
            failure = error
    old = [item.message for item in caught if isinstance(item.message, InconsistentVersionWarning)]
    _refuse_versions(path, {message.original_sklearn_version for message in old})
    if failure is not None:
        raise InputError(
            f"{path} cannot be loaded: {_brief(failure)}; save it again with the installed versions of its "
            "packages, and make modules of your own importable"
        ) from failure
    return estimator


def _refuse_versions(path: Path, versions: set[str]) -> None:
    others = sorted(versions - {sklearn.__version__})
    if others:
        raise InputError(
            f"{path} was fitted with scikit-learn {', '.join(others)}, and {sklearn.__version__} is "
            "installed, which may answer otherwise without a word; fit it again with the installed version"
            f"{_other_way(others)}"
        )


def _other_way(versions: list[str]) -> str:
    """Return how to install a model's own version, where this program runs with it."""
    numbers = re.match(r"(\d+)\.(\d+)", versions[0])
    if len(versions) > 1 or numbers is None or tuple(map(int, numbers.groups())) < OLDEST:
        return ""
    return f", or install the model's with .tools/uv add --group model scikit-learn=={versions[0]} and convert again"


def _brief(error: BaseException) -> str:
    text = next(iter(str(error).splitlines()), "")[:SHOWN]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _check(estimator: Any, path: Path) -> None:
    if not isinstance(estimator, BaseEstimator):
        raise InputError(
            f"{path} holds a {type(estimator).__name__}, wanted a fitted scikit-learn estimator or pipeline; "
            "save the estimator alone"
        )
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise InputError(
            f"{path} holds a {type(estimator).__name__} that is not fitted; fit it and save it again"
        ) from error
    boosters.refuse_unsupported(estimator)


def has_columns(estimator: Any, names: list[str]) -> bool:
    """Tell whether an estimator was fitted on columns of these names in this order, or on columns without names."""
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None:
        return bool(getattr(estimator, "n_features_in_", len(names)) == len(names))
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    if type(first).__module__.startswith("lightgbm."):
        names = ["_".join(re.split(r"\s", name)) for name in names]  # it keeps blanks as underscores
    return list(fitted) == names


def task_of(estimator: Any) -> Task:
    """Tell what kind of answer an estimator gives.

    Raises:
        UnsupportedError: It is no estimator that predicts.
    """
    if is_classifier(estimator):
        mute = not hasattr(estimator, "predict_proba") and hasattr(estimator, "decision_function")
        return "decision" if mute else "classification"
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
