"""The heap is prepared once, for the better, and nowhere that it cannot be."""

import subprocess
import sys
from pathlib import Path

from onnx import TensorProto, helper

from function.ort import LIBRARY_NAME


def in_new_process(code: str, *arguments: str) -> str:
    """Return what a new interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_idle_process_touches_hardly_more_memory() -> None:
    """The heap's addresses are no memory, and one large page at most is."""
    code = (
        "import resource, sys; from function.heap import prepare_heap\n"
        "if sys.argv[1] == 'ours': prepare_heap(); prepare_heap()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    own, ours = (int(in_new_process(code, way)) for way in ("own", "ours"))
    assert ours - own < 4_096  # KB


def test_another_c_library_is_left_alone() -> None:
    """One that has no such settings."""
    code = (
        "from function import heap\n"
        "class Bare: pass\n"
        "heap.CDLL = lambda name: Bare()\n"
        "heap.prepare_heap(); print('unharmed')"
    )
    assert in_new_process(code) == "unharmed\n"


def test_loading_trees_touches_fewer_pages_than_with_the_allocators_own_settings(
    library: Path, tmp_path: Path
) -> None:
    """What the library frees on the way is used again; each page that is touched anew costs time."""
    depth, trees = 11, 40
    inner, nodes = 2**depth - 1, 2 ** (depth + 1) - 1
    at, leaves = list(range(nodes)), range(inner, nodes)
    forest = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[tree for tree in range(trees) for _ in at],
        nodes_nodeids=at * trees,
        nodes_featureids=[0] * nodes * trees,
        nodes_modes=(["BRANCH_LEQ"] * inner + ["LEAF"] * len(leaves)) * trees,
        nodes_values=[float(node) for node in at] * trees,
        nodes_truenodeids=([2 * node + 1 for node in at[:inner]] + [0] * len(leaves)) * trees,
        nodes_falsenodeids=([2 * node + 2 for node in at[:inner]] + [0] * len(leaves)) * trees,
        target_treeids=[tree for tree in range(trees) for _ in leaves],
        target_nodeids=list(leaves) * trees,
        target_ids=[0] * len(leaves) * trees,
        target_weights=[1.0] * len(leaves) * trees,
    )
    path = tmp_path / "forest.onnx"
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (None, 1)) for name in ("x", "y")]
    graph = helper.make_graph([forest], "test", ports[:1], ports[1:])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    code = (
        "import resource, sys; from pathlib import Path; from function import ort\n"
        "if sys.argv[1] == 'own': ort.prepare_heap = lambda: None\n"
        "session = ort.Session(Path(sys.argv[2]), Path(sys.argv[3]).read_bytes())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)"
    )
    arguments = (str(library / LIBRARY_NAME), str(path))
    own, ours = (int(in_new_process(code, way, *arguments)) for way in ("own", "ours"))
    assert ours < 0.95 * own
