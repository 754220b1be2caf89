"""A contract as tables for a terminal: what the model wants, what it answers, how well that is proved."""

__all__ = ["accepted", "describe", "null_handling", "printable"]

import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from function.contract import Contract, Feature, Value, WhatIf

NARROWEST = 60
"""Columns of a terminal below which lines are left to wrap as they like."""

GAP = 2
SHOWN = 8
"""Categories of a feature that are listed; the contract has them all."""


def describe(contract: Contract, *, width: int | None = None) -> str:
    """Return a readable account of a contract.

    Args:
        contract: The contract.
        width: Columns that a line may take; None asks the terminal.
    """
    width = max(NARROWEST, width or shutil.get_terminal_size((100, 24)).columns)
    model, golden = contract.model, contract.golden
    parts = [
        _table(
            [
                ("model", f"{model.name} {model.version}"),
                ("task", model.task),
                ("question", contract.outputs.question),
                ("precision", model.precision),
                ("size", f"{model.size_bytes:,} bytes"),
            ],
            width,
        ),
        _section(f"{len(contract.features)} features", _features(contract.features), width),
        _section("answers", _answers(contract), width),
    ]
    if contract.actionable:
        heads = ("feature", "from", "to", "effect", "interval", "sentence")
        advice = [heads, *(_advice(what_if) for what_if in contract.actionable)]
        parts.append(_section(f"{len(contract.actionable)} pieces of advice", advice, width))
    else:
        parts.append("ADVICE\nnone: no what-if is supported by evidence")
    tested = ("golden rows", f"{len(golden.rows):,}, equal within {golden.tolerance:.1e}")
    parts.append(_section("proof", [*_facts(contract.parity), tested], width))
    origin = [
        ("SHA-256", model.sha256),
        ("opset", ", ".join(f"{domain} {number}" for domain, number in model.opset.items())),
        *model.created_with.items(),
    ]
    parts.append(_section("model.onnx and what made it", origin, width))
    return "\n\n".join(parts)


def accepted(feature: Feature, *, most: int = SHOWN) -> str:
    """Say which answers a request may hold, without what is done beyond them."""
    match feature.kind:
        case "category":
            listed = ", ".join(option or "''" for option in feature.categories[:most])
            more = len(feature.categories) - most
            return f"{listed} and {more:,} more" if more > 0 else listed
        case "boolean":
            return "true, false"
        case "text":
            return "any text"
        case _ if feature.minimum is None or feature.maximum is None:
            return "any number"
        case _:
            return f"{_number(feature.minimum)} to {_number(feature.maximum)}"


def null_handling(feature: Feature) -> str:
    """Say what a missing answer becomes on its way into the model."""
    if not feature.nullable:
        return "refused"
    return "NaN" if feature.null_token is None else repr(feature.null_token)


def _features(features: Sequence[Feature]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("name", "kind", "unit", "accepted", "null", "required", "example")]
    for feature in features:
        limited = bool(feature.categories) or feature.minimum is not None
        rows.append(
            (
                feature.name,
                feature.kind,
                feature.unit or "",
                accepted(feature) + (", others pass" if limited and feature.outside == "warn" else ""),
                null_handling(feature),
                "yes" if feature.required else "no",
                _value(feature.example),
            )
        )
    return rows


def _answers(contract: Contract) -> list[tuple[str, ...]]:
    outputs = contract.outputs
    rows: list[tuple[str, ...]] = [("class", "name", "")]
    for at, target in enumerate(outputs.classes):
        rows.append((_value(target.value), target.name, "positive" if at == outputs.positive else ""))
    if not outputs.classes:
        rows = [("value", name, outputs.unit or "") for name in outputs.score_names]
    if outputs.base_rate is not None:
        rows.append(("base rate" if outputs.classes else "mean", f"{outputs.base_rate:.4g}", "in the data"))
    if outputs.threshold is not None:
        rows.append(("threshold", f"{outputs.threshold:g}", "of the positive score"))
    if outputs.better is not None:
        rows.append(("better", outputs.better, "which way advice goes"))
    return rows


def _advice(what_if: WhatIf) -> tuple[str, ...]:
    if what_if.low is None or what_if.high is None:
        start = ", ".join(_value(value) for value in what_if.values)
    else:
        start = f"{_number(what_if.low)} to {_number(what_if.high)}"
    low, high = what_if.interval
    return (
        what_if.feature,
        start,
        _value(what_if.to),
        f"{what_if.effect:+.3g}",
        f"{low:+.3g} to {high:+.3g}",
        what_if.text,
    )


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the proof's summary as it is; what it holds is the proof's business."""
    rows: list[tuple[str, ...]] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            shown = ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
        else:
            shown = _fact(value)
        rows.append((name.replace("_", " "), shown))
    return rows


def _fact(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _value(value)


def _value(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _number(value)
        case _:
            return str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.6g}"


def _section(title: str, rows: Sequence[tuple[str, ...]], width: int) -> str:
    return f"{title.upper()}\n{_table(rows, width)}"


def _table(rows: Sequence[tuple[str, ...]], width: int) -> str:
    """Return rows in columns; the widest give way until the lines fit, those that can wrap between words first."""
    cells = [[printable(cell) for cell in row] for row in rows]
    columns = [max(map(_cells, column)) for column in zip(*cells, strict=True)]
    columns = [min(column, width) for column in columns]
    words = [
        max(_cells(word) for cell in column for word in cell.split(" "))
        for column in zip(*cells, strict=True)
    ]
    room = width - GAP * (len(columns) - 1)
    while sum(columns) > room:
        spare = [column if column > word else 0 for column, word in zip(columns, words, strict=True)]
        most = spare if any(spare) else columns
        columns[most.index(max(most))] -= 1
    lines = []
    for row in cells:
        wrapped = [_wrap(cell, column) for cell, column in zip(row, columns, strict=True)]
        for at in range(max(map(len, wrapped))):
            parts = [cell[at] if at < len(cell) else "" for cell in wrapped]
            padded = [
                part + " " * (column - _cells(part)) for part, column in zip(parts, columns, strict=True)
            ]
            lines.append((" " * GAP).join(padded).rstrip())
    return "\n".join(lines)


def _wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most so many cells, between words where there is a space."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if _cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if _cells(line + character) > width:
                lines.append(line)
                line = ""
            line += character
    return [*lines, line]


def printable(text: str) -> str:
    """Escape what would move the cursor, change colours or turn the direction of writing."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
