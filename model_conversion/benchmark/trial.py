"""One fresh process of the benchmark, which prints its times as JSON.

``python -m model_conversion.benchmark.trial load model.onnx|model.joblib`` loads a model.
``python -m model_conversion.benchmark.trial SECONDS rows.npy model...`` answers batches; the models take turns.
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

MOST_ROUNDS = 1_000

type Call = Callable[[NDArray[np.float64]], Callable[[], object]]
"""From rows to what answers them."""


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


def _opened(model: Path) -> tuple[Call, float]:
    """Return a model, and the seconds that it took to load; imports and reading the file are no part of them."""
    if model.suffix == ".joblib":
        import joblib
        import sklearn.ensemble  # noqa: F401

        start = perf_counter()
        estimator = joblib.load(model)
        return lambda rows: lambda: estimator.predict_proba(rows), perf_counter() - start
    library, graph = locked_library(), model.read_bytes()
    start = perf_counter()
    session = Session(library, graph)
    seconds = perf_counter() - start
    names = [item.name for item in session.outputs]

    def asked(rows: NDArray[np.float64]) -> Callable[[], object]:
        fed = _tensors(session, rows)
        return lambda: session.run(fed, names)

    return asked, seconds


def _in_turn(calls: list[Callable[[], object]], budget_s: float) -> list[float]:
    """Return each call's median seconds; a round makes each of them once, in random order, the first not counted.

    Args:
        calls: What is timed.
        budget_s: After so long no round is begun, but for the second.
    """
    seconds: list[list[float]] = [[] for _ in calls]
    rng = np.random.default_rng(0)
    begun = perf_counter()
    for number in range(MOST_ROUNDS + 1):
        if number > 1 and perf_counter() - begun > budget_s:
            break
        for at in rng.permutation(len(calls)).tolist():
            start = perf_counter()
            calls[at]()
            if number:
                seconds[at].append(perf_counter() - start)
    return [median(times) for times in seconds]


def main(what: str, paths: list[Path]) -> dict[str, Any]:
    """Return ``load_ms``, or ``batch_us`` by size: a time for each model.

    Args:
        what: ``load``, or the time for the rounds of one batch size.
        paths: A model; or rows and models.
    """
    if what == "load":
        return {"load_ms": 1e3 * _opened(paths[0])[1]}
    rows: NDArray[np.float64] = np.load(paths[0])
    models = [_opened(path)[0] for path in paths[1:]]
    return {
        "batch_us": {
            str(size): [
                1e6 * seconds for seconds in _in_turn([model(rows[:size]) for model in models], float(what))
            ]
            for size in BATCHES
            if size <= len(rows)
        }
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], [Path(path) for path in sys.argv[2:]])))
