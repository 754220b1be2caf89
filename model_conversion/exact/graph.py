"""A thin hand on skl2onnx's container: nodes and constants without naming each one."""

__all__ = ["Graph"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType

ML = "ai.onnx.ml"

ML_OPSET = 5
"""The first with the double-precision TreeEnsemble; :mod:`model_conversion.strategies` declares it."""

KNOWN_ML_OPSET = 3
"""The newest that skl2onnx 1.20 lets a node declare."""

OPSET = 21


class Graph:
    """Adds nodes to the graph under conversion for one operator.

    Args:
        scope: skl2onnx's naming scope.
        operator: The estimator or transformer being converted.
        container: Where nodes and constants go.
    """

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self._scope = scope
        self._container = container
        self._operator = operator

    def asked_for_scores(self) -> bool:
        """Return whether a classifier's decision values are wanted in place of its probabilities.

        So a calibrator is fitted on the former of whichever estimator has them.
        """
        estimator = self._operator.raw_operator
        if not self._container.has_options(estimator, "raw_scores"):
            return False
        return bool(self._container.get_options(estimator, {"raw_scores": False})["raw_scores"])

    def matrix(self) -> str:
        """Return the operator's inputs as one ``(rows, columns)`` tensor of doubles."""
        names = []
        for variable in self._operator.inputs:
            name = variable.full_name
            if not isinstance(variable.type, DoubleTensorType | StringTensorType):
                name = self.node("Cast", [name], to=TensorProto.DOUBLE)
            names.append(name)
        return names[0] if len(names) == 1 else self.node("Concat", names, axis=1)

    def node(
        self, kind: str, inputs: list[str], *, output: int | None = None, ml: bool = False, **about: Any
    ) -> str:
        """Add a node and return its output's name.

        Args:
            kind: ONNX operator.
            inputs: Names.
            output: Index of the operator's output that it makes; None for a new name.
            ml: Whether it is of the ``ai.onnx.ml`` domain.
            about: Attributes.
        """
        name = (
            self._scope.get_unique_variable_name(kind.lower())
            if output is None
            else self._operator.outputs[output].full_name
        )
        self._container.add_node(
            kind,
            inputs,
            [name],
            name=self._scope.get_unique_operator_name(kind),
            op_domain=ML if ml else "",
            op_version=KNOWN_ML_OPSET if ml else OPSET,
            **about,
        )
        return str(name)

    def lookup(self, column: str, keys: NDArray[Any], values: NDArray[np.float64], *, unknown: float) -> str:
        """Return each key's value, and another number for what is no key.

        Args:
            column: ``(rows, 1)`` doubles or strings.
            keys: ``(n,)`` of the same type.
            values: ``(n,)`` float64.
            unknown: For what is no key.
        """
        return self.node(
            "LabelEncoder",
            [column],
            ml=True,
            keys_tensor=numpy_helper.from_array(keys, "keys_tensor"),
            values_tensor=numpy_helper.from_array(values, "values_tensor"),
            default_tensor=numpy_helper.from_array(np.array([unknown]), "default_tensor"),
        )

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        """Add a constant and return its name; strings become a tensor of strings."""
        array: NDArray[Any] = np.asarray(values, dtype=dtype)
        name = str(self._scope.get_unique_variable_name("c"))
        if array.dtype.kind in "OU":
            self._container.add_initializer(
                name, TensorProto.STRING, list(array.shape), [str(text).encode() for text in array.ravel()]
            )
        else:
            self._container.add_initializer(name, None, None, numpy_helper.from_array(array))
        return name
