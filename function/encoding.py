"""From the values of a JSON row to the model's input tensors.

Conversion proves parity through this very module, so what was proved is what is served: there is no second
encoding that could differ.
"""

__all__ = ["Encoder"]

from array import array
from math import nan
from typing import TYPE_CHECKING, Any

from function.errors import ArtefactError
from function.ort import Tensor, TensorInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.contract import Feature, Row

TYPECODES = {"float": "f", "double": "d", "int64": "q"}
"""Element type of a numeric input → type code of :class:`array.array`."""


class Encoder:
    """Packs rows into tensors, one per model input.

    A number becomes the input's element type (float32 rounds to nearest, as numpy does), a boolean 0 or 1, a
    string itself; null becomes NaN, or the feature's ``null_token`` in a string input. An absent key is null.

    Args:
        features: The contract's features.
        inputs: The model's inputs.

    Raises:
        ArtefactError: Contract and model disagree about inputs, their columns or types.
    """

    def __init__(self, features: "Sequence[Feature]", inputs: "Sequence[TensorInfo]") -> None:
        wanted = {info.name: info for info in inputs}
        columns: dict[str, list[Feature]] = {name: [] for name in wanted}
        for feature in features:
            if feature.onnx_input not in columns:
                raise ArtefactError(
                    f"feature {feature.name!r} wants model input {feature.onnx_input!r}, the model has "
                    f"{sorted(wanted)}; convert the model again"
                )
            columns[feature.onnx_input].append(feature)
        self._strings: list[tuple[str, list[tuple[str, str | None]]]] = []
        self._numbers: list[tuple[str, str, str, list[str]]] = []
        for name, group in columns.items():
            group.sort(key=lambda feature: feature.column)
            if [feature.column for feature in group] != list(range(len(group))) or not group:
                raise ArtefactError(
                    f"model input {name!r} gets columns {[feature.column for feature in group]}, wanted 0, 1, 2, … "
                    "without a gap; convert the model again"
                )
            element_type = wanted[name].element_type
            if element_type == "string":
                self._strings.append((name, [(feature.name, feature.null_token) for feature in group]))
            elif element_type in TYPECODES:
                code = TYPECODES[element_type]
                self._numbers.append((name, element_type, code, [feature.name for feature in group]))
            else:
                raise ArtefactError(
                    f"model input {name!r} is a tensor of {element_type}, wanted string, {', '.join(TYPECODES)}; "
                    "convert the model again"
                )

    def encode(self, rows: "Sequence[Row]") -> dict[str, Tensor]:
        """Encode rows.

        Args:
            rows: Values by feature name; other keys are ignored.

        Returns:
            Model input → tensor of shape ``(rows, columns)``.

        Raises:
            TypeError: A value is not of its feature's kind, or is null where null has no encoding.
            OverflowError: An integer is beyond the input's element type.
        """
        feeds: dict[str, Tensor] = {}
        for name, element_type, code, features in self._numbers:
            null = None if code == "q" else nan
            values = _cells(rows, features)
            if None in values:
                values = [null if value is None else value for value in values]
            feeds[name] = Tensor(element_type, (len(rows), len(features)), array(code, values))
        for name, pairs in self._strings:
            cells = _cells(rows, [feature for feature, _ in pairs])
            if set(map(type, cells)) != {str}:
                tokens = [token for _, token in pairs] * len(rows)
                cells = [_text(cell, token) for cell, token in zip(cells, tokens, strict=True)]
            feeds[name] = Tensor("string", (len(rows), len(pairs)), cells)
        return feeds


def _cells(rows: "Sequence[Row]", features: list[str]) -> list[Any]:
    """Return the values of rows, one row after the other; None for an absent key."""
    return [row.get(feature) for row in rows for feature in features]


def _text(value: object, null_token: str | None) -> str:
    if value is None:
        value = null_token
    if not isinstance(value, str):
        raise TypeError(f"a string input got {type(value).__name__}")
    return value
