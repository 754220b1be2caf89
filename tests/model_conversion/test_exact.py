"""The float64 graphs answer as scikit-learn does, to the last digits, on data and on every probe."""

import pytest
from families import FAMILIES, fitted

from model_conversion.strategies import STRATEGIES

FLOAT32, FLOAT64 = STRATEGIES


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_exact(name: str) -> None:
    """No class differs, ties apart, and no score by more than 1e-12 of the largest."""
    proof = fitted(name).proved(FLOAT64)
    assert proof.flips == 0
    assert proof.max_abs_error <= 1e-12 * proof.tolerance / 1e-6
    if "logistic" not in name:
        assert proof.ties == 0


@pytest.mark.parametrize(
    "name",
    ["scaled forest", "forest of gaps", "tree", "histogram", "histogram categories", "boosting", "logistic"],
)
def test_what_the_library_gets_wrong_silently_is_found(name: str) -> None:
    """The float32 graph converts without a word and answers otherwise; the probes show it."""
    assert not fitted(name).passes(FLOAT32)


@pytest.mark.parametrize("name", ["forest", "forest multiclass", "histogram", "boosting"])
def test_most_splits_are_probed_on_both_sides(name: str) -> None:
    """Those on numbers; splits on a category's indicator are covered by the categories."""
    probes = fitted(name).material.probes
    assert probes.probed_splits > 0.4 * probes.splits
    assert len(probes.rows["threshold"]) >= probes.probed_splits
