"""A first schema from the data alone, for a person to edit: ``schema.toml`` with comments.

What a column holds decides its kind, as ``pandas.read_csv`` would have read it when the model was fitted; text in a
Parquet file is text, whatever it looks like.

1. Only ``true`` and ``false``: ``boolean``.
2. Only whole numbers: ``integer``; also ``16.0`` in a column with gaps, where pandas makes floats of integers.
   Digits behind a leading zero (``01234``) are a code, so text.
3. Only finite numbers: ``number``.
4. Text with at most 50 different answers, each given twice on average: ``category``. Any other text: ``text``.

A column with a missing answer is nullable. Ranges and categories are those of the data.
"""

__all__ = ["infer_schema", "schema_toml"]

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from function.contract import Target, Value
from model_conversion.dataset import integer_of, number_of, read_table
from model_conversion.errors import InputError
from model_conversion.schema import FeatureSchema, Schema, TargetSchema
from model_conversion.schema_writer import toml_of

MOST_CATEGORIES = 50
"""Different answers up to which a text column is a category; more are too many to choose from."""

ANSWERS_PER_CATEGORY = 2
"""Answers to each category, on average, from which on it is one: names and remarks hardly repeat."""

MOST_CLASSES = 20
"""Different whole numbers up to which a target is a class; more are a quantity."""

MANY = 20
"""Rows from which on a whole number that is different in each of them looks like an identifier."""

MISSING_WORDS = frozenset({"na", "n/a", "nan", "null", "none", "#n/a", "<na>", "-nan", "?", "-"})
"""What programs write for a missing answer; a column that is a number but for these is worth a remark."""

_WHOLE = re.compile(r"[+-]?\d+")
_CODE = re.compile(r"0\d+")

type Kind = Literal["number", "integer", "boolean", "category", "text"]


def infer_schema(path: Path, *, target: str | None = None, columns: Sequence[str] | None = None) -> Schema:
    """Return the schema that the data suggests.

    Args:
        path: CSV or Parquet.
        target: The column with the true answer; None when there is none.
        columns: The model's columns in its order (``feature_names_in_``); None means all but the target and columns
            without a name, such as a frame's index.

    Raises:
        InputError: The file cannot be read, or lacks one of the columns.
    """
    return _infer(path, target, columns)[0]


def schema_toml(path: Path, *, target: str | None = None, columns: Sequence[str] | None = None) -> str:
    """Return the same schema as a ``schema.toml`` with comments on what to edit.

    Raises:
        InputError: The file cannot be read, or lacks one of the columns.
    """
    return toml_of(*_infer(path, target, columns))


def _infer(
    path: Path, target: str | None, columns: Sequence[str] | None
) -> tuple[Schema, dict[str, tuple[str, ...]]]:
    """Return a schema, and by feature what a person should know about it, a line each."""
    table = read_table(path, None if columns is None else [*columns, *([target] if target else [])])
    if target is not None and target not in table:
        raise InputError(f"{path} lacks the column {target!r}; it has {list(table)}")
    names = [name for name in table if name != target and (columns is not None or name)]
    if not names:
        raise InputError(f"{path} has no column beside {target!r}, wanted at least one feature")
    typed = path.suffix.lower() != ".csv"
    features, remarks = [], {}
    for name in names:
        feature, remarks[name] = _feature(name, table[name], typed=typed)
        features.append(feature)
    target_schema = TargetSchema() if target is None else _target(target, table[target], typed=typed)
    return Schema(name=_slug(path.stem), target=target_schema, features=tuple(features)), remarks


def _feature(name: str, cells: list[Value], *, typed: bool) -> tuple[FeatureSchema, tuple[str, ...]]:
    present = [cell for cell in cells if cell is not None]
    gaps = len(cells) - len(present)
    kind, values, remark = _kind(present, gaps=gaps, typed=typed)
    minimum = maximum = None
    categories: tuple[str, ...] = ()
    example: Value = None
    if kind in {"number", "integer"} and values:
        ordered = sorted(values)
        minimum, maximum, example = ordered[0], ordered[-1], ordered[(len(ordered) - 1) // 2]
    elif kind == "text":
        example = f"some {_words(name)}"  # not one of the data: it is shown to everybody
    elif values:
        example = Counter(values).most_common(1)[0][0]
        categories = tuple(sorted(set(values), key=_natural)) if kind == "category" else ()
    feature = FeatureSchema(
        name=name,
        kind=kind,
        question=f"{_words(name).capitalize()}?",
        nullable=gaps > 0,
        null_as="nan" if gaps and kind in {"category", "text"} else None,
        minimum=minimum,
        maximum=maximum,
        categories=categories,
        outside="reject" if kind == "category" else "warn" if minimum is not None else None,
        example=example,
    )
    return feature, remark


def _kind(present: list[Any], *, gaps: int, typed: bool) -> tuple[Kind, list[Any], tuple[str, ...]]:
    """Return a column's kind, its values as that kind, and a remark."""
    if not present:
        return "number", [], ("No cell of it is filled: is it a feature at all?",)
    texts = [str(cell) for cell in present]
    counts = Counter(texts)
    remark: tuple[str, ...] = ()
    if not typed or not any(isinstance(cell, str) for cell in present):
        if {text.lower() for text in counts} <= {"true", "false"}:
            return "boolean", [text.lower() == "true" for text in texts], ()
        coded = any(_CODE.fullmatch(text) for text in counts)
        numbers = None if coded else _numbers(texts)
        if numbers is not None:
            whole = all(map(float.is_integer, numbers))
            if not (whole and gaps) and not all(_WHOLE.fullmatch(text) for text in counts):
                return "number", numbers, ()
            return "integer", list(map(integer_of, texts)), _integer_remark(numbers)
        remark = (
            ("Digits behind a leading zero: taken for a code, not for a number.",)
            if coded
            else _words_among(counts)
        )
    repeats = len(texts) >= ANSWERS_PER_CATEGORY * len(counts)
    return "category" if repeats and len(counts) <= MOST_CATEGORIES else "text", texts, remark


def _numbers(texts: Iterable[str]) -> list[float] | None:
    try:
        return list(map(number_of, texts))
    except ValueError:
        return None


def _integer_remark(numbers: list[float]) -> tuple[str, ...]:
    distinct = set(numbers)
    if distinct == {0, 1}:
        return ('Only 0 and 1: with kind = "boolean" a request says true or false.',)
    if len(distinct) == len(numbers) >= MANY:
        return ("Different in every row: if it only identifies the row, it is no feature.",)
    return ()


def _words_among(counts: Counter[str]) -> tuple[str, ...]:
    words = [text for text in counts if text.strip().lower() in MISSING_WORDS]
    rest = [text for text in counts if text not in words]
    if not words or not rest or _numbers(rest) is None:
        return ()
    named = ", ".join(repr(word) for word in words)
    return (
        f"Numbers but for {sum(counts[word] for word in words)} cells that say {named}. If that means missing, empty",
        "these cells and infer again: it is a number then.",
    )


def _natural(text: str) -> tuple[Any, ...]:
    """Sort <1, 1, 2, 10, 10-19, other: by the number that a text begins with, then by the text."""
    found = re.match(r"\s*([<≤]?)\s*(\d+(?:\.\d+)?)", text)
    return (0, float(found[2]), not found[1], text) if found else (1, 0.0, False, text.casefold(), text)


def _target(name: str, cells: list[Value], *, typed: bool) -> TargetSchema:
    kind, values, _ = _kind([cell for cell in cells if cell is not None], gaps=1, typed=typed)
    distinct = sorted(set(values), key=_natural) if kind in {"category", "text"} else sorted(set(values))
    question = f"{_words(name).capitalize()}?"
    if kind == "number" or not 2 <= len(distinct) <= MOST_CLASSES:
        return TargetSchema(column=name, question=question)
    classes = tuple(
        Target(value=int(value) if isinstance(value, bool) else value, name=str(value)) for value in distinct
    )
    return TargetSchema(
        column=name,
        question=question,
        positive=classes[1].value if len(classes) == 2 else None,
        classes=classes,
    )


def _words(name: str) -> str:
    return " ".join(re.split(r"[\W_]+", name)).strip() or name


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "model"
