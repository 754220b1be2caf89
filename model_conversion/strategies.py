"""From a fitted estimator to an ONNX graph, with the numeric precision named.

A strategy says what type the numbers enter with; the proof says whether that was exact enough.
"""

__all__ = ["STRATEGIES", "Conversion", "Strategy", "convert", "strategies"]

import re
import warnings
from dataclasses import dataclass
from typing import Any

import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from sklearn.base import is_classifier
from sklearn.svm import LinearSVC

from model_conversion.boosters import register_converters
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.exact.converters import CONVERTERS, register_unknown
from model_conversion.exact.graph import KNOWN_ML_OPSET, ML_OPSET, OPSET
from model_conversion.exact.selection import selectors
from model_conversion.exact.shapes import library_shapes
from model_conversion.inputs import arrange
from model_conversion.pipelines import last_step
from model_conversion.schema import Schema
from model_conversion.texts import text_options
from model_conversion.trees import ensemble_of

GRAPH_NAME = "nightjar"
"""Fixed, since the library's default is random and identical inputs must give identical graphs."""

SHOWN = 300
"""Characters of a library's message repeated to the user: some run to 150,000 lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How numbers enter the graph.

    Attributes:
        name: As in report and contract.
        number_type: skl2onnx's type of a numeric input.
        converters: Estimator → our shape calculator and converter, in place of the library's.
    """

    name: str
    number_type: type
    converters: dict[type, tuple[Any, Any]]


STRATEGIES = (
    Strategy(name="float32", number_type=FloatTensorType, converters={}),
    Strategy(
        name="float64",
        number_type=DoubleTensorType,
        converters=CONVERTERS,
    ),
)
"""Cheapest first, but for trees."""


def strategies(precision: str, estimator: Any) -> tuple[Strategy, ...]:
    """Return the strategies to try: all for ``auto``, or the named one.

    The cheapest comes first. Of trees that is our graph, in double: it is smaller and quicker to load than the
    library's in float32.

    Raises:
        InputError: There is no such strategy.
    """
    chosen = tuple(item for item in STRATEGIES if precision in {"auto", item.name})
    if ensemble_of(last_step(estimator)) is not None:
        chosen = chosen[::-1]
    if not chosen:
        names = ", ".join(item.name for item in STRATEGIES)
        raise InputError(f"precision is {precision!r}, wanted auto or one of {names}")
    return chosen


def _shapes(strategy: Strategy) -> dict[type, Any]:
    """Return what calculates types and shapes in place of the library's own calculators."""
    ours = {kind: pair[0] for kind, pair in strategy.converters.items()}
    return {**library_shapes(), **ours} if ours else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A graph, and where each feature enters it.

    Attributes:
        model: The graph.
        places: Feature name → (input, column).
        strategy: Its name.
    """

    model: onnx.ModelProto
    places: dict[str, tuple[str, int]]
    strategy: str


def convert(estimator: Any, schema: Schema, strategy: Strategy) -> Conversion:
    """Convert a fitted estimator.

    Raises:
        UnsupportedError: skl2onnx cannot convert it, or strings and numbers are asked of one matrix.
    """
    register_converters()
    register_unknown()
    arranged = arrange(estimator, schema, strategy.number_type)
    final = last_step(estimator)
    options: dict[int, dict[str, Any]] = {**text_options(arranged.estimator)}
    # Without options of its own the library hands a classifier's to a selector that holds one, and then refuses them.
    options |= {id(step): {} for step in selectors(arranged.estimator)}
    # LinearSVC has no such option, but without any the library hands it one and refuses it.
    if is_classifier(final):
        options[id(final)] = {} if isinstance(final, LinearSVC) else {"zipmap": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's use of deprecated numpy is not the user's concern
            model = convert_sklearn(
                arranged.estimator,
                name=GRAPH_NAME,
                initial_types=arranged.inputs,
                options=options,
                target_opset={"": OPSET, "ai.onnx.ml": KNOWN_ML_OPSET},
                custom_shape_calculators=_shapes(strategy),
                custom_conversion_functions={kind: pair[1] for kind, pair in strategy.converters.items()},
            )
    except UnsupportedError:
        raise
    except (MissingConverter, MissingShapeCalculator) as error:
        unknown = re.search(r"<class '([\w.]+)'>", str(error))
        name = unknown[1].rpartition(".")[2] if unknown else type(final).__name__
        raise UnsupportedError(f"no converter is known for {name}") from error
    except Exception as error:  # the library raises what it likes, up to RuntimeError subclasses of its own
        message = " ".join(str(error).split())[:SHOWN]
        raise UnsupportedError(
            f"skl2onnx cannot convert {type(final).__name__} with {strategy.name} numbers: "
            f"{type(error).__name__}: {message}"
        ) from error
    ours = any(node.op_type == "TreeEnsemble" for node in model.graph.node)
    for item in model.opset_import:
        if (strategy.converters or ours) and item.domain == "ai.onnx.ml":
            item.version = ML_OPSET
    # The library keeps operator sets in a hash set, whose order changes from process to process.
    ordered = sorted(model.opset_import, key=lambda item: item.domain)
    del model.opset_import[:]
    model.opset_import.extend(ordered)
    return Conversion(model=model, places=arranged.places, strategy=strategy.name)
