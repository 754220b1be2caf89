"""onnxruntime's C library called through ctypes: one small session, without numpy or the Python binding.

Importing the binding takes more time and memory than everything else that the function does at start. The
wheel also ships the C library, whose interface is a table of functions that only grows at its end; this module
calls the few that serving needs, and frees what they allocate. Calling a wrong place of the table would crash,
so a library of any other version than the one checked here is refused.
"""

__all__ = ["LIBRARY_NAME", "LIBRARY_VERSION", "Session", "Tensor", "TensorInfo"]

import os
from array import array
from ctypes import CDLL, CFUNCTYPE, POINTER, PYFUNCTYPE, c_char_p, c_void_p, cast, memmove, string_at
from functools import cache
from itertools import accumulate, pairwise
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from function.errors import RuntimeLibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LIBRARY_VERSION = "1.32.0"
LIBRARY_NAME = f"libonnxruntime.so.{LIBRARY_VERSION}"

_ELEMENT_TYPES = {1: "float", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "double"}
_CODES = {name: code for code, name in _ELEMENT_TYPES.items()}
_TYPECODES = {"float": "f", "double": "d", "int32": "i", "int64": "q", "bool": "B"}
_KINDS = ("unknown value", "tensor", "sequence", "map", "opaque value", "sparse tensor", "optional")
_EVERY_OPTIMISATION = 99
_LOG_FATAL = 4
"""Errors come back as a status; logged as well, they would put values of a request into the log."""

# Place in struct OrtApi, and number of arguments.
# Source: include/onnxruntime/core/session/onnxruntime_c_api.h, which only appends; static assertions
# in onnxruntime_c_api.cc hold ReleaseCustomOpDomain at 101 and GetBuildInfoString at 254.
# fmt: off
_TABLE = {
    "GetErrorMessage": (2, 1), "CreateEnv": (3, 3), "CreateSessionFromArray": (8, 5), "Run": (9, 8),
    "CreateSessionOptions": (10, 1), "SetSessionGraphOptimizationLevel": (23, 2),
    "SetIntraOpNumThreads": (24, 2), "SetInterOpNumThreads": (25, 2),
    "SessionGetInputCount": (30, 2), "SessionGetOutputCount": (31, 2),
    "SessionGetInputTypeInfo": (33, 3), "SessionGetOutputTypeInfo": (34, 3),
    "SessionGetInputName": (36, 4), "SessionGetOutputName": (37, 4),
    "CreateTensorAsOrtValue": (48, 5), "CreateTensorWithDataAsOrtValue": (49, 7),
    "GetTensorMutableData": (51, 2), "FillStringTensor": (52, 3),
    "GetStringTensorDataLength": (53, 2), "GetStringTensorContent": (54, 5),
    "CastTypeInfoToTensorInfo": (55, 2), "GetOnnxTypeFromTypeInfo": (56, 2),
    "GetTensorElementType": (60, 2), "GetDimensionsCount": (61, 2), "GetDimensions": (62, 3),
    "GetTensorTypeAndShape": (65, 2), "CreateCpuMemoryInfo": (69, 3),
    "AllocatorFree": (76, 2), "GetAllocatorWithDefaultOptions": (78, 1),
    "ReleaseEnv": (92, 1), "ReleaseStatus": (93, 1), "ReleaseMemoryInfo": (94, 1), "ReleaseSession": (95, 1),
    "ReleaseValue": (96, 1), "ReleaseTypeInfo": (98, 1), "ReleaseTensorTypeAndShapeInfo": (99, 1),
    "ReleaseSessionOptions": (100, 1), "FillStringTensorElement": (129, 3),
    "GetResizedStringTensorElementBuffer": (252, 4),
}
# fmt: on
_LONG = {"CreateEnv", "CreateSessionFromArray", "Run"}
"""Worth letting other threads run meanwhile; for the rest, that would take longer than the call."""


class Tensor(NamedTuple):
    """Values of one element type, in row-major order.

    Attributes:
        element_type: ``float``, ``double``, ``int32``, ``int64``, ``bool`` or ``string``.
        shape: Length of each dimension; ``()`` is a scalar.
        data: An array of typecode f, d, i, q or, for ``bool``, B (0 and 1); for ``string`` a list of any strings.
    """

    element_type: str
    shape: tuple[int, ...]
    data: array[float] | array[int] | list[str]


class TensorInfo(NamedTuple):
    """What a model declares about an input or an output.

    Attributes:
        name: As in the graph.
        element_type: As in :class:`Tensor`.
        shape: None for a dimension that is known only when running; ``()`` also if the rank is unknown.
    """

    name: str
    element_type: str
    shape: tuple[int | None, ...]


@cache
def _prototype(make: "Callable[..., Any]", result: Any, arity: int) -> Any:
    # Pointers, sizes and enums all travel in one integer register, and ctypes is quickest with c_void_p.
    return make(result, *(c_void_p,) * arity)


def _addresses(texts: list[bytes]) -> tuple[array[int], array[int]]:
    """Return where each text starts, and the memory that this points into: both must be kept.

    A ctypes array would need a type for each length, which only the garbage collector could free.
    """
    block = array("B", b"\0".join([*texts, b""]))
    sizes = [len(text) + 1 for text in texts[:-1]]
    return array("Q", accumulate(sizes, initial=block.buffer_info()[0])), block


class _Library:
    """The functions of the table, as attributes under the names of the header."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> "Callable[..., Any]": ...

    def __init__(self, path: "Path", version: str) -> None:
        # Otherwise it reports to its vendor, from a thread of its own, before any call could forbid it.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            get_base = CDLL(str(path)).OrtGetApiBase
        except (OSError, AttributeError) as error:
            raise RuntimeLibraryError(f"cannot load onnxruntime: {error}; bundle {LIBRARY_NAME}") from error
        get_base.restype = POINTER(c_void_p)
        get_api, get_version = get_base()[:2]
        seen = CFUNCTYPE(c_char_p)(get_version)().decode()
        if seen != version:
            raise RuntimeLibraryError(
                f"{path} is onnxruntime {seen}, wanted {version}; install the locked version and bundle it, "
                "or check function/ort.py against the header of the new one"
            )
        api = CFUNCTYPE(c_void_p, c_void_p)(get_api)(int(version.split(".")[1]))
        table = cast(api, POINTER(c_void_p))
        for name, (place, arity) in _TABLE.items():
            result = None if name.startswith("Release") else c_void_p
            prototype = _prototype(CFUNCTYPE if name in _LONG else PYFUNCTYPE, result, arity)
            setattr(self, name, prototype(table[place]))
        self._out = array("Q", [0])
        self._out_at = self._out.buffer_info()[0]

    def check(self, status: int | None) -> None:
        """Free a status; raise its message, which is an error's."""
        if status:
            message = string_at(self.GetErrorMessage(status)).decode(errors="replace")
            self.ReleaseStatus(status)
            raise RuntimeLibraryError(f"onnxruntime refused: {message}")

    def make(self, function: "Callable[..., Any]", *arguments: object) -> int:
        """Return the number or handle that a function writes to its last argument."""
        self._out[0] = 0
        self.check(function(*arguments, self._out_at))
        return self._out[0]


class _Input:
    """A tensor that the library reads, kept and refilled while requests have the same shape.

    Creating and releasing it for each request would take longer than running a small model. It holds the
    last request's values until the next one.
    """

    def __init__(self, library: _Library, info: TensorInfo, memory: int, allocator: int) -> None:
        self._library, self._info, self._memory, self._allocator = library, info, memory, allocator
        self._typecode = _TYPECODES.get(info.element_type)
        self._shape: tuple[int, ...] | None = None
        self._count = self._handle = 0
        self._buffer: Any = None

    def load(self, tensor: Tensor) -> int:
        """Copy the values to where the library reads them; return the handle."""
        element_type, shape, data = tensor
        if element_type != self._info.element_type:
            raise self._misfit(f"is {element_type}, wanted {self._info.element_type}")
        if shape != self._shape or len(data) != self._count:
            self._resize(shape, len(data))
        try:
            if self._typecode is None:
                self._fill(data)
            elif self._count:
                self._buffer[:] = data
        except (TypeError, AttributeError) as error:
            wanted = f"an array of typecode {self._typecode}" if self._typecode else "a list of strings"
            raise self._misfit(f"holds other data, wanted {wanted} ({error})") from error
        if self._typecode == "B" and max(self._buffer) > 1:
            raise self._misfit(f"holds {max(self._buffer)}, wanted 0 or 1")
        return self._handle

    def release(self) -> None:
        """Free the tensor; harmless when there is none."""
        self._library.ReleaseValue(self._handle)
        self._handle, self._shape = 0, None

    def _resize(self, shape: tuple[int, ...], count: int) -> None:
        if prod(shape) != count or any(size < 0 for size in shape):
            raise self._misfit(f"has {count} values, wanted the product of its shape {shape}")
        self.release()
        lib, sizes = self._library, array("q", shape)
        form = (sizes.buffer_info()[0], len(shape), _CODES[self._info.element_type])
        if self._typecode is None:
            self._handle = lib.make(lib.CreateTensorAsOrtValue, self._allocator, *form)
        else:
            # An empty array has no address, and the library wants one even for no values.
            self._buffer = array(self._typecode, [0]) * max(count, 1)
            place = (self._buffer.buffer_info()[0], count * self._buffer.itemsize)
            self._handle = lib.make(lib.CreateTensorWithDataAsOrtValue, self._memory, *place, *form)
        self._shape, self._count = shape, count

    def _fill(self, texts: Any) -> None:
        lib, count = self._library, self._count
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        if count == 1:  # the quicker way
            lib.check(lib.FillStringTensorElement(self._handle, encoded[0], 0))
        else:
            starts, _block = _addresses(encoded)
            lib.check(lib.FillStringTensor(self._handle, starts.buffer_info()[0], count))
        if 0 not in b"".join(encoded):
            return
        for index, raw in enumerate(encoded):
            if 0 in raw:  # the functions above stopped there
                args = (self._handle, index, len(raw))
                memmove(lib.make(lib.GetResizedStringTensorElementBuffer, *args), raw, len(raw))

    def _misfit(self, detail: str) -> RuntimeLibraryError:
        return RuntimeLibraryError(f"input {self._info.name!r} {detail}; encode rows as the model declares")


class Session:
    """A model loaded into onnxruntime, ready to run.

    Runs wait for one another, because they share the memory that was prepared for inputs and outputs: a worker
    on Lambda answers one request at a time.

    Args:
        library: Path of the file named :data:`LIBRARY_NAME`.
        model: Content of an ONNX file.
        library_version: The only version of the library to accept.

    Attributes:
        inputs: What the model wants, in its order.
        outputs: What the model answers, in its order.

    Raises:
        RuntimeLibraryError: The library is missing or of another version; or the model is damaged, or has an
            input or output that :class:`Tensor` cannot hold.
    """

    def __init__(
        self,
        library: "Path",
        model: bytes,
        *,
        library_version: str = LIBRARY_VERSION,
    ) -> None:
        self._library = lib = _Library(library, library_version)
        self._lock = Lock()
        self._owned: list[tuple[Callable[[int], None], int]] = []
        self._slots: dict[str, _Input] = {}
        self._wanted: tuple[str, ...] | None = None
        self._session = 0
        self._results = array("Q")
        self._kept_for: list[tuple[int, ...]] | None = None
        self._places: list[tuple[str, tuple[int, ...], int]] = []
        try:
            # The library counts references to one environment, and keeps what was slow to make.
            env = self._own(lib.ReleaseEnv, lib.make(lib.CreateEnv, _LOG_FATAL, b"nightjar"))
            allocator = lib.make(lib.GetAllocatorWithDefaultOptions)  # stays the library's
            memory = self._own(lib.ReleaseMemoryInfo, lib.make(lib.CreateCpuMemoryInfo, 0, 0))
            options = lib.make(lib.CreateSessionOptions)
            try:
                lib.check(lib.SetSessionGraphOptimizationLevel(options, _EVERY_OPTIMISATION))
                # A worker has one core or less, and more threads would only wait for one another.
                lib.check(lib.SetIntraOpNumThreads(options, 1))
                lib.check(lib.SetInterOpNumThreads(options, 1))
                session = lib.make(lib.CreateSessionFromArray, env, model, len(model), options)
            finally:
                lib.ReleaseSessionOptions(options)
            self._session = self._own(lib.ReleaseSession, session)
            self.inputs = self._describe("Input", allocator)
            self.outputs = self._describe("Output", allocator)
        except BaseException:
            self.close()
            raise
        self._slots = {info.name: _Input(lib, info, memory, allocator) for info in self.inputs}
        self._input_names = _addresses([info.name.encode() for info in self.inputs])

    def run(self, feeds: "Mapping[str, Tensor]", outputs: "Sequence[str]") -> list[Tensor]:
        """Answer some rows.

        Args:
            feeds: A tensor for each input, by name.
            outputs: Names of the outputs to compute.

        Returns:
            A tensor for each of these names, in this order; it owns its data.

        Raises:
            RuntimeLibraryError: The session is closed, a feed or a name does not fit the model, or onnxruntime
                failed. The next run is not affected.
        """
        with self._lock:
            if not self._session:
                raise RuntimeLibraryError("the session is closed; open another one")
            if feeds.keys() != self._slots.keys():
                raise RuntimeLibraryError(f"the feeds are {sorted(feeds)}, wanted {sorted(self._slots)}")
            if (wanted := tuple(outputs)) != self._wanted:
                self._want(wanted)
            lib, results = self._library, self._results
            handles = array("Q", [slot.load(feeds[name]) for name, slot in self._slots.items()])
            given = (self._input_names[0].buffer_info()[0], handles.buffer_info()[0], len(handles))
            asked = (self._output_names[0].buffer_info()[0], len(results), results.buffer_info()[0])
            shapes = [feeds[name].shape for name in self._slots]
            if shapes != self._kept_for:
                self._drop()
            try:
                status = lib.Run(self._session, None, *given, *asked)
                if status and self._kept_for is not None:
                    # Other shapes than last time: they depend on the data.
                    lib.ReleaseStatus(status)
                    self._drop()
                    status = lib.Run(self._session, None, *given, *asked)
                lib.check(status)
                if self._kept_for is not None:
                    return [self._copy(*place) for place in self._places]
                found = [self._read(*result) for result in zip(results, self._result_types, strict=True)]
                if all(tensor.element_type != "string" and len(tensor.data) for tensor in found):
                    self._keep(shapes, found)
                    return found
            except BaseException:
                self._drop()
                raise
            self._drop()
            return found

    def _keep(self, shapes: list[tuple[int, ...]], found: list[Tensor]) -> None:
        """Have the next run of the same shapes write where this one did: a dozen calls fewer."""
        lib = self._library
        places = [lib.make(lib.GetTensorMutableData, handle) for handle in self._results]
        self._places = [
            (tensor.element_type, tensor.shape, place) for tensor, place in zip(found, places, strict=True)
        ]
        self._kept_for = shapes

    def _drop(self) -> None:
        """Release the outputs, so that the next run makes its own."""
        self._kept_for = None
        for index, handle in enumerate(self._results):
            self._library.ReleaseValue(handle)
            self._results[index] = 0  # what is not zero, a run writes into

    def close(self) -> None:
        """Free everything; closing again does nothing."""
        with self._lock:
            self._session = 0
            self._drop()
            for slot in self._slots.values():
                slot.release()
            while self._owned:
                release, handle = self._owned.pop()
                release(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, release: "Callable[[int], None]", handle: int) -> int:
        self._owned.append((release, handle))
        return handle

    def _describe(self, side: Literal["Input", "Output"], allocator: int) -> tuple[TensorInfo, ...]:
        lib, found = self._library, []
        count, name_of, info_of = (
            getattr(lib, f"SessionGet{side}{it}") for it in ("Count", "Name", "TypeInfo")
        )
        for index in range(lib.make(count, self._session)):
            address = lib.make(name_of, self._session, index, allocator)
            name = string_at(address).decode(errors="replace")
            lib.check(lib.AllocatorFree(allocator, address))
            info = lib.make(info_of, self._session, index)
            try:
                kind = lib.make(lib.GetOnnxTypeFromTypeInfo, info)
                tensor = lib.make(lib.CastTypeInfoToTensorInfo, info)  # a part of info, or null
                code = lib.make(lib.GetTensorElementType, tensor) if _KINDS[kind] == "tensor" else 0
                if code not in _ELEMENT_TYPES:
                    raise RuntimeLibraryError(
                        f"{side.lower()} {name!r} is a {_KINDS[kind]} (element type {code}), wanted a tensor of "
                        f"{', '.join(_CODES)}; convert the model to plain tensors, with zipmap off"
                    )
                shape = tuple(None if size < 0 else size for size in self._sizes(tensor))
            finally:
                lib.ReleaseTypeInfo(info)
            found.append(TensorInfo(name, _ELEMENT_TYPES[code], shape))
        return tuple(found)

    def _want(self, names: tuple[str, ...]) -> None:
        known = {info.name: info.element_type for info in self.outputs}
        if not names or not known.keys() >= set(names):
            raise RuntimeLibraryError(
                f"the outputs asked for are {list(names)}, wanted some of {list(known)}"
            )
        self._drop()
        self._output_names = _addresses([name.encode() for name in names])
        self._result_types = [known[name] for name in names]
        self._results = array("Q", bytes(8 * len(names)))
        self._wanted = names

    def _sizes(self, described: int) -> array[int]:
        lib = self._library
        rank = lib.make(lib.GetDimensionsCount, described)
        sizes = array("q", bytes(8 * rank))
        lib.check(lib.GetDimensions(described, sizes.buffer_info()[0], rank))
        return sizes

    def _read(self, handle: int, element_type: str) -> Tensor:
        lib = self._library
        described = lib.make(lib.GetTensorTypeAndShape, handle)
        try:
            shape = tuple(self._sizes(described))
        finally:
            lib.ReleaseTensorTypeAndShapeInfo(described)
        count = prod(shape)
        if element_type == "string":
            return Tensor(element_type, shape, self._read_strings(handle, count))
        return self._copy(element_type, shape, lib.make(lib.GetTensorMutableData, handle) if count else 0)

    @staticmethod
    def _copy(element_type: str, shape: tuple[int, ...], place: int) -> Tensor:
        data: array[Any] = array(_TYPECODES[element_type])
        if place:
            data.frombytes(string_at(place, prod(shape) * data.itemsize))
        return Tensor(element_type, shape, data)

    def _read_strings(self, handle: int, count: int) -> list[str]:
        lib = self._library
        size = lib.make(lib.GetStringTensorDataLength, handle)
        content, starts = array("B", bytes(size or 1)), array("Q", bytes(8 * count))
        places = (content.buffer_info()[0], size, starts.buffer_info()[0], count)
        lib.check(lib.GetStringTensorContent(handle, *places))
        raw = content.tobytes()
        try:
            return [
                raw[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise([*starts, size])
            ]
        except UnicodeDecodeError as error:
            raise RuntimeLibraryError(f"the model answered bytes, wanted UTF-8 text: {error}") from error
