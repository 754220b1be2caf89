"""Tensors of the Open Inference Protocol, as JSON and as bytes.

The binary extension carries them little-endian, row after row; a ``BYTES`` element is its length in four bytes
and then itself. Nothing here knows the model.

Source: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

__all__ = ["FLOATS", "INTEGERS", "as_single", "from_bytes", "from_json", "to_bytes"]

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOATS = {"FP16": "e", "FP32": "f", "FP64": "d"}
"""Datatype → format character of :mod:`struct`."""

INTEGERS = {
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
}
"""Datatype → format character of :mod:`struct`."""

_BITS = {name: struct.calcsize(f"<{code}") * 8 for name, code in INTEGERS.items()}
_LENGTH_BYTES = 4


def from_json(data: object, datatype: str, shape: "Sequence[int]") -> list[Any]:
    """Return a tensor's elements in row-major order.

    The data may be flat or nested as the shape says. The protocol has no word for a missing value; JSON has:
    null is let through for every datatype.

    Args:
        data: Parsed JSON.
        datatype: ``BOOL``, ``BYTES`` or one of :data:`FLOATS` or :data:`INTEGERS`.
        shape: Of one or two dimensions; the second, if any, is 1.

    Raises:
        ValueError: Says what is wrong, without repeating a value.
    """
    if not isinstance(data, list):
        raise ValueError("has data that is no array, wanted an array of values")
    if len(data) != shape[0]:
        raise ValueError(f"has {len(data)} values, wanted {shape[0]} by its shape")
    if len(shape) == 2 and isinstance(data[0], list):
        if not all(isinstance(item, list) and len(item) == 1 for item in data):
            raise ValueError("has data nested otherwise than its shape, wanted [[value], [value], ...]")
        data = [item[0] for item in data]
    for at, value in enumerate(data):
        if value is not None and not _fits(value, datatype):
            raise ValueError(f"has a value at row {at} that is not {datatype}")
    return data


def _fits(value: object, datatype: str) -> bool:
    if datatype == "BYTES":
        return isinstance(value, str)
    if datatype == "BOOL" or isinstance(value, bool):
        return datatype == "BOOL" and isinstance(value, bool)
    if datatype in FLOATS:
        return isinstance(value, int | float)
    if not isinstance(value, int):
        return False
    bits = _BITS[datatype]
    if datatype.startswith("U"):
        return 0 <= value < 1 << bits
    return -1 << bits - 1 <= value < 1 << bits - 1


def from_bytes(raw: bytes, datatype: str, count: int) -> list[Any]:
    """Return a tensor's elements.

    Args:
        raw: The tensor's part of a body.
        datatype: As for :func:`from_json`.
        count: How many elements the shape wants.

    Raises:
        ValueError: Says what is wrong, without repeating a value.
    """
    if datatype == "BYTES":
        return _texts(raw, count)
    if datatype == "BOOL" and raw and max(raw) > 1:
        raise ValueError("has a BOOL byte other than 0 and 1")
    code = "?" if datatype == "BOOL" else FLOATS.get(datatype) or INTEGERS[datatype]
    wanted = count * struct.calcsize(f"<{code}")
    if len(raw) != wanted:
        raise ValueError(f"has {len(raw)} bytes, wanted {wanted} for {count} values of {datatype}")
    return list(struct.unpack(f"<{count}{code}", raw))


def _texts(raw: bytes, count: int) -> list[str]:
    texts: list[str] = []
    at = 0
    while at < len(raw):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(raw[at:start], "little")
        if at > len(raw) or start > len(raw):
            raise ValueError(f"has an element {len(texts)} that ends beyond the tensor's {len(raw)} bytes")
        if len(texts) == count:
            raise ValueError(f"has more elements than the {count} of its shape")
        try:
            texts.append(raw[start:at].decode())
        except UnicodeDecodeError:
            raise ValueError(f"has an element {len(texts)} that is not UTF-8 text") from None
    if len(texts) != count:
        raise ValueError(f"has {len(texts)} elements, wanted {count} by its shape")
    return texts


def to_bytes(values: "Sequence[Any]", datatype: str) -> bytes:
    """Return the binary form of texts (``BYTES``) or of numbers."""
    if datatype == "BYTES":
        encoded = [text.encode("utf-8", "replace") for text in values]
        return b"".join(len(item).to_bytes(_LENGTH_BYTES, "little") + item for item in encoded)
    return struct.pack(f"<{len(values)}{FLOATS[datatype]}", *values)


def as_single(number: float, datatype: str) -> float:
    """Return a number as a floating-point datatype can hold it; infinity when it cannot."""
    try:
        single: float = struct.unpack(f"<{FLOATS[datatype]}", struct.pack(f"<{FLOATS[datatype]}", number))[0]
    except OverflowError:
        return float("inf")
    return single
