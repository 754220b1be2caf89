"""An inferred schema as ``schema.toml``, with comments on what only a person knows."""

__all__ = ["toml_of"]

import json
from collections.abc import Mapping, Sequence

from function.contract import Value
from model_conversion.schema import FeatureSchema, Schema, TargetSchema

WIDTH = 100
"""Characters up to which a list stands on one line."""

_HEAD = """\
# What the model asks and answers, inferred from the data. Read it, mend it, then convert with it.
# Ranges, categories and examples that you delete are taken from the data again.
# For advice, list the changes worth testing under a feature:
#     [[features.what_ifs]]
#     values = ["5+"]  # or: low = 0, high = 2
#     to = "2"
#     text = "What to say when the evidence supports it."
"""

_OUTSIDE = {
    "reject": 'Another answer is an error; "warn" would answer and count it.',
    "warn": 'Beyond the range: answer and count it; "reject" would refuse the request.',
}


def toml_of(schema: Schema, remarks: Mapping[str, Sequence[str]]) -> str:
    """Return a schema as TOML.

    Args:
        schema: Without what-ifs: those are left to a person.
        remarks: Feature name → lines of a comment above it.
    """
    model = f"[model]\nname = {_toml(schema.name)}\n"
    features = [_feature(feature, remarks.get(feature.name, ())) for feature in schema.features]
    return "\n".join([_HEAD, model, _target(schema.target), *features])


def _target(target: TargetSchema) -> str:
    lines = ["[target]"]
    if target.column is None:
        lines += ['# column = "…"  # The data\'s column with the true answer; it is no feature.']
    else:
        lines += [f"column = {_toml(target.column)}"]
    lines += (
        [f"question = {_toml(target.question)}  # What is predicted, in words."] if target.question else []
    )
    if target.classes:
        items = [f"{{ value = {_toml(item.value)}, name = {_toml(item.name)} }}" for item in target.classes]
        lines += [
            "# `value` is the estimator's word for a class (its classes_), `name` is what the API answers."
        ]
        lines += _list("classes", items)
    else:
        lines += [
            '# unit = "…"  # Of the predicted number; a classifier has classes = [{ value = 0, name = "…" }].'
        ]
    if target.positive is not None:
        lines += [f"positive = {_toml(target.positive)}  # The class whose probability is shown and watched."]
    return "\n".join(
        [*lines, '# better = "higher"  # Or "lower": the direction that advice is given in.', ""]
    )


def _feature(feature: FeatureSchema, remark: Sequence[str]) -> str:
    lines = ["[[features]]", *(f"# {line}" for line in remark)]
    lines += [f"name = {_toml(feature.name)}", f"kind = {_toml(feature.kind)}"]
    lines += [f"question = {_toml(feature.question)}  # What a person is asked."]
    lines += ['# unit = "…"'] if feature.kind in {"number", "integer"} else []
    lines += ["nullable = true"] if feature.nullable else []
    if feature.null_as is not None:
        lines += [
            f"null_as = {_toml(feature.null_as)}  # A guess: what the model was fitted with; or null_token = '…'."
        ]
    if feature.minimum is not None and feature.maximum is not None:
        lines += [f"minimum = {_toml(feature.minimum)}", f"maximum = {_toml(feature.maximum)}"]
    lines += _list("categories", list(map(_toml, feature.categories))) if feature.categories else []
    lines += [f"outside = {_toml(feature.outside)}  # {_OUTSIDE[feature.outside]}"] if feature.outside else []
    if feature.example is not None:
        warning = "  # Everybody sees it: write one, copy nobody's." if feature.kind == "text" else ""
        lines += [f"example = {_toml(feature.example)}{warning}"]
    return "\n".join([*lines, ""])


def _list(key: str, items: list[str]) -> list[str]:
    line = f"{key} = [{', '.join(items)}]"
    return [line] if len(line) <= WIDTH else [f"{key} = [", *(f"    {item}," for item in items), "]"]


def _toml(value: Value) -> str:
    """Write a value; a JSON string is a TOML string but for DEL, which TOML wants escaped."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
