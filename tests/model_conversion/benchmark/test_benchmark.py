"""The benchmark of tree graphs measures what it says, on models small enough for every run."""

import pytest

from model_conversion.benchmark.__main__ import compared
from model_conversion.benchmark.models import built


@pytest.mark.parametrize("name", ["forest of 10, two classes", "histogram boosting, ten classes"])
def test_our_graph_has_no_flip_and_no_error_at_the_thresholds(name: str) -> None:
    """Also its figures are there: size, load time, a time for each batch."""
    found = compared(built(name, fitted=400, asked=1_000), rounds=1, loads=1, budget_s=0.1)
    ours = found["ours"]
    assert ours["flips"] == 0
    assert ours["max_error"] <= 1e-12
    assert ours["size_bytes"] < found["default"]["size_bytes"]
    assert set(ours["batch_us"]) == {"1", "10", "1000"}
    assert ours["load_ms"] > 0
