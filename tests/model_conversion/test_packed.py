"""A packed graph is the same graph in fewer bytes."""

import numpy as np
import onnx
from families import fitted
from sklearn.ensemble import RandomForestClassifier

from function.ort import Session
from model_conversion.benchmark.trial import answers
from model_conversion.library import locked_library
from model_conversion.packed import serialised
from model_conversion.schema import FeatureSchema, Schema, TargetSchema
from model_conversion.strategies import STRATEGIES, convert


def test_nothing_is_lost_and_every_answer_is_the_same() -> None:
    """In float32, whose attributes are lists of floats too, and in float64; written twice alike."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3)).astype(np.float32).astype(np.float64)
    forest = RandomForestClassifier(5, random_state=0).fit(rows, rows[:, 0] > 0)
    names = tuple(FeatureSchema(name=f"x{at}", kind="number") for at in range(3))
    schema = Schema(name="t", target=TargetSchema(), features=names)
    for strategy in STRATEGIES:
        model = convert(forest, schema, strategy).model
        plain, packed = model.SerializeToString(), serialised(model)
        assert len(packed) < 0.95 * len(plain)
        assert onnx.load_from_string(packed) == model
        assert serialised(model) == packed
        with Session(locked_library(), plain) as one, Session(locked_library(), packed) as other:
            for before, after in zip(answers(one, rows), answers(other, rows), strict=True):
                np.testing.assert_array_equal(before, after)


def test_strings_and_tensors_are_kept() -> None:
    """Of a pipeline with categories."""
    material = fitted("logistic").material
    model = convert(material.estimator, material.schema, STRATEGIES[1]).model
    assert onnx.load_from_string(serialised(model)) == model
