"""Advice is what helps, best first, and only where the evidence supports it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.advice import Adviser
from function.contract import Contract, Row, WhatIf
from function.predictor import Predictor


def what_if(feature: str, to: float) -> WhatIf:
    """Return a what-if that starts anywhere in 0 to 10."""
    return WhatIf(
        feature=feature, values=(), low=0, high=10, to=to, effect=0.1, interval=(0.05, 0.2), text=feature
    )


@pytest.fixture(scope="module")
def plain(contract: Contract) -> Contract:
    """A contract with what-ifs on four features, one with two alternatives."""
    what_ifs = [what_if(*pair) for pair in (("a", 5), ("a", 7), ("b", 5), ("c", 5), ("d", 5))]
    return replace(contract, actionable=tuple(what_ifs))


def directed(contract: Contract, better: str | None) -> Adviser:
    """Return an adviser for a direction."""
    return Adviser(replace(contract, outputs=replace(contract.outputs, better=better)))


def test_a_variant_changes_one_answer_only(plain: Contract) -> None:
    """Everything else stays as the person said."""
    row: Row = {"a": 1, "b": 5, "c": 11, "d": None}
    changed, origins = directed(plain, "higher").variants([row])
    assert changed == [{**row, "a": 5}, {**row, "a": 7}]
    assert [origin.present for origin in origins] == [1, 1]


def test_no_direction_or_no_evidence_gives_no_variants(plain: Contract) -> None:
    """A model without evidence costs nothing and advises nothing."""
    assert directed(plain, None).variants([{"a": 1}]) == ([], [])
    assert Adviser(replace(plain, actionable=())).variants([{"a": 1}]) == ([], [])


@pytest.mark.parametrize("better", ["higher", "lower"])
@given(data=st.data())
def test_advice_is_the_best_three_features_that_help(
    plain: Contract, better: str, data: st.DataObject
) -> None:
    """It equals a plain restatement of the rule on any scores."""
    adviser = directed(plain, better)
    rows: list[Row] = [{"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 20, "b": 1}]
    scores = data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=2))
    changed, origins = adviser.variants(rows)
    answers = data.draw(st.lists(st.integers(0, 9), min_size=len(changed), max_size=len(changed)))
    best = max if better == "higher" else min
    expected = []
    for at, score in enumerate(scores):
        by_feature: dict[str, list[int]] = {}
        for origin, answer in zip(origins, answers, strict=True):
            if origin.row == at:
                by_feature.setdefault(origin.what_if.feature, []).append(answer)
        helping = [best(found) for found in by_feature.values() if best([score, *found]) != score]
        expected.append(sorted(helping, reverse=better == "higher")[:3])
    chosen = adviser.choose(scores, origins, answers)
    assert [[advice.score for advice in one] for one in chosen] == expected


def test_the_probability_in_advice_is_the_models_own(contract: Contract, predictor: Predictor) -> None:
    """Asking the model for the changed row gives the number that the advice shows."""
    adviser = Adviser(contract)
    row = {**contract.golden.rows[0].row, **{item.feature: _start(item) for item in contract.actionable}}
    changed, origins = adviser.variants([row])
    scores = [predictor.score(answer) for answer in predictor.predict([row, *changed])]
    (advice,) = adviser.choose(scores[:1], origins, scores[1:])
    assert advice
    for piece in advice:
        (alone,) = predictor.predict([{**row, piece.feature: piece.to}])
        assert piece.score == pytest.approx(predictor.score(alone), abs=1e-6)
        assert piece.score > scores[0]


def _start(item: WhatIf) -> object:
    return item.values[0] if item.values else item.low
