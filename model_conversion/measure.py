"""What the conversion gained: size, load time and latency of the graph, beside scikit-learn's on this machine.

The numbers inform and never decide: no conversion passes or fails by them. They are taken through the code that
serves, within a fixed time, so that a slow estimator does not hold up its own conversion.
"""

__all__ = ["Timings", "measure"]

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from function.contract import Contract, Row
from function.errors import RuntimeLibraryError
from function.ort import Session
from function.predictor import Predictor
from model_conversion.inputs import as_fitted
from model_conversion.library import locked_library

LOAD_BUDGET_S = 0.6
ROW_BUDGET_S = 0.3
BATCH_BUDGET_S = 0.25
"""Time for each kind of measurement; with both sides' batches they add up to less than two seconds."""

MOST_LOADS = 9
"""Sessions at most; a model that loads in a tenth of a second gets at least five."""

MOST_ROWS = 300
MOST_BATCHES = 20
"""Predictions at most: the median of a quick call is steady long before its time is used up."""

BATCHES = (1, 10, 100, 1000)
"""Rows of a batch; the largest that both sides answer in time is compared."""

VARIETY = 50
"""Different rows asked one by one, since a tree's time depends on the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Sizes and medians of times; a call that outlasts its budget was made once.

    Attributes:
        model_bytes: Of ``model.onnx``.
        load_ms: From the graph's bytes to a session that can answer.
        loads: Sessions that were opened for it.
        default_load_ms: The same of the graph that the library makes by itself; None if there is none or
            onnxruntime refuses it.
        row_us: One row through the code that serves, encoding included.
        sklearn_row_us: The same row, a one-row frame, through scikit-learn.
        batch_rows: Rows of a batch: 1,000, or fewer where that would have taken too long.
        batch_ms: A batch through the code that serves.
        sklearn_batch_ms: The same batch through scikit-learn.
    """

    model_bytes: int
    load_ms: float
    loads: int
    row_us: float
    sklearn_row_us: float
    batch_rows: int
    batch_ms: float
    sklearn_batch_ms: float
    default_load_ms: float | None = None

    @property
    def row_ratio(self) -> float:
        """How many times longer scikit-learn takes for one row; infinite if serving takes no measurable time."""
        return self.sklearn_row_us / self.row_us if self.row_us else float("inf")

    @property
    def batch_ratio(self) -> float:
        """How many times longer scikit-learn takes for a batch."""
        return self.sklearn_batch_ms / self.batch_ms if self.batch_ms else float("inf")


def measure(
    graph: bytes,
    rows: Sequence[Row],
    contract: Contract,
    estimator: Any,
    frame: pd.DataFrame,
    *,
    default: bytes | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Timings:
    """Time the graph and the estimator on the same rows.

    Args:
        graph: ``model.onnx``.
        rows: At least one, as in a request; the data's rows.
        contract: Of the graph.
        estimator: The fitted estimator.
        frame: ``(rows, features)``: the same rows as the estimator was fitted on.
        default: The graph that the library makes by itself, loaded for comparison.
        clock: Seconds; tests bring their own.
    """
    ask, library = _asking(estimator), locked_library()
    some = np.linspace(0, len(rows) - 1, min(VARIETY, len(rows))).astype(np.int64).tolist()
    largest = np.resize(np.arange(len(rows)), BATCHES[-1]).tolist()
    batch, batch_frame = [rows[at] for at in largest], frame.iloc[largest]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the estimator says of its input, the proof has shown already
        loads = _times([lambda: Session(library, graph).close()], LOAD_BUDGET_S, MOST_LOADS, clock)
        before: list[float] = []
        if default is not None:
            with suppress(
                RuntimeLibraryError
            ):  # of a graph that the library makes and onnxruntime does not load
                before = _times([lambda: Session(library, default).close()], LOAD_BUDGET_S, MOST_LOADS, clock)
        with Session(library, graph) as session:
            predictor = Predictor(session, contract)
            served = _times(
                [partial(predictor.predict, [rows[at]]) for at in some], ROW_BUDGET_S, MOST_ROWS, clock
            )
            asked = _times([partial(ask, frame.iloc[[at]]) for at in some], ROW_BUDGET_S, MOST_ROWS, clock)
            size = _affordable(
                lambda size: (predictor.predict(batch[:size]), ask(batch_frame.iloc[:size])),
                median(served) + median(asked),
                clock,
            )
            part, part_frame = batch[:size], batch_frame.iloc[:size]
            served_batch = _times([lambda: predictor.predict(part)], BATCH_BUDGET_S, MOST_BATCHES, clock)
            asked_batch = _times([lambda: ask(part_frame)], BATCH_BUDGET_S, MOST_BATCHES, clock)
    return Timings(
        model_bytes=len(graph),
        load_ms=1e3 * median(loads),
        loads=len(loads),
        row_us=1e6 * median(served),
        sklearn_row_us=1e6 * median(asked),
        batch_rows=size,
        batch_ms=1e3 * median(served_batch),
        sklearn_batch_ms=1e3 * median(asked_batch),
        default_load_ms=1e3 * median(before) if before else None,
    )


def _asking(estimator: Any) -> Callable[[pd.DataFrame], Any]:
    """Return what a caller of scikit-learn would call, probabilities if there are any."""
    answer = getattr(estimator, "predict_proba", None) or estimator.predict
    return lambda frame: answer(as_fitted(estimator, frame))


def _times(
    calls: Sequence[Callable[[], object]], budget_s: float, most: int, clock: Callable[[], float]
) -> list[float]:
    """Return the seconds of calls made in turn, as many as the budget allows; one of several warms up."""
    times: list[float] = []
    spent = 0.0
    while len(times) < most and (not times or spent + times[-1] <= budget_s):
        start = clock()
        calls[len(times) % len(calls)]()
        times.append(clock() - start)
        spent += times[-1]
    return times[1:] or times


def _affordable(call: Callable[[int], object], row_s: float, clock: Callable[[], float]) -> int:
    """Return the largest batch that fits into the budget, found by growing tenfold.

    What a call costs whatever its size is told from what each row costs by the two sizes before.
    """
    seconds, affordable, each = row_s, BATCHES[0], row_s
    for size in BATCHES[1:]:
        if seconds + each * (size - affordable) > BATCH_BUDGET_S:
            break
        start = clock()
        call(size)
        taken = clock() - start
        each = max(0.0, taken - seconds) / (size - affordable)
        seconds, affordable = taken, size
    return affordable
