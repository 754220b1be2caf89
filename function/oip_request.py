"""An inference request of the protocol, read: everything but the values is checked here.

Rows and their answers are :mod:`function.oip`'s.
"""

__all__ = ["ACCEPTED", "HEADER", "Asked", "Reader"]

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from function.errors import Problem, RequestError
from function.tensors import FLOATS, INTEGERS, as_single, from_bytes, from_json
from function.validation import Problems, parse_json, require_size
from function.wording import kind_of, shown, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from function.contract import Feature, Value
    from function.validation import Limits

HEADER = "inference-header-content-length"
"""Tells where the JSON of a body ends and its binary tensors begin."""

_NUMERIC = (*FLOATS, *INTEGERS)
ACCEPTED = {
    "number": ("FP64", *_NUMERIC),
    "integer": ("INT64", *_NUMERIC),
    "boolean": ("BOOL", *_NUMERIC),
    "category": ("BYTES",),
    "text": ("BYTES",),
}
"""Kind of feature → datatypes that a request may use; the first is what the metadata says."""

_UNSUPPORTED = ("classification", "shared_memory_region")
"""Parameters of a tensor that ask for what this server does not do."""


class Asked(NamedTuple):
    """What a request asks.

    Attributes:
        columns: Values by feature name, as long as there are rows; None where one is missing.
        outputs: Name of each output to return, and whether as binary.
        echo: Members that the response repeats: the request's id and its own parameters.
    """

    columns: "dict[str, list[Value]]"
    outputs: list[tuple[str, bool]]
    echo: dict[str, Any]


class Reader:
    """Reads inference requests.

    Args:
        features: The input tensors.
        outputs: Names of the output tensors.
        limits: How much one request may ask.
    """

    def __init__(self, features: "Sequence[Feature]", outputs: tuple[str, ...], limits: "Limits") -> None:
        self._features = {feature.name: feature for feature in features}
        self._outputs = outputs
        self._limits = limits

    def read(self, headers: "Mapping[str, str]", body: bytes) -> Asked:
        """Return what a request asks.

        Args:
            headers: Of the request, lower-case names.
            body: Of the request: JSON, and after it what the JSON says is binary.

        Raises:
            RequestError: The request is not acceptable.
        """
        require_size(body, self._limits)
        size = _json_size(headers.get(HEADER), len(body))
        return self._read(parse_json(body[:size], self._limits), body[size:])

    def _read(self, document: object, tail: bytes) -> Asked:
        """Return what a request asks, checked in all but its values."""
        problems = Problems()
        if not isinstance(document, dict):
            problems.add("#", f'the body is {kind_of(document)}, wanted an object {{"inputs": [...]}}')
            problems.raise_any()
            raise AssertionError  # raise_any raised
        echo: dict[str, Any] = {}
        if document.get("id") is not None:
            if not isinstance(document["id"], str):
                problems.add("id", f"is {kind_of(document['id'])}, wanted a string")
            echo["id"] = document["id"]
        parameters = _parameters(document, "the request", problems)
        binary = parameters.pop("binary_data_output", False)
        if parameters:
            echo["parameters"] = parameters
        outputs = self._read_outputs(document.get("outputs"), binary is True, problems)
        columns = self._read_inputs(document.get("inputs"), tail, problems)
        for name, feature in self._features.items():
            if feature.required and name not in columns:
                problems.add(f'input "{name}"', f"is missing, wanted {wanted(feature)}")
        problems.raise_any()
        return Asked(columns, outputs, echo)

    def _read_outputs(self, sent: object, binary: bool, problems: Problems) -> list[tuple[str, bool]]:
        if sent is None or sent == []:
            return [(name, binary) for name in self._outputs]
        found: dict[str, bool] = {}
        items: list[Any] = sent if isinstance(sent, list) else [sent]
        for item in items:
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str) or name not in self._outputs:
                seen = (
                    f"name is {kind_of(name)}" if isinstance(item, dict) else f"an output is {kind_of(item)}"
                )
                problems.add("outputs", f"{seen}, wanted objects named {', '.join(self._outputs)}")
            elif name in found:
                problems.add(f'output "{name}"', "is asked for twice")
            else:
                found[name] = (
                    _parameters(item, f'output "{name}"', problems).get("binary_data", binary) is True
                )
        return list(found.items())

    def _read_inputs(self, sent: object, tail: bytes, problems: Problems) -> "dict[str, list[Value]]":
        columns: dict[str, list[Value]] = {}
        if not isinstance(sent, list) or not sent:
            problems.add("inputs", f"is {kind_of(sent)}, wanted an array of tensors, one a feature")
            problems.raise_any()
            raise AssertionError  # raise_any raised
        rows: int | None = None
        at = 0
        for item in sent:
            name = item.get("name") if isinstance(item, dict) else None
            feature = self._features.get(name) if isinstance(name, str) else None
            if feature is None:
                seen = (
                    f"name is {kind_of(name)}" if isinstance(item, dict) else f"an input is {kind_of(item)}"
                )
                problems.add("inputs", f"{seen}, wanted tensors named {', '.join(self._features)}")
                continue
            place = f'input "{feature.name}"'
            size = _parameters(item, place, problems).get("binary_data_size")
            part = None
            if size is not None:
                if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(tail) - at:
                    detail = (
                        f"binary_data_size is {kind_of(size)}, wanted up to the {len(tail) - at} bytes left"
                    )
                    problems.add(place, detail)
                    problems.raise_any()  # where the next tensor begins is unknown
                part = tail[at : at + size]
                at += size
            if feature.name in columns:
                problems.add(place, "is sent twice")
                continue
            try:
                count = _count(item.get("shape"), rows, self._limits.max_instances)
                rows = count if rows is None else rows
                columns[feature.name] = _column(item, feature, part, count)
            except ValueError as error:
                problems.add(place, str(error))
                columns[feature.name] = []
        if at != len(tail):
            problems.add("#", f"{len(tail) - at} bytes follow the last binary tensor, wanted none")
        return columns


def _json_size(header: str | None, size: int) -> int:
    """Return how many bytes of a body are its JSON."""
    if header is None:
        return size
    # Text is compared before it is converted: a number of a thousand digits is none.
    if header.isascii() and header.isdigit() and len(header) < 20 and int(header) <= size:
        return int(header)
    detail = f"{HEADER} is {shown(header)}, wanted at most the body's {size} bytes"
    raise RequestError(400, "The body cannot be decoded", (Problem("#", detail),))


def _parameters(item: "Mapping[str, Any]", place: str, problems: Problems) -> dict[str, Any]:
    """Return the parameters of a request or tensor; each is a string, a number or a boolean."""
    found = item.get("parameters")
    if found is None:
        return {}
    if not isinstance(found, dict):
        problems.add(place, f"parameters is {kind_of(found)}, wanted an object")
        return {}
    for name, value in found.items():
        if not isinstance(value, str | int | float | bool):
            problems.add(
                place, f"parameter {shown(name)} is {kind_of(value)}, wanted a string, number or boolean"
            )
        elif isinstance(value, float) and not isfinite(value):
            problems.add(place, f"parameter {shown(name)} is a number beyond double precision")
        elif name in _UNSUPPORTED:
            problems.add(place, f"parameter {shown(name)} is not supported; ask for plain tensors")
        elif name in {"binary_data", "binary_data_output"} and not isinstance(value, bool):
            problems.add(place, f"parameter {shown(name)} is {kind_of(value)}, wanted true or false")
    return dict(found)


def _count(shape: object, rows: int | None, most: int) -> int:
    """Return the rows that a shape means."""
    if (
        not isinstance(shape, list)
        or not all(isinstance(size, int) and not isinstance(size, bool) for size in shape)
        or len(shape) not in {1, 2}
        or shape[1:] not in ([], [1])
    ):
        raise ValueError("has another shape, wanted [rows] or [rows, 1]")
    count: int = shape[0]
    if not 1 <= count <= most:
        raise ValueError(f"has {kind_of(count).removeprefix('the number ')} rows, wanted 1 to {most}")
    if rows not in {None, count}:
        raise ValueError(f"has {count} rows, the tensors before have {rows}")
    return count


def _column(item: "Mapping[str, Any]", feature: "Feature", part: bytes | None, count: int) -> "list[Value]":
    """Return one feature's values, None where it is missing.

    Raises:
        ValueError: The tensor is not what it says.
    """
    datatype = item.get("datatype")
    accepted = ACCEPTED[feature.kind]
    if not isinstance(datatype, str) or datatype not in accepted:
        raise ValueError(f"datatype is {kind_of(datatype)}, wanted {' or '.join(dict.fromkeys(accepted))}")
    if (part is None) == (item.get("data") is None):
        raise ValueError("wants either data or the parameter binary_data_size")
    shape = item["shape"]
    values = from_json(item["data"], datatype, shape) if part is None else from_bytes(part, datatype, count)
    match feature.kind:
        case "text":
            return values
        case "category":
            empty_is_null = feature.nullable and "" not in feature.categories
            return [None if value == "" and empty_is_null else value for value in values]
        case "boolean":
            return [_boolean(value) for value in values]
        case _:  # NaN alone differs from itself
            ends = {as_single(end, datatype): end for end in _ends(feature)} if datatype in FLOATS else {}
            return [None if value != value else ends.get(value, value) for value in values]


def _boolean(value: "Value") -> "Value":
    if value is None or isinstance(value, bool | str) or value not in {0, 1}:
        return None if value != value else value
    return value == 1


def _ends(feature: "Feature") -> "list[float]":
    """Return the ends of a feature's range: in single precision, 2.2 would lie beyond itself."""
    return [end for end in (feature.minimum, feature.maximum) if end is not None]
