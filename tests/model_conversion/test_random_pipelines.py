"""Random pipelines: what is converted answers fresh rows as scikit-learn does, or it is refused."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sklearn.base import is_regressor
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from skops import io

from function.ort import Session
from function.predictor import Predictor
from model_conversion.convert import search
from model_conversion.dataset import frame_of
from model_conversion.errors import ParityError, UnsupportedError
from model_conversion.library import locked_library
from model_conversion.material import Request, gather

SCHEMA = """
[[features]]
name = "size (m)"
kind = "number"
nullable = true
[[features]]
name = "1st.weight"
kind = "number"
nullable = true
[[features]]
name = "count"
kind = "integer"
[[features]]
name = "größe"
kind = "category"
nullable = true
null_token = "none"
outside = "warn"
"""
NAMES = ["size (m)", "1st.weight", "count", "größe"]

imputers = st.sampled_from(
    [{"strategy": "mean"}, {"strategy": "median"}, {"strategy": "most_frequent"}]
).flatmap(lambda options: st.booleans().map(lambda flag: SimpleImputer(add_indicator=flag, **options)))
scalers = st.sampled_from(
    [
        "passthrough",
        StandardScaler(),
        MinMaxScaler(),
        RobustScaler(),
        MaxAbsScaler(),
        QuantileTransformer(n_quantiles=20),
        PolynomialFeatures(2),
        KBinsDiscretizer(4, encode="ordinal", strategy="uniform"),
    ]
)
encoders = st.sampled_from(
    [
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        OneHotEncoder(handle_unknown="ignore"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=8, sparse_output=False),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ]
)
models = st.sampled_from(
    [
        LogisticRegression(),
        Ridge(),
        GaussianNB(),
        KNeighborsClassifier(3),
        DecisionTreeClassifier(random_state=0),
        DecisionTreeRegressor(random_state=0),
        RandomForestClassifier(5, random_state=0),
        RandomForestRegressor(5, random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        GradientBoostingClassifier(n_estimators=5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5, random_state=0),
    ]
)


def ignore(step: str) -> None:
    """Show no progress."""


def data(seed: int, rows: int) -> pd.DataFrame:
    """Return rows with gaps, ties, large and tiny numbers."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size (m)": np.round(rng.normal(size=rows), int(rng.integers(1, 8))),
            "1st.weight": rng.choice([1e-3, 1.0, 1e5]) * rng.normal(size=rows),
            "count": rng.integers(0, 9, rows),
            "größe": rng.choice(["S", "M", "L", "none"], rows),
        }
    )
    frame.loc[rng.random(rows) < 0.1, "size (m)"] = np.nan
    return frame


def beside(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return numbers half way between neighbouring values, where thresholds lie, or one step beside."""
    known = np.unique(values[~np.isnan(values)])
    middles = np.concatenate([(known[1:] + known[:-1]) / 2, known])
    steps = rng.integers(-1, 2, len(middles))
    return np.where(steps == 0, middles, np.nextafter(middles, np.where(steps > 0, np.inf, -np.inf)))


@pytest.mark.filterwarnings("ignore")  # scikit-learn warns of poor fits, which are as good for this
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["impute", "pass"]),
    imputers,
    scalers,
    encoders,
    models,
)
@settings(
    max_examples=20, derandomize=True, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
def test_what_is_converted_answers_alike(
    seed: int, front: str, imputer: Any, scaler: Any, encoder: Any, model: Any
) -> None:
    """On fresh rows beside the thresholds, with other gaps and an unseen category."""
    frame = data(seed, 80)
    native = front == "pass" and isinstance(
        model, DecisionTreeClassifier | RandomForestClassifier | HistGradientBoostingClassifier
    )
    numbers = "passthrough" if native else make_pipeline(imputer, scaler)
    rng = np.random.default_rng(seed + 1)
    score = (
        frame["size (m)"].fillna(0) + (frame["größe"] == "L") + frame["count"] / 4 + rng.normal(size=80) / 2
    )
    target = score if is_regressor(model) else (score > 1).astype(int)
    pipeline = make_pipeline(make_column_transformer((numbers, NAMES[:3]), (encoder, NAMES[3:])), model)
    if isinstance(model, GaussianNB | HistGradientBoostingClassifier) and encoder.get_params().get(
        "sparse_output"
    ):
        encoder.set_params(sparse_output=False)
    pipeline.fit(frame, target)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        io.dump(pipeline, place / "m.skops")
        frame.replace({"größe": {"none": ""}}).to_csv(place / "d.csv", index=False)
        (place / "s.toml").write_text(SCHEMA)
        request = Request(
            model=place / "m.skops", data=place / "d.csv", schema=place / "s.toml", out=place / "out"
        )
        material = gather(request, ignore)
        try:
            proved = search(material, ignore)
        except (ParityError, UnsupportedError):
            return
        contract, schema = proved.contract, material.schema
        fresh = data(seed + 2, 200)
        for name in NAMES[:2]:
            near = rng.choice(beside(frame[name].to_numpy(), rng), 200)
            fresh[name] = np.where(rng.random(200) < 0.7, near, fresh[name])
        fresh.loc[::50, "größe"] = "never seen"
        rows = [
            {name: None if value != value or value == "none" else value for name, value in row.items()}
            for row in fresh.to_dict("records")
        ]
        with Session(locked_library(), proved.graph) as session:
            seen = Predictor(session, contract).predict(rows)
    asked = frame_of(rows, schema)
    if contract.model.task == "regression":
        wanted = np.asarray(pipeline.predict(asked)).reshape(-1, 1)
    else:
        wanted = pipeline.predict_proba(asked)
        labels = pipeline.predict(asked).tolist()
        gaps = np.abs(wanted[:, 0] - wanted[:, 1])
        flips = [at for at, answer in enumerate(seen) if answer.label != labels[at] and gaps[at] > 1e-12]
        assert flips == []
    np.testing.assert_allclose(
        np.array([answer.scores for answer in seen]), wanted, rtol=0, atol=contract.golden.tolerance
    )
