"""Boosters of other libraries: their files load, and their graphs answer as they do, to the last digits."""

import warnings
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from function.ort import Session, Tensor
from model_conversion.boosters import load_booster, refuse_unsupported, register_converters
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.exact.boosters import boosted_of
from model_conversion.library import locked_library

type Matrix = NDArray[np.float64]

NUMBERS = {"binary": load_breast_cancer, "classes": load_wine, "number": load_diabetes}
FEW: dict[str, Any] = {"n_estimators": 15, "max_depth": 3, "n_jobs": 1}
LIGHT: dict[str, Any] = FEW | {"verbose": -1, "min_child_samples": 5}
FOREST: dict[str, Any] = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}


def data(kind: str, *, gaps: bool = False) -> tuple[Matrix, NDArray[Any]]:
    """Return a real data set of numbers with its target; with gaps, a tenth of the cells is missing."""
    x, y = NUMBERS[kind](return_X_y=True)
    if gaps:
        x = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    return x, y


def fit(make: Callable[[], Any], kind: str, *, gaps: bool = False) -> Any:
    """Make and fit an estimator; what its library deprecates is still converted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make().fit(*data(kind, gaps=gaps))


def beside_thresholds(estimator: Any, x: Matrix) -> Matrix:
    """Return rows with one number at a threshold, or one float32 or float64 number beside it."""
    boosted = boosted_of(estimator)
    assert boosted is not None
    draw = np.random.default_rng(1)
    rows = []
    for tree in boosted.ensemble.trees:
        for node in np.flatnonzero(~tree.leaf):
            at = tree.threshold[node]
            near = np.float32(at)
            values = [at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf), near]
            values += [np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
            for value in values:
                row = x[draw.integers(len(x))].copy()
                row[tree.feature[node]] = value
                rows.append(row)
    return np.array(rows[:4000])


def served(estimator: Any, x: Matrix, *, narrow: bool = False) -> list[NDArray[Any]]:
    """Convert, and answer rows as the function would."""
    register_converters()
    kind = FloatTensorType if narrow else DoubleTensorType
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = to_onnx(estimator, initial_types=[("X", kind([None, x.shape[1]]))], options=options)
    for item in graph.opset_import:
        item.version = 5 if item.domain == "ai.onnx.ml" else item.version
    values = array("f" if narrow else "d", x.ravel().tolist())
    with Session(locked_library(), graph.SerializeToString()) as session:
        names = [info.name for info in session.outputs]
        asked = {"X": Tensor("float" if narrow else "double", x.shape, values)}
        return [np.array(answer.data).reshape(answer.shape) for answer in session.run(asked, names)]


def compare(estimator: Any, x: Matrix, *, narrow: bool = False) -> tuple[int, float]:
    """Return how many labels differ, and the largest difference of a score relative to the largest score."""
    seen = served(estimator, x, narrow=narrow)
    if not hasattr(estimator, "classes_"):
        wanted = np.asarray(estimator.predict(x), dtype=np.float64)
        return 0, float(np.abs(seen[0].reshape(wanted.shape) - wanted).max() / np.abs(wanted).max())
    flips = int((seen[0].ravel() != np.asarray(estimator.predict(x))).sum())
    return flips, float(np.abs(seen[1] - estimator.predict_proba(x)).max())


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "xgboost binary": (lambda: xgboost.XGBClassifier(**FEW), "binary"),
    "xgboost classes": (lambda: xgboost.XGBClassifier(**FEW), "classes"),
    "xgboost number": (lambda: xgboost.XGBRegressor(**FEW), "number"),
    "xgboost dropout": (lambda: xgboost.XGBClassifier(booster="dart", rate_drop=0.4, **FEW), "classes"),
    "xgboost forest": (lambda: xgboost.XGBRFClassifier(**FEW), "classes"),
    "xgboost forest number": (lambda: xgboost.XGBRFRegressor(**FEW), "number"),
    "xgboost forests": (lambda: xgboost.XGBClassifier(num_parallel_tree=3, subsample=0.7, **FEW), "classes"),
    "xgboost softmax": (lambda: xgboost.XGBClassifier(objective="multi:softmax", **FEW), "classes"),
    "xgboost hinge": (lambda: xgboost.XGBClassifier(objective="binary:hinge", **FEW), "binary"),
    "xgboost base score": (lambda: xgboost.XGBClassifier(base_score=0.2, **FEW), "binary"),
    "xgboost gamma": (lambda: xgboost.XGBRegressor(objective="reg:gamma", **FEW), "number"),
    "xgboost poisson": (lambda: xgboost.XGBRegressor(objective="count:poisson", **FEW), "number"),
    "xgboost absolute": (lambda: xgboost.XGBRegressor(objective="reg:absoluteerror", **FEW), "number"),
    "xgboost quantiles": (
        lambda: xgboost.XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], **FEW),
        "number",
    ),
    "xgboost missing": (lambda: xgboost.XGBClassifier(missing=0.0, **FEW), "binary"),
    "lightgbm binary": (lambda: lightgbm.LGBMClassifier(**LIGHT), "binary"),
    "lightgbm classes": (lambda: lightgbm.LGBMClassifier(**LIGHT), "classes"),
    "lightgbm number": (lambda: lightgbm.LGBMRegressor(**LIGHT), "number"),
    "lightgbm dropout": (lambda: lightgbm.LGBMClassifier(boosting_type="dart", **LIGHT), "classes"),
    "lightgbm forest": (lambda: lightgbm.LGBMClassifier(**LIGHT, **FOREST), "classes"),
    "lightgbm forest binary": (lambda: lightgbm.LGBMClassifier(**LIGHT, **FOREST), "binary"),
    "lightgbm forest number": (lambda: lightgbm.LGBMRegressor(**LIGHT, **FOREST), "number"),
    "lightgbm one against all": (
        lambda: lightgbm.LGBMClassifier(objective="multiclassova", **LIGHT),
        "classes",
    ),
    "lightgbm slope": (lambda: lightgbm.LGBMClassifier(sigmoid=0.7, **LIGHT), "binary"),
    "lightgbm zeros": (lambda: lightgbm.LGBMClassifier(zero_as_missing=True, **LIGHT), "binary"),
    "lightgbm no missing": (lambda: lightgbm.LGBMClassifier(use_missing=False, **LIGHT), "binary"),
    "lightgbm root": (lambda: lightgbm.LGBMRegressor(reg_sqrt=True, **LIGHT), "number"),
    "lightgbm tweedie": (lambda: lightgbm.LGBMRegressor(objective="tweedie", **LIGHT), "number"),
    "lightgbm fair": (lambda: lightgbm.LGBMRegressor(objective="fair", **LIGHT), "number"),
}
"""Model → what makes it, and its data."""


@pytest.mark.parametrize("gaps", [False, True], ids=["full", "gaps"])
@pytest.mark.parametrize("name", MODELS)
def test_the_graph_answers_as_the_library_does(name: str, gaps: bool) -> None:
    """On data with missing values, far away, and on both sides of every threshold: no label differs.

    LightGBM to the last digit of a double; XGBoost, which computes in float32, to the last digit of that.
    """
    make, kind = MODELS[name]
    estimator = fit(make, kind, gaps=gaps)
    rows = [data(kind)[0], data(kind, gaps=True)[0], beside_thresholds(estimator, data(kind, gaps=True)[0])]
    x = np.concatenate(
        [*rows, -1e6 * rows[0][:5], np.zeros_like(rows[0][:2]), np.full_like(rows[0][:2], 1e-36)]
    )
    flips, error = compare(estimator, x)
    assert flips == 0
    assert error <= (2**-23 if name.startswith("xgboost") else 1e-14)


@pytest.mark.parametrize(
    "name", ["xgboost number", "xgboost absolute", "xgboost forest number", "xgboost quantiles"]
)
def test_xgboosts_float32_sums_are_the_same_bits(name: str) -> None:
    """Leaves are added in its order and precision."""
    make, kind = MODELS[name]
    estimator = fit(make, kind, gaps=True)
    assert compare(estimator, data(kind, gaps=True)[0]) == (0, 0.0)


def test_float32_input_is_all_that_xgboost_sees() -> None:
    """The cheaper graph is as exact."""
    estimator = fit(lambda: xgboost.XGBClassifier(**FEW), "binary")
    flips, error = compare(estimator, beside_thresholds(estimator, data("binary")[0]), narrow=True)
    assert (flips, error <= 2**-23) == (0, True)


@settings(max_examples=12, deadline=None)
@given(draw=st.data(), seed=st.integers(0, 999), gaps=st.booleans())
def test_whatever_the_parameters_it_agrees(draw: st.DataObject, seed: int, gaps: bool) -> None:
    """Random trees, depths, rates and libraries on random columns."""
    kind = draw.draw(st.sampled_from(["binary", "classes"]))
    library = draw.draw(st.sampled_from([xgboost.XGBClassifier, lightgbm.LGBMClassifier]))
    about = {
        "n_estimators": draw.draw(st.integers(1, 12)),
        "max_depth": draw.draw(st.integers(1, 6)),
        "learning_rate": draw.draw(st.floats(0.01, 1.5)),
        "random_state": seed,
        "n_jobs": 1,
        "verbosity": -1 if library is lightgbm.LGBMClassifier else 0,
    }
    estimator = fit(lambda: library(**about), kind, gaps=gaps)
    flips, error = compare(estimator, data(kind, gaps=True)[0])
    assert (flips, error <= 2**-23) == (0, True)


def test_columns_named_like_numbers_are_not_mistaken() -> None:
    """XGBoost's own dump for people says ``f1`` for the column of that name, wherever it is."""
    x, y = data("binary")
    frame = pd.DataFrame(x, columns=[f"f{29 - at}" for at in range(30)])
    estimator = xgboost.XGBClassifier(**FEW).fit(frame, y)
    seen = served(estimator, x)
    assert np.array_equal(seen[1], estimator.predict_proba(frame))


def test_early_stopping_ends_at_the_best_round() -> None:
    """Later trees are in the file and not in the answer."""
    x, y = data("binary")
    about = {"n_estimators": 200, "learning_rate": 0.5, "n_jobs": 1}
    early = xgboost.XGBClassifier(early_stopping_rounds=5, **about)
    early.fit(x[::2], y[::2], eval_set=[(x[1::2], y[1::2])], verbose=False)
    assert early.best_iteration + 1 < early.get_booster().num_boosted_rounds()
    assert compare(early, x) == (0, pytest.approx(0, abs=2**-24))
    light = lightgbm.LGBMClassifier(verbose=-1, **about)
    stop = lightgbm.early_stopping(5, verbose=False)
    light.fit(x[::2], y[::2], eval_X=x[1::2], eval_y=y[1::2], callbacks=[stop])
    assert light.best_iteration_ < 200
    assert compare(light, x) == (0, pytest.approx(0, abs=1e-15))


def test_lightgbms_categories_of_whole_numbers_are_exact() -> None:
    """Also for fractions, which it cuts, and for numbers that are no category."""
    draw = np.random.default_rng(0)
    x = np.c_[draw.integers(0, 40, 600), draw.integers(0, 3, 600), draw.normal(size=600)].astype(np.float64)
    y = np.isin(x[:, 0], [1, 5, 9, 33, 39]) ^ (x[:, 1] == 2)
    estimator = lightgbm.LGBMClassifier(**LIGHT).fit(x, y, categorical_feature=[0, 1])
    assert boosted_of(estimator).codes == (0, 1)
    strange = np.repeat(x[:8], 12, axis=0)
    strange[:, 0] = np.tile([-1, -0.5, 0.5, 1.9, 32.99, 33, 39.5, 40, 64, 1e9, np.nan, 0], 8)
    assert compare(estimator, np.concatenate([x, strange])) == (0, pytest.approx(0, abs=1e-15))


@pytest.mark.parametrize("labels", [np.array(["bad", "good"]), np.array([3, 7]), np.array([False, True])])
def test_lightgbms_classes_keep_their_names(labels: NDArray[Any]) -> None:
    """Words, numbers and truth values."""
    x, y = data("binary")
    assert compare(lightgbm.LGBMClassifier(**LIGHT).fit(x, labels[y]), x)[0] == 0


@pytest.mark.parametrize("booster", [xgboost.XGBClassifier(**FEW), lightgbm.LGBMClassifier(**LIGHT)])
def test_boosters_convert_inside_other_estimators(booster: Any) -> None:
    """Behind transformers, calibrated, among voters and in a stack."""
    x, y = data("binary")
    members = [("a", booster), ("b", clone(booster).set_params(max_depth=2))]
    for estimator in (
        make_pipeline(StandardScaler(), booster),
        CalibratedClassifierCV(booster, cv=2),
        VotingClassifier(members, voting="soft", flatten_transform=False),
        StackingClassifier(members, cv=2),
    ):
        assert compare(estimator.fit(x, y), x) == (0, pytest.approx(0, abs=1e-6))


FILES: dict[str, tuple[str, str, str]] = {
    ".json": ("xgboost", "XGB", "save_model"),
    ".ubj": ("xgboost", "XGB", "save_model"),
    ".txt": ("lightgbm", "LGBM", "booster_"),
}


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize(
    ("kind", "task"), [("binary", "Classifier"), ("classes", "Classifier"), ("number", "Regressor")]
)
def test_a_librarys_own_file_loads_as_its_estimator(
    tmp_path: Path, suffix: str, kind: str, task: str
) -> None:
    """It answers as the saved one did, knows its columns, and converts."""
    library, prefix, _ = FILES[suffix]
    make = getattr({"xgboost": xgboost, "lightgbm": lightgbm}[library], prefix + task)
    x, y = data(kind, gaps=True)
    frame = pd.DataFrame(x, columns=[f"column{at}" for at in range(x.shape[1])])
    saved = make(**(LIGHT if suffix == ".txt" else FEW)).fit(frame, y)
    path = tmp_path / f"m{suffix}"
    (saved.booster_ if suffix == ".txt" else saved).save_model(path)
    loaded = load_booster(path)
    assert type(loaded) is type(saved)
    assert loaded.feature_names_in_.tolist() == list(frame.columns)
    assert loaded.n_features_in_ == x.shape[1]
    assert np.array_equal(loaded.predict(frame), saved.predict(frame))
    if task == "Classifier":
        assert loaded.classes_.tolist() == saved.classes_.tolist()
        assert np.array_equal(loaded.predict_proba(frame), saved.predict_proba(frame))
        assert np.abs(served(loaded, x)[1] - saved.predict_proba(frame)).max() <= 2**-23


@pytest.mark.parametrize("suffix", [".json", ".ubj"])
def test_a_file_of_the_native_interface_loads_by_its_objective(tmp_path: Path, suffix: str) -> None:
    """It holds neither the kind of estimator nor names of columns."""
    x, y = data("classes")
    for objective, labels, wanted in (
        ("multi:softprob", y, xgboost.XGBClassifier),
        ("binary:logistic", y > 0, xgboost.XGBClassifier),
        ("reg:squarederror", y, xgboost.XGBRegressor),
    ):
        about = {"objective": objective} | ({"num_class": 3} if objective.startswith("multi") else {})
        xgboost.train(about, xgboost.DMatrix(x, labels), 5).save_model(tmp_path / f"m{suffix}")
        loaded = load_booster(tmp_path / f"m{suffix}")
        assert type(loaded) is wanted
        assert not hasattr(loaded, "feature_names_in_")
        assert compare(loaded, x)[0] == 0


def categorical_frame() -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return a number and a column of pandas' category type, with a target."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": draw.normal(size=200), "colour": pd.Categorical(draw.choice(["r", "g"], 200))}
    )
    return frame, (frame["colour"] == "r").to_numpy() ^ (frame["size"] > 1).to_numpy()


def halves(wanted: NDArray[Any], seen: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return gradient and curvature of half the squared error: an objective written in Python."""
    return seen - wanted, np.ones_like(wanted)


REFUSED: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "xgboost categories": (
        lambda: xgboost.XGBClassifier(enable_categorical=True, **FEW).fit(*categorical_frame()),
        ["enable_categorical on colour", "OrdinalEncoder"],
    ),
    "lightgbm categories": (
        lambda: lightgbm.LGBMClassifier(**LIGHT).fit(*categorical_frame()),
        ["pandas' category type", "OneHotEncoder"],
    ),
    "linear": (
        lambda: fit(lambda: xgboost.XGBRegressor(booster="gblinear"), "number"),
        ["gblinear", "scikit-learn's linear"],
    ),
    "linear leaves": (
        lambda: fit(lambda: lightgbm.LGBMRegressor(linear_tree=True, **LIGHT), "number"),
        ["linear models in its leaves", "linear_tree=False"],
    ),
    "vector leaves": (
        lambda: xgboost.XGBRegressor(multi_strategy="multi_output_tree", tree_method="hist", **FEW).fit(
            data("number")[0], np.stack([data("number")[1]] * 2, axis=1)
        ),
        ["several values a leaf", "one_output_per_tree"],
    ),
    "raw scores": (
        lambda: fit(lambda: xgboost.XGBClassifier(objective="binary:logitraw", **FEW), "binary"),
        ["binary:logitraw", "binary:logistic"],
    ),
    "survival": (
        lambda: fit(lambda: xgboost.XGBRegressor(objective="survival:cox", **FEW), "number"),
        ["survival:cox"],
    ),
    "own objective": (
        lambda: fit(lambda: xgboost.XGBRegressor(objective=halves, **FEW), "number"),
        ["written in Python"],
    ),
    "own objective of lightgbm": (
        lambda: fit(lambda: lightgbm.LGBMRegressor(objective=halves, **LIGHT), "number"),
        ["objective custom"],
    ),
    "several labels": (
        lambda: xgboost.XGBClassifier(**FEW).fit(
            data("binary")[0], np.stack([data("binary")[1]] * 2, axis=1)
        ),
        ["2 classes and 2 scores a row", "one classifier a label"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_converted_is_refused_by_name(name: str) -> None:
    """The message has the part and what to do; nothing is answered differently in silence."""
    make, words = REFUSED[name]
    with pytest.raises(UnsupportedError) as caught:
        refuse_unsupported(make_pipeline(StandardScaler(), make()))
    assert [word for word in words if word not in str(caught.value)] == []


def test_rankers_files_are_refused(tmp_path: Path) -> None:
    """Rows of a request are answered one by one."""
    x, y = data("classes")
    xgboost.XGBRanker(**FEW).fit(x, y, qid=np.zeros(len(x))).save_model(tmp_path / "m.json")
    with pytest.raises(UnsupportedError, match=r"rank:ndcg: it ranks rows"):
        load_booster(tmp_path / "m.json")
    lightgbm.LGBMRanker(**LIGHT).fit(x, y, group=[len(x)]).booster_.save_model(tmp_path / "m.txt")
    with pytest.raises(UnsupportedError, match="lambdarank: it ranks rows"):
        load_booster(tmp_path / "m.txt")


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.95])
def test_a_damaged_file_is_refused_in_one_line(
    tmp_path: Path, suffix: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the library's C++ trace, and before it could end the process."""
    path = tmp_path / f"m{suffix}"
    make = MODELS["lightgbm binary" if suffix == ".txt" else "xgboost binary"][0]
    estimator = fit(make, "binary")
    (estimator.booster_ if suffix == ".txt" else estimator).save_model(path)
    whole = path.read_bytes().partition(b"end of trees")[0] if suffix == ".txt" else path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    capfd.readouterr()
    with pytest.raises(InputError, match=r"is not a model file|is damaged") as caught:
        load_booster(path)
    assert "\n" not in str(caught.value)
    assert "bt]" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", FILES)
def test_a_file_of_something_else_is_refused(tmp_path: Path, suffix: str) -> None:
    """The suffixes are everybody's."""
    (tmp_path / f"m{suffix}").write_text('{"a": 1}')
    with pytest.raises(InputError, match="is not a model file of"):
        load_booster(tmp_path / f"m{suffix}")
