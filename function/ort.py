"""onnxruntime's C library called through ctypes: one small session, without numpy or the Python binding.

Importing the binding brings numpy and its BLAS: more start-up time and memory than everything else that the
function does. The wheel also ships the C library, whose interface is a table of functions that only ever grows
at its end; this module calls the few that serving needs and frees whatever they allocate. It trusts no index
of the table to a library that it was not checked against, so it refuses every other version.

Set ``ORT_DISABLE_TELEMETRY=1`` before the first session (:meth:`function.settings.Settings.to_env` does): the
library otherwise starts a thread that reports to its vendor, and no call can take that back.
"""

__all__ = ["LIBRARY_NAME", "LIBRARY_VERSION", "Session", "Tensor", "TensorInfo"]

import os
from array import array
from ctypes import CDLL, CFUNCTYPE, POINTER, PYFUNCTYPE, c_char_p, c_void_p, cast, memmove, string_at
from itertools import pairwise
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from function.errors import RuntimeLibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LIBRARY_VERSION = "1.32.0"
LIBRARY_NAME = f"libonnxruntime.so.{LIBRARY_VERSION}"

type Data = array[float] | array[int] | list[str]

_ELEMENT_TYPES = {1: "float", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "double"}
"""``ONNXTensorElementDataType`` → the name used here, for the types that scikit-learn models need."""

_CODES = {name: code for code, name in _ELEMENT_TYPES.items()}
_TYPECODES = {"float": "f", "double": "d", "int32": "i", "int64": "q", "bool": "B"}
_KINDS = ("unknown", "tensor", "sequence", "map", "opaque value", "sparse tensor", "optional")
_OPTIMISATION = {"off": 0, "basic": 1, "extended": 2, "all": 99}
_LOG_ERRORS = 3

# Place in struct OrtApi and number of arguments.
# Source: include/onnxruntime/core/session/onnxruntime_c_api.h; onnxruntime_c_api.cc asserts the last place of
# every version of the table (1: 101, 15: 254).
_TABLE = {
    "GetErrorMessage": (2, 1),
    "CreateEnv": (3, 3),
    "DisableTelemetryEvents": (6, 1),
    "CreateSessionFromArray": (8, 5),
    "Run": (9, 8),
    "CreateSessionOptions": (10, 1),
    "SetSessionGraphOptimizationLevel": (23, 2),
    "SetIntraOpNumThreads": (24, 2),
    "SetInterOpNumThreads": (25, 2),
    "SessionGetInputCount": (30, 2),
    "SessionGetOutputCount": (31, 2),
    "SessionGetInputTypeInfo": (33, 3),
    "SessionGetOutputTypeInfo": (34, 3),
    "SessionGetInputName": (36, 4),
    "SessionGetOutputName": (37, 4),
    "CreateTensorAsOrtValue": (48, 5),
    "CreateTensorWithDataAsOrtValue": (49, 7),
    "GetTensorMutableData": (51, 2),
    "FillStringTensor": (52, 3),
    "GetStringTensorDataLength": (53, 2),
    "GetStringTensorContent": (54, 5),
    "CastTypeInfoToTensorInfo": (55, 2),
    "GetOnnxTypeFromTypeInfo": (56, 2),
    "GetTensorElementType": (60, 2),
    "GetDimensionsCount": (61, 2),
    "GetDimensions": (62, 3),
    "GetTensorTypeAndShape": (65, 2),
    "CreateCpuMemoryInfo": (69, 3),
    "AllocatorFree": (76, 2),
    "GetAllocatorWithDefaultOptions": (78, 1),
    "ReleaseEnv": (92, 1),
    "ReleaseStatus": (93, 1),
    "ReleaseMemoryInfo": (94, 1),
    "ReleaseSession": (95, 1),
    "ReleaseValue": (96, 1),
    "ReleaseTypeInfo": (98, 1),
    "ReleaseTensorTypeAndShapeInfo": (99, 1),
    "ReleaseSessionOptions": (100, 1),
    "GetResizedStringTensorElementBuffer": (252, 4),
}
_LONG = {"CreateEnv", "CreateSessionFromArray", "Run"}
"""Worth letting other threads run meanwhile; the others return within a microsecond."""


class Tensor(NamedTuple):
    """Values of one element type, in row-major order.

    Attributes:
        element_type: ``float``, ``double``, ``int32``, ``int64``, ``bool`` or ``string``.
        shape: Length of each dimension; ``()`` is a scalar.
        data: ``array`` of typecode f, d, i, q or (``bool``: 0 and 1) B; a list of any Python strings.
    """

    element_type: str
    shape: tuple[int, ...]
    data: Data


class TensorInfo(NamedTuple):
    """What a model declares about an input or an output.

    Attributes:
        name: As in the graph.
        element_type: As in :class:`Tensor`.
        shape: None for a dimension that is only known when running; ``()`` also when the rank is unknown.
    """

    name: str
    element_type: str
    shape: tuple[int | None, ...]


class _Library:
    """The functions of the table as attributes, bound when first used, under the names of the header."""

    def __init__(self, path: "Path", version: str) -> None:
        try:
            get_base = CDLL(os.fspath(path)).OrtGetApiBase
        except (OSError, AttributeError) as error:
            raise RuntimeLibraryError(
                f"cannot load onnxruntime from {path}: {error}; bundle again"
            ) from error
        get_base.restype = POINTER(c_void_p)
        get_api, get_version = get_base()[0:2]
        seen = CFUNCTYPE(c_char_p)(get_version)().decode()
        if seen != version:
            raise RuntimeLibraryError(
                f"{path} is onnxruntime {seen}, wanted {version}; install the locked version and bundle again, "
                "or check the table of function/ort.py against the new header"
            )
        self._table = cast(
            CFUNCTYPE(c_void_p, c_void_p)(get_api)(int(version.split(".")[1])), POINTER(c_void_p)
        )
        self._prototypes: dict[tuple[Any, ...], Any] = {}
        self._out = array("Q", [0])
        self._out_at = self._out.buffer_info()[0]

    def __getattr__(self, name: str) -> "Callable[..., Any]":
        index, arity = _TABLE[name]
        kind = (
            CFUNCTYPE if name in _LONG else PYFUNCTYPE,
            c_char_p if name == "GetErrorMessage" else None if name.startswith("Release") else c_void_p,
            arity,
        )
        prototype = self._prototypes.get(kind)
        if prototype is None:
            # Every argument is a pointer, a size or an enum: each travels in one integer register, and
            # c_void_p is what ctypes converts quickest.
            prototype = self._prototypes[kind] = kind[0](kind[1], *(c_void_p,) * arity)
        function = prototype(self._table[index])
        setattr(self, name, function)
        return function

    def call(self, name: str, *arguments: object) -> None:
        """Call a function that returns a status.

        Raises:
            RuntimeLibraryError: With onnxruntime's message.
        """
        status = getattr(self, name)(*arguments)
        if status:
            message = self.GetErrorMessage(status).decode(errors="replace")
            self.ReleaseStatus(status)
            raise RuntimeLibraryError(f"onnxruntime refused {name}: {message}")

    def make(self, name: str, *arguments: object) -> int:
        """Call a function that returns a status and writes a number or a handle to its last argument."""
        self._out[0] = 0
        self.call(name, *arguments, self._out_at)
        return self._out[0]


class _Input:
    """A tensor that the library reads, kept and refilled while the requests have the same shape.

    Creating and releasing it for each request would take longer than everything else done here for one row.
    It holds the last request's values until the next one.
    """

    def __init__(self, library: _Library, info: TensorInfo, memory: int, allocator: int) -> None:
        self.handle = 0
        self._library = library
        self._info = info
        self._memory = memory
        self._allocator = allocator
        self._typecode = _TYPECODES.get(info.element_type)
        self._shape: tuple[int, ...] | None = None
        self._count = 0
        self._buffer: Any = None

    def load(self, tensor: Tensor) -> None:
        """Copy the values to where the library reads them."""
        element_type, shape, data = tensor
        if element_type != self._info.element_type:
            raise self._refuse(f"is {element_type}, wanted {self._info.element_type}")
        if shape != self._shape or len(data) != self._count:
            self._resize(shape, len(data))
        if not self._count:
            return
        try:
            if self._typecode is None:
                self._fill(data)
            else:
                self._buffer[:] = data
        except (TypeError, AttributeError) as error:
            wanted = f"an array of typecode {self._typecode}" if self._typecode else "a list of strings"
            raise self._refuse(f"holds other data than {wanted}: {error}") from error
        if self._typecode == "B" and max(self._buffer) > 1:
            raise self._refuse(f"holds {max(self._buffer)}, wanted 0 or 1")

    def release(self) -> None:
        """Free the tensor; harmless when there is none."""
        self._library.ReleaseValue(self.handle)
        self.handle, self._shape = 0, None

    def _resize(self, shape: tuple[int, ...], length: int) -> None:
        if prod(shape) != length or any(size < 0 for size in shape):
            raise self._refuse(f"has shape {shape} and {length} values, wanted the shape's product")
        self.release()
        sizes = array("q", shape)
        where = (sizes.buffer_info()[0], len(shape), _CODES[self._info.element_type])
        if self._typecode is None:
            self._buffer = (c_char_p * length)()
            self.handle = self._library.make("CreateTensorAsOrtValue", self._allocator, *where)
        else:
            # The library wants an address even for no values, and an empty array has none.
            self._buffer = array(self._typecode, [0]) * max(length, 1)
            size = length * self._buffer.itemsize
            self.handle = self._library.make(
                "CreateTensorWithDataAsOrtValue", self._memory, self._buffer.buffer_info()[0], size, *where
            )
        self._shape, self._count = shape, length

    def _fill(self, texts: Any) -> None:
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._buffer[:] = encoded
        self._library.call("FillStringTensor", self.handle, self._buffer, len(encoded))
        for position, raw in enumerate(encoded):
            if 0 in raw:  # FillStringTensor stops at the first NUL
                size = len(raw)
                at = self._library.make("GetResizedStringTensorElementBuffer", self.handle, position, size)
                memmove(at, raw, size)

    def _refuse(self, detail: str) -> RuntimeLibraryError:
        return RuntimeLibraryError(
            f"input {self._info.name!r} {detail}; encode the row as the model declares it"
        )


class Session:
    """A model loaded into onnxruntime, ready to run.

    Runs wait for one another: the memory for inputs and outputs is prepared once and shared between them. A
    Lambda worker answers one request at a time, so nothing is lost there.

    Args:
        library: Path of :data:`LIBRARY_NAME`.
        model: Content of an ONNX file.
        intra_op_threads: Threads within an operator.
        inter_op_threads: Threads across operators.
        optimisation: How far the graph is rewritten when loading; ``off`` suits one that was written optimised.
        library_version: The only version of the library that is accepted.

    Attributes:
        inputs: What the model wants, in its order.
        outputs: What the model answers, in its order.

    Raises:
        RuntimeLibraryError: The library is missing or of another version, or the model is refused: damaged,
            or with an input or output that is not a tensor of a type in :class:`Tensor`.
    """

    def __init__(
        self,
        library: "Path",
        model: bytes,
        *,
        intra_op_threads: int = 1,
        inter_op_threads: int = 1,
        optimisation: Literal["off", "basic", "extended", "all"] = "all",
        library_version: str = LIBRARY_VERSION,
    ) -> None:
        self._library = lib = _Library(library, library_version)
        self._lock = Lock()
        self._owned: list[tuple[str, int]] = []
        self._slots: dict[str, _Input] = {}
        self._wanted: tuple[str, ...] = ()
        self._session = 0
        try:
            # The library counts references to one environment and keeps what is costly when all are gone.
            env = self._own("Env", lib.make("CreateEnv", _LOG_ERRORS, b"nightjar"))
            lib.call("DisableTelemetryEvents", env)
            self._allocator = lib.make("GetAllocatorWithDefaultOptions")  # the library's own
            memory = self._own("MemoryInfo", lib.make("CreateCpuMemoryInfo", 0, 0))
            options = lib.make("CreateSessionOptions")
            try:
                lib.call("SetSessionGraphOptimizationLevel", options, _OPTIMISATION[optimisation])
                lib.call("SetIntraOpNumThreads", options, intra_op_threads)
                lib.call("SetInterOpNumThreads", options, inter_op_threads)
                session = lib.make("CreateSessionFromArray", env, model, len(model), options)
            finally:
                lib.ReleaseSessionOptions(options)
            self._session = self._own("Session", session)
            self.inputs = self._describe("Input")
            self.outputs = self._describe("Output")
        except BaseException:
            self.close()
            raise
        self._slots = {info.name: _Input(lib, info, memory, self._allocator) for info in self.inputs}
        self._input_names = (c_char_p * len(self.inputs))(*(info.name.encode() for info in self.inputs))
        self._input_handles = array("Q", bytes(8 * len(self.inputs)))

    def run(self, feeds: "Mapping[str, Tensor]", outputs: "Sequence[str]") -> list[Tensor]:
        """Answer some rows.

        Args:
            feeds: A tensor for each input, by name.
            outputs: Names of the outputs to compute.

        Returns:
            One tensor for each name, in that order; they own their data.

        Raises:
            RuntimeLibraryError: The session is closed, a feed or a name does not fit the model, or onnxruntime
                failed while running. The session stays usable.
        """
        with self._lock:
            if not self._session:
                raise RuntimeLibraryError("the session is closed; create another one")
            if feeds.keys() != self._slots.keys():
                raise RuntimeLibraryError(f"inputs {sorted(feeds)} were given, wanted {sorted(self._slots)}")
            wanted = tuple(outputs)
            if wanted != self._wanted:
                self._want(wanted)
            handles = self._input_handles
            for position, (name, slot) in enumerate(self._slots.items()):
                slot.load(feeds[name])
                handles[position] = slot.handle
            results = self._results
            try:
                self._library.call(
                    "Run",
                    self._session,
                    None,
                    self._input_names,
                    handles.buffer_info()[0],
                    len(handles),
                    self._output_names,
                    len(results),
                    results.buffer_info()[0],
                )
                return [self._read(*pair) for pair in zip(results, self._result_types, strict=True)]
            finally:
                for position, handle in enumerate(results):
                    self._library.ReleaseValue(handle)
                    results[position] = 0  # anything else would be taken for a tensor to write into

    def close(self) -> None:
        """Free everything; further calls do nothing."""
        with self._lock:
            self._session = 0
            for slot in self._slots.values():
                slot.release()
            while self._owned:
                kind, handle = self._owned.pop()
                getattr(self._library, f"Release{kind}")(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, kind: str, handle: int) -> int:
        self._owned.append((kind, handle))
        return handle

    def _describe(self, side: Literal["Input", "Output"]) -> tuple[TensorInfo, ...]:
        lib, found = self._library, []
        for position in range(lib.make(f"SessionGet{side}Count", self._session)):
            address = lib.make(f"SessionGet{side}Name", self._session, position, self._allocator)
            name = string_at(address).decode()
            lib.call("AllocatorFree", self._allocator, address)
            info = lib.make(f"SessionGet{side}TypeInfo", self._session, position)
            try:
                kind = lib.make("GetOnnxTypeFromTypeInfo", info)
                tensor = lib.make("CastTypeInfoToTensorInfo", info)  # part of info
                code = lib.make("GetTensorElementType", tensor) if kind == 1 else 0
                if code not in _ELEMENT_TYPES:
                    seen = f"a tensor of ONNX element type {code}" if kind == 1 else f"a {_KINDS[kind]}"
                    raise RuntimeLibraryError(
                        f"{side.lower()} {name!r} is {seen}, wanted a tensor of {', '.join(_CODES)}; "
                        "convert the model with plain tensors (zipmap off)"
                    )
                shape = tuple(None if size < 0 else size for size in self._sizes(tensor))
            finally:
                lib.ReleaseTypeInfo(info)
            found.append(TensorInfo(name, _ELEMENT_TYPES[code], shape))
        return tuple(found)

    def _sizes(self, described: int) -> array[int]:
        rank = self._library.make("GetDimensionsCount", described)
        sizes = array("q", bytes(8 * rank))
        self._library.call("GetDimensions", described, sizes.buffer_info()[0], rank)
        return sizes

    def _want(self, names: tuple[str, ...]) -> None:
        known = {info.name: info.element_type for info in self.outputs}
        if not names or not known.keys() >= set(names):
            raise RuntimeLibraryError(f"outputs {list(names)} were asked for, the model has {list(known)}")
        self._output_names = (c_char_p * len(names))(*(name.encode() for name in names))
        self._result_types = [known[name] for name in names]
        self._results = array("Q", bytes(8 * len(names)))
        self._wanted = names

    def _read(self, handle: int, element_type: str) -> Tensor:
        described = self._library.make("GetTensorTypeAndShape", handle)
        try:
            shape = tuple(self._sizes(described))
        finally:
            self._library.ReleaseTensorTypeAndShapeInfo(described)
        count = prod(shape)
        if element_type == "string":
            return Tensor(element_type, shape, self._read_strings(handle, count))
        data: array[Any] = array(_TYPECODES[element_type])
        if count:
            address = self._library.make("GetTensorMutableData", handle)
            data.frombytes(string_at(address, count * data.itemsize))
        return Tensor(element_type, shape, data)

    def _read_strings(self, handle: int, count: int) -> list[str]:
        if not count:
            return []
        size = self._library.make("GetStringTensorDataLength", handle)
        content, starts = array("B", bytes(size or 1)), array("Q", bytes(8 * count))
        addresses = content.buffer_info()[0], size, starts.buffer_info()[0], count
        self._library.call("GetStringTensorContent", handle, *addresses)
        raw = content.tobytes()
        try:
            return [raw[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise([*starts, size])]
        except UnicodeDecodeError as error:
            raise RuntimeLibraryError(f"the model answered text that is not UTF-8: {error}") from error
