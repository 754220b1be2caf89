"""The contract's features as the questions of a form: what to ask, with which control, and what may be answered."""

__all__ = ["Question", "questions"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from function.contract import Contract, Feature, Value

_CONTROLS: "dict[str, Literal['number', 'choice', 'text']]" = {
    "number": "number",
    "integer": "number",
    "boolean": "choice",
    "category": "choice",
    "text": "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One control of the form.

    Attributes:
        name: The feature's key in a request.
        text: What a person is asked; the feature's name where the schema has no question.
        control: What to answer with.
        kind: The feature's kind, by which the answer becomes a JSON value.
        choices: What can be chosen, as (JSON text, shown text); empty for other controls.
        minimum: Smallest answer that is accepted, as HTML wants it; empty where there is none.
        maximum: Largest answer that is accepted; empty where there is none.
        step: ``1`` for whole numbers, else ``any``.
        hint: Unit and range in words, or empty.
        value: The example's answer, as the control shows it.
        optional: Whether the question may stay open.
        absent: Whether an open question is left out of the request rather than sent as null.
    """

    name: str
    text: str
    control: Literal["number", "choice", "text"]
    kind: str
    choices: tuple[tuple[str, str], ...]
    minimum: str
    maximum: str
    step: str
    hint: str
    value: str
    optional: bool
    absent: bool


def questions(contract: "Contract") -> list[Question]:
    """Return a question for each feature, in the contract's order."""
    return [_question(feature) for feature in contract.features]


def _question(feature: "Feature") -> Question:
    strict = feature.outside == "reject"
    return Question(
        name=feature.name,
        text=feature.question or feature.name,
        control=_CONTROLS[feature.kind],
        kind=feature.kind,
        choices=_choices(feature),
        minimum=_number(feature.minimum) if strict else "",
        maximum=_number(feature.maximum) if strict else "",
        step="1" if feature.kind == "integer" else "any",
        hint=_hint(feature),
        value=_shown(feature.example),
        optional=feature.nullable or not feature.required,
        absent=not feature.nullable,
    )


def _choices(feature: "Feature") -> tuple[tuple[str, str], ...]:
    match feature.kind:
        case "boolean":
            return (("true", "yes"), ("false", "no"))
        case "category":
            return tuple((item, item) for item in feature.categories)
        case _:
            return ()


def _hint(feature: "Feature") -> str:
    unit = feature.unit or ""
    if not feature.numeric or feature.minimum is None or feature.maximum is None:
        return unit
    low, high = _number(feature.minimum), _number(feature.maximum)
    verb = "" if feature.outside == "reject" else "seen in training: "
    return f"{verb}{low} to {high} {unit}".strip()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _shown(value: "Value") -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value)
        case _:
            return str(value)
