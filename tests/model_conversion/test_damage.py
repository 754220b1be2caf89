"""A graph with one thing wrong is never passed, whatever the thing and the model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from families import fitted
from onnx import numpy_helper

from function.errors import NightjarError
from model_conversion.bisection import neighbours
from model_conversion.inputs import NUMBERS
from model_conversion.strategies import STRATEGIES

FLOAT64 = STRATEGIES[1]
TREES = [
    "tree",
    "scaled forest",
    "forest of gaps",
    "boosting",
    "histogram",
    "forest regressor",
    "histogram poisson",
]


def attribute(model: onnx.ModelProto, operator: str, name: str) -> onnx.AttributeProto:
    """Return an attribute of the first node of an operator."""
    node = next(node for node in model.graph.node if node.op_type == operator)
    return next(item for item in node.attribute if item.name == name)


def edit_tensor(holder: onnx.TensorProto, edit: Callable[[np.ndarray], None]) -> None:
    """Change a tensor's values in place."""
    values = numpy_helper.to_array(holder).copy()
    edit(values)
    holder.CopyFrom(numpy_helper.from_array(values, holder.name))


def high_split(model: onnx.ModelProto) -> int:
    """Return the number of a split on height or weight near a root, where many rows pass.

    Those two are numbers; no request can tell a split at 15.5 years from one at the next float32.
    """
    ints = {
        name: attribute(model, "TreeEnsemble", name).ints
        for name in (
            "nodes_featureids",
            "nodes_truenodeids",
            "nodes_falsenodeids",
            "nodes_trueleafs",
            "nodes_falseleafs",
        )
    }
    level = list(attribute(model, "TreeEnsemble", "tree_roots").ints)
    while level:
        for split in level:
            if ints["nodes_featureids"][split] in {1, 2}:
                return split
        level = [
            ints[f"nodes_{side}nodeids"][split]
            for split in level
            for side in ("true", "false")
            if not ints[f"nodes_{side}leafs"][split]
        ]
    raise AssertionError("no split on height or weight")


@pytest.mark.parametrize("direction", [-np.inf, np.inf])
@pytest.mark.parametrize("name", TREES)
def test_a_threshold_moved_by_one_float32_step_is_refused(name: str, direction: float) -> None:
    """Up or down: the smallest change that a conversion to float32 can make."""

    def move(model: onnx.ModelProto) -> None:
        split = high_split(model)

        def step(splits: np.ndarray) -> None:
            # From the float32 that rounds down: a split between two of them divides the same inputs as it.
            below, _ = neighbours(splits[split : split + 1], np.float32)
            splits[split] = np.nextafter(np.float32(below[0]), np.float32(direction))

        edit_tensor(attribute(model, "TreeEnsemble", "nodes_splits").t, step)

    assert not fitted(name).passes(FLOAT64, move)


@pytest.mark.parametrize("name", ["forest multiclass", "histogram multiclass"])
def test_two_classes_exchanged_are_refused(name: str) -> None:
    """The labels alone, with every probability right."""

    def swap(model: onnx.ModelProto) -> None:
        names = next(item for item in model.graph.initializer if item.data_type == onnx.TensorProto.STRING)
        first, second = names.string_data[0], names.string_data[1]
        names.string_data[0], names.string_data[1] = second, first

    assert not fitted(name).passes(FLOAT64, swap)


@pytest.mark.parametrize("name", ["forest", "boosting", "histogram"])
def test_the_binary_decision_turned_is_refused(name: str) -> None:
    """The labels alone, with every probability right."""

    def turn(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            if node.op_type == "ArgMax":
                node.op_type = "ArgMin"

    assert not fitted(name).passes(FLOAT64, turn)


def rewire(model: onnx.ModelProto, columns: list[int]) -> None:
    """Let the graph read its numbers in another order of columns."""
    for node in model.graph.node:
        for at, name in enumerate(node.input):
            if name == NUMBERS:
                node.input[at] = "rewired"
    order = numpy_helper.from_array(np.array(columns, dtype=np.int64), "order")
    model.graph.initializer.append(order)
    model.graph.node.insert(0, onnx.helper.make_node("Gather", [NUMBERS, "order"], ["rewired"], axis=1))


ALL = ["logistic", "ridge", "tree", "scaled forest", "boosting", "histogram", "histogram categories"]


@pytest.mark.parametrize("name", ALL)
def test_two_columns_exchanged_are_refused(name: str) -> None:
    """Height for weight."""
    assert not fitted(name).passes(FLOAT64, lambda model: rewire(model, [0, 2, 1, 3, 4]))


@pytest.mark.parametrize("name", ALL)
def test_an_input_that_is_not_used_is_refused(name: str) -> None:
    """One feature in place of another."""
    assert not fitted(name).passes(FLOAT64, lambda model: rewire(model, [0, 2, 2, 3, 4]))


def test_an_input_that_is_gone_is_refused() -> None:
    """Onnxruntime or the contract names what the model lacks."""

    def drop(model: onnx.ModelProto) -> None:
        model.graph.input.remove(next(item for item in model.graph.input if item.name == NUMBERS))

    with pytest.raises(NightjarError, match=NUMBERS):
        fitted("tree").passes(FLOAT64, drop)


@pytest.mark.parametrize("name", ["tree", "forest of gaps", "histogram", "histogram poisson"])
def test_the_way_of_missing_values_turned_is_refused(name: str) -> None:
    """At one split of one tree."""

    def turn(model: onnx.ModelProto) -> None:
        split = high_split(model)
        node = next(node for node in model.graph.node if node.op_type == "TreeEnsemble")
        ways = [item for item in node.attribute if item.name == "nodes_missing_value_tracks_true"]
        count = len(attribute(model, "TreeEnsemble", "nodes_featureids").ints)
        turned = list(ways[0].ints) if ways else [0] * count
        turned[split] = 1 - turned[split]
        for item in ways:
            node.attribute.remove(item)
        node.attribute.append(onnx.helper.make_attribute("nodes_missing_value_tracks_true", turned))

    assert not fitted(name).passes(FLOAT64, turn)


@pytest.mark.parametrize("name", ["logistic", "scaled forest", "boosting"])
def test_another_imputed_value_is_refused(name: str) -> None:
    """The mean of one column off by a hundredth."""
    imputer: Any = fitted(name).material.estimator[0].named_transformers_["pipeline"][0]

    def change(model: onnx.ModelProto) -> None:
        for item in model.graph.initializer:
            if item.data_type == onnx.TensorProto.DOUBLE:
                values = numpy_helper.to_array(item)
                if values.shape == (1, 5) and np.array_equal(values[0], imputer.statistics_):
                    edit_tensor(item, lambda values: values.__setitem__((0, 1), values[0, 1] + 0.01))
                    return
        raise AssertionError("the imputed values are not in the graph")

    assert not fitted(name).passes(FLOAT64, change)


@pytest.mark.parametrize("name", ["logistic", "scaled forest", "boosting", "histogram"])
def test_a_renamed_category_is_refused(name: str) -> None:
    """One letter of one category."""

    def rename(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            for item in node.attribute:
                names = item.t.string_data if item.name == "keys_tensor" else item.strings
                if item.name in {"cats_strings", "keys_strings", "keys_tensor"} and b"male" in list(names):
                    names[list(names).index(b"male")] = b"male "
                    return
        raise AssertionError("the category is not in the graph")

    assert not fitted(name).passes(FLOAT64, rename)
