"""onnxruntime's C library through ctypes answers as its Python binding does, and keeps nothing."""

import gc
import os
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ctypes import CDLL, Structure, c_size_t
from math import inf, nan, prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from function.errors import RuntimeLibraryError
from function.ort import LIBRARY_NAME, LIBRARY_VERSION, Session, Tensor, TensorInfo

ONNX_TYPES = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}
DTYPES = {"float": "f4", "double": "f8", "int32": "i4", "int64": "i8", "bool": "?", "string": object}
TYPECODES = {"float": "f", "double": "d", "int32": "i", "int64": "q", "bool": "B"}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(width=32),
    "double": st.floats(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.integers(0, 1),
    "string": st.text(),
}

SMALLEST_ALLOCATION_BYTES = 16

type Shape = tuple[int | str | None, ...] | None
type Port = tuple[str, int, Shape]


def model(nodes: Sequence[Any], inputs: Sequence[Port], outputs: Sequence[Port | Any]) -> bytes:
    """Return an ONNX file; an output that is not a tensor is given as it is."""
    declared = [helper.make_tensor_value_info(*item) if isinstance(item, tuple) else item for item in outputs]
    graph = helper.make_graph(
        nodes, "test", [helper.make_tensor_value_info(*item) for item in inputs], declared
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 4)]
    content: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return content


def identity(element_type: str, shape: Shape) -> bytes:
    """Return a model that answers y = x."""
    code = ONNX_TYPES[element_type]
    return model([helper.make_node("Identity", ["x"], ["y"])], [("x", code, shape)], [("y", code, shape)])


def tensor(element_type: str, shape: tuple[int, ...], values: list[Any]) -> Tensor:
    """Return a tensor of these values."""
    typecode = TYPECODES.get(element_type)
    return Tensor(element_type, shape, array(typecode, values) if typecode else values)


def through_binding(content: bytes, feeds: dict[str, Tensor], outputs: list[str]) -> list[Tensor]:
    """Answer with the Python binding."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import; its thread would disturb the tests of growth
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    arrays = {
        name: np.array(given.data, dtype=DTYPES[given.element_type]).reshape(given.shape)
        for name, given in feeds.items()
    }
    answers = session.run(outputs, arrays)
    types = {"O": "string", "f4": "float", "f8": "double", "i4": "int32", "i8": "int64", "b1": "bool"}
    found = []
    for answer in answers:
        element_type = types["O" if answer.dtype == object else answer.dtype.str[1:]]
        found.append(tensor(element_type, answer.shape, answer.ravel().tolist()))
    return found


def bits(given: Tensor) -> tuple[str, tuple[int, ...], bytes | list[str]]:
    """Return what tells NaN from NaN and 0.0 from -0.0."""
    data = given.data
    return given.element_type, given.shape, data if isinstance(data, list) else data.tobytes()


@pytest.fixture(scope="session")
def library_file(library: Path) -> Path:
    """The C library of onnxruntime."""
    return library / LIBRARY_NAME


@pytest.fixture(scope="session")
def identities(library_file: Path) -> Iterator[dict[str, Session]]:
    """For each element type a session that answers y = x, for any number of rows and columns."""
    sessions = {name: Session(library_file, identity(name, (None, None))) for name in ONNX_TYPES}
    yield sessions
    for session in sessions.values():
        session.close()


@pytest.fixture
def adder(library_file: Path) -> Iterator[Session]:
    """A session with two inputs and two outputs: total = a + b, text = s."""
    number, text = (None, 2), (None,)
    content = model(
        [helper.make_node("Add", ["a", "b"], ["total"]), helper.make_node("Identity", ["s"], ["text"])],
        [
            ("a", TensorProto.DOUBLE, number),
            ("b", TensorProto.DOUBLE, number),
            ("s", TensorProto.STRING, text),
        ],
        [("total", TensorProto.DOUBLE, number), ("text", TensorProto.STRING, text)],
    )
    with Session(library_file, content) as session:
        yield session


FEEDS = {
    "a": tensor("double", (1, 2), [1.0, 2.0]),
    "b": tensor("double", (1, 2), [10.0, 20.0]),
    "s": tensor("string", (1,), ["x"]),
}
TOTAL = tensor("double", (1, 2), [11.0, 22.0])


@pytest.mark.parametrize("element_type", ONNX_TYPES)
@settings(deadline=None)
@given(data=st.data())
def test_every_type_passes_bit_for_bit_and_as_the_binding_passes_it(
    identities: dict[str, Session], element_type: str, data: st.DataObject
) -> None:
    """NaN, infinities, -0.0, extremes, empty and non-ASCII text, in any shape with zero rows included."""
    shape = data.draw(st.tuples(st.integers(0, 4), st.integers(0, 3)))
    size = prod(shape)
    given = tensor(
        element_type, shape, data.draw(st.lists(VALUES[element_type], min_size=size, max_size=size))
    )
    (actual,) = identities[element_type].run({"x": given}, ["y"])
    assert bits(given) == bits(actual)
    (expected,) = through_binding(identity(element_type, (None, None)), {"x": given}, ["y"])
    assert bits(expected) == bits(actual)


@pytest.mark.parametrize(
    ("element_type", "values"),
    [
        ("float", [nan, inf, -inf, -0.0, 1e-45, 3.4028234663852886e38]),
        ("double", [nan, inf, -inf, -0.0, 5e-324, 1.7976931348623157e308]),
        ("int64", [-(2**63), 2**63 - 1, 0, 1, -1, 2**53 + 1]),
        ("int32", [-(2**31), 2**31 - 1, 0, 1, -1, 7]),
        ("bool", [0, 1, 1, 0, 0, 1]),
        ("string", ["", "Müßiggang", "睡眠", "🛌", "e\u0301", " \t\n"]),
    ],
)
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 6, 1), (3, 1, 2, 1)])
def test_edges_of_every_type_pass_in_every_rank(
    library_file: Path, element_type: str, values: list[Any], shape: tuple[int, ...]
) -> None:
    """The values that are easiest to get wrong are always tried."""
    given = tensor(element_type, shape, values)
    with Session(library_file, identity(element_type, (None,) * len(shape))) as session:
        assert [bits(given)] == [bits(answer) for answer in session.run({"x": given}, ["y"])]


@pytest.mark.parametrize("element_type", ONNX_TYPES)
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0)])
def test_scalars_and_empty_tensors_work(
    library_file: Path, element_type: str, shape: tuple[int, ...]
) -> None:
    """No rows, and no dimensions."""
    given = tensor(element_type, shape, (["é"] if element_type == "string" else [1]) * prod(shape))
    declared = (None,) * len(shape)
    with Session(library_file, identity(element_type, declared)) as session:
        (actual,) = session.run({"x": given}, ["y"])
    assert bits(given) == bits(actual)
    (expected,) = through_binding(identity(element_type, declared), {"x": given}, ["y"])
    assert bits(expected) == bits(actual)


@settings(deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None))))
def test_every_python_string_comes_back(identities: dict[str, Session], texts: list[str]) -> None:
    """NUL and lone surrogates too: JSON can carry both, and no client may cause an internal error."""
    given = Tensor("string", (len(texts), 1), texts)
    assert [given] == identities["string"].run({"x": given}, ["y"])


def test_strings_are_compared_by_the_model_as_utf8(library_file: Path) -> None:
    """A category is found whatever its script, and one that only begins with it is another."""
    node = helper.make_node(
        "LabelEncoder",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        keys_strings=["ü", ""],
        values_int64s=[7, 8],
        default_int64=-1,
    )
    content = model([node], [("x", TensorProto.STRING, [None])], [("y", TensorProto.INT64, [None])])
    given = tensor("string", (4,), ["ü", "", "ü\0", "u\u0308"])
    with Session(library_file, content) as session:
        assert [tensor("int64", (4,), [7, 8, -1, -1])] == session.run({"x": given}, ["y"])


@settings(deadline=None)
@given(values=st.lists(st.floats(width=32), min_size=1))
def test_computed_numbers_equal_the_binding(library_file: Path, values: list[float]) -> None:
    """Casts and arithmetic between types, through several inputs and outputs."""
    content = model(
        [
            helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.DOUBLE),
            helper.make_node("Mul", ["wide", "factor"], ["product"]),
            helper.make_node("IsNaN", ["x"], ["missing"]),
            helper.make_node("Shape", ["x"], ["shape"]),
        ],
        [("x", TensorProto.FLOAT, ["rows", 1]), ("factor", TensorProto.DOUBLE, [1])],
        [
            ("product", TensorProto.DOUBLE, ["rows", 1]),
            ("missing", TensorProto.BOOL, ["rows", 1]),
            ("shape", TensorProto.INT64, [2]),
        ],
    )
    feeds = {
        "factor": tensor("double", (1,), [0.1]),
        "x": tensor("float", (len(values), 1), values),
    }
    names = ["shape", "product", "missing"]
    with Session(library_file, content) as session:
        actual = session.run(feeds, names)
    assert [bits(item) for item in through_binding(content, feeds, names)] == [bits(item) for item in actual]


def test_the_model_s_declaration_is_read(library_file: Path) -> None:
    """Names in order, element types, and None for what is known only when running."""
    content = model(
        [helper.make_node("Identity", ["größe"], ["y"]), helper.make_node("Identity", ["b"], ["z"])],
        [("größe", TensorProto.FLOAT, ["rows", 3, None]), ("b", TensorProto.STRING, [2])],
        [("z", TensorProto.STRING, [2]), ("y", TensorProto.FLOAT, ["rows", 3, None])],
    )
    with Session(library_file, content) as session:
        inputs, outputs = session.inputs, session.outputs
    assert (TensorInfo("größe", "float", (None, 3, None)), TensorInfo("b", "string", (2,))) == inputs
    assert (TensorInfo("z", "string", (2,)), TensorInfo("y", "float", (None, 3, None))) == outputs


def test_outputs_come_in_the_order_asked_for(adder: Session) -> None:
    """All, some, reversed and repeated."""
    text = tensor("string", (1,), ["x"])
    assert [TOTAL, text] == adder.run(FEEDS, ["total", "text"])
    assert [text, TOTAL] == adder.run(FEEDS, ("text", "total"))
    assert [text] == adder.run(FEEDS, ["text"])
    assert adder.run(dict(reversed(FEEDS.items())), ["total"]) == [TOTAL]


def test_an_answer_owns_its_data(adder: Session) -> None:
    """The next run, with other values and another shape, does not change it."""
    answer = adder.run(FEEDS, ["total"])
    adder.run({**FEEDS, "a": tensor("double", (1, 2), [5.0, 6.0])}, ["total"])
    adder.run({**FEEDS, "a": tensor("double", (2, 2), [5.0] * 4)}, ["total"])
    adder.close()
    assert answer == [TOTAL]


def chosen() -> bytes:
    """Return a model whose answer has another shape for each choice: by selection, and by branch."""
    flag = helper.make_node("ReduceMax", ["wanted"], ["any"], keepdims=0)
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node("Concat", ["x"] * times, [name], axis=0)],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None])],
        )
        for name, times in (("then", 3), ("else", 2))
    }
    nodes = [
        helper.make_node("Cast", ["wanted"], ["mask"], to=TensorProto.BOOL),
        helper.make_node("Compress", ["x", "mask"], ["y"], axis=0),
        flag,
        helper.make_node("Cast", ["any"], ["condition"], to=TensorProto.BOOL),
        helper.make_node("If", ["condition"], ["z"], **branches),
    ]
    inputs = [("x", TensorProto.DOUBLE, [None]), ("wanted", TensorProto.INT32, [None])]
    return model(nodes, inputs, [("y", TensorProto.DOUBLE, [None]), ("z", TensorProto.DOUBLE, [None])])


@given(choices=st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=2, max_size=8))
def test_an_answer_whose_shape_depends_on_the_values_is_never_the_last_one_s(
    library_file: Path, choices: list[list[int]]
) -> None:
    """Outputs are kept for the next run of the same input shapes, which must not show."""
    with Session(library_file, chosen()) as session:
        for number, wanted in enumerate(choices):
            x = [number + 0.25, number + 0.5, number + 0.75]
            y, z = session.run(
                {"x": tensor("double", (3,), x), "wanted": tensor("int32", (3,), wanted)}, ["y", "z"]
            )
            selected = [value for value, choice in zip(x, wanted, strict=True) if choice]
            assert (y.shape, list(y.data)) == ((len(selected),), selected)
            assert list(z.data) == x * (3 if any(wanted) else 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"a": None}, r"the feeds are \['b', 's'\], wanted \['a', 'b', 's'\]"),
        ({"c": TOTAL}, r"the feeds are \['a', 'b', 'c', 's'\], wanted \['a', 'b', 's'\]"),
        ({"a": tensor("float", (1, 2), [1, 2])}, "input 'a' is float, wanted double"),
        ({"a": tensor("string", (1, 2), ["1", "2"])}, "input 'a' is string, wanted double"),
        (
            {"a": tensor("double", (1, 2), [1])},
            r"input 'a' has 1 values, wanted the product of its shape \(1, 2\)",
        ),
        ({"a": tensor("double", (10**12, 2), [1])}, "input 'a' has 1 values"),
        ({"a": tensor("double", (-1, -2), [1, 2])}, "input 'a' has 2 values"),
        (
            {"a": Tensor("double", (1, 2), array("f", [1, 2]))},
            "input 'a' holds other data, wanted .* typecode d",
        ),
        (
            {"a": Tensor("double", (1, 2), array("q", [1, 2]))},
            "input 'a' holds other data, wanted .* typecode d",
        ),
        ({"a": Tensor("double", (1, 2), ["1", "2"])}, "input 'a' holds other data, wanted .* typecode d"),
        ({"s": tensor("string", (2,), ["x"])}, "input 's' has 1 values"),
        (
            {"s": Tensor("string", (1,), array("q", [1]))},
            "input 's' holds other data, wanted a list of strings",
        ),
        ({"s": Tensor("string", (1,), [None])}, "input 's' holds other data, wanted a list of strings"),  # type: ignore[list-item]
        (
            {"a": tensor("double", (1, 3), [1, 2, 3])},
            "onnxruntime refused: Got invalid dimensions for input: a",
        ),
        ({"a": tensor("double", (2,), [1, 2])}, "onnxruntime refused: Invalid rank for input: a"),
        (
            {"a": tensor("double", (3, 2), [1.0] * 6), "b": tensor("double", (2, 2), [1.0] * 4)},
            "onnxruntime refused: .*Add",
        ),
    ],
)
def test_a_feed_that_does_not_fit_is_refused_and_the_next_run_works(
    adder: Session, changed: dict[str, Tensor | None], message: str
) -> None:
    """Name, element type, length, array type, shape: each says what was seen and what is wanted."""
    feeds = {name: given for name, given in (FEEDS | changed).items() if given is not None}
    with pytest.raises(RuntimeLibraryError, match=message):
        adder.run(feeds, ["total"])
    assert adder.run(FEEDS, ["total"]) == [TOTAL]


def test_a_bool_other_than_0_and_1_is_refused(identities: dict[str, Session]) -> None:
    """In C++ it would be neither true nor false."""
    with pytest.raises(RuntimeLibraryError, match="input 'x' holds 2, wanted 0 or 1"):
        identities["bool"].run({"x": tensor("bool", (1, 2), [1, 2])}, ["y"])


@pytest.mark.parametrize("names", [["nothing"], ["total", "nothing"], []])
def test_an_unknown_output_is_refused_and_the_next_run_works(adder: Session, names: list[str]) -> None:
    """The message lists what the model has."""
    with pytest.raises(RuntimeLibraryError, match=r"wanted some of \['total', 'text'\]"):
        adder.run(FEEDS, names)
    assert adder.run(FEEDS, ["total"]) == [TOTAL]


def failing(library_file: Path) -> Session:
    """Return a session that looks up x in a table of two: it fails while running when x is not 0 or 1."""
    nodes = [
        helper.make_node("Constant", [], ["table"], value_strings=["no", "yes"]),
        helper.make_node("Gather", ["table", "x"], ["y"]),
    ]
    content = model(nodes, [("x", TensorProto.INT64, [None])], [("y", TensorProto.STRING, [None])])
    return Session(library_file, content)


def test_a_failure_while_running_carries_onnxruntime_s_message_and_logs_nothing(
    library_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The message quotes a value of the request: the caller decides about it, the log never has it."""
    with failing(library_file) as session:
        with pytest.raises(RuntimeLibraryError, match=r"onnxruntime refused: .*Gather.* idx=424242"):
            session.run({"x": tensor("int64", (1,), [424242])}, ["y"])
        assert [tensor("string", (1,), ["yes"])] == session.run({"x": tensor("int64", (1,), [1])}, ["y"])
    assert tuple(capfd.readouterr()) == ("", "")


def test_an_answer_that_is_not_utf8_is_refused(library_file: Path) -> None:
    """Only a damaged model has one."""
    value = helper.make_tensor("value", TensorProto.STRING, [1], [b"\xff"])
    content = model(
        [helper.make_node("Constant", [], ["y"], value=value)], [], [("y", TensorProto.STRING, [1])]
    )
    with Session(library_file, content) as session, pytest.raises(RuntimeLibraryError, match="wanted UTF-8"):
        session.run({}, ["y"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "onnxruntime refused: "),
        (b"not a model", "onnxruntime refused: .*protobuf parsing failed"),
        (identity("double", (None,))[:-20], "onnxruntime refused: .*protobuf parsing failed"),
        (
            model(
                [helper.make_node("NoSuchOperator", ["x"], ["y"])],
                [("x", TensorProto.FLOAT, [1])],
                [("y", TensorProto.FLOAT, [1])],
            ),
            "onnxruntime refused: .*NoSuchOperator",
        ),
    ],
    ids=["empty", "text", "cut off", "unknown operator"],
)
def test_a_damaged_model_is_refused(library_file: Path, content: bytes, message: str) -> None:
    """With onnxruntime's message."""
    with pytest.raises(RuntimeLibraryError, match=message):
        Session(library_file, content)


def zipmap() -> bytes:
    """Return a classifier's end as skl2onnx writes it with zipmap on."""
    return model(
        [
            helper.make_node(
                "ZipMap", ["x"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]
            )
        ],
        [("x", TensorProto.FLOAT, [None, 2])],
        [
            helper.make_value_info(
                "probabilities",
                helper.make_sequence_type_proto(
                    helper.make_map_type_proto(
                        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, None)
                    )
                ),
            )
        ],
    )


def float16() -> bytes:
    """Return a model with an input that Tensor cannot hold."""
    return model(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
        [("x", TensorProto.FLOAT16, [1])],
        [("y", TensorProto.FLOAT, [1])],
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (zipmap, r"output 'probabilities' is a sequence .*zipmap off"),
        (float16, r"input 'x' is a tensor \(element type 10\), wanted a tensor of float, "),
    ],
)
def test_what_is_not_a_plain_tensor_is_refused(
    library_file: Path, build: Callable[[], bytes], message: str
) -> None:
    """When loading, not when the first request comes."""
    with pytest.raises(RuntimeLibraryError, match=message):
        Session(library_file, build())


def test_another_version_of_the_library_is_refused(library_file: Path) -> None:
    """Its table of functions was not checked; the message names both versions and the fix."""
    message = rf"is onnxruntime {LIBRARY_VERSION}, wanted 1\.33\.0; install the locked version"
    with pytest.raises(RuntimeLibraryError, match=message):
        Session(library_file, identity("float", (1,)), library_version="1.33.0")


def test_a_missing_or_other_library_is_refused(library_file: Path, tmp_path: Path) -> None:
    """No file, a file that is no library, and a library that is not onnxruntime."""
    broken = tmp_path / LIBRARY_NAME
    broken.write_bytes(b"\x7fELF")
    others = [tmp_path / "missing.so", broken, library_file.with_name("libonnxruntime_providers_shared.so")]
    for other in others:
        with pytest.raises(RuntimeLibraryError, match=f"cannot load onnxruntime: .*; bundle {LIBRARY_NAME}"):
            Session(other, identity("float", (1,)))


def test_closing_twice_is_harmless_and_a_closed_session_says_so(adder: Session) -> None:
    """Whether it has run or not."""
    adder.run(FEEDS, ["total"])
    adder.close()
    adder.close()
    with pytest.raises(RuntimeLibraryError, match="the session is closed"):
        adder.run(FEEDS, ["total"])


def test_a_session_outlives_others(library_file: Path, adder: Session) -> None:
    """Sessions share onnxruntime's environment; closing one does not take it from the rest."""
    with Session(library_file, identity("double", (None,))) as other:
        other.run({"x": tensor("double", (1,), [1.0])}, ["y"])
    assert adder.run(FEEDS, ["total"]) == [TOTAL]


def test_threads_get_their_own_answers(identities: dict[str, Session]) -> None:
    """Runs wait for one another instead of mixing two people's values."""

    def ask(number: int) -> bool:
        given = tensor("double", (1, 2), [number, -number])
        return all(identities["double"].run({"x": given}, ["y"]) == [given] for _ in range(200))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(8))) == [True] * 8


class MallocInfo(Structure):
    """``struct mallinfo2`` of glibc."""

    _fields_ = tuple(
        (name, c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def bytes_in_use() -> int:
    """Return how much memory is allocated and not freed, by C and (at least) by Python.

    The size of the process would tell less: it moves with what allocators keep for later.
    """
    mallinfo2 = CDLL(None).mallinfo2
    mallinfo2.restype = MallocInfo
    gc.collect()
    info = mallinfo2()
    used: int = info.uordblks + info.hblkhd
    return used + SMALLEST_ALLOCATION_BYTES * sys.getallocatedblocks()


def bytes_left(work: Callable[[], None], times: int) -> float:
    """Return how much memory each call leaves in use; below the smallest allocation, that is none."""
    for _ in range(times // 4):
        work()
    before = bytes_in_use()
    for _ in range(times):
        work()
    return (bytes_in_use() - before) / times


def refused(call: Callable[[], object]) -> None:
    """Check that a call is refused, without keeping the traceback that pytest would."""
    try:
        call()
    except RuntimeLibraryError:
        return
    raise AssertionError("nothing was raised")


def test_running_does_not_grow(library_file: Path, adder: Session) -> None:
    """Right runs, refused feeds, failures inside onnxruntime, text in and out, shapes that change."""
    wide = {**FEEDS, "s": tensor("string", (3,), ["longer than what std::string keeps inline", "ü\0", ""])}
    misfit = {**FEEDS, "a": tensor("double", (1, 3), [1, 2, 3])}
    good, bad = {"x": tensor("int64", (1,), [1])}, {"x": tensor("int64", (1,), [9])}
    with failing(library_file) as lookup:

        def work() -> None:
            adder.run(FEEDS, ["total", "text"])
            adder.run(wide, ["text"])
            lookup.run(good, ["y"])
            refused(lambda: adder.run(misfit, ["total"]))
            refused(lambda: lookup.run(bad, ["y"]))

        assert bytes_left(work, 5_000) < SMALLEST_ALLOCATION_BYTES


def test_opening_and_closing_does_not_grow(library_file: Path) -> None:
    """Sessions that ran, models that onnxruntime refuses, and models that are refused here."""
    name = "x" * 2_000  # a copy of it that is forgotten must show
    code, shape = TensorProto.STRING, (None, 1)
    content = model(
        [helper.make_node("Identity", [name], ["y"])], [(name, code, shape)], [("y", code, shape)]
    )
    unfit = zipmap()
    feeds = {name: tensor("string", (100, 1), ["longer than what std::string keeps inline"] * 100)}

    def work() -> None:
        with Session(library_file, content) as session:
            session.run(feeds, ["y"])
        refused(lambda: Session(library_file, b"not a model"))
        refused(lambda: Session(library_file, unfit))

    assert bytes_left(work, 1_000) < SMALLEST_ALLOCATION_BYTES


def in_new_process(code: str, *arguments: str) -> str:
    """Return what a new interpreter prints, started without the switch that keeps onnxruntime from reporting."""
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_importing_needs_neither_numpy_nor_the_binding() -> None:
    """That is what the module is for."""
    code = "import sys, function.ort; print(sorted({'numpy', 'onnxruntime'} & sys.modules.keys()))"
    assert in_new_process(code) == "[]\n"


def test_no_thread_reports_and_an_unclosed_session_ends_quietly(library_file: Path) -> None:
    """Neither telemetry nor a pool; and a process that ends without closing, as on Lambda, says nothing."""
    code = (
        "import os, sys; from pathlib import Path; from function.ort import Session; "
        "session = Session(Path(sys.argv[1]), bytes.fromhex(sys.argv[2])); "
        "print(len(os.listdir('/proc/self/task')))"
    )
    assert in_new_process(code, str(library_file), identity("float", (1,)).hex()) == "1\n"
