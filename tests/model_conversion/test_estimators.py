"""Estimators are loaded without running what their file says, or refused with one message."""

import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import sklearn
import xgboost
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from skops import io

from model_conversion.errors import InputError, UnsupportedError
from model_conversion.estimators import has_columns, load_estimator, task_of

X, Y = load_iris(return_X_y=True)


def custom(values: object) -> object:
    """Stand for code that only its author has."""
    return values


class Payload:
    """Stands for a pickle that does something when it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (self.folder,)


def message(path: Path, **options: object) -> str:
    """Return the one line with which a file is refused."""
    with pytest.raises(InputError) as caught:
        load_estimator(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pipeline_of_known_types_is_loaded(tmp_path: Path) -> None:
    """What was saved answers as before."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    io.dump(pipeline, tmp_path / "m.skops")
    assert load_estimator(tmp_path / "m.skops").predict([[1.0]]) == [1]


@pytest.mark.parametrize(
    "booster",
    [
        xgboost.XGBClassifier(n_estimators=3),
        xgboost.XGBRegressor(n_estimators=3),
        lightgbm.LGBMClassifier(n_estimators=3, verbose=-1),
        lightgbm.LGBMRegressor(n_estimators=3, verbose=-1),
    ],
    ids=lambda booster: type(booster).__name__,
)
def test_a_booster_in_a_pipeline_needs_no_trust(tmp_path: Path, booster: object) -> None:
    """Its types hold data, as scikit-learn's do."""
    pipeline = make_pipeline(StandardScaler(), booster).fit(X, Y)
    io.dump(pipeline, tmp_path / "m.skops")
    loaded = load_estimator(tmp_path / "m.skops")
    assert np.array_equal(loaded.predict(X), pipeline.predict(X))


def test_an_unknown_type_is_listed_and_refused_until_trusted(tmp_path: Path) -> None:
    """The message has the option that trusts it."""
    io.dump(FunctionTransformer(custom), tmp_path / "m.skops")
    name = message(tmp_path / "m.skops").rpartition("--trust ")[2]
    assert name.endswith(".custom")
    assert load_estimator(tmp_path / "m.skops", trusted=(name,)).func is custom


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib", ".PKL"])
def test_a_pickle_is_refused_unread_until_trusted(tmp_path: Path, suffix: str) -> None:
    """The message says what a pickle can do, what to save instead, and the option that trusts it."""
    path = tmp_path / f"m{suffix}"
    payload = Payload()
    payload.folder = str(tmp_path / "made")
    path.write_bytes(pickle.dumps(payload))
    refusal = message(path)
    assert not (tmp_path / "made").exists()
    for words in ("runs whatever program", "skops.io.dump", "--trust-pickle"):
        assert words in refusal
    assert "holds a NoneType, wanted a fitted" in message(path, trust_pickle=True)
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("write", [joblib.dump, lambda model, path: path.write_bytes(pickle.dumps(model))])
def test_a_trusted_pickle_is_loaded(tmp_path: Path, write: Callable[[object, Path], object]) -> None:
    """Whichever of the two libraries wrote it."""
    write(LinearRegression().fit(X, Y), tmp_path / "m.joblib")
    loaded = load_estimator(tmp_path / "m.joblib", trust_pickle=True)
    assert np.array_equal(loaded.predict(X), LinearRegression().fit(X, Y).predict(X))


def test_an_archive_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    """A megabyte that unpacks to a gigabyte; the message has both sizes."""
    with zipfile.ZipFile(tmp_path / "m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 2**24)
    assert (tmp_path / "m.skops").stat().st_size < 2**15
    refusal = message(tmp_path / "m.skops", most_unpacked_bytes=2**23)
    assert "unpacks to 16 MB, more than 8 MB" in refusal
    assert "save a smaller model" in refusal


def other_version(path: Path, model: object) -> None:
    """Save a model as scikit-learn 1.2.3 would have, in the format of the file's name."""
    installed = sklearn.__version__.encode()
    other = b"1.2.3".ljust(len(installed), b"4")
    if path.suffix != ".skops":
        path.write_bytes(pickle.dumps(model).replace(installed, other))
        return
    io.dump(model, path.with_suffix(".zip"))
    with zipfile.ZipFile(path.with_suffix(".zip")) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.namelist():
            new.writestr(item, old.read(item).replace(installed, other))


@pytest.mark.parametrize("suffix", [".skops", ".pkl"])
@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        make_pipeline(StandardScaler(), RandomForestClassifier(2)),
        make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=2)),
    ],
    ids=["estimator", "pipeline", "booster"],
)
def test_a_model_of_another_version_is_refused(
    tmp_path: Path, suffix: str, model: LogisticRegression
) -> None:
    """The message has both versions and what to do; one as old as this cannot be installed here."""
    other_version(tmp_path / f"m{suffix}", model.fit(X, Y))
    refusal = message(tmp_path / f"m{suffix}", trust_pickle=True)
    assert re.search(r"was fitted with scikit-learn 1\.2\.3\d*, and .* is installed", refusal)
    assert f"{sklearn.__version__} is installed" in refusal
    assert refusal.endswith("fit it again with the installed version")


@pytest.mark.parametrize("name", ["tumours.skops", "tumours.joblib"])
def test_a_model_that_another_version_saved_is_refused_with_both_ways_out(root: Path, name: str) -> None:
    """Files that scikit-learn 1.7.2 wrote; see the script beside them."""
    refusal = message(root / "tests/model_conversion/versions" / name, trust_pickle=True)
    assert f"was fitted with scikit-learn 1.7.2, and {sklearn.__version__} is installed" in refusal
    assert "fit it again with the installed version, or" in refusal
    assert refusal.endswith(".tools/uv add --group model scikit-learn==1.7.2 and convert again")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """The message has the suffixes that are read."""
    (tmp_path / "m.onnx").write_bytes(b"")
    assert "'.onnx', wanted .skops, XGBoost's .json or .ubj, LightGBM's .txt" in message(tmp_path / "m.onnx")


@pytest.mark.parametrize("suffix", [".skops", ".pkl", ".json", ".ubj", ".txt"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    """Whatever it would be."""
    assert re.match(r"cannot read .*nowhere.*: No such file", message(tmp_path / f"nowhere{suffix}"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".skops", ".pkl"])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, suffix: str, share: float) -> None:
    """No trace of a library, wherever it was cut off."""
    model = RandomForestClassifier(3, random_state=0).fit(X, Y)
    whole = io.dumps(model) if suffix == ".skops" else pickle.dumps(model)
    path = tmp_path / f"m{suffix}"
    path.write_bytes(whole[: int(share * len(whole))])
    assert re.search("is not a skops file, or is damaged|cannot be loaded", message(path, trust_pickle=True))


def test_a_damaged_part_of_an_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    """The table of contents is whole, the arrays in it are not."""
    whole = bytearray(io.dumps(RandomForestClassifier(3, random_state=0).fit(X, Y)))
    at = whole.find(b"NUMPY")
    whole[at : at + 400] = b"\0" * 400
    (tmp_path / "m.skops").write_bytes(whole)
    assert "is damaged: BadZipFile" in message(tmp_path / "m.skops")


def test_what_is_no_fitted_estimator_is_refused(tmp_path: Path) -> None:
    """Models are also saved in dictionaries, and before they are fitted."""
    io.dump({"model": LinearRegression().fit(X, Y)}, tmp_path / "d.skops")
    assert "holds a dict, wanted a fitted scikit-learn estimator" in message(tmp_path / "d.skops")
    io.dump(LinearRegression(), tmp_path / "u.skops")
    assert "holds a LinearRegression that is not fitted" in message(tmp_path / "u.skops")


def test_warnings_of_the_file_stay_in_it(tmp_path: Path) -> None:
    """Loading says one thing or nothing."""
    io.dump(LinearRegression().fit(X, Y), tmp_path / "m.skops")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_estimator(tmp_path / "m.skops")
    assert caught == []


def test_the_columns_are_told_apart() -> None:
    """By name and order where there are names, LightGBM's underscores for blanks included; else by their number."""
    names = ["sepal length", "b", "c", "d"]
    frame = pd.DataFrame(X, columns=names)
    for model in (LinearRegression(), lightgbm.LGBMRegressor(n_estimators=2, verbose=-1)):
        assert has_columns(model.fit(frame, Y), names)
        assert not has_columns(model, names[::-1])
        assert not has_columns(model, ["sepal-length", *names[1:]])
        assert has_columns(model.fit(X, Y), names)
        assert not has_columns(model, names[:3])
    assert not has_columns(LinearRegression().fit(frame, Y), ["sepal_length", *names[1:]])


def test_the_task_is_told_apart() -> None:
    """Also behind a pipeline; a transformer has none."""
    assert task_of(make_pipeline(StandardScaler(), LogisticRegression())) == "classification"
    assert task_of(make_pipeline(StandardScaler(), SVC())) == "decision"
    assert task_of(LinearRegression()) == "regression"
    assert task_of(IsolationForest()) == "outlier"
    assert task_of(KMeans()) == "clustering"
    assert task_of(xgboost.XGBClassifier()) == task_of(lightgbm.LGBMClassifier()) == "classification"
    assert task_of(xgboost.XGBRegressor()) == task_of(lightgbm.LGBMRegressor()) == "regression"
    with pytest.raises(UnsupportedError, match="StandardScaler is no classifier"):
        task_of(StandardScaler())
