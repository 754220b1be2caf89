"""What could change for the better, as far as the evidence goes.

For every what-if of the contract (its bootstrap interval lies on the better side of zero) that starts from a row's
present answer, the model is asked what it would say with that one answer changed. What helps is returned, best
first. It is association, not cause, and the sentences say so.
"""

__all__ = ["Advice", "Adviser"]

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.contract import Contract, Row, Value, WhatIf

MOST = 3
"""Pieces of advice per row: what a person reads on a phone."""


class Advice(NamedTuple):
    """One changed answer that goes with a better score.

    Attributes:
        feature: The answer that changes.
        present: The answer given.
        to: The changed answer.
        score: Positive probability or value with the changed answer.
        text: The sentence to say.
    """

    feature: str
    present: "Value"
    to: "Value"
    score: float
    text: str


class _Variant(NamedTuple):
    row: int
    what_if: "WhatIf"
    present: "Value"


class Adviser:
    """Makes the variants of rows and chooses among the model's answers to them.

    Variants are ordinary rows, so that rows and variants go through the model in one run.

    Args:
        contract: Whose ``actionable`` what-ifs and direction are used; without either there is no advice.
    """

    def __init__(self, contract: "Contract") -> None:
        better = contract.outputs.better
        self._sign = -1.0 if better == "lower" else 1.0
        self._what_ifs = contract.actionable if better is not None else ()

    def variants(self, rows: "Sequence[Row]") -> "tuple[list[Row], list[_Variant]]":
        """Return the changed rows to ask the model about, and where each came from."""
        changed: list[Row] = []
        origins: list[_Variant] = []
        for at, row in enumerate(rows):
            for what_if in self._what_ifs:
                present = row.get(what_if.feature)
                if present != what_if.to and what_if.applies_to(present):
                    changed.append({**row, what_if.feature: what_if.to})
                    origins.append(_Variant(at, what_if, present))
        return changed, origins

    def choose(
        self, scores: "Sequence[float]", origins: "Sequence[_Variant]", changed: "Sequence[float]"
    ) -> list[list[Advice]]:
        """Choose what helps each row most, at most one change a feature.

        Args:
            scores: Score of each row as given.
            origins: As returned by :meth:`variants`.
            changed: Score of each variant.

        Returns:
            For each row up to three pieces of advice, best first; an empty list where nothing helps.
        """
        best: list[dict[str, Advice]] = [{} for _ in scores]
        for (row, what_if, present), score in zip(origins, changed, strict=True):
            known = best[row].get(what_if.feature)
            bar = scores[row] if known is None else known.score
            if self._sign * (score - bar) > 0:
                best[row][what_if.feature] = Advice(what_if.feature, present, what_if.to, score, what_if.text)
        return [
            sorted(found.values(), key=lambda advice: -self._sign * advice.score)[:MOST] for found in best
        ]
