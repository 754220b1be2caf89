"""Golden rows cover the edges, are always the same, and are nobody's own."""

from pathlib import Path

from function.contract import Contract
from model_conversion.dataset import load_dataset
from model_conversion.golden import synthesise
from model_conversion.schema import load_schema


def test_the_same_features_give_the_same_rows(contract: Contract) -> None:
    """A conversion can be repeated byte for byte."""
    assert synthesise(contract.features) == synthesise(contract.features)


def test_every_category_null_minimum_and_maximum_occurs(contract: Contract) -> None:
    """What a request may hold at its edges is proved before it is deployed."""
    rows = [item.row for item in contract.golden.rows]
    for feature in contract.features:
        seen = {row[feature.name] for row in rows}
        assert set(feature.categories) <= seen
        assert (None in seen) == feature.nullable
        if feature.minimum is not None:
            assert {feature.minimum, feature.maximum} <= seen
    assert 24 <= len(rows) <= 200


def test_no_golden_row_is_a_complete_row_of_the_survey(contract: Contract, root: Path) -> None:
    """None of the 13,583 people is in the contract."""
    dataset = load_dataset(root / "model/data/yrbss.csv", load_schema(root / "model/schema.toml"))
    people = {tuple(row.items()) for row in dataset.rows if None not in row.values()}
    assert [item.row for item in contract.golden.rows if tuple(item.row.items()) in people] == []
