"""One fresh process of the benchmark: load a model, answer batches, print the times as JSON.

``python -m model_conversion.benchmark.trial model.onnx|model.joblib rows.npy``
"""

__all__ = ["BATCHES", "answers"]

import json
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function.ort import Session, Tensor
from model_conversion.library import locked_library

BATCHES = (1, 10, 1_000, 100_000)
"""Rows of a batch."""

BUDGET_S = 0.5
"""Time for the calls of one batch size; a call that outlasts it is made once, after one that warms up."""

MOST_CALLS = 200


def _tensors(session: Session, rows: NDArray[np.float64]) -> dict[str, Tensor]:
    """Return ``(rows, columns)`` as the graph's only input wants it."""
    (wanted,) = session.inputs
    code, kind = {"float": ("f", np.float32), "double": ("d", np.float64)}[wanted.element_type]
    data: array[float] = array(code, np.ascontiguousarray(rows, dtype=kind).tobytes())
    return {wanted.name: Tensor(wanted.element_type, rows.shape, data)}


def answers(session: Session, rows: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return labels and probabilities of a graph."""
    label, scores = session.run(_tensors(session, rows), [item.name for item in session.outputs])
    return np.asarray(label.data), np.asarray(scores.data, dtype=np.float64).reshape(len(rows), -1)


def _timed(call: Callable[[], object]) -> float:
    """Return the median seconds of a call, the first left out."""
    call()
    times: list[float] = []
    while len(times) < MOST_CALLS and sum(times) < BUDGET_S:
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return median(times)


def main(model: Path, rows: NDArray[np.float64]) -> dict[str, Any]:
    """Return ``load_ms`` and ``batch_us`` by size."""
    batches = [rows[:size] for size in BATCHES if size <= len(rows)]
    if model.suffix == ".joblib":
        import joblib
        import sklearn.ensemble  # noqa: F401  imports are no part of the load time

        start = perf_counter()
        estimator = joblib.load(model)
        load_s = perf_counter() - start
        seconds = [_timed(lambda part=part: estimator.predict_proba(part)) for part in batches]  # type: ignore[misc]
    else:
        library, graph = locked_library(), model.read_bytes()
        start = perf_counter()
        session = Session(library, graph)
        load_s = perf_counter() - start
        names = [item.name for item in session.outputs]
        fed = [_tensors(session, part) for part in batches]
        seconds = [_timed(lambda feed=feed: session.run(feed, names)) for feed in fed]  # type: ignore[misc]
    sizes = [len(part) for part in batches]
    return {
        "load_ms": 1e3 * load_s,
        "batch_us": dict(zip(map(str, sizes), [1e6 * s for s in seconds], strict=True)),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), np.load(sys.argv[2]))))
