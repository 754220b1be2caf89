"""Which what-ifs the data supports: ``evidence.toml``, as measured, matched with the schema's candidates."""

__all__ = ["Effect", "load_evidence", "supported"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from function.contract import Value, WhatIf
from model_conversion.errors import InputError
from model_conversion.schema import Candidate, Schema, load_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One measured what-if.

    Attributes:
        feature: Name.
        values: Present answers that it applies to; empty when a range applies.
        low: Smallest present number that it applies to, inclusive.
        high: Largest present number that it applies to, inclusive.
        to: The changed answer.
        effect: Mean change of the score over the training rows that it applies to.
        interval: Bootstrap interval of ``effect``, 95 % unless it was measured with another ``--confidence``.
    """

    feature: str
    values: tuple[Value, ...]
    low: float | None
    high: float | None
    to: Value
    effect: float
    interval: tuple[float, float]

    def helps(self, better: str | None) -> bool:
        """Tell whether the whole interval lies on the better side of zero, and holds the effect itself.

        An effect beyond what refits on the data give means that the model was fitted on other data, or by chance.
        """
        low, high = self.interval
        return low <= self.effect <= high and (
            (better == "higher" and low > 0) or (better == "lower" and high < 0)
        )


def load_evidence(path: Path) -> tuple[Effect, ...]:
    """Read the measured what-ifs.

    Raises:
        InputError: The file is missing, is not TOML, or an entry lacks a key.
    """
    raw = load_toml(path)
    effects = []
    for number, item in enumerate(raw.get("what_ifs", ()), start=1):
        try:
            low, high = item["interval"]
            effects.append(
                Effect(
                    feature=item["feature"],
                    values=tuple(item.get("values", ())),
                    low=item.get("low"),
                    high=item.get("high"),
                    to=item["to"],
                    effect=float(item["effect"]),
                    interval=(float(low), float(high)),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}, [[what_ifs]] number {number}: {type(error).__name__} {error}; wanted feature, values or "
                "low and high, to, effect and interval = [low, high]; write the file again with "
                "python -m model_conversion evidence"
            ) from error
    return tuple(effects)


def supported(schema: Schema, effects: tuple[Effect, ...]) -> tuple[WhatIf, ...]:
    """Return the schema's candidates that the evidence supports, in the schema's order.

    A change that the evidence shows to make things worse is no advice, however sure the evidence is.

    Raises:
        InputError: The evidence has an entry that is no candidate: schema and evidence belong to two versions.
    """
    found = {_key(effect.feature, effect): effect for effect in effects}
    what_ifs = []
    for feature in schema.features:
        for candidate in feature.what_ifs:
            effect = found.pop(_key(feature.name, candidate), None)
            if effect is not None and effect.helps(schema.target.better):
                what_ifs.append(
                    WhatIf(
                        feature=feature.name,
                        values=candidate.values,
                        low=candidate.low,
                        high=candidate.high,
                        to=candidate.to,
                        effect=effect.effect,
                        interval=effect.interval,
                        text=candidate.text,
                    )
                )
    if found:
        stray = next(iter(found.values()))
        raise InputError(
            f"the evidence has a what-if that the schema does not list: {stray.feature!r} to {stray.to!r} from "
            f"{list(stray.values) or (stray.low, stray.high)}; measure again with this schema"
        )
    return tuple(what_ifs)


def _key(feature: str, item: Candidate | Effect) -> tuple[Any, ...]:
    return feature, item.values, item.low, item.high, item.to
