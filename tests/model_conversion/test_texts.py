"""Text is cut into scikit-learn's words, in every alphabet."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from function.contract import Row
from function.encoding import Encoder
from function.ort import Session
from model_conversion.assembly import features_of
from model_conversion.dataset import Dataset
from model_conversion.library import locked_library
from model_conversion.probes import probes_for
from model_conversion.schema import FeatureSchema, Schema, TargetSchema
from model_conversion.strategies import STRATEGIES, convert

SCHEMA = Schema(
    name="t", target=TargetSchema(), features=(FeatureSchema(name="text", kind="text", example="x"),)
)
TEXTS = [
    "Ein naïver Bär läuft",
    "the bear runs, don't run 42",
    "медведь бежит",
    "UPPER Lower ÜBER a b",
    "snake_case 3d",
] * 4


@pytest.mark.parametrize(
    "vectoriser",
    [
        TfidfVectorizer(),
        TfidfVectorizer(ngram_range=(1, 2)),
        CountVectorizer(token_pattern=r"(?u)\b\w+\b", binary=True),
        CountVectorizer(lowercase=False),
    ],
    ids=["words", "pairs", "letters", "case"],
)
def test_words_are_those_of_scikit_learn(vectoriser: CountVectorizer) -> None:
    """On the fitted texts and on any mixture of their words, marks and letters."""
    pipeline = make_pipeline(vectoriser, LogisticRegression()).fit(TEXTS, [0, 1, 0, 1, 1] * 4)
    conversion = convert(pipeline, SCHEMA, STRATEGIES[0])
    features = features_of(SCHEMA, Dataset(rows=[{"text": "x"}], targets=[]), conversion.places)
    words = sorted({word for text in TEXTS for word in text.split()})
    with Session(locked_library(), conversion.model.SerializeToString()) as session:
        encoder = Encoder(features, session.inputs)

        @given(st.lists(st.sampled_from([*words, ",", "-", "x", "Ж", "ß", "9"]), min_size=1, max_size=9))
        @settings(max_examples=60)
        def agrees(chosen: list[str]) -> None:
            text = " ".join(chosen)
            (scores,) = session.run(encoder.encode([{"text": text}]), ["probabilities"])
            np.testing.assert_allclose(
                np.array(scores.data), pipeline.predict_proba([text])[0], rtol=0, atol=1e-6
            )

        agrees()


def test_a_weight_of_repeated_words_that_differs_is_found() -> None:
    """skl2onnx weighs a repeated word otherwise than sublinear_tf says; the probes repeat words."""
    pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression()).fit(
        TEXTS, [0, 1, 0, 1, 1] * 4
    )
    dataset = Dataset(rows=[{"text": text} for text in TEXTS], targets=[])
    features = features_of(SCHEMA, dataset, {"text": ("strings", 0)})
    probes = probes_for(pipeline, features, SCHEMA, dataset.rows)
    rows = [str(row["text"]) for row in probes.rows["text"]]
    conversion = convert(pipeline, SCHEMA, STRATEGIES[0])
    with Session(locked_library(), conversion.model.SerializeToString()) as session:
        encoder = Encoder(features, session.inputs)
        (scores,) = session.run(encoder.encode([{"text": text} for text in rows]), ["probabilities"])
    errors = np.abs(np.array(scores.data).reshape(-1, 2) - pipeline.predict_proba(rows))
    assert errors.max() > 1e-5


MIXED = Schema(
    name="t",
    target=TargetSchema(),
    features=(FeatureSchema(name="n", kind="number", example=1.0), *SCHEMA.features),
)


@pytest.mark.parametrize("norm", ["l1", "l2", None])
@pytest.mark.parametrize("sublinear", [False, True])
@pytest.mark.parametrize("idf", [False, True])
def test_weights_beside_numbers_are_scikit_learns_to_the_last_digits(
    norm: str | None, sublinear: bool, idf: bool
) -> None:
    """In double, words repeated, unknown and absent; in float32 they would be off by 1e-8."""
    frame = pd.DataFrame({"n": np.linspace(-1, 1, len(TEXTS)), "text": TEXTS})
    vectoriser = TfidfVectorizer(norm=norm, sublinear_tf=sublinear, use_idf=idf)
    columns = make_column_transformer((StandardScaler(), ["n"]), (vectoriser, "text"))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 0, 1, 1] * 4)
    conversion = convert(pipeline, MIXED, STRATEGIES[1])
    texts = [*TEXTS[:5], "bear bear bear runs", "unheard", "", "bear unheard bear"]
    rows: list[Row] = [{"n": 0.1 * at, "text": text} for at, text in enumerate(texts)]
    features = features_of(MIXED, Dataset(rows=rows, targets=[]), conversion.places)
    with Session(locked_library(), conversion.model.SerializeToString()) as session:
        (scores,) = session.run(Encoder(features, session.inputs).encode(rows), ["probabilities"])
    wanted = pipeline.predict_proba(pd.DataFrame(rows))
    np.testing.assert_allclose(np.array(scores.data).reshape(-1, 2), wanted, rtol=0, atol=1e-14)
