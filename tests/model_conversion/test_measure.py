"""Measuring is quick however slow the estimator, and goes through what serves."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from skops import io

from function.contract import Contract, Row
from model_conversion.dataset import frame_of
from model_conversion.measure import BATCHES, MOST_LOADS, Timings, measure
from model_conversion.schema import Schema, load_schema


class Stopwatch:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """An estimator that takes its time, by the stopwatch, for each row; it has no feature names."""

    def __init__(self, clock: Stopwatch, row_s: float) -> None:
        self.clock, self.row_s, self.asked = clock, row_s, []

    def predict(self, matrix: Any) -> Any:
        assert not isinstance(matrix, pd.DataFrame)
        self.asked.append(len(matrix))
        self.clock.now += self.row_s * len(matrix)
        warnings.warn("as estimators do", UserWarning, stacklevel=1)
        return matrix


@pytest.fixture(scope="module")
def schema(root: Path) -> Schema:
    """The example's schema."""
    return load_schema(root / "model/schema.toml")


@pytest.fixture(scope="module")
def rows(contract: Contract) -> list[Row]:
    """Sixty-six rows: fewer than a batch."""
    return [item.row for item in contract.golden.rows]


def timed(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema, row_s: float
) -> tuple[Timings, Slow, float]:
    """Measure beside an estimator of a given speed; return also the seconds that it took."""
    clock = Stopwatch()
    slow = Slow(clock, row_s)
    graph = (artefact / "model.onnx").read_bytes()
    timings = measure(graph, rows, contract, slow, frame_of(rows, schema), clock=clock)
    return timings, slow, clock.now


def test_the_example_is_measured_beside_scikit_learn(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema, root: Path
) -> None:
    """Every number is there and positive; at least five sessions were opened (one to warm up)."""
    estimator = io.load(root / "model/sleep.skops", trusted=["numpy.dtype"])
    graph = (artefact / "model.onnx").read_bytes()
    timings = measure(graph, rows, contract, estimator, frame_of(rows, schema))
    assert timings.model_bytes == contract.model.size_bytes
    assert timings.loads >= 5
    assert 0 < timings.row_us < timings.sklearn_row_us
    assert timings.batch_rows == BATCHES[-1]
    assert min(timings.load_ms, timings.batch_ms, timings.sklearn_batch_ms) > 0
    assert timings.row_ratio == timings.sklearn_row_us / timings.row_us
    assert timings.batch_ratio == timings.sklearn_batch_ms / timings.batch_ms
    assert timings.default_load_ms is None


def test_the_librarys_own_graph_is_loaded_beside_it(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema
) -> None:
    """One that onnxruntime refuses has no time."""
    graph = (artefact / "model.onnx").read_bytes()
    for default, timed_too in ((graph, True), (b"no graph", False)):
        clock = Stopwatch()
        timings = measure(
            graph, rows, contract, Slow(clock, 0.0), frame_of(rows, schema), default=default, clock=clock
        )
        assert (timings.default_load_ms is not None) == timed_too


@pytest.mark.parametrize("row_s", [0.0, 1e-5, 1e-3, 0.1, 0.2])
def test_the_time_is_bounded_for_an_estimator_of_any_speed(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema, row_s: float
) -> None:
    """Two seconds at most; the median is the estimator's own time."""
    timings, _, seconds = timed(artefact, contract, rows, schema, row_s)
    assert seconds <= 2
    assert timings.sklearn_row_us == pytest.approx(1e6 * row_s)
    assert timings.sklearn_batch_ms == pytest.approx(1e3 * row_s * timings.batch_rows)


def test_an_estimator_slower_than_the_budget_is_asked_twice(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema
) -> None:
    """Once for a row and once for the batch, which is then a single row."""
    timings, slow, _ = timed(artefact, contract, rows, schema, 30.0)
    assert slow.asked == [1, 1]
    assert timings.batch_rows == 1
    assert timings.sklearn_row_us == pytest.approx(30e6)


def test_the_batch_shrinks_until_it_fits(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema
) -> None:
    """A thousand rows would take ten seconds, a hundred one, ten a tenth."""
    timings, slow, _ = timed(artefact, contract, rows, schema, 0.01)
    assert timings.batch_rows == 10
    assert max(slow.asked) == 10


def test_a_clock_that_stands_still_divides_by_nothing(
    artefact: Path, contract: Contract, rows: list[Row], schema: Schema
) -> None:
    """Loads are bounded by number too, and the ratio is infinite."""
    timings, _, _ = timed(artefact, contract, rows, schema, 0.0)
    assert timings.loads == MOST_LOADS - 1
    assert (timings.row_ratio, timings.batch_ratio) == (float("inf"), float("inf"))


def test_one_row_is_enough(artefact: Path, contract: Contract, rows: list[Row], schema: Schema) -> None:
    """It is repeated to make the batch."""
    timings, slow, _ = timed(artefact, contract, rows[:1], schema, 1e-5)
    assert timings.batch_rows == max(slow.asked) == 1000
